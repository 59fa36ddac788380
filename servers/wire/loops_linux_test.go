package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// newSocketPeer is newPeer with connections that are sockets.
func newSocketPeer(t *testing.T, serve func(net.Conn, *bufio.Reader)) *peer {
	t.Helper()
	p := newPeer(t, serve)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p.client.Sockets = new(Sockets)
	p.client.Dial = func(ctx context.Context) (net.Conn, error) {
		near, err := new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
		if err != nil {
			return nil, err
		}
		far, err := l.Accept()
		if err != nil {
			return nil, err
		}
		p.dialled++
		p.serving.Go(func() {
			defer far.Close()
			p.serve(far, bufio.NewReader(far))
		})
		return near, nil
	}
	return p
}

func newLoops(t testing.TB, n int) *Loops {
	t.Helper()
	l, err := NewLoops(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// keeper is a Receiver that keeps all it takes.
type keeper struct {
	got    bytes.Buffer
	takes  int
	refuse error         // of the first piece
	onTake func()        // called for each
	ended  chan struct{} // closed by done
	end    error         // once ended
	first  chan struct{} // closed by the first Take
}

func newKeeper() *keeper {
	return &keeper{onTake: func() {}, ended: make(chan struct{}), first: make(chan struct{})}
}

func (k *keeper) Take(p []byte) error {
	k.got.Write(p)
	if k.takes++; k.takes == 1 {
		close(k.first)
	}
	k.onTake()
	return k.refuse
}

func (k *keeper) End(err error) error { return err }

func (k *keeper) done(err error) {
	k.end = err
	close(k.ended)
}

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

// says answers the first request with pieces of a stream, each in a write of its own, and
// closes the connection.
func says(pieces ...string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		if _, err := http.ReadRequest(r); err != nil {
			return
		}
		for _, piece := range pieces {
			if _, err := io.WriteString(c, piece); err != nil {
				return
			}
		}
	}
}

// respond sends a request that may be answered in any way.
func respond(t *testing.T, p *peer, ctx context.Context) io.ReadWriteCloser {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := p.client.HTTP().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if conn, ok := resp.Body.(io.ReadWriteCloser); ok {
		return conn
	}
	return struct {
		io.ReadCloser
		io.Writer
	}{resp.Body, nil}
}

// body is what a loop is given of a response.
func bodyOf(conn io.ReadWriteCloser) io.ReadCloser {
	if b, ok := conn.(struct {
		io.ReadCloser
		io.Writer
	}); ok {
		return b.ReadCloser
	}
	return conn
}

// came is all that is counted of a connection, and what it brought.
type came struct {
	content, end        string
	read, conns, closed int64
	headers             int64
	kernel              int64
}

// outcome is what comes of a stream, by a goroutine's reads or in a loop.
func outcome(t *testing.T, loops *Loops, pieces ...string) (o came) {
	t.Helper()
	p := newSocketPeer(t, says(pieces...))
	conn := bodyOf(respond(t, p, t.Context()))
	k := newKeeper()
	if loops != nil {
		if !loops.Attach(t.Context(), conn, k, k.done) {
			t.Fatalf("a %T was not taken over", conn)
		}
		<-k.ended
	} else {
		_, k.end = k.got.ReadFrom(conn)
		if k.end == nil {
			k.end = io.EOF
		}
		p.client.close()
		conn.Close()
	}
	p.serving.Wait()
	c := p.tally.Counts()
	kernel, err := p.client.Sockets.Read()
	if err != nil {
		t.Error(err)
	}
	return came{k.got.String(), fmt.Sprint(k.end), c.BytesRead, c.Conns, c.Closed, p.headers.Down.Load(), kernel.BytesReceived}
}

// A stream comes to the same whoever reads it, and each byte of it is counted in the
// same way, wherever it is cut and however it ends.
func TestLoopsReadAsGoroutinesDo(t *testing.T) {
	loops := newLoops(t, 2)
	for name, stream := range map[string]string{
		"upgraded":             switching + "first" + strings.Repeat("more ", 100),
		"upgraded, no more":    switching,
		"chunked":              chunked + "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n",
		"chunked, with a tail": chunked + "5\r\nhello\r\n0\r\nA: b\r\n\r\n",
		"chunked, cut":         chunked + "5\r\nhello\r\n6\r\n wor",
		"chunked, then more!":  chunked + "5\r\nhello\r\n0\r\n\r\nHTTP",
		"chunked, badly!":      chunked + "5\r\nhello\r\nzz\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			head := strings.Index(stream, "\r\n\r\n") + 4
			if strings.HasSuffix(name, "!") { // what follows the end comes with it, or may come too late
				head = len(stream)
			}
			for at := head; at <= len(stream); at += 1 + len(stream)/40 {
				want := outcome(t, nil, stream[:at], stream[at:])
				if got := outcome(t, loops, stream[:at], stream[at:]); got != want && !strings.Contains(want.end+got.end, "reset") {
					t.Errorf("cut after %d bytes it is\n%+v in a loop, not\n%+v", at, got, want)
				}
			}
		})
	}
}

