package ws_test

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"pushbench/servers/ws"
)

const maxEcho = 16 << 20

// echoServer is the address of a server whose every path is Echo.
func echoServer(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { ws.Echo(context.Background(), w, r) }))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// Every message comes back as it was sent, with and without compression, also
// where it was cut into frames.
func TestEcho(t *testing.T) {
	addr := echoServer(t)
	for name, mode := range map[string]websocket.CompressionMode{
		"plain": websocket.CompressionDisabled, "takeover": websocket.CompressionContextTakeover, "no takeover": websocket.CompressionNoContextTakeover,
	} {
		t.Run(name, func(t *testing.T) {
			conn, _, err := websocket.Dial(t.Context(), "http://"+addr, &websocket.DialOptions{HTTPClient: closing(t), CompressionMode: mode, CompressionThreshold: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.CloseNow()
			conn.SetReadLimit(-1)
			for _, m := range []string{"", "hello", "中文 🙂", strings.Repeat("x", 126), strings.Repeat("🙂", 20_000)} {
				for _, typ := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary} {
					for _, cuts := range []int{1, 3} {
						go sendIn(t, conn, typ, []byte(m), cuts) // a large one comes back while it is sent
						if got, echo, err := conn.Read(t.Context()); err != nil || got != typ || string(echo) != m {
							t.Fatalf("a %v message of %d bytes came back as a %v message of %d, with %v", typ, len(m), got, len(echo), err)
						}
					}
				}
			}
			if err := conn.Close(websocket.StatusCode(4321), "bye"); err != nil {
				t.Errorf("the server answered the close with %v", err)
			}
		})
	}
}

// The longest message comes back too.
func TestEchoOfTheLongest(t *testing.T) {
	conn, _, err := websocket.Dial(t.Context(), "http://"+echoServer(t), &websocket.DialOptions{HTTPClient: closing(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxEcho)
	longest := bytes.Repeat([]byte{0xff}, maxEcho)
	go sendIn(t, conn, websocket.MessageBinary, longest, 1)
	if _, echo, err := conn.Read(t.Context()); err != nil || !bytes.Equal(echo, longest) {
		t.Fatalf("it came back as %d bytes, with %v", len(echo), err)
	}
}

// sendIn sends a message in so many frames, wherever that cuts a character.
func sendIn(t *testing.T, conn *websocket.Conn, typ websocket.MessageType, message []byte, frames int) {
	w, err := conn.Writer(t.Context(), typ)
	if err != nil {
		t.Error(err)
		return
	}
	for i := range frames {
		if _, err := w.Write(message[i*len(message)/frames : (i+1)*len(message)/frames]); err != nil {
			t.Error(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// closing is an HTTP client that ends with the test.
func closing(t *testing.T) *http.Client {
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// What may not be echoed is answered with the status that RFC 6455 §7.4.1 has
// for it, and costs no more memory than the limit, whatever it unfolds to.
func TestEchoRefuses(t *testing.T) {
	addr := echoServer(t)
	var bomb bytes.Buffer // 17 MB in 80 KB
	deflate, err := flate.NewWriter(&bomb, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	for range 17 {
		deflate.Write(make([]byte, 1<<20))
	}
	deflate.Flush()
	for _, c := range []struct {
		name   string
		frame  string
		status websocket.StatusCode
	}{
		{"not UTF-8", clientFrame(0x81, "\xff"), websocket.StatusInvalidFramePayloadData},
		{"half a character", clientFrame(0x81, "🙂"[:3]), websocket.StatusInvalidFramePayloadData},
		{"a byte too long", clientFrame(0x82, strings.Repeat("x", maxEcho+1)), websocket.StatusMessageTooBig},
		{"decompression bomb", clientFrame(0xc2, strings.TrimSuffix(bomb.String(), "\x00\x00\xff\xff")), websocket.StatusMessageTooBig},
		{"no mask", "\x81\x02hi", websocket.StatusProtocolError},
		{"unknown opcode", clientFrame(0x83, ""), websocket.StatusProtocolError},
		{"continuation of nothing", clientFrame(0x80, "x"), websocket.StatusProtocolError},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			go io.WriteString(conn, "GET / HTTP/1.1\r\nHost: feed.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"+c.frame)
			answer := make([]byte, 0, 1024)
			for { // up to a close frame with a status
				if _, after, ok := bytes.Cut(answer, []byte("\r\n\r\n")); ok && len(after) >= 4 {
					if after[0] != 0x88 || websocket.StatusCode(binary.BigEndian.Uint16(after[2:])) != c.status {
						t.Errorf("the server answered %x, not a close frame with status %d", after, c.status)
					}
					return
				}
				n, err := conn.Read(answer[len(answer):cap(answer)])
				if answer = answer[:len(answer)+n]; err != nil {
					t.Fatalf("the server answered %q and %v", answer, err)
				}
			}
		})
	}
}

// clientFrame is a frame with a mask of zeros, which leaves its payload as it is.
func clientFrame(first byte, payload string) string {
	head := []byte{first, 0x80 | 127}
	switch n := len(payload); {
	case n <= 125:
		head[1] = 0x80 | byte(n)
	case n <= 0xffff:
		head[1] = 0x80 | 126
		head = binary.BigEndian.AppendUint16(head, uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(head, uint64(n))
	}
	return string(head) + "\x00\x00\x00\x00" + payload
}

// A page of another origin is not let in (RFC 6455 §10.2).
func TestOtherOrigin(t *testing.T) {
	addr := echoServer(t)
	for origin, ok := range map[string]bool{"http://" + addr: true, "http://elsewhere.test": false, "null": false} {
		conn, _, err := websocket.Dial(context.Background(), "http://"+addr, &websocket.DialOptions{HTTPClient: closing(t), HTTPHeader: http.Header{"Origin": {origin}}})
		if err == nil {
			conn.CloseNow()
		}
		if (err == nil) != ok {
			t.Errorf("a page of %s: %v", origin, err)
		}
	}
}
