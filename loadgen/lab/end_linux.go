package lab

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The addresses are of the range that is kept for tests of networks (RFC 2544,
// appendix C.2.2), which no real network has.
var (
	network  = netip.MustParsePrefix("198.18.0.0/24")
	serverIP = netip.MustParseAddr("198.18.0.1")
	fleetIP  = netip.MustParseAddr("198.18.0.2")
)

const (
	deviceName = "path0"
	tunPath    = "/dev/net/tun"
	// waitingRoom is packets that a device holds until the link reads them: at
	// 50,000 packets a second, 200 ms of them.
	waitingRoom = 10_000
)

// end is a namespace and its device: one end of the path.
type end struct {
	ns      int // descriptors
	tun     int
	handle  *netlink.Handle // in the namespace
	device  netlink.Link
	addr    netip.Addr
	control string // congestion control
}

// newEnd makes a namespace that holds nothing but loopback and a device with
// the address, through which all of the network is reached.
func newEnd(addr netip.Addr, congestion string) (*end, error) {
	e := &end{ns: -1, tun: -1, addr: addr, control: congestion}
	done := make(chan error)
	go func() {
		// Never unlocked: the thread is in another namespace from here on, and runs
		// nothing else after this goroutine. The descriptors keep the namespace.
		runtime.LockOSThread()
		done <- e.make()
	}()
	if err := <-done; err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// make is newEnd on a thread of its own.
func (e *end) make() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("make a network namespace: %w%s", err, hint(whyNoNamespace(err)))
	}
	var err error
	if e.ns, err = unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("hold a network namespace: open /proc/thread-self/ns/net: %w", err)
	}
	if e.handle, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return fmt.Errorf("open a netlink socket: %w", err)
	}
	for _, step := range []func() error{tune, e.openTUN, e.up, e.route, e.probe} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// tune sets what of the namespace differs from a new one.
func tune() error {
	for _, s := range []struct{ name, value string }{
		// IPv6 would send packets of its own accord (RFC 4861, router
		// solicitations; RFC 3810, multicast listener reports), and the path is
		// to carry the trial's alone.
		{"ipv6/conf/all/disable_ipv6", "1"},
		{"ipv6/conf/default/disable_ipv6", "1"},
		// A closed connection keeps its port for a minute (TIME-WAIT). On loopback
		// the kernel takes it again sooner (tcp_tw_reuse is 2: loopback only); here
		// both ends are as near, and it may as well.
		{"ipv4/tcp_tw_reuse", "1"},
		{"ipv4/ip_local_port_range", "1024 65535"},
	} {
		err := os.WriteFile("/proc/sys/net/"+s.name, []byte(s.value), 0)
		if errors.Is(err, os.ErrNotExist) && strings.HasPrefix(s.name, "ipv6/") {
			continue // a kernel without IPv6
		} else if err != nil {
			return fmt.Errorf("set up a network namespace: %w (is /proc/sys mounted read-only, as containers do?)", err)
		}
	}
	return nil
}

// openTUN makes a device in the calling thread's namespace. It takes and gives
// whole IP packets without a header of its own (IFF_NO_PI), and without
// IFF_VNET_HDR the kernel does segmentation and checksums before they come.
func (e *end) openTUN() (err error) {
	if e.tun, err = unix.Open(tunPath, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0); err != nil {
		return fmt.Errorf("open %s: %w%s", tunPath, err, hint(whyNoTUN(err)))
	}
	req, err := unix.NewIfreq(deviceName)
	if err == nil {
		req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI | unix.IFF_TUN_EXCL)
		err = unix.IoctlIfreq(e.tun, unix.TUNSETIFF, req)
	}
	if err != nil {
		return fmt.Errorf("make a TUN device (TUNSETIFF): %w%s", err, hint(whyNoTUN(err)))
	}
	return nil
}

// up brings loopback and the device up.
func (e *end) up() error {
	lo, err := e.handle.LinkByName("lo")
	if err == nil {
		err = e.handle.LinkSetUp(lo)
	}
	if err != nil {
		return fmt.Errorf("bring loopback up: %w", err)
	}
	if e.device, err = e.handle.LinkByName(deviceName); err != nil {
		return fmt.Errorf("find the TUN device: %w", err)
	}
	return cmp.Or(
		failed("set the TUN device's MTU", e.handle.LinkSetMTU(e.device, mtu)),
		failed("set the TUN device's queue", e.handle.LinkSetTxQLen(e.device, waitingRoom)),
		failed("give the TUN device its address", e.handle.AddrAdd(e.device, host32(e.addr))),
		failed("bring the TUN device up", e.handle.LinkSetUp(e.device)),
	)
}

// failed says what was tried, where that has an error.
func failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// host32 is an address without a network. One of a network would take its later
// neighbours along when it is removed, as their primary.
func host32(addr netip.Addr) *netlink.Addr {
	return &netlink.Addr{IPNet: &net.IPNet{IP: addr.AsSlice(), Mask: net.CIDRMask(32, 32)}}
}

// readdress replaces the end's address.
func (e *end) readdress(addr netip.Addr) error {
	old := e.addr
	if err := e.handle.AddrAdd(e.device, host32(addr)); err != nil {
		return fmt.Errorf("add address %s: %w", addr, err)
	}
	e.addr = addr
	if err := e.route(); err != nil {
		return err
	}
	return failed(fmt.Sprintf("remove address %s", old), e.handle.AddrDel(e.device, host32(old)))
}

// missed is packets that the device could not hold, or the kernel not take.
func (e *end) missed() (sent, received int64, err error) {
	device, err := e.handle.LinkByIndex(e.device.Attrs().Index)
	if err != nil {
		return 0, 0, fmt.Errorf("read the counts of the TUN device at %s: %w", e.addr, err)
	}
	s := device.Attrs().Statistics
	if s == nil {
		return 0, 0, fmt.Errorf("read the counts of the TUN device at %s: the kernel gave none", e.addr)
	}
	return int64(s.TxDropped), int64(s.RxDropped), nil
}

// path is where the namespace can be joined.
func (e *end) path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), e.ns) }

// close lets go of the namespace, which then ends with its last process.
func (e *end) close() {
	if e.handle != nil {
		e.handle.Close()
	}
	for _, fd := range []int{e.tun, e.ns} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}