// What is larger than a loop reads at once comes whole.
func TestLoopsReadMuch(t *testing.T) {
	const size = 3 << 20
	o := outcome(t, newLoops(t, 1), switching, strings.Repeat("x", size))
	if len(o.content) != size || o.read != int64(len(switching)+size) || o.end != "EOF" {
		t.Errorf("%d bytes of %d came, %d were counted, and it ended with %s", len(o.content), size, o.read, o.end)
	}
}

// hold answers a request and leaves the connection open.
func hold(answer string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		says(answer)(c, r)
		io.Copy(io.Discard, r)
	}
}

// A connection in a loop ends once, by whoever ends it, and its client may open another.
func TestLoopsEnd(t *testing.T) {
	refusal := errors.New("refused")
	for _, answer := range []string{switching + "x", chunked + "1\r\nx\r\n"} {
		for name, c := range map[string]struct {
			ends func(cancel func(), conn io.Closer, l *Loops)
			take error
			want error
		}{
			"by the context":  {func(cancel func(), _ io.Closer, _ *Loops) { cancel() }, nil, net.ErrClosed},
			"with the loops":  {func(_ func(), _ io.Closer, l *Loops) { l.Close() }, nil, net.ErrClosed},
			"by the receiver": {func(func(), io.Closer, *Loops) {}, refusal, refusal},
			"by its owner": {func(cancel func(), conn io.Closer, _ *Loops) {
				if _, ok := conn.(*upgraded); ok {
					conn.Close()
					conn.Close()
				}
				cancel()
			}, nil, net.ErrClosed},
		} {
			t.Run(name, func(t *testing.T) {
				p := newSocketPeer(t, hold(answer))
				loops := newLoops(t, 1)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				conn := bodyOf(respond(t, p, ctx))
				k := newKeeper()
				k.refuse = c.take
				if !loops.Attach(ctx, conn, k, k.done) {
					t.Fatal("it was not taken over")
				}
				<-k.first
				c.ends(cancel, conn, loops)
				<-k.ended
				if k.got.String() != "x" || k.takes != 1 || k.end != c.want {
					t.Errorf("it took %q and ended with %v", k.got.String(), k.end)
				}
				p.serving.Wait() // the server sees that it is gone
				if c := p.tally.Counts(); c.Conns != 1 || c.Closed != 1 {
					t.Errorf("counted %+v", c)
				}
				if len(loops.scopes) != 0 {
					t.Errorf("%d contexts are remembered", len(loops.scopes))
				}
				if p.client.stack != nil {
					t.Error("the client still has the connection")
				}
			})
		}
	}
}

// A context that has ended takes its connection along.
func TestLoopsAfterTheContext(t *testing.T) {
	loops := newLoops(t, 1)
	p := newSocketPeer(t, hold(switching))
	ctx, cancel := context.WithCancel(t.Context())
	conn := respond(t, p, ctx)
	cancel()
	k := newKeeper()
	if loops.Attach(ctx, conn, k, k.done) {
		<-k.ended
	} else if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is open")
	}
	conn.Close()
	p.serving.Wait()
}

// What is no connection of its own, in clear and of chunks, is left as it is.
func TestLoopsCannot(t *testing.T) {
	loops := newLoops(t, 1)
	for name, p := range map[string]*peer{
		"no socket":  newPeer(t, hold(switching+"x")),
		"a length":   newSocketPeer(t, hold("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")),
		"to its end": newSocketPeer(t, hold("HTTP/1.1 200 OK\r\n\r\nx")),
	} {
		conn := bodyOf(respond(t, p, t.Context()))
		if loops.Attach(t.Context(), conn, newKeeper(), nil) {
			t.Errorf("%s: it was taken over", name)
		}
		if n, err := io.ReadFull(conn, make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("%s: reading it ends with %v", name, err)
		}
		p.client.close()
		conn.Close()
	}
	if loops.Attach(t.Context(), io.NopCloser(strings.NewReader("x")), newKeeper(), nil) {
		t.Error("a string was taken over")
	}
}
