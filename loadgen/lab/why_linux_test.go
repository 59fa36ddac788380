package lab

import (
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/sys/unix"
)

// Each barrier that a host can put up is named by its own remedy.
func TestBarriers(t *testing.T) {
	set := func(name, value string) fstest.MapFS {
		return fstest.MapFS{name: {Data: []byte(value + "\n")}}
	}
	for _, test := range []struct {
		settings fstest.MapFS
		err      error
		want     string
	}{
		{set("user/max_user_namespaces", "0"), unix.ENOSPC, "sysctl user.max_user_namespaces=10000"},
		{set("user/max_net_namespaces", "0"), unix.ENOSPC, "sysctl user.max_net_namespaces=10000"},
		{set("user/max_net_namespaces", "100"), unix.ENOSPC, "there are as many namespaces as"},
		{nil, unix.EINVAL, "CONFIG_USER_NS"},
		{nil, unix.ENOSYS, "CONFIG_NET_NS"},
		{set("kernel/unprivileged_userns_clone", "0"), unix.EPERM, "sysctl kernel.unprivileged_userns_clone=1"},
		{set("kernel/unprivileged_userns_clone", "1"), unix.EPERM, "--cap-add SYS_ADMIN"},
		{set("kernel/apparmor_restrict_unprivileged_userns", "1"), unix.EACCES, "AppArmor"},
		{nil, unix.EPERM, "in a container"},
		{nil, unix.EIO, ""},
	} {
		if got := namespaceBarrier(test.settings, test.err); !strings.Contains(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%v with %v: %q, want %q", test.err, test.settings, got, test.want)
		}
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{unix.ENOENT, "--device /dev/net/tun"},
		{unix.ENODEV, "modprobe tun"},
		{unix.EACCES, "chmod 666 /dev/net/tun"},
		{unix.EPERM, "CAP_NET_ADMIN"},
		{unix.EIO, ""},
	} {
		if got := whyNoTUN(test.err); !strings.Contains(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%v: %q, want %q", test.err, got, test.want)
		}
	}
}
