package wsbare

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"pgregory.net/rapid"
)

// echoServer is where Echo is served.
func echoServer(t *testing.T) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Echo(context.Background(), w, r) }))
	t.Cleanup(server.Close)
	return server.URL
}

// Messages come back as they went, in any fragmentation.
func TestEcho(t *testing.T) {
	p, far := net.Pipe()
	go newServer(p, nil, maxEcho).echoAll(context.Background())
	defer far.Close()
	back := newClient(struct {
		io.Reader
		io.WriteCloser
	}{iotest.OneByteReader(bufio.NewReader(far)), far}, nil)
	rapid.Check(t, func(t *rapid.T) {
		m := message{Text, rapid.String().Draw(t, "text")}
		if rapid.Bool().Draw(t, "binary") {
			m = message{Binary, string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))}
		}
		stream, op, rest := "", m.op, m.payload
		for range rapid.IntRange(0, 4).Draw(t, "fragments") {
			n := rapid.IntRange(0, len(rest)).Draw(t, "length")
			stream += frame(false, op, rest[:n])
			op, rest = opContinuation, rest[n:]
		}
		stream = masked(stream + frame(true, op, rest))
		go io.WriteString(far, stream)
		op, got, err := back.NextMessage()
		if err != nil || op != m.op || string(got) != m.payload {
			t.Fatalf("%v came back as %v %q, %v", m, op, got, err)
		}
	})
}

func TestEchoRefuses(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		want         Status
	}{
		{"text that is not UTF-8", frame(true, Text, "\xff"), StatusBadData},
		{"a fragment that is not", frame(false, Text, "\xff"), StatusBadData},
		{"too long", "\x82\x7f\x00\x00\x00\x00\x01\x00\x00\x01", StatusTooBig},
		{"reserved bits", "\xf1\x00", StatusProtocolError},
	} {
		t.Run(c.name, func(t *testing.T) {
			addr := strings.TrimPrefix(echoServer(t), "http://")
			conn := connect(t, addr)
			// What follows is never read. It must not cost the client the reason.
			go io.WriteString(conn, request()+masked(c.stream)+strings.Repeat("x", 100_000))
			r := bufio.NewReader(conn)
			if _, err := http.ReadResponse(r, nil); err != nil {
				t.Fatal(err)
			}
			var closed *CloseError
			if _, _, err := newClient(struct {
				io.Reader
				io.WriteCloser
			}{r, conn}, nil).NextMessage(); !errors.As(err, &closed) || closed.Status != c.want {
				t.Errorf("it ended with %v, not status %d", err, c.want)
			}
		})
	}
}

