package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// narrow is a connection that takes a certain number of bytes of each write that is
// tried, and all of others once it is open.
type narrow struct {
	net.Conn
	room func() int
	open chan struct{} // closed: writes that wait go through

	mu  sync.Mutex
	got bytes.Buffer
}

func newNarrow(room ...int) *narrow {
	c := &narrow{open: make(chan struct{})}
	c.room = func() int {
		if len(room) == 0 {
			return 1 << 20
		}
		n := room[0]
		room = room[1:]
		return n
	}
	return c
}

func (c *narrow) take(p []byte) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got.Write(p)
	return len(p)
}

func (c *narrow) TryWrite(p []byte) (int, error) {
	n := c.room()
	if n < 0 {
		return 0, errors.New("reset")
	}
	return c.take(p[:min(len(p), n)]), nil
}

func (c *narrow) Write(p []byte) (int, error) {
	<-c.open
	return c.take(p), nil
}

func (c *narrow) Close() error { return nil }

func (c *narrow) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got.String()
}

// tried is a connection on which writes can be tried.
func tried(t rapid.TB, inner net.Conn) (*Conn, *Tally) {
	t.Helper()
	tally := new(Tally)
	c := NewConn(inner, tally)
	if !c.Tries() {
		t.Fatal("writes on it cannot be tried")
	}
	return c, tally
}

// What a try writes and the kernel does not take is kept, is counted as pending and not
// as written, keeps others from trying, and goes out first.
func TestTryKeepsTheRest(t *testing.T) {
	inner := newNarrow(3, 2)
	c, tally := tried(t, inner)
	write := func(p string) {
		t.Helper()
		if n, err := c.Write([]byte(p)); n != len(p) || err != nil {
			t.Fatalf("writing %q gave %d, %v", p, n, err)
		}
	}
	if !c.Try() {
		t.Fatal("nobody else writes")
	}
	if c.Try() {
		t.Error("two try at a time")
	}
	write("abc")
	write("defg")
	write("hi")
	if rest := c.Tried(); rest != 4 || inner.String() != "abcde" {
		t.Fatalf("%d bytes are kept, and %q is out", rest, &inner.got)
	}
	if counts := tally.Counts(); counts.BytesWritten != 5 || counts.Writes != 2 || counts.Pending != 4 {
		t.Errorf("counted %+v", counts)
	}
	if c.Try() {
		t.Error("somebody tries before the rest is out")
	}
	close(inner.open)
	write("jk")
	if inner.String() != "abcdefghijk" {
		t.Errorf("out is %q", &inner.got)
	}
	if counts := tally.Counts(); counts.BytesWritten != 11 || counts.Pending != 0 {
		t.Errorf("counted %+v", counts)
	}
	if !c.Try() || c.Tried() != 0 {
		t.Error("nothing is kept, and nobody may try")
	}
}

// While somebody waits to write, nobody tries; and who writes while somebody tries does
// not wait.
func TestTryAndWait(t *testing.T) {
	inner := newNarrow(0, 0)
	c, tally := tried(t, inner)
	c.Try()
	c.Write([]byte("a")) // as an echo would, beside whoever tries
	c.Tried()
	drained := make(chan error)
	go func() { drained <- c.Drain() }()
	for waiting := false; !waiting; {
		o := c.out.Load()
		o.mu.Lock()
		waiting = o.waiting > 0
		o.mu.Unlock()
	}
	if c.Try() {
		t.Error("somebody tries while another waits")
	}
	close(inner.open)
	if err := <-drained; err != nil || inner.String() != "a" || tally.Pending.Load() != 0 {
		t.Errorf("draining gave %v, %q is out and %d bytes pend", err, &inner.got, tally.Pending.Load())
	}
}

