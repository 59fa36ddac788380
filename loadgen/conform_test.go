package main

import (
	"bytes"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"pushbench/servers/all"
	"pushbench/servers/feed"
)

// conformed runs loadgen conform, with patience for a busy host.
func conformed(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = program(t.Context(), append([]string{"conform", "-timeout", "30s"}, args...), nil, &out, &err)
	return code, out.String(), err.String()
}

// echoHandler is what servers serves, among it /echo.
func echoHandler() http.Handler {
	return all.Handler(feed.NewLog(feed.Text, 1, feed.NewClock()))
}

// odd serves a handler, over TLS or not, without a word on stderr.
func odd(t *testing.T, secure bool, h http.Handler) (url string) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "http", "ws", 1)
}

// A server that does not let the suite in breaks no rule: one line says what
// happened, with the exit code of a run that could not be.
func TestConformElsewhere(t *testing.T) {
	answer := func(status int, header, value, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()[header] = []string{value}
			w.WriteHeader(status)
			io.WriteString(w, body)
		})
	}
	clear, secure := odd(t, false, echoHandler()), odd(t, true, echoHandler())
	for name, test := range map[string]struct{ url, want string }{
		"301":             {odd(t, false, answer(301, "Location", "/elsewhere?a=b#c", "moved")), "is answered 301 Moved Permanently, Location: /elsewhere?a=b#c; give BASE/elsewhere?a=b"},
		"302":             {odd(t, false, answer(302, "Location", "https://example.org/", "")), "is answered 302 Found, Location: https://example.org/; give https://example.org/"},
		"307":             {odd(t, false, answer(307, "Location", "//example.org/a", "")), "is answered 307 Temporary Redirect, Location: //example.org/a; give ws://example.org/a"},
		"308 to nowhere":  {odd(t, false, answer(308, "Location", "mailto:a@b", "no")), "is answered 308 Permanent Redirect, Location: mailto:a@b, \"no\""},
		"401":             {odd(t, false, answer(401, "WWW-Authenticate", `Basic realm="a"`, "")), `is answered 401 Unauthorized, WWW-Authenticate: Basic realm="a"; give the URL a user, or -header 'Authorization: …'`},
		"403":             {odd(t, false, answer(403, "X", "", "not\x1b[31m\r\n you")), `is answered 403 Forbidden, "not [31m you"`},
		"404":             {clear + "/nowhere", `is answered 404 Not Found, "no such path`},
		"a page":          {odd(t, false, answer(200, "X", "", "<html>hello")), `is answered 200 OK, "<html>hello"`},
		"503":             {odd(t, false, answer(503, "Retry-After", "10", "")), "is answered 503 Service Unavailable, Retry-After: 10"},
		"TLS unasked":     {strings.Replace(secure, "wss", "ws", 1) + all.EchoPath, `is answered 400 Bad Request, "Client sent an HTTP request to an HTTPS server."; the server speaks TLS: give wss`},
		"clear unasked":   {strings.Replace(clear, "ws", "wss", 1) + all.EchoPath, "tls: first record does not look like a TLS handshake; it does not speak TLS: give BASE/echo"},
		"not certified":   {secure + all.EchoPath, "-insecure does not check the certificate"},
		"no server":       {"ws://127.0.0.1:1/", "connect to ws://127.0.0.1:1/: dial tcp 127.0.0.1:1: connect: connection refused"},
		"another service": {strings.Replace(speaker(t, "220 mail.example ESMTP\r\n"), "tcp", "ws", 1), `is answered "220 mail.example ESMTP\r\n", which is no whole HTTP response`},
		"hangs up":        {speaker(t, ""), "is not answered, and the connection ends"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := conformed(t, test.url)
			base := clear
			if !strings.HasPrefix(test.want, "tls") {
				base = strings.TrimSuffix(test.url, "/")
			}
			want := strings.Replace(test.want, "BASE", base, 1)
			if code != exitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
				t.Errorf("exit code %d, %q and %q; want 2 and the one line %q", code, stdout, stderr, want)
			}
		})
	}
}

// speaker says something to whoever comes, and hangs up when it has heard enough.
func speaker(t *testing.T, greeting string) (url string) {
	return listen(t, func(c net.Conn) {
		io.WriteString(c, greeting)
		c.Read(make([]byte, 1<<10))
	})
}

// listen serves connections.
func listen(t *testing.T, serve func(net.Conn)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer c.Close()
				serve(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		wait.Wait()
	})
	return "ws://" + l.Addr().String() + "/"
}

// few is a listener that is gone after so many connections.
type few struct {
	net.Listener
	mu   sync.Mutex
	left int
}

func (l *few) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left--; l.left == 0 {
		l.Listener.Close()
	}
	return c, err
}

// Where the server goes while it is tested, what was tested before stands in the
// report, with the line that says since when it could not be.
func TestConformGoes(t *testing.T) {
	for _, format := range []string{"text", "md"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: echoHandler()}
		var wait sync.WaitGroup
		wait.Go(func() { s.Serve(&few{Listener: l, left: 60}) })
		code, stdout, stderr := conformed(t, "-format", format, "ws://"+l.Addr().String()+all.EchoPath)
		s.Close()
		wait.Wait()
		const line = ` checks could not be tested, since "`
		if code != exitUsage || strings.Count(stderr, line) != 1 || strings.Count(stdout, line) != 1 {
			t.Errorf("%s: exit code %d: %s\n%s", format, code, stderr, stdout)
		}
		if strings.Count(stdout, "pass") < 10 || !strings.Contains(stdout, "; 0 failed, ") || !strings.Contains(stdout, " untested") {
			t.Errorf("%s: not what was tested before, or more: %s", format, stdout)
		}
	}
}

// What the user gives stands in the request as it should, once.
func TestConformHeader(t *testing.T) {
	var mu sync.Mutex
	var got *http.Request
	url := odd(t, false, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = r
		w.WriteHeader(404)
	}))
	address := strings.TrimPrefix(url, "ws://")
	code, _, stderr := conformed(t, "-header", "Host: example.org", "-header", "X:  grüße ", "-header", "Cookie: a=b", "-header", "Cookie: c=d",
		"HTTP://me:pass%20word@"+address+"/a b/ü?q=ä")
	mu.Lock()
	defer mu.Unlock()
	if code != exitUsage || got == nil {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	name, password, _ := got.BasicAuth()
	if got.Host != "example.org" || got.RequestURI != "/a%20b/%C3%BC?q=%C3%A4" || got.Header.Get("X") != "grüße" || got.Header.Get("Cookie") != "a=b; c=d" || name != "me" || password != "pass word" {
		t.Errorf("%s %s %q", got.Host, got.RequestURI, got.Header)
	}
	if strings.Contains(stderr, "word") {
		t.Errorf("the password is shown: %s", stderr)
	}
}
