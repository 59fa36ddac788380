package wsbare

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// The example of §1.3.
func TestAcceptKey(t *testing.T) {
	if got := acceptKey("dGhlIHNhbXBsZSBub25jZQ=="); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("the accept key is %s", got)
	}
}

// roundTripper answers a request without a network.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestHandshake(t *testing.T) {
	const rightKey = "the right key"
	sound := func(change ...string) http.Header {
		h := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Accept": {rightKey}}
		for i := 0; i < len(change); i += 2 {
			h.Set(change[i], change[i+1])
		}
		return h
	}
	without := func(name string) http.Header {
		h := sound()
		h.Del(name)
		return h
	}
	twice := func(name, value string) http.Header {
		h := sound()
		h.Add(name, value)
		return h
	}
	for _, c := range []struct {
		name   string
		answer http.Header
		want   string // in the error; empty: none
	}{
		{"sound", sound(), ""},
		{"other case", sound("Upgrade", "WebSocket", "Connection", "UPGRADE"), ""},
		{"list of connection options", sound("Connection", "keep-alive, Upgrade"), ""},
		{"connection options on two lines", twice("Connection", "keep-alive"), ""},
		{"empty list elements", sound("Connection", " ,, upgrade ,", "Upgrade", ",websocket,"), ""},
		{"empty extensions", sound("Sec-WebSocket-Extensions", " , "), ""},
		{"blanks around the key", sound("Sec-WebSocket-Accept", " "+rightKey+" "), ""},

		{"no upgrade", without("Upgrade"), "it has no Upgrade"},
		{"upgrade to something else", sound("Upgrade", "h2c"), `Upgrade is "h2c"`},
		{"upgrade to something else as well", sound("Upgrade", "websocket, h2c"), `Upgrade is "h2c"`},
		{"upgrade to something like it", sound("Upgrade", "websocket2"), `Upgrade is "websocket2"`},
		{"no connection", without("Connection"), "Connection is"},
		{"another connection option", sound("Connection", "keep-alive"), "does not say Upgrade"},
		{"something like the option", sound("Connection", "upgrades"), "does not say Upgrade"},
		{"no key", without("Sec-WebSocket-Accept"), "Sec-WebSocket-Accept is []"},
		{"another key", sound("Sec-WebSocket-Accept", acceptKey("another")), "Sec-WebSocket-Accept is"},
		{"key in another case", sound("Sec-WebSocket-Accept", strings.ToUpper(rightKey)), "Sec-WebSocket-Accept is"},
		{"two keys", twice("Sec-WebSocket-Accept", rightKey), "Sec-WebSocket-Accept is"},
		{"extension", sound("Sec-WebSocket-Extensions", "permessage-deflate"), `Sec-WebSocket-Extensions is "permessage-deflate"`},
		{"extension on a second line", twice("Sec-WebSocket-Extensions", "x-webkit-deflate-frame"), "which was not offered"},
		{"subprotocol", sound("Sec-WebSocket-Protocol", "chat"), `Sec-WebSocket-Protocol is "chat", which was not offered`},
	} {
		t.Run(c.name, func(t *testing.T) {
			socket := new(peer)
			client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				for i, v := range c.answer["Sec-Websocket-Accept"] {
					c.answer["Sec-Websocket-Accept"][i] = strings.ReplaceAll(v, rightKey, acceptKey(r.Header.Get("Sec-WebSocket-Key")))
				}
				return &http.Response{StatusCode: http.StatusSwitchingProtocols, Header: c.answer, Body: socket}, nil
			})}
			conn, err := Dial(t.Context(), client, wire.URL+"/ws", DialOptions{Meter: new(feed.Meter)})
			switch {
			case c.want == "" && (err != nil || conn == nil || socket.closed.Load()):
				t.Errorf("the error is %v; closed: %t", err, socket.closed.Load())
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("the error is %v, which does not say %q", err, c.want)
			case c.want != "" && (conn != nil || !socket.closed.Load()):
				t.Error("the connection was left open")
			}
		})
	}
}

