package feedtest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// echo: what is posted to a transport's path comes back as it was, of whatever
// length up to the greatest; anything else is refused with the reason.
func (s suite) echo(t *testing.T) {
	server := Serve(t, s.transport, Config{Codec: s.codec})
	path := "/" + s.transport.Name
	for _, n := range []int{0, 1, 1000, 65_536, feed.MaxUplink} {
		message := content(feed.Binary, uint64(n), n)
		for how, body := range map[string]io.Reader{
			"length given": bytes.NewReader(message),
			"chunked":      iotest.HalfReader(bytes.NewReader(message)),
		} {
			resp, got := server.post(path, body)
			if resp.StatusCode != http.StatusOK || !bytes.Equal(got, message) || resp.ContentLength != int64(n) {
				t.Errorf("%d bytes, %s: status %d with %d bytes that say they are %d; not 200 and the same", n, how, resp.StatusCode, len(got), resp.ContentLength)
			}
		}
	}
	for _, c := range []struct {
		name, target string
		body         io.Reader
		status       int
		reason       string
	}{
		{"too long", path, bytes.NewReader(make([]byte, feed.MaxUplink+1)), http.StatusRequestEntityTooLarge, "larger than 1048576 bytes"},
		{"too long and chunked", path, iotest.HalfReader(bytes.NewReader(make([]byte, feed.MaxUplink+1))), http.StatusRequestEntityTooLarge, "larger than 1048576 bytes"},
		{"a request for events", path + "?since=0", strings.NewReader(""), http.StatusBadRequest, "the feed is read with GET"},
		{"an unknown option", path + "?colour=red", strings.NewReader("x"), http.StatusBadRequest, "takes no query"},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, got := server.post(c.target, c.body)
			if resp.StatusCode != c.status || !strings.Contains(string(got), c.reason) || strings.Count(string(got), "\n") != 1 {
				t.Errorf("status %d, %.200q; not %d and %q in one line", resp.StatusCode, got, c.status, c.reason)
			}
		})
	}
	t.Run("cut short", func(t *testing.T) {
		server := Serve(t, s.transport, Config{}) // whose end waits for every request
		conn, err := server.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: "+wire.Host+"\r\nContent-Length: 10\r\n\r\nhello"); err != nil {
			t.Fatal(err)
		}
		if err := conn.(*hookedConn).Conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(conn); err != nil || !bytes.HasPrefix(got, []byte("HTTP/1.1 400 ")) || !bytes.Contains(got, []byte("unexpected EOF")) {
			t.Errorf("the answer is %.200q, %v; not 400 and why", got, err)
		}
	})
}

// post sends one POST and returns its answer.
func (s *Server) post(target string, body io.Reader) (*http.Response, []byte) {
	s.t.Helper()
	return exchange(s.t, s.dial, http.MethodPost, target, body)
}

// exchange sends one request over a connection of its own, and returns the answer with
// its body.
func exchange(t testing.TB, dial func(context.Context) (net.Conn, error), method, target string, body io.Reader) (*http.Response, []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, wire.URL+target, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	client := &wire.Client{Dial: dial, Tally: new(wire.Tally), Headers: new(wire.Headers)}
	resp, err := client.HTTP().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, got
}