// What fails is the error of the write, and what is closed keeps nothing.
func TestTryFails(t *testing.T) {
	c, tally := tried(t, newNarrow(-1, 1))
	c.Try()
	if _, err := c.Write([]byte("ab")); err == nil {
		t.Error("a write on a connection that was reset gave no error")
	}
	if rest := c.Tried(); rest != 0 {
		t.Errorf("%d bytes are kept of a write that failed", rest)
	}
	c.Try()
	c.Write([]byte("ab"))
	c.Close()
	if pending := tally.Pending.Load(); pending != 0 {
		t.Errorf("%d bytes of a closed connection pend", pending)
	}
	if _, err := c.Write([]byte("c")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write on it gave %v", err)
	}
	c.Tried()
	if err := c.Drain(); err != nil {
		t.Errorf("there is nothing to drain, and yet %v", err)
	}
}

// Under TLS, and on what is neither a socket nor says that it can, nobody tries.
func TestTryIsNotForAll(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	if NewConn(near, new(Tally)).Tries() {
		t.Error("writes on a pipe can be tried")
	}
	secured := NewConn(newNarrow(), new(Tally))
	secured.secured = established
	if secured.Tries() {
		t.Error("writes under TLS can be tried")
	}
}

// Whatever is tried, written, drained and echoed, in whatever pieces it goes, comes out
// whole and in the order in which it was given.
func TestTriesAreInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inner := newNarrow()
		close(inner.open)
		inner.room = func() int { return rapid.IntRange(0, 9).Draw(t, "room") }
		c, tally := tried(t, inner)
		var want bytes.Buffer
		next := byte('a')
		write := func(t *rapid.T) {
			p := bytes.Repeat([]byte{next}, rapid.IntRange(1, 12).Draw(t, "bytes"))
			next++
			want.Write(p)
			if n, err := c.Write(p); n != len(p) || err != nil {
				t.Fatalf("writing %d bytes gave %d, %v", len(p), n, err)
			}
		}
		trying := false
		t.Repeat(map[string]func(*rapid.T){
			"try": func(t *rapid.T) {
				if may := !trying && tally.Pending.Load() == 0; c.Try() != may {
					t.Fatalf("whether it may try is not %v", may)
				} else if may {
					trying = true
				}
			},
			"tried": func(t *rapid.T) {
				if trying {
					trying = false
					if rest := c.Tried(); int64(rest) != tally.Pending.Load() {
						t.Fatalf("%d bytes are kept, and %d pend", rest, tally.Pending.Load())
					}
				}
			},
			"write": write,
			"drain": func(t *rapid.T) {
				if err := c.Drain(); err != nil || !trying && tally.Pending.Load() != 0 {
					t.Fatalf("draining gave %v, and %d bytes pend", err, tally.Pending.Load())
				}
			},
			"": func(t *rapid.T) {
				if out := inner.String(); !bytes.HasPrefix(want.Bytes(), []byte(out)) || int64(want.Len()-len(out)) != tally.Pending.Load() {
					t.Fatalf("out is %q of %q, and %d bytes pend", out, &want, tally.Pending.Load())
				}
			},
		})
	})
}

// A socket takes what has room in its buffer, and the rest waits for its reader.
func TestTryOnASocket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := new(net.Dialer).DialContext(context.Background(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c, tally := tried(t, far)
	defer c.Close()
	const most = 64 << 20
	chunk := bytes.Repeat([]byte("x"), 100<<10)
	given, rest := 0, 0
	for rest == 0 {
		if !c.Try() {
			t.Fatal("nobody else writes")
		}
		if _, err := c.Write(chunk); err != nil {
			t.Fatal(err)
		}
		given += len(chunk)
		if rest = c.Tried(); rest > len(chunk) || given > most {
			t.Fatalf("of %d bytes %d are kept", given, rest)
		}
	}
	var reader sync.WaitGroup
	reader.Go(func() {
		if n, err := io.CopyN(io.Discard, near, int64(given)); err != nil {
			t.Errorf("read %d of %d bytes, %v", n, given, err)
		}
	})
	if err := c.Drain(); err != nil {
		t.Error(err)
	}
	reader.Wait()
	if counts := tally.Counts(); counts.BytesWritten != int64(given) || counts.Pending != 0 {
		t.Errorf("of %d bytes counted %+v", given, counts)
	}
	if n := testing.AllocsPerRun(100, func() { c.Try(); c.Write(chunk[:10]); c.Tried() }); n > 0 {
		t.Errorf("a try takes %v allocations", n)
	}
}