// What the client sends is what §4.1 asks for, with another key each time.
func TestRequest(t *testing.T) {
	keys := make(map[string]bool)
	for range 3 {
		client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			key := r.Header.Get("Sec-WebSocket-Key")
			if nonce, err := base64.StdEncoding.DecodeString(key); err != nil || len(nonce) != 16 {
				t.Errorf("the key is %q", key)
			}
			keys[key] = true
			want := http.Header{
				"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {key},
			}
			for name := range r.Header {
				if r.Header.Get(name) != want.Get(name) || len(r.Header[name]) != 1 {
					t.Errorf("%s is %q", name, r.Header[name])
				}
			}
			if r.Method != http.MethodGet || r.URL.String() != wire.URL+"/ws?since=0" || r.Body != nil || len(r.Header) != len(want) {
				t.Errorf("asked %s %s with %v", r.Method, r.URL, r.Header)
			}
			return nil, errors.New("no network")
		})}
		if _, err := Dial(t.Context(), client, wire.URL+"/ws?since=0", DialOptions{Meter: new(feed.Meter)}); err == nil {
			t.Error("there was no error")
		}
	}
	if len(keys) != 3 {
		t.Errorf("three requests had %d keys", len(keys))
	}
}

func TestRefusal(t *testing.T) {
	client := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusBadRequest, Body: io.NopCloser(strings.NewReader("since=4 is ahead\n"))}, nil
	})}
	_, err := Dial(t.Context(), client, wire.URL+"/ws", DialOptions{Meter: new(feed.Meter)})
	if refused := (*feed.StatusError)(nil); !errors.As(err, &refused) || refused.Status != http.StatusBadRequest || refused.Reason != "since=4 is ahead" {
		t.Errorf("the error is %v", err)
	}
}

// Frames that come along with the 101 are not lost, and each byte belongs to a
// layer: head, framing or message.
func TestFramesWithTheAnswer(t *testing.T) {
	long := strings.Repeat("x", 3000)
	messages := []string{"a", long, "c"}
	frames := frame(true, Text, "a") + frame(true, opPing, "p") + frame(true, Text, long) + frame(true, Text, "c")
	head := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "
	for _, late := range []int{0, 1, 2, 3, 10, 1000, len(frames) - 1, len(frames)} { // bytes that come after it
		near, far := net.Pipe()
		go func() {
			r := bufio.NewReader(far)
			req, err := http.ReadRequest(r)
			if err != nil {
				t.Error(err)
				return
			}
			go io.Copy(io.Discard, far) // a pong
			answer := head + acceptKey(req.Header.Get("Sec-WebSocket-Key")) + "\r\n\r\n" + frames
			far.Write([]byte(answer[:len(answer)-late]))
			far.Write([]byte(answer[len(answer)-late:]))
		}()
		var tally wire.Tally
		var headers wire.Headers
		meter := new(feed.Meter)
		client := &wire.Client{Dial: func(context.Context) (net.Conn, error) { return near, nil }, Tally: &tally, Headers: &headers}
		c, err := Dial(t.Context(), client.HTTP(), wire.URL+"/ws", DialOptions{Meter: meter})
		if err != nil {
			t.Fatal(err)
		}
		payload := int64(0)
		for _, want := range messages {
			_, got, err := c.NextMessage()
			if err != nil || !bytes.Equal(got, []byte(want)) {
				t.Fatalf("got %d bytes and %v, not %d", len(got), err, len(want))
			}
			payload += int64(len(got))
		}
		if read, sum := tally.BytesRead.Load(), headers.Down.Load()+meter.FramingDown.Load()+payload; read != sum {
			t.Errorf("read %d bytes, of which %d belong to a layer", read, sum)
		}
		if wrote, sum := tally.BytesWritten.Load(), headers.Up.Load()+meter.FramingUp.Load(); wrote != sum {
			t.Errorf("wrote %d bytes, of which %d belong to a layer", wrote, sum)
		}
		c.Close()
		far.Close()
	}
}
