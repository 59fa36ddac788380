package conform

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pushbench/servers/all"
	"pushbench/servers/feed"
)

// That there is no server is an error and not a result.
func TestNoServer(t *testing.T) {
	refused := errors.New("refused")
	target := &Target{URL: "ws://nobody/", Dial: func(context.Context) (net.Conn, error) { return nil, refused }}
	if _, err := Run(t.Context(), target, soundly, nil); !errors.Is(err, refused) || !strings.Contains(err.Error(), "ws://nobody/") {
		t.Errorf("the error is %v", err)
	}
}

// A run that is interrupted says so, and leaves nothing behind.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Run(ctx, new(sound).target(), Options{Timeout: time.Minute}, func(n, of int) {
		if n == 1 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// Over TLS a certificate is checked unless that is waived.
func TestSecure(t *testing.T) {
	server := httptest.NewUnstartedServer(all.Handler(feed.NewLog(feed.Text, 1, feed.NewClock())))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // one client breaks off
	server.StartTLS()
	defer server.Close()
	url := strings.Replace(server.URL, "https", "wss", 1) + all.EchoPath
	for _, insecure := range []bool{true, false} {
		target, err := Parse(url, insecure)
		if err != nil {
			t.Fatal(err)
		}
		report, err := run(t.Context(), messages[:1], target, patient, nil)
		switch {
		case insecure && (err != nil || report.Results[0].Outcome != Pass):
			t.Errorf("%+v, %v", report, err)
		case !insecure && err == nil:
			t.Error("a certificate that nobody has signed is taken")
		}
	}
}

// A server that never stops costs bounded memory and time. One that opens no
// connection could not be tested, and one that does fails.
func TestEndlessServers(t *testing.T) {
	opens := func(w io.Writer, in *bufio.Reader) {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		fmt.Fprintf(w, "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept(r.Header.Get("Sec-WebSocket-Key")))
	}
	answers := func(head string) func(io.Writer, *bufio.Reader) {
		return func(w io.Writer, _ *bufio.Reader) { io.WriteString(w, "HTTP/1.1 400 No\r\n"+head) }
	}
	for name, server := range map[string]struct {
		begins     func(io.Writer, *bufio.Reader)
		goesOn     string
		unreadable string // part of why it could not be tested
	}{
		"lines":        {answers(""), "X: y\r\n", `answered "HTTP/1.1 400 No`},
		"interim":      {answers("\r\n"), "HTTP/1.1 100 Go on\r\n\r\n", "answered 400 Bad Request"},
		"only interim": {nil, "HTTP/1.1 100 Go on\r\n\r\n", `answered "HTTP/1.1 100`},
		"a line":       {nil, "x", `answered "xxxx`},
		"a body":       {answers("\r\n"), "x", "answered 400 Bad Request"},
		"chunks":       {answers("Transfer-Encoding: chunked\r\n\r\n"), "1\r\nx\r\n", "answered 400 Bad Request"},
		"a chunk size": {answers("Transfer-Encoding: chunked\r\n\r\n"), "0", "answered 400 Bad Request"},
		"messages":     {opens, "\x81\x01x", ""},
		"pongs":        {opens, "\x8a\x01x", ""},
		"pings":        {opens, "\x89\x01x", ""},
		"fragments":    {opens, "\x01\x01x", ""},
		"large frame":  {opens, "\x82\x7f\x00\x00\x00\x00\x04\x00\x00\x00x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			target := &Target{URL: "ws://endless/", host: "endless", target: "/", Dial: func(context.Context) (net.Conn, error) {
				client, c := net.Pipe()
				go func() {
					defer c.Close()
					in := bufio.NewReader(c)
					if server.begins != nil {
						server.begins(c, in)
					}
					go io.Copy(io.Discard, in)
					for more := []byte(strings.Repeat(server.goesOn, 1+4096/len(server.goesOn))); ; {
						if _, err := c.Write(more); err != nil {
							return
						}
					}
				}()
				return client, nil
			}}
			checks := []Check{legal[0], control[1], broken[0], closes[5]}
			report, err := run(t.Context(), checks, target, Options{Timeout: 50 * time.Millisecond, Parallel: 1}, nil)
			for timeout := 200 * time.Millisecond; timeout < time.Minute && tooSlow(report, err); timeout *= 4 {
				report, err = run(t.Context(), checks, target, Options{Timeout: timeout, Parallel: 1}, nil)
			}
			if server.unreadable != "" {
				if outcome(err) != Untested || !strings.Contains(err.Error(), server.unreadable) || len(err.Error()) > 1000 {
					t.Errorf("%v, %v; want %s", report, err, server.unreadable)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range report.Results[1:] {
				if r.Outcome != Fail || len(r.Details[0]) > 1000 {
					t.Errorf("%s: %s: %q", r.Name, r.Outcome, r.Details)
				}
			}
		})
	}
}

// tooSlow reports whether the host was too busy for an answer to come in time.
func tooSlow(r *Report, err error) bool {
	return err != nil && strings.Contains(err.Error(), "-timeout waits longer") || err == nil && r.Untested() != ""
}
