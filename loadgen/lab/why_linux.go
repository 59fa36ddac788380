package lab

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// hint is what would mend an error, behind it.
func hint(text string) string {
	if text == "" {
		return ""
	}
	return "; " + text
}

// whyNoNamespace says what keeps this process from making namespaces.
func whyNoNamespace(err error) string { return namespaceBarrier(os.DirFS("/proc/sys"), err) }

// namespaceBarrier looks for the kernel's setting behind an error, in
// /proc/sys.
func namespaceBarrier(settings fs.FS, err error) string {
	is := func(name, value string) bool {
		text, err := fs.ReadFile(settings, name)
		return err == nil && strings.TrimSpace(string(text)) == value
	}
	switch {
	case is("user/max_user_namespaces", "0"):
		return "user namespaces are switched off: `sysctl user.max_user_namespaces=10000` as root allows them"
	case is("user/max_net_namespaces", "0"):
		return "network namespaces are switched off: `sysctl user.max_net_namespaces=10000` as root allows them"
	case errors.Is(err, unix.ENOSPC):
		return "there are as many namespaces as user.max_user_namespaces and user.max_net_namespaces allow"
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
		return "the kernel has no user or network namespaces (CONFIG_USER_NS, CONFIG_NET_NS)"
	case is("kernel/unprivileged_userns_clone", "0"):
		return "ordinary users may not make user namespaces: `sysctl kernel.unprivileged_userns_clone=1` as root allows it"
	case is("kernel/apparmor_restrict_unprivileged_userns", "1"):
		return "AppArmor takes the rights out of ordinary users' namespaces: `sysctl kernel.apparmor_restrict_unprivileged_userns=0` as root allows them"
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return "in a container, run it with --cap-add SYS_ADMIN --cap-add NET_ADMIN and a seccomp profile that allows unshare (or --privileged)"
	}
	return ""
}

// whyNoTUN says what keeps this process from having a TUN device.
func whyNoTUN(err error) string {
	switch {
	case errors.Is(err, unix.ENOENT):
		return "`modprobe tun` as root makes it; in a container, run it with --device /dev/net/tun"
	case errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return "`modprobe tun` as root loads the driver, where the kernel has one (CONFIG_TUN)"
	case errors.Is(err, unix.EACCES):
		return "`chmod 666 /dev/net/tun` as root lets ordinary users have one in a namespace of theirs, as most distributions do"
	case errors.Is(err, unix.EPERM):
		return "it takes CAP_NET_ADMIN in the network namespace; in a container, run it with --device /dev/net/tun --cap-add NET_ADMIN"
	}
	return ""
}
