package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"time"

	"pushbench/loadgen/host"
	"pushbench/results"
	"pushbench/servers/control"
	"pushbench/servers/test/need"
)

// BenchmarkLink is what the link can carry on one core: it runs alone on the
// last CPU, and a load on the first gives it packets as fast as it can.
//
//	packets/s       of both directions, that were handed on
//	packets/s/core  the same, had the link had the whole of its core: the aim is 50,000
//	late-µs         the median packet's lateness
//	missed          share of packets that the link was too slow to take
//
// The link's CPU time has the receiving kernel's TCP in it, which runs in the
// write to the device.
func BenchmarkLink(b *testing.B) {
	for _, load := range []string{"datagrams", "echoes", "bulk"} {
		b.Run(load, func(b *testing.B) {
			needLab(b)
			cpus := host.Cores().IDs()
			need.That(b, len(cpus) >= 2, "two CPUs, one for the link and one for its load")
			benchmarkLink(b, load, cpus[len(cpus)-1:], cpus[:1])
		})
	}
}

func benchmarkLink(b *testing.B, load string, linkCPUs, loadCPUs []int) {
	p, opened := startPinnedLink(b, OpenArgs{Conditions: Conditions{RTT: 2 * time.Millisecond}}, linkCPUs)
	cmd := self("load", load, opened.ServerNS, opened.FleetNS)
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := host.StartPinned(cmd, loadCPUs); err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() {
		in.Close()
		<-ended
	}()
	// Meanwhile the load goes on.
	meanwhile := func() {
		select {
		case err := <-ended:
			ended <- err
			b.Fatalf("the load ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	handed := func(m LinkMark) int64 { return m.Down.Delivered + m.Up.Delivered }
	mark := func() (m LinkMark) {
		if err := p.peer.Call(context.Background(), Mark, control.None{}, &m); err != nil {
			b.Fatal(err)
		}
		return m
	}
	for handed(mark()) < 10_000 {
		meanwhile()
	}
	b.ResetTimer()
	first := mark()
	last, late := first, results.NewHist()
	for handed(last)-handed(first) < int64(b.N) {
		meanwhile()
		last = mark()
		if err := late.Merge(last.Late); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	n := float64(handed(last) - handed(first))
	missed := float64(last.Down.Missed + last.Up.Missed - first.Down.Missed - first.Up.Missed)
	b.ReportMetric(n/(float64(last.At-first.At)/1e9), "packets/s")
	b.ReportMetric(n/(last.Usage.CPU()-first.Usage.CPU()), "packets/s/core")
	b.ReportMetric(float64(late.Quantile(0.5))/1e3, "late-µs")
	b.ReportMetric(missed/(n+missed), "missed")
	b.ReportMetric(0, "ns/op")
}

func init() { children["load"] = generate }

// generate is the load: it has both ends, and goes on until its input ends.
func generate() error {
	kind, server, fleet := os.Args[1], os.Args[2], os.Args[3]
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		ended <- err
	}()
	go func() {
		ended <- map[string]func(server, fleet string) error{"datagrams": datagrams, "echoes": echoes, "bulk": bulk}[kind](server, fleet)
	}()
	return <-ended
}

// datagrams are small, and as many as the kernel can make.
func datagrams(server, fleet string) error {
	return enterThread(server, func() error {
		c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(fleetIP, 9)))
		if err != nil {
			return err
		}
		for data := make([]byte, 64); ; {
			c.Write(data) // nobody listens: ICMP says so in packets of the other direction, and Write after it
		}
	})
}

// echoes are small messages to and fro on many connections.
func echoes(server, fleet string) error {
	return connect(server, fleet, 200, echo, func(c net.Conn) {
		for turn(c) == nil {
		}
	})
}

// bulk is full packets on few connections.
func bulk(server, fleet string) error {
	return connect(server, fleet, 4, func(c *net.TCPConn) { flood(c) }, func(c net.Conn) {
		io.Copy(io.Discard, struct{ io.Reader }{c})
	})
}

func connect(server, fleet string, n int, serve func(*net.TCPConn), use func(net.Conn)) error {
	var listener *net.TCPListener
	if err := enterThread(server, func() (err error) {
		listener, err = net.ListenTCP("tcp4", &net.TCPAddr{IP: serverIP.AsSlice()})
		return err
	}); err != nil {
		return err
	}
	go func() {
		for {
			c, err := listener.AcceptTCP()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	if err := enterThread(fleet, func() error {
		for range n {
			c, err := net.DialTCP("tcp4", nil, listener.Addr().(*net.TCPAddr))
			if err != nil {
				return err
			}
			go use(c)
		}
		return nil
	}); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	select {}
}

// startPinnedLink is startLink with the process held to CPUs.
func startPinnedLink(t testing.TB, a OpenArgs, cpus []int) (*process, Opened) {
	return startLinkWith(t, a, func(cmd *exec.Cmd) error { return host.StartPinned(cmd, cpus) })
}
