package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// route leads to the network, and names the congestion control of connections
// that go there. That is where an ordinary user can choose one: as the default
// of a namespace, and as a socket's option without CAP_NET_ADMIN, the kernel
// takes only what the host's tcp_allowed_congestion_control lists, and servers
// and clients would have to know of it.
func (e *end) route() error {
	r := &netlink.Route{
		LinkIndex: e.device.Attrs().Index,
		Scope:     netlink.SCOPE_LINK,
		Dst:       &net.IPNet{IP: network.Addr().AsSlice(), Mask: net.CIDRMask(network.Bits(), 32)},
		Src:       e.addr.AsSlice(),
		Congctl:   e.control,
	}
	err := e.handle.RouteReplace(r)
	if errors.Is(err, unix.EINVAL) {
		available, readErr := os.ReadFile("/proc/sys/net/ipv4/tcp_available_congestion_control")
		if readErr == nil && !strings.Contains(" "+strings.TrimSpace(string(available))+" ", " "+e.control+" ") {
			return fmt.Errorf("congestion control %s is not there, only %s: `modprobe tcp_%s` as root may add it; the lab works with the others",
				e.control, strings.Join(strings.Fields(string(available)), ", "), e.control)
		}
	}
	return failed(fmt.Sprintf("add the route to %s with congestion control %s", network, e.control), err)
}

// probe begins a connection over the path, which takes its congestion control
// when it sends its SYN, and gives it up. It is called on a thread in the
// namespace, before anybody reads the device.
func (e *end) probe() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("try a connection: %w", err)
	}
	peer := serverIP
	if e.addr == serverIP {
		peer = fleetIP
	}
	const discard = 9 // RFC 863: nobody listens, nobody is asked
	err = unix.Connect(fd, &unix.SockaddrInet4{Port: discard, Addr: peer.As4()})
	if err != nil && !errors.Is(err, unix.EINPROGRESS) {
		unix.Close(fd)
		return fmt.Errorf("try a connection to %s: %w", peer, err)
	}
	got, err := unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	unix.Close(fd)
	if err != nil {
		return fmt.Errorf("read a connection's congestion control: %w", err)
	}
	if got != e.control {
		return fmt.Errorf("a connection has congestion control %s, though its route says %s", got, e.control)
	}
	return e.drain()
}

// drain forgets what has been sent so far.
func (e *end) drain() error {
	var data [mtu]byte
	for {
		switch _, err := unix.Read(e.tun, data[:]); {
		case errors.Is(err, unix.EAGAIN):
			return nil
		case err != nil && !errors.Is(err, unix.EINTR):
			return fmt.Errorf("read the TUN device: %w", err)
		}
	}
}
