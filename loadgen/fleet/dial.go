package fleet

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
)

// PerSource is how many subscribers dial from one address of their own. The kernel
// looks for a free port among those that connections from this address to the server
// have: 19,900 of them took 12.3 s to open from one address, and 4.5 s where each had
// 5,000.
const PerSource = 5000

// dial is how a connection is opened.
type dial = func(context.Context) (net.Conn, error)

// dialers open connections to a server, of which one on loopback can be reached from
// every address in 127.0.0.0/8 (RFC 6890 §2.2.2).
type dialers struct {
	addr   string
	source netip.Addr // of those that are dialled now
	dial   dial
}

// of is how the subscriber dials that has this number among all of the trial. It is
// asked for them in order, and many have the same.
func (d *dialers) of(number int) dial {
	source := sourceOf(d.addr, number)
	if d.dial == nil || source != d.source {
		d.source, d.dial = source, dialFrom(source, d.addr)
	}
	return d.dial
}

// sourceOf is the address from which a subscriber dials; the zero Addr where the kernel
// chooses it.
func sourceOf(addr string, number int) (source netip.Addr) {
	server, err := netip.ParseAddrPort(addr)
	if err != nil || !server.Addr().Is4() || !server.Addr().IsLoopback() || !manyLoopbacks || number < PerSource {
		return source // as where all have room at one
	}
	var ip [4]byte
	binary.BigEndian.PutUint32(ip[:], 127<<24+1+uint32(number/PerSource))
	return netip.AddrFrom4(ip)
}

// dialFrom opens connections from a source.
func dialFrom(source netip.Addr, addr string) dial {
	var d net.Dialer
	if source.IsValid() {
		d.LocalAddr, d.ControlContext = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0)), portAtConnect
	}
	return func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, "tcp", addr) }
}
