package epoll

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// pair is two ends of a connection, of which the first does not block.
func pair(t testing.TB) (near int, far *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.SetNonblock(fds[0], true)
	}
	if err != nil {
		t.Fatal(err)
	}
	far = os.NewFile(uintptr(fds[1]), "far")
	t.Cleanup(func() { far.Close() })
	return fds[0], far
}

func newLoop(t testing.TB) *Loop {
	t.Helper()
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// end is one end of a connection: it keeps what it reads, up to so many bytes a call.
type end struct {
	fd     FD
	most   int
	turns  func(*end) // called in each turn
	got    []byte
	calls  int
	events Events
	err    error // that ended reading
	closed chan struct{}
}

func newEnd(most int) *end { return &end{most: most, closed: make(chan struct{})} }

func (e *end) Ready(on Events) (again bool) {
	e.calls++
	e.events |= on
	if e.turns != nil {
		e.turns(e)
	}
	if on&Readable == 0 {
		return false
	}
	p := e.fd.Room()[:e.most]
	n, err := e.fd.Read(p)
	e.got = append(e.got, p[:n]...)
	if err != nil && err != ErrWait {
		e.err = err
		e.fd.Close()
	}
	return n == len(p) || on&Gone != 0
}

func (e *end) Closed() { close(e.closed) }

func add(t testing.TB, l *Loop, e *end) (far *os.File) {
	t.Helper()
	near, far := pair(t)
	if err := l.Add(&e.fd, near, e); err != nil {
		t.Fatal(err)
	}
	return far
}

// All that is sent comes, whatever it is read in, and then that the peer has gone: also
// where that was so before the loop knew of it.
func TestAllComes(t *testing.T) {
	l := newLoop(t)
	sent := bytes.Repeat([]byte("0123456789"), 10_000)
	for _, most := range []int{1 << 10, 999, roomSize} {
		for _, early := range []bool{false, true} {
			e := newEnd(most)
			near, far := pair(t)
			write := func() {
				far.Write(sent)
				far.Close()
			}
			if early {
				sent := sent[:1000] // as much as the socket holds
				far.Write(sent)
				far.Close()
			}
			if err := l.Add(&e.fd, near, e); err != nil {
				t.Fatal(err)
			}
			if !early {
				write()
			}
			<-e.closed
			want := sent
			if early {
				want = sent[:1000]
			}
			if !bytes.Equal(e.got, want) || e.err != io.EOF {
				t.Errorf("by %d bytes, early %t: %d of %d bytes came, and then %v", most, early, len(e.got), len(want), e.err)
			}
		}
	}
}

// One that has more to say than it may say at once lets the others have their turns.
func TestNobodyStarves(t *testing.T) {
	l := newLoop(t)
	talker, quiet := newEnd(1), newEnd(100)
	var overtaken int
	quiet.turns = func(*end) { overtaken = len(talker.got) } // in the same goroutine
	low := add(t, l, quiet)
	talker.turns = func(e *end) {
		if e.calls == 10 {
			low.Write([]byte("hello"))
			low.Close()
		}
	}
	loud := add(t, l, talker)
	if _, err := loud.Write(make([]byte, 10_000)); err != nil {
		t.Fatal(err)
	}
	<-quiet.closed
	loud.Close()
	<-talker.closed
	if string(quiet.got) != "hello" || overtaken > 100 || len(talker.got) != 10_000 {
		t.Errorf("it got %q when the talker had said %d bytes of %d", quiet.got, overtaken, len(talker.got))
	}
}

// What there is no room for is told, and when there is room again.
func TestRoomToWrite(t *testing.T) {
	l := newLoop(t)
	e := newEnd(100)
	message := bytes.Repeat([]byte("x"), 1<<20)
	left := message
	refused := 0
	e.turns = func(e *end) {
		for len(left) > 0 {
			n, err := e.fd.Write(left)
			left = left[n:]
			if err == ErrWait {
				refused++
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
		e.fd.Close()
	}
	far := add(t, l, e)
	got, err := io.ReadAll(far)
	<-e.closed
	if !bytes.Equal(got, message) || err != nil || refused == 0 {
		t.Errorf("%d of %d bytes came, %v; it was refused %d times", len(got), len(message), err, refused)
	}
	if e.events&Writable == 0 {
		t.Error("it was never told that it may write")
	}
}

// Whoever closes it, and however often, a descriptor's handler is told once, and its
// number is not used any more.
func TestClose(t *testing.T) {
	l := newLoop(t)
	for name, closes := range map[string]func(*end){
		"from outside":  func(e *end) { e.fd.Close() },
		"twice at once": func(e *end) { go e.fd.Close(); e.fd.Close() },
	} {
		e := newEnd(100)
		far := add(t, l, e)
		closes(e)
		<-e.closed
		if _, err := io.ReadAll(far); err != nil { // the peer sees it
			t.Errorf("%s: the peer reads %v", name, err)
		}
		if _, err := e.fd.Write([]byte("x")); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: writing ends with %v", name, err)
		}
		if err := e.fd.Control(func(int) { t.Errorf("%s: its number is used", name) }); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
		e.fd.Close()
	}
}

// What was ready when another handler closed it is not called, and a number that comes
// back stands for the new connection alone.
func TestCloseWhileReady(t *testing.T) {
	l := newLoop(t)
	first, second := newEnd(100), newEnd(100)
	held, both := make(chan struct{}), make(chan struct{})
	first.turns = func(e *end) {
		if e.calls == 1 {
			close(held)
			<-both
		}
		if e.calls == 2 {
			second.fd.Close()
		}
	}
	one := add(t, l, first)
	<-held // the loop is in its first turn
	two := add(t, l, second)
	one.Write([]byte("x"))
	two.Write([]byte("y"))
	close(both)
	<-second.closed
	if second.calls > 1 { // that there is room to write may have come before
		t.Errorf("a closed one was called %d times, and read %q", second.calls, second.got)
	}
	third := newEnd(100)
	three := add(t, l, third)
	three.Write([]byte("z"))
	three.Close()
	<-third.closed
	if string(third.got) != "z" {
		t.Errorf("its successor read %q", third.got)
	}
}

// A loop that is closed closes all it has, and takes no more.
func TestCloseLoop(t *testing.T) {
	l := newLoop(t)
	var ends []*end
	for range 1000 {
		e := newEnd(100)
		add(t, l, e)
		ends = append(ends, e)
	}
	var closing sync.WaitGroup
	for range 3 {
		closing.Go(l.Close)
	}
	closing.Wait()
	for _, e := range ends {
		<-e.closed
	}
	near, _ := pair(t)
	defer unix.Close(near)
	if err := l.Add(new(FD), near, newEnd(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed loop takes one more: %v", err)
	}
}

// A number that is no descriptor's is refused, and stays the caller's.
func TestAddRefuses(t *testing.T) {
	l := newLoop(t)
	if err := l.Add(new(FD), 1<<20, newEnd(1)); !errors.Is(err, unix.EBADF) {
		t.Errorf("the error is %v", err)
	}
}

// Connections come and go in all ways at once, and each gets what it was sent.
func TestComeAndGo(t *testing.T) {
	l := newLoop(t)
	var busy sync.WaitGroup
	for seed := range uint64(8) {
		busy.Go(func() {
			rng := rand.New(rand.NewPCG(seed, 1))
			for range 200 {
				e := newEnd(1 + rng.IntN(200))
				far := add(t, l, e)
				sent := bytes.Repeat([]byte{byte(seed)}, rng.IntN(1000))
				whole := rng.IntN(2) == 0
				far.Write(sent)
				if whole {
					far.Close()
				} else {
					e.fd.Close()
				}
				<-e.closed
				if whole && !bytes.Equal(e.got, sent) || !bytes.HasPrefix(sent, e.got) {
					t.Errorf("it got %d bytes of %d", len(e.got), len(sent))
				}
			}
		})
	}
	busy.Wait()
}

// What a wake-up costs beyond the read itself.
func BenchmarkTurn(b *testing.B) {
	l := newLoop(b)
	e := newEnd(1000)
	turned := make(chan struct{})
	e.turns = func(*end) {
		select {
		case turned <- struct{}{}:
		case <-b.Context().Done():
		}
	}
	far := add(b, l, e)
	<-turned
	for b.Loop() {
		far.Write([]byte("x"))
		<-turned
	}
}
