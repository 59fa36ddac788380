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

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"ws://a":             "a / false",
		"ws://a:81/x?y=z":    "a:81 /x?y=z false",
		"http://[::1]:8080/": "[::1]:8080 / false",
		"wss://a/b%20c":      "a /b%20c true",
		"HTTPS://a?q":        "a /?q true",
	} {
		target, err := Parse(text, false)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		secure := "false"
		if target.secure {
			secure = "true"
		}
		if got := target.host + " " + target.target + " " + secure; got != want {
			t.Errorf("%s is parsed as %s, not %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"":                  "use ws://",
		"a:80":              "use ws://",
		"ftp://a":           "use ws://",
		"ws:a":              "use ws://",
		"ws://":             "no host",
		"ws://:80":          "no host",
		"ws://a/#b":         "no fragment",
		"ws://me:secret@a/": "-header",
		"ws://a/\x00":       "invalid control character",
	} {
		if _, err := Parse(text, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error shows the password", text)
		}
	}
}

func TestHeader(t *testing.T) {
	target := &Target{host: "a", target: "/"}
	if err := target.AddHeader("Origin: http://a"); err != nil {
		t.Fatal(err)
	}
	if got := string(target.request().bytes()); !strings.Contains(got, "\r\nOrigin: http://a\r\n") {
		t.Errorf("the handshake is %q", got)
	}
	for _, line := range []string{"", "Origin", ": a", "A b: c", "A: b\r\nC: d"} {
		if err := target.AddHeader(line); err == nil {
			t.Errorf("%q is taken", line)
		}
	}
}

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

// A server that never stops costs bounded memory and time, and fails.
func TestEndlessServers(t *testing.T) {
	opens := func(w io.Writer, in *bufio.Reader) {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		fmt.Fprintf(w, "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept(r.Header.Get("Sec-WebSocket-Key")))
	}
	const head = "HTTP/1.1 400 No\r\n"
	for name, server := range map[string]struct {
		begins func(io.Writer, *bufio.Reader)
		goesOn string
	}{
		"lines":        {nil, head + "X: y\r\n"},
		"a line":       {nil, "x"},
		"a body":       {func(w io.Writer, _ *bufio.Reader) { io.WriteString(w, head+"\r\n") }, "x"},
		"chunks":       {func(w io.Writer, _ *bufio.Reader) { io.WriteString(w, head+"Transfer-Encoding: chunked\r\n\r\n") }, "1\r\nx\r\n"},
		"a chunk size": {func(w io.Writer, _ *bufio.Reader) { io.WriteString(w, head+"Transfer-Encoding: chunked\r\n\r\n") }, "0"},
		"messages":     {opens, "\x81\x01x"},
		"pongs":        {opens, "\x8a\x01x"},
		"fragments":    {opens, "\x01\x01x"},
		"large frame":  {opens, "\x82\x7f\x00\x00\x00\x00\x04\x00\x00\x00x"},
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
			checks := append(append([]Check{}, legal[0]), control[1], broken[0], closes[5])
			report, err := run(t.Context(), checks, target, Options{Timeout: 50 * time.Millisecond, Parallel: 1}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range report.Results[1:] {
				if r.Outcome == Pass || len(r.Detail) > 1000 {
					t.Errorf("%s: %s: %s", r.Name, r.Outcome, r.Detail)
				}
			}
		})
	}
}