// The library's client talks to this server, compressed and not.
func TestLibraryAsClient(t *testing.T) {
	for _, mode := range []websocket.CompressionMode{websocket.CompressionDisabled, websocket.CompressionNoContextTakeover, websocket.CompressionContextTakeover} {
		conn, resp, err := websocket.Dial(t.Context(), echoServer(t), &websocket.DialOptions{
			CompressionMode: mode, CompressionThreshold: 1, Subprotocols: []string{"xml"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if agreed := resp.Header.Get("Sec-WebSocket-Extensions") != ""; agreed != (mode != websocket.CompressionDisabled) || conn.Subprotocol() != "xml" {
			t.Errorf("mode %v: agreed on %v", mode, resp.Header)
		}
		conn.SetReadLimit(maxEcho)
		for _, m := range samples {
			typ := websocket.MessageType(m.op)
			if err := conn.Write(t.Context(), typ, []byte(m.payload)); err != nil {
				t.Fatal(err)
			}
			if got, b, err := conn.Read(t.Context()); err != nil || got != typ || string(b) != m.payload {
				t.Fatalf("mode %v: %d bytes came back as %d, %v", mode, len(m.payload), len(b), err)
			}
		}
		if err := conn.Ping(readWhile(t, conn)); err != nil {
			t.Error(err)
		}
		if err := conn.Close(websocket.StatusNormalClosure, "done"); err != nil {
			t.Errorf("mode %v: the closing handshake: %v", mode, err)
		}
	}
}

// readWhile lets the library read, which it does for nothing but pongs here.
func readWhile(t *testing.T, conn *websocket.Conn) context.Context {
	t.Helper()
	conn.CloseRead(t.Context())
	return t.Context()
}

// samples are messages of all kinds, some of which say again what was said.
var samples = []message{
	{Text, ""}, {Text, "Hello"}, {Text, "Hello"}, {Binary, "\x00\xff"}, {Text, strings.Repeat("κόσμε ", 1000)},
	{Text, strings.Repeat("κόσμε ", 1000)}, {Binary, strings.Repeat("x", 1<<20)}, {Text, "Hello"},
}

// This client talks to the library's server, which compresses or not.
func TestLibraryAsServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mode := websocket.CompressionContextTakeover
		if r.URL.Path == "/off" {
			mode = websocket.CompressionDisabled
		}
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: mode, CompressionThreshold: 1, Subprotocols: []string{"json"}})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		conn.SetReadLimit(maxEcho)
		for {
			typ, b, err := conn.Read(context.Background())
			if err != nil || conn.Write(context.Background(), typ, b) != nil {
				return
			}
		}
	}))
	defer server.Close()
	for _, mode := range []Compression{Uncompressed, NoTakeover, Takeover} {
		for _, path := range []string{"/", "/off"} {
			transport := new(http.Transport)
			conn, err := Dial(t.Context(), &http.Client{Transport: transport}, server.URL+path, DialOptions{Compress: mode, Subprotocols: []string{"json"}})
			if err != nil {
				t.Fatal(err)
			}
			if agreed := conn.agreed.inflater != nil; agreed != (mode != Uncompressed && path == "/") || conn.Subprotocol() != "json" {
				t.Errorf("mode %d: agreed on %+v", mode, conn.agreed)
			}
			for _, m := range samples {
				if err := conn.WriteMessage(m.op, []byte(m.payload)); err != nil {
					t.Fatal(err)
				}
				if op, b, err := conn.NextMessage(); err != nil || op != m.op || !bytes.Equal(b, []byte(m.payload)) {
					t.Fatalf("mode %d: %d bytes came back as %d, %v", mode, len(m.payload), len(b), err)
				}
			}
			conn.Close()
			transport.CloseIdleConnections()
		}
	}
}

// An echo is closed with 1001 when the server ends (§7.4.1): what comes before the
// client's close frame is dropped, and then the server closes the socket; but it
// does not wait for ever.
func TestEchoGoesAway(t *testing.T) {
	farewell := frame(true, opClose, closing(StatusGoingAway, "the server ends"))
	for name, c := range map[string]struct {
		says  string // in answer
		takes time.Duration
	}{
		"an answer":                {frame(true, opClose, closing(StatusGoingAway, "")), 0},
		"messages, then an answer": {frame(true, Text, "late") + frame(true, opPing, "p") + frame(true, opClose, ""), 0},
		"no answer":                {"", patience},
		"messages alone":           {frame(true, Text, "late"), patience},
		"half a message":           {frame(false, Text, "late"), patience},
	} {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			life, end := context.WithCancelCause(t.Context())
			go newServer(near, nil, maxEcho).echoAll(life)
			synctest.Wait() // it waits for a message
			start := time.Now()
			end(errors.New("the server ends"))
			got := make([]byte, len(farewell))
			if _, err := io.ReadFull(far, got); err != nil || string(got) != farewell {
				t.Fatalf("%s: it sent %q, %v", name, got, err)
			}
			go io.WriteString(far, masked(c.says))
			if rest, err := io.ReadAll(far); err != nil || len(rest) > 0 || time.Since(start) != c.takes {
				t.Errorf("%s: then it sent %q, %v, and went after %v, not %v", name, rest, err, time.Since(start), c.takes)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // who comes after the end
		near, far := net.Pipe()
		life, end := context.WithCancelCause(t.Context())
		end(errors.New("the server ends"))
		go newServer(near, nil, maxEcho).echoAll(life)
		got := make([]byte, len(farewell))
		if _, err := io.ReadFull(far, got); err != nil || string(got) != farewell {
			t.Errorf("a late one got %q, %v", got, err)
		}
		far.Close()
	})
}
