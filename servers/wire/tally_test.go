package wire

import (
	"errors"
	"net"
	"testing"
)

// scripted is a connection whose calls move so many bytes with an error.
type scripted struct {
	net.Conn
	n   int
	err error
}

func (s scripted) Read([]byte) (int, error)  { return s.n, s.err }
func (s scripted) Write([]byte) (int, error) { return s.n, s.err }

// What moved is counted whether or not an error came with it, and a call that
// moved nothing is no call.
func TestConnCounts(t *testing.T) {
	failure := errors.New("failure")
	var tally Tally
	var want Counts
	for _, c := range []struct {
		n     int
		err   error
		calls int64
	}{
		{5, nil, 1},
		{3, failure, 1},
		{0, failure, 0},
		{0, nil, 0},
		{-1, failure, 0},
	} {
		conn := NewConn(scripted{n: c.n, err: c.err}, &tally)
		for _, call := range []func([]byte) (int, error){conn.Read, conn.Write, conn.Write} {
			if n, err := call(make([]byte, 10)); n != c.n || err != c.err {
				t.Errorf("a call that returns %d, %v returned %d, %v", c.n, c.err, n, err)
			}
		}
		moved := int64(max(c.n, 0))
		want.Conns++
		want.BytesRead += moved
		want.BytesWritten += 2 * moved
		want.Reads += c.calls
		want.Writes += 2 * c.calls
		if got := tally.Counts(); got != want {
			t.Fatalf("after calls that return %d, %v counted %+v, not %+v", c.n, c.err, got, want)
		}
		if conn.flow.read.Load() != moved || conn.flow.written.Load() != 2*moved {
			t.Errorf("of its own the connection counted %d and %d", conn.flow.read.Load(), conn.flow.written.Load())
		}
	}
}

// A listener counts the connections it accepts, and what both ends count is
// the same.
func TestListener(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var server, client Tally
	l := Listener(inner, &server)
	defer l.Close()
	for range 3 {
		dialled, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c := NewConn(dialled, &client)
		say(t, c, accepted, "a question")
		say(t, accepted, c, "an answer, longer")
		c.Close()
		accepted.Close()
	}
	s, c := server.Counts(), client.Counts()
	if s.Conns != 3 || s.BytesRead != 30 || s.BytesWritten != 51 ||
		c.Conns != 3 || c.BytesWritten != 30 || c.BytesRead != 51 {
		t.Errorf("the server counted %+v, the client %+v", s, c)
	}
	l.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed listener accepts with %v", err)
	}
	if got := server.Counts(); got != s {
		t.Errorf("that was counted: %+v", got)
	}
}

func say(t *testing.T, from, to net.Conn, text string) {
	t.Helper()
	if _, err := from.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	for heard := 0; heard < len(text); {
		n, err := to.Read(make([]byte, 100))
		if err != nil {
			t.Fatal(err)
		}
		heard += n
	}
}
