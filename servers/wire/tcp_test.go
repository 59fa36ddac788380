package wire

import (
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
)

// need skips the test, or fails it under REQUIRE_ALL=1, unless the host has what
// it needs.
func need(t *testing.T, have bool, what string) {
	t.Helper()
	switch {
	case have:
	case os.Getenv("REQUIRE_ALL") == "1":
		t.Fatalf("needs %s, and REQUIRE_ALL=1 lets nothing be skipped", what)
	default:
		t.Skipf("needs %s", what)
	}
}

func needKernelCounts(t *testing.T) {
	t.Helper()
	need(t, runtime.GOOS == "linux", "Linux, whose TCP_INFO counts segments")
}

// tcpPair is both ends of a connection, the first of which dialled.
func tcpPair(t *testing.T, addr string) (dialled, accepted net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		dialled.Close()
		accepted.Close()
	})
	return dialled, accepted
}

func readCounts(t *testing.T, c net.Conn) TCP {
	t.Helper()
	counts, err := ReadTCP(c)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// The kernel's counts of one connection: payload to the byte, and at least the
// segments that it takes.
func TestReadTCP(t *testing.T) {
	needKernelCounts(t)
	near, far := tcpPair(t, "127.0.0.1:0")
	if got := readCounts(t, near); got.Opened != 1 || got.BytesSent != 0 || got.BytesReceived != 0 || got.SegmentsOut != 2 || got.SegmentsIn != 1 {
		t.Errorf("SYN, SYN-ACK and ACK are counted as %+v", got)
	}
	say(t, near, far, "a question")
	say(t, far, near, "an answer, longer")
	got := readCounts(t, near)
	if got.BytesSent-got.Retransmitted != 10 || got.BytesReceived != 17 || got.SegmentsOut < 3 || got.SegmentsIn < 2 {
		t.Errorf("10 bytes out and 17 in are counted as %+v", got)
	}
	if out, in := got.HeadersOut(), got.HeadersIn(); out != 52*got.SegmentsOut+8 || in != 52*got.SegmentsIn+8 {
		t.Errorf("%+v have %d bytes of headers out and %d in", got, out, in)
	}
}

// The end of the peer's stream takes a sequence number, and is no byte of it.
func TestEndOfStreamIsNoByte(t *testing.T) {
	needKernelCounts(t)
	near, far := tcpPair(t, "127.0.0.1:0")
	say(t, far, near, "an answer, longer")
	far.Close()
	if n, err := near.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Fatalf("read %d, %v after the end", n, err)
	}
	if got := readCounts(t, near); got.BytesReceived != 17 {
		t.Errorf("17 bytes and the end of the stream are counted as %d", got.BytesReceived)
	}
	near, far = tcpPair(t, "127.0.0.1:0")
	near.(*net.TCPConn).CloseWrite()
	if n, err := far.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Fatalf("read %d, %v after the end", n, err)
	}
	if got := readCounts(t, near); got.BytesSent != 0 {
		t.Errorf("the end of a stream without a byte is counted as %d", got.BytesSent)
	}
}

// Sockets add up all connections, those that are gone too, however often they
// are closed.
func TestSockets(t *testing.T) {
	needKernelCounts(t)
	var s Sockets
	var tally Tally
	if got, err := s.Read(); got != (TCP{}) || err != nil {
		t.Errorf("no connection is counted as %+v, %v", got, err)
	}
	var conns []*Conn
	for i := range 3 {
		near, far := tcpPair(t, "127.0.0.1:0")
		c := NewConn(near, &tally)
		s.enter(c)
		conns = append(conns, c)
		say(t, c, far, "a question")
		say(t, far, c, "an answer, longer")
		if i == 1 {
			c.Close()
			c.Close()
		}
	}
	got, err := s.Read()
	if err != nil || got.Opened != 3 || got.BytesSent-got.Retransmitted != 30 || got.BytesReceived != 51 {
		t.Errorf("three connections are counted as %+v, %v", got, err)
	}
	for _, c := range conns {
		c.Close()
	}
	gone, err := s.Read()
	if err != nil || gone.BytesReceived != got.BytesReceived || gone.Opened != 3 || gone.SegmentsOut < got.SegmentsOut {
		t.Errorf("when they are gone they are counted as %+v, %v; before as %+v", gone, err, got)
	}
	if len(s.live) != 0 {
		t.Errorf("%d closed connections are kept", len(s.live))
	}
}

// Where the kernel does not tell, or its counts cannot be reckoned with, it is
// said, and goes on being said.
func TestNoTCP(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	if _, err := ReadTCP(near); !errors.Is(err, ErrNoTCP) || !strings.Contains(err.Error(), "a *net.pipe is no socket") {
		t.Errorf("of a pipe: %v", err)
	}
	var s Sockets
	c := NewConn(near, new(Tally))
	s.enter(c)
	c.Close()
	if _, err := s.Read(); !errors.Is(err, ErrNoTCP) {
		t.Errorf("of a pipe that is gone: %v", err)
	}
}

// Its headers have another length.
func TestNoTCPOverIPv6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	need(t, err == nil, "IPv6 on loopback")
	l.Close()
	c, _ := tcpPair(t, "[::1]:0")
	if _, err := ReadTCP(c); !errors.Is(err, ErrNoTCP) {
		t.Errorf("over IPv6: %v", err)
	}
	c.Close()
	if _, err := ReadTCP(c); err == nil {
		t.Error("a closed connection has counts")
	}
}
