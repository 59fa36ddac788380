package conform

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// ends are how a server goes that was there until then, and what the report says
// of it.
var ends = map[string]struct {
	after func(net.Conn) // what it does with a connection; nil: there is none
	dies  bool           // so do those that are open
	why   string
}{
	"refuses connections": {nil, false, "connect to ws://sound.example/: connection refused"},
	"dies":                {nil, true, "connect to ws://sound.example/: connection refused"},
	"hangs":               {func(c net.Conn) { io.Copy(io.Discard, c) }, false, "open ws://sound.example/: a legal handshake is not answered within 2s; -timeout waits longer"},
	"hangs up":            {func(net.Conn) {}, true, "open ws://sound.example/: a legal handshake is not answered, and the connection ends; if the server speaks TLS, give wss://sound.example:80/"},
	"is busy":             {says("503 Busy\r\nRetry-After: 10\r\nContent-Length: 5\r\n\r\nlater"), false, `open ws://sound.example/: a legal handshake is answered 503 Service Unavailable, Retry-After: 10, "later"`},
	"limits the rate":     {says("429 No\r\nContent-Length: 0\r\n\r\n"), true, "open ws://sound.example/: a legal handshake is answered 429 Too Many Requests"},
	"moves":               {says("301 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"), false, "open ws://sound.example/: a legal handshake is answered 301 Moved Permanently, Location: /elsewhere; give ws://sound.example/elsewhere"},
	"wants a password":    {says("401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"), false, `open ws://sound.example/: a legal handshake is answered 401 Unauthorized, WWW-Authenticate: Basic realm="x"; give the URL a user, or -header 'Authorization: …'`},
	"becomes another":     {func(c net.Conn) { io.WriteString(c, "SSH-2.0-x\r\n"); io.Copy(io.Discard, c) }, false, `open ws://sound.example/: a legal handshake is answered "SSH-2.0-x\r\n", which is no whole HTTP response`},
}

// says answers a request and takes no more.
func says(head string) func(net.Conn) {
	return func(c net.Conn) {
		in := bufio.NewReader(c)
		for line, err := "", error(nil); line != "\r\n"; {
			if line, err = in.ReadString('\n'); err != nil {
				return
			}
		}
		go io.Copy(io.Discard, in)
		io.WriteString(c, "HTTP/1.1 "+head)
	}
}

// until is a server that is there for so many connections.
func (s *sound) until(n int, end string) *Target {
	target := s.target()
	dial := target.Dial
	var mu sync.Mutex
	var open []net.Conn
	target.Dial = func(ctx context.Context) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		if n--; n >= 0 {
			c, err := dial(ctx)
			open = append(open, c)
			return c, err
		}
		if ends[end].dies {
			for _, c := range open {
				c.Close() // as if the other end had
			}
			open = nil
		}
		if ends[end].after == nil {
			return nil, errRefused
		}
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			ends[end].after(server)
		}()
		return client, nil
	}
	return target
}

// A server that goes breaks no rule by it, whenever it does: what was tested
// before stands, and one line says what happened, and since when.
func TestUnavailable(t *testing.T) {
	before := against(t, new(sound))
	for end, test := range ends {
		for _, n := range []int{0, 1, 2, 3, 10, 60, 61, 150, 300} {
			t.Run(fmt.Sprintf("%s after %d", end, n), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					report, err := Run(t.Context(), new(sound).until(n, end), soundly, nil)
					if n <= 3 || n == 10 && err != nil { // with which it is found out what the server offers
						if outcome(err) != Untested || err.Error() != test.why {
							t.Errorf("%v, %v; want %s", report, err, test.why)
						}
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					since := slices.IndexFunc(report.Results, func(r Result) bool { return r.Outcome == Untested })
					if since < 0 || report.Since != report.Results[since].Name || report.Why != test.why {
						t.Fatalf("since %q: %s\nwant %s", report.Since, report.Why, test.why)
					}
					tested := 0
					for i, r := range report.Results {
						switch {
						case r.Outcome == Untested:
						case r.Outcome != before.Results[i].Outcome:
							t.Errorf("%s: %s: %q", r.Name, r.Outcome, r.Details)
						default:
							tested++
						}
					}
					if n >= 60 && tested < n/20 {
						t.Errorf("%d checks made of %d connections", tested, n)
					}
					if line := report.Untested(); !strings.Contains(line, test.why) || strings.Contains(line, "\n") || report.Failed() {
						t.Errorf("%s", line)
					}
				})
			})
		}
	}
}

