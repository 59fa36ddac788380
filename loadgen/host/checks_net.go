package host

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
)

// manySubscribers is the largest fan-out of the scenarios that come with the
// project.
const manySubscribers = 2000

func (e *environment) openFiles() Check {
	if e.host.OpenFiles <= 0 {
		return Check{"open-files", Note, "limit not known", "many subscribers may not fit"}
	}
	fit := Holds(e.host.OpenFiles)
	return okUnless(fit < manySubscribers, "open-files", fmt.Sprintf("%d per process, enough for %d subscribers", e.host.OpenFiles, fit),
		fmt.Sprintf("more of them are shared among more processes; `ulimit -Hn %d` in a root shell lets one have so many", FilesFor(manySubscribers)))
}

// fewPorts leaves room for twice manySubscribers, as the ports of closed
// connections rest for a minute.
const fewPorts = 2 * manySubscribers

// ports counts the range that the kernel picks from (ip(7),
// ip_local_port_range): each is good for one connection from one address to
// the server.
func (e *environment) ports() Check {
	first, last, err := ports(e.root)
	if err != nil {
		return Check{"ports", Note, "range for outgoing connections not known", ""}
	}
	n := last - first + 1
	return okUnless(n < fewPorts, "ports", fmt.Sprintf("%d (%d to %d), that many connections from one address", n, first, last),
		"many subscribers, or polls with keepalive=off, can use them up; widen net.ipv4.ip_local_port_range")
}

func (e *environment) congestion() Check {
	available := strings.Fields(e.root.text("proc/sys/net/ipv4/tcp_available_congestion_control"))
	if e.host.Congestion == "" || len(available) == 0 {
		return Check{"congestion", Note, "TCP congestion control not known", ""}
	}
	found := fmt.Sprintf("%s in force (available: %s)", e.host.Congestion, strings.Join(available, ", "))
	missing := slices.DeleteFunc([]string{"cubic", "bbr", "reno"}, func(name string) bool { return slices.Contains(available, name) })
	if len(missing) == 0 {
		return Check{"congestion", OK, found, ""}
	}
	return Check{"congestion", Note, found, fmt.Sprintf("not loaded: %s; `modprobe tcp_%s` as root may add it", strings.Join(missing, ", "), missing[0])}
}

// packets tells whether the bytes that trials count can be proven on this host.
// Trials themselves count without a capture.
func (e *environment) packets() Check {
	err := e.capture()
	if err == nil {
		return Check{"capture", OK, "packets on loopback can be captured, as `make verify-bytes` does", ""}
	}
	means := "byte counts cannot be held against captured packets (`make verify-bytes`)"
	switch {
	case errors.Is(err, fs.ErrPermission):
		means += "; root or CAP_NET_RAW can"
	case errors.Is(err, syscall.EAFNOSUPPORT):
		means += "; the kernel needs CONFIG_PACKET"
	}
	return Check{"capture", Lacks, err.Error(), means}
}
