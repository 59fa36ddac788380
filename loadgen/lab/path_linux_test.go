package lab

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/test/need"
)

// A TCP connection is made and carries data; neither is quicker than the path
// lets it be; and the link counts every packet, from the SYN to the last ACK,
// and no packet of anybody else.
func TestConnection(t *testing.T) {
	const rtt = 20 * time.Millisecond
	l := openLink(t, OpenArgs{Conditions: Conditions{RTT: rtt}})
	addr := l.listen(t, echo)
	if m := l.marked(t); m.Down != (Flow{}) || m.Up != (Flow{}) || m.Late.N() != 0 {
		t.Errorf("before anything was sent: %+v", m)
	}
	begun := time.Now()
	conn := l.dial(t, addr)
	if took := time.Since(begun); took < rtt {
		t.Errorf("connecting took %v over a round trip of %v", took, rtt)
	}
	begun = time.Now()
	if err := turn(conn); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took < rtt {
		t.Errorf("an echo took %v over a round trip of %v", took, rtt)
	}
	// Down: SYN-ACK and the echo, which acknowledges what it answers if it is quick
	// enough. Up: SYN, its ACK, the byte, and the echo's ACK.
	m := l.until(t, func(m LinkMark) bool { return m.Up.Delivered >= 4 && m.Down.Delivered >= 2 })
	if m.Down.Packets > 3 || m.Up.Packets > 4 || m.Down.Missed+m.Up.Missed != 0 {
		t.Errorf("of a connection and an echo it counts %+v down, %+v up", m.Down, m.Up)
	}
	// IPv4 header 20 B, TCP header 20 B; options: 20 B in a SYN (MSS, SACK
	// permitted, timestamps, window scale), 12 B after that (timestamps).
	const syn, ack = 60, 52
	if want := syn + ack + 1 + (m.Down.Packets-2)*ack; m.Down.Bytes != want || m.Down.DeliveredBytes != want {
		t.Errorf("%+v down, want %d bytes", m.Down, want)
	}
	if want := int64(syn + ack + ack + 1 + ack); m.Up.Bytes != want || m.Up.DeliveredBytes != want {
		t.Errorf("%+v up, want %d bytes", m.Up, want)
	}
	if want := m.Down.Packets + m.Up.Packets; m.Late.N() != want {
		t.Errorf("the lateness of %d packets, want %d", m.Late.N(), want)
	}
	if again := l.marked(t); again.Late.N() != 0 {
		t.Errorf("the next mark has the lateness of %d of the same packets", again.Late.N())
	}
}

