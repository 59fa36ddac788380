package lab

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pushbench/results"
	"pushbench/servers/control"
	"pushbench/servers/test/need"
)

// needLab asks for a host on which the lab can be made.
func needLab(t testing.TB) {
	t.Helper()
	if err := lacking(); err != nil {
		need.That(t, false, "the lab: "+err.Error())
	}
}

// lacking is why there is no lab here, if so.
var lacking = sync.OnceValue(func() error {
	if noLab != nil {
		return noLab
	}
	return Ready()
})

// openLink opens a path in this process.
func openLink(t testing.TB, a OpenArgs) *link {
	t.Helper()
	needLab(t)
	l := new(link)
	t.Cleanup(l.close)
	if _, err := l.open(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return l
}

// inside runs f on a thread in the namespace, which ends with it. Sockets made
// there stay there.
func inside(t testing.TB, e *end, f func() error) {
	t.Helper()
	if err := enterThread(e.path(), f); err != nil {
		t.Fatal(err)
	}
}

func enterThread(namespace string, f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: a thread of ordinary users finds no way back
		fd, err := unix.Open(namespace, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = errors.Join(unix.Setns(fd, unix.CLONE_NEWNET), unix.Close(fd))
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// listen listens at the server's end, and gives each connection to serve. All
// has ended when the test has.
func (l *link) listen(t testing.TB, serve func(*net.TCPConn)) (addr *net.TCPAddr) {
	t.Helper()
	var listener *net.TCPListener
	inside(t, l.server, func() (err error) {
		listener, err = net.ListenTCP("tcp4", &net.TCPAddr{IP: serverIP.AsSlice()})
		return err
	})
	var ending sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	ending.Go(func() {
		for {
			conn, err := listener.AcceptTCP()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			ending.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		ending.Wait()
	})
	return listener.Addr().(*net.TCPAddr)
}

// echo hides what conn is, as io.Copy would make pipes for splice(2), and keep
// them.
func echo(conn *net.TCPConn) { io.Copy(struct{ io.Writer }{conn}, struct{ io.Reader }{conn}) }

// dial connects from the fleet's end.
func (l *link) dial(t testing.TB, addr *net.TCPAddr) *net.TCPConn {
	t.Helper()
	var conn *net.TCPConn
	inside(t, l.fleet, func() (err error) {
		conn, err = net.DialTCP("tcp4", nil, addr)
		return err
	})
	t.Cleanup(func() { conn.Close() })
	return conn
}

// turn sends a byte and takes what comes back.
func turn(conn net.Conn) error {
	var b [1]byte
	if _, err := conn.Write(b[:]); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, b[:])
	return err
}

func (l *link) marked(t testing.TB) LinkMark {
	t.Helper()
	m, err := l.mark(t.Context(), control.None{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// deadline is how long a test waits for what takes milliseconds on an idle host.
const deadline = 2 * time.Minute

// until marks until enough has happened, and gives the lateness since it was
// called.
func (l *link) until(t testing.TB, enough func(LinkMark) bool) LinkMark {
	t.Helper()
	late := results.NewHist()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	for {
		m := l.marked(t)
		if err := late.Merge(m.Late); err != nil {
			t.Fatal(err)
		}
		if m.Late = late; enough(m) {
			return m
		}
		if ctx.Err() != nil {
			t.Fatalf("it has not come to that: %+v", m)
		}
		runtime.Gosched()
	}
}

// process is a link in a process of its own.
type process struct {
	cmd  *exec.Cmd
	in   io.Closer
	peer *control.Peer
}

func startLink(t testing.TB, a OpenArgs) (*process, Opened) {
	t.Helper()
	return startLinkWith(t, a, (*exec.Cmd).Start)
}

func startLinkWith(t testing.TB, a OpenArgs, start func(*exec.Cmd) error) (*process, Opened) {
	t.Helper()
	needLab(t)
	p := &process{cmd: exec.Command("/proc/self/exe", "link")}
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := start(p.cmd); err != nil {
		t.Fatal(err)
	}
	p.in, p.peer = in, control.NewPeer(in, out)
	t.Cleanup(func() {
		p.in.Close()
		p.cmd.Wait()
	})
	var opened Opened
	if err := p.peer.Call(context.Background(), Open, a, &opened); err != nil {
		t.Fatal(err)
	}
	return p, opened
}
