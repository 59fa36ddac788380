package capture

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"

	"pushbench/servers/test/need"
)

// start captures the port of a listener on loopback.
func start(t *testing.T, l net.Listener, snap int) *Recording {
	t.Helper()
	r, err := Start(uint16(l.Addr().(*net.TCPAddr).Port), snap)
	var lacks *UnavailableError
	if errors.As(err, &lacks) {
		need.That(t, false, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// exchange sends one text up and another down a new connection, both to their
// end, and leaves it open.
func exchange(t *testing.T, l net.Listener, up, down []byte) {
	t.Helper()
	client, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	for _, way := range []struct {
		from, to net.Conn
		text     []byte
	}{{client, server, up}, {server, client, down}} {
		sent := make(chan error, 1)
		go func() {
			_, err := way.from.Write(way.text)
			sent <- err
		}()
		got := make([]byte, len(way.text))
		if _, err := io.ReadFull(way.to, got); err != nil {
			t.Fatal(err)
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
	}
}

// What real connections carried is in the capture, each packet once, to the last
// that was received before Stop, and nothing of another port's.
func TestLoopback(t *testing.T) {
	l, other := listen(t), listen(t)
	r := start(t, l, Whole)
	texts := map[string][]byte{}
	for n := range 20 {
		up, down := bytes.Repeat([]byte{byte(n)}, 1+100*n), bytes.Repeat([]byte{byte(n)}, 1+40_000*n)
		exchange(t, l, up, down)
		exchange(t, other, up, down)
		texts[string(up)] = down
	}
	c, err := r.Stop()
	if err != nil {
		t.Fatal(err)
	}
	conns := c.Conns()
	if len(conns) != len(texts) {
		t.Errorf("%d connections, want %d", len(conns), len(texts))
	}
	for _, conn := range conns {
		up, down, err := conn.streams()
		if err != nil {
			t.Fatal(err)
		}
		if want, ok := texts[string(up)]; !ok || !bytes.Equal(down, want) {
			t.Errorf("%v sent %d B and got %d; neither or not both were so", conn.Client, len(up), len(down))
		}
		if conn.Up.SYNs != 1 || conn.Down.SYNs != 1 || conn.Up.Stream != int64(len(up)) || conn.Down.Stream != int64(len(down)) {
			t.Errorf("%+v", conn)
		}
		// Loopback's segments: 52 B of headers each, 8 more with a SYN, and
		// selective acknowledgements where the host was too busy to answer in time.
		for _, f := range []*Flow{&conn.Up, &conn.Down} {
			if want := f.Payload + 52*f.Segments + 8 + f.SACK; f.IPBytes != want {
				t.Errorf("%d B of IP in %d segments with %d B of payload, want %d", f.IPBytes, f.Segments, f.Payload, want)
			}
		}
	}
}

// A short snap length leaves the counts right.
func TestShortSnap(t *testing.T) {
	l := listen(t)
	r := start(t, l, Headers)
	exchange(t, l, make([]byte, 500), make([]byte, 3<<20))
	c, err := r.Stop()
	if err != nil {
		t.Fatal(err)
	}
	conns := c.Conns()
	if len(conns) != 1 || conns[0].Up.Stream != 500 || conns[0].Down.Stream != 3<<20 {
		t.Fatalf("%d connections, the first is %+v", len(conns), conns)
	}
	if _, _, err := conns[0].Split(); err == nil {
		t.Error("a stream was read that was not captured")
	}
}

func TestSnapOutOfRange(t *testing.T) {
	for _, snap := range []int{-1, 0, Headers - 1, 1 << 20} {
		if r, err := Start(80, snap); err == nil {
			r.Stop()
			t.Errorf("a snap length of %d was taken", snap)
		}
	}
}

// Without the right the error says what is missing, and is none of the kinds
// that a user could take for a failed capture.
func TestUnavailable(t *testing.T) {
	err := error(&UnavailableError{"root or CAP_NET_RAW", os.ErrPermission})
	if got, want := err.Error(), "capture packets on loopback: permission denied; needs root or CAP_NET_RAW"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if !errors.Is(err, os.ErrPermission) {
		t.Error("its cause is lost")
	}
}