// Which datagrams arrive is known beforehand, from the seed alone.
func TestLossOfRealPackets(t *testing.T) {
	const n, p = 2000, 0.05
	a := OpenArgs{Conditions: Conditions{Loss: p}, Seed: 11, Block: 4}
	l := openLink(t, a)
	var from, to *net.UDPConn
	inside(t, l.fleet, func() (err error) {
		to, err = net.ListenUDP("udp4", &net.UDPAddr{IP: fleetIP.AsSlice()})
		return err
	})
	defer to.Close()
	inside(t, l.server, func() (err error) {
		from, err = net.DialUDP("udp4", nil, to.LocalAddr().(*net.UDPAddr))
		return err
	})
	defer from.Close()
	draws := feed.Rand(a.Seed, a.Block, "loss/down")
	var want, got []int
	buf := make([]byte, 8)
	for i := range n {
		if _, err := from.Write(binary.BigEndian.AppendUint64(nil, uint64(i))); err != nil {
			t.Fatal(err)
		}
		if draws.Float64() < p {
			continue
		}
		want = append(want, i)
		// One at a time, so that no buffer of the receiver overflows.
		to.SetReadDeadline(time.Now().Add(deadline))
		if _, err := to.Read(buf); err != nil {
			t.Fatal(err)
		}
		got = append(got, int(binary.BigEndian.Uint64(buf)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("these datagrams arrived (-want +got):\n%s", diff)
	}
	lost := int64(n - len(want))
	m := l.until(t, func(m LinkMark) bool { return m.Down.Packets == n })
	if m.Down.Lost != lost || m.Down.Delivered != n-lost || m.Up.Packets != 0 {
		t.Errorf("%d of %d are lost, it counts %+v down, %+v up", lost, n, m.Down, m.Up)
	}
	if mean, sigma := n*p, math.Sqrt(n*p*(1-p)); math.Abs(float64(lost)-mean) > 5*sigma {
		t.Errorf("%d lost, want %.0f ± %.0f", lost, mean, 5*sigma)
	}
}

// Connections live through loss and packets out of order: TCP repairs it, and the
// link tells how much.
func TestTransferOverLoss(t *testing.T) {
	l := openLink(t, OpenArgs{Conditions: Conditions{RTT: 4 * time.Millisecond, Jitter: time.Millisecond, Reorder: true, Loss: 0.01}})
	addr := l.listen(t, echo)
	conn := l.dial(t, addr)
	const size = 1 << 20
	go func() {
		conn.Write(make([]byte, size))
		conn.CloseWrite()
	}()
	n, err := io.Copy(io.Discard, conn)
	if n != size || err != nil {
		t.Fatalf("%d bytes came back, %v", n, err)
	}
	if m := l.marked(t); m.Down.Lost == 0 || m.Up.Lost == 0 || m.Down.Missed+m.Up.Missed != 0 {
		t.Errorf("%+v down, %+v up", m.Down, m.Up)
	}
}

// A cut path is silent in the directions that are cut, packets under way
// included, and works again once it is mended.
func TestCut(t *testing.T) {
	for _, a := range []CutArgs{{Down: true, Up: true}, {Down: true}, {Up: true}} {
		t.Run(fmt.Sprintf("%+v", a), func(t *testing.T) {
			t.Parallel()
			l := openLink(t, OpenArgs{Conditions: Conditions{RTT: 2 * time.Millisecond}})
			conn := l.dial(t, l.listen(t, echo))
			if err := turn(conn); err != nil {
				t.Fatal(err)
			}
			if _, err := l.cut(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			before := l.marked(t)
			if _, err := conn.Write([]byte{1}); err != nil {
				t.Fatal(err)
			}
			m := l.until(t, func(m LinkMark) bool { return m.Down.Cut+m.Up.Cut >= 3 }) // the first and two retransmissions
			if a.Down && m.Down.Delivered > before.Down.Delivered || a.Up && m.Up.Delivered > before.Up.Delivered {
				t.Errorf("%+v were delivered before, %+v since", before, m)
			}
			if !a.Down && m.Down.Cut > 0 || !a.Up && m.Up.Cut > 0 {
				t.Errorf("a direction that was not named is cut: %+v", m)
			}
			if !a.Up && m.Up.Delivered == before.Up.Delivered {
				t.Error("nothing passes up, which is not cut")
			}
			if _, err := l.mend(t.Context(), control.None{}); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
				t.Errorf("after it was mended: %v", err)
			}
		})
	}
}

// A new address silences what was connected before, without a word to either
// end, and new connections are made from it.
func TestReaddress(t *testing.T) {
	l := openLink(t, OpenArgs{Conditions: Conditions{RTT: 2 * time.Millisecond}})
	accepted := make(chan *net.TCPConn, 1)
	addr := l.listen(t, func(c *net.TCPConn) {
		select {
		case accepted <- c:
		default:
		}
		echo(c)
	})
	old := l.dial(t, addr)
	if err := turn(old); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"198.18.0.3", "198.18.0.4"} {
		got, err := l.readdress(t.Context(), control.None{})
		if err != nil || got.FleetIP != want {
			t.Fatalf("the new address is %+v, %v; want %s", got, err, want)
		}
		fresh := l.dial(t, addr)
		if err := turn(fresh); err != nil {
			t.Errorf("a new connection: %v", err)
		}
		if ip := fresh.LocalAddr().(*net.TCPAddr).IP.String(); ip != want {
			t.Errorf("a new connection is from %s, want %s", ip, want)
		}
	}
	server := <-accepted
	before := l.marked(t)
	for _, c := range []*net.TCPConn{old, server} {
		if _, err := c.Write([]byte{1}); err != nil {
			t.Errorf("an end is told: %v", err)
		}
	}
	m := l.until(t, func(m LinkMark) bool { return m.Down.Cut > before.Down.Cut })
	if m.Down.Delivered > before.Down.Delivered {
		t.Errorf("something was delivered to an address that is no more: %+v, %+v", before.Down, m.Down)
	}
}

// There are only so many addresses, and the end of them is an error.
func TestReaddressEnds(t *testing.T) {
	l := openLink(t, OpenArgs{})
	for n := 3; n < 255; n++ {
		if got, err := l.readdress(t.Context(), control.None{}); err != nil || got.FleetIP != fmt.Sprintf("198.18.0.%d", n) {
			t.Fatalf("address %d: %+v, %v", n, got, err)
		}
	}
	if got, err := l.readdress(t.Context(), control.None{}); err == nil || !strings.Contains(err.Error(), "no address of 198.18.0.0/24 is left") {
		t.Errorf("one more: %+v, %v", got, err)
	}
	if err := turn(l.dial(t, l.listen(t, echo))); err != nil {
		t.Errorf("after that: %v", err)
	}
}

// Connections of both ends have the congestion control that was asked for.
func TestCongestion(t *testing.T) {
	available, err := os.ReadFile("/proc/sys/net/ipv4/tcp_available_congestion_control")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append([]string{""}, Congestions...) {
		t.Run("asked for "+name, func(t *testing.T) {
			c := Conditions{Congestion: name}
			need.That(t, slices.Contains(strings.Fields(string(available)), c.Algorithm()),
				fmt.Sprintf("congestion control %s (this kernel has %s)", c.Algorithm(), strings.TrimSpace(string(available))))
			l := openLink(t, OpenArgs{Conditions: c})
			accepted := make(chan string, 1)
			addr := l.listen(t, func(c *net.TCPConn) { accepted <- congestionOf(c) })
			dialed := l.dial(t, addr)
			if got := congestionOf(dialed); got != c.Algorithm() {
				t.Errorf("the fleet's connection has %s, want %s", got, c.Algorithm())
			}
			if got := <-accepted; got != c.Algorithm() {
				t.Errorf("the server's connection has %s, want %s", got, c.Algorithm())
			}
		})
	}
}

func congestionOf(c *net.TCPConn) (name string) {
	raw, err := c.SyscallConn()
	if err != nil {
		return err.Error()
	}
	if e := raw.Control(func(fd uintptr) {
		name, err = unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	}); e != nil || err != nil {
		return fmt.Sprint(e, err)
	}
	return name
}

// Packets that a device drops, since nobody reads it, are told: without them a
// slow link would look like a good one.
func TestMissed(t *testing.T) {
	needLab(t)
	e, err := newEnd(serverIP, "cubic")
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	const sent = waitingRoom + 100
	inside(t, e, func() error {
		c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(fleetIP, 9)))
		if err != nil {
			return err
		}
		defer c.Close()
		for range sent {
			if _, err := c.Write([]byte{1}); err != nil {
				return err
			}
		}
		return nil
	})
	missed, refused, err := e.missed()
	if err != nil || missed < 100 || missed > 110 || refused != 0 {
		t.Errorf("of %d packets %d are missed and %d refused, %v", sent, missed, refused, err)
	}
	var held int64
	for data := make([]byte, mtu); ; held++ {
		if _, err := unix.Read(e.tun, data); err != nil {
			break
		}
	}
	if held+missed != sent {
		t.Errorf("of %d packets %d are missed, and %d are to be read", sent, missed, held)
	}
}