// A server that ends every connection behind the handshake, since it wants to
// know who comes, is tested as far as it goes.
func TestQuits(t *testing.T) {
	for manner, why := range map[string]string{
		"closes behind the handshake":  `the server ends every connection of its own accord; came 101, close 4401 "no token"`,
		"ends behind the handshake":    "the server ends every connection of its own accord; came 101, the end of the connection",
		"says good bye behind the 101": `the server ends every connection of its own accord; came 101, text "good bye", the end of the connection`,
	} {
		report := against(t, &sound{manner: manner})
		for _, r := range report.Results {
			frames := r.needs&needsOpen != 0 && r.needs&needsEcho == 0
			switch {
			case frames && (r.Outcome != Untested || r.Details[0] != why), r.Outcome == Fail:
				t.Errorf("%s: %s: %s: %q", manner, r.Name, r.Outcome, r.Details)
			case r.Group == "legal handshakes" && r.Outcome != Pass:
				t.Errorf("%s: %s: %s: %q", manner, r.Name, r.Outcome, r.Details)
			}
		}
		if line := report.Untested(); !strings.HasSuffix(line, why) {
			t.Errorf("%s: %s", manner, line)
		}
	}
	// One that ends them for what is said to it does not end them of its own accord.
	for _, manner := range []string{"knows no messages", "has no patience"} {
		if report := against(t, &sound{manner: manner}); report.Quits != "" || report.Untested() != "" {
			t.Errorf("%s: %s %s", manner, report.Quits, report.Untested())
		}
	}
}

// A 101 that is badly written is the server's fault: it is tested, and fails.
func TestBad101(t *testing.T) {
	for head, want := range map[string]string{
		"HTTP/1.1 101\r\nUpgrade: websocket\r\n\r\n":                           "status line",
		"HTTP/1.1 101 Go\nUpgrade: websocket\n\n":                              "a head that ends",
		"HTTP/1.1 101 Go\r\nUpgrade : websocket\r\n\r\n":                       "header line",
		"http/1.1 101 Go\r\n\r\n":                                              "status line",
		"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n": "want 101 with Sec-WebSocket-Accept: s3p",
	} {
		synctest.Test(t, func(t *testing.T) {
			target := new(sound).target()
			target.Dial = func(context.Context) (net.Conn, error) {
				client, server := net.Pipe()
				go func() {
					defer server.Close()
					go io.Copy(io.Discard, server)
					io.WriteString(server, head)
				}()
				return client, nil
			}
			report, err := Run(t.Context(), target, soundly, nil)
			if err != nil {
				t.Fatalf("%q: %v", head, err)
			}
			first := report.Results[0]
			if first.Outcome != Fail || !strings.Contains(first.Details[0], want) || report.Open || report.Untested() != "" || !report.Failed() {
				t.Errorf("%q: %s: %q, %s; want %s", head, first.Outcome, first.Details, report.Untested(), want)
			}
		})
	}
}

// tapped keeps what is written.
type tapped struct {
	net.Conn
	wire *bytes.Buffer
}

func (c tapped) Write(b []byte) (int, error) {
	c.wire.Write(b)
	return c.Conn.Write(b)
}

// A ping of the server is answered, since it may go where it is not (§5.5.2).
func TestServersPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sound{manner: "greets with control frames"}
		r := &runner{ctx: t.Context(), target: s.target(), o: soundly, report: new(Report)}
		var wire bytes.Buffer
		dial := r.target.Dial
		r.target.Dial = func(ctx context.Context) (net.Conn, error) {
			c, err := dial(ctx)
			return tapped{c, &wire}, err
		}
		p := r.probe()
		defer p.release()
		session, err := p.plain()
		if err != nil {
			t.Fatal(err)
		}
		session.send(ping("mine"))
		if err := session.pong("mine"); err != nil {
			t.Fatal(err)
		}
		_, frames, _ := bytes.Cut(wire.Bytes(), []byte("\r\n\r\n"))
		var said []string
		for len(frames) > 0 {
			f, n, err := parseFrame(frames, 1<<20)
			if err != nil || n == 0 || f.unmasked {
				t.Fatalf("%v, %d, %v", f, n, err)
			}
			said, frames = append(said, nameOf(f.op)+" "+string(f.payload)), frames[n:]
		}
		if want := []string{"ping mine", "pong alive?", "pong "}; !slices.Equal(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
	})
}
