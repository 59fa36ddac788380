package wsbare

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// serveEcho starts an echo server, to be spoken to over bare sockets.
func serveEcho(t testing.TB, o Options) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := Accept(w, r, o); err == nil {
			go conn.echoAll(context.Background())
		}
	})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(l)
	}()
	t.Cleanup(func() {
		server.Close()
		<-ended
	})
	return l.Addr().String()
}

// connect opens a bare socket that ends with the test.
func connect(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

const sampleKey = "dGhlIHNhbXBsZSBub25jZQ==" // of §1.3

// request is a sound handshake with changes: "name: value" sets a header, "+name:
// value" adds a line, "-name" leaves one out, and what has no colon is the start
// line.
func request(changes ...string) string {
	start := "GET /chat HTTP/1.1"
	names := []string{"Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"}
	lines := map[string]string{"Host": "feed.test", "Upgrade": "websocket", "Connection": "Upgrade",
		"Sec-WebSocket-Key": sampleKey, "Sec-WebSocket-Version": "13"}
	var added []string
	for _, c := range changes {
		name, value, isHeader := strings.Cut(c, ": ")
		switch {
		case c[0] == '-':
			delete(lines, c[1:])
		case !isHeader:
			start = c
		case c[0] == '+' || lines[name] == "":
			added = append(added, strings.TrimPrefix(c, "+"))
		default:
			lines[name] = value
		}
	}
	text := start + "\r\n"
	for _, name := range names {
		if value, ok := lines[name]; ok {
			text += name + ": " + value + "\r\n"
		}
	}
	for _, line := range added {
		text += line + "\r\n"
	}
	return text + "\r\n"
}

func TestAccept(t *testing.T) {
	addr := serveEcho(t, Options{Subprotocols: []string{"json", "xml"}, Compress: Takeover})
	for _, c := range []struct {
		name, request string
		want          http.Header // beside the three that are always there
	}{
		{"of the RFC", request(), nil},
		{"example of §4.1, whose last bits are wrong", request("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC=="), nil},
		{"capitals", request("Upgrade: WebSocket", "Connection: UPGRADE"), nil},
		{"Upgrade is a list", request("Upgrade: websocket, foo"), nil},
		{"Upgrade on two lines", request("Upgrade: h2c", "+Upgrade: websocket"), nil},
		{"Connection is a list", request("Connection: keep-alive, Upgrade"), nil},
		{"empty elements", request("Connection: , ,upgrade,", "Upgrade: ,websocket"), nil},
		{"blanks around the key", request("Sec-WebSocket-Key:   " + sampleKey + "  "), nil},
		{"later version of HTTP", request("GET / HTTP/1.9"), nil},
		{"own origin", request("Origin: http://feed.test"), nil},
		{"own origin with the scheme's port", request("Origin: https://FEED.test:443"), nil},

		{"subprotocol", request("Sec-WebSocket-Protocol: xml"), http.Header{"Sec-Websocket-Protocol": {"xml"}}},
		{"subprotocols, of which the server prefers one", request("Sec-WebSocket-Protocol: xml,json"), http.Header{"Sec-Websocket-Protocol": {"json"}}},
		{"subprotocols on two lines", request("Sec-WebSocket-Protocol: a", "+Sec-WebSocket-Protocol: b, xml"), http.Header{"Sec-Websocket-Protocol": {"xml"}}},
		{"unknown subprotocol", request("Sec-WebSocket-Protocol: chat"), nil},
		{"subprotocol in capitals", request("Sec-WebSocket-Protocol: JSON"), nil},

		{"compression", request("Sec-WebSocket-Extensions: permessage-deflate"), http.Header{"Sec-Websocket-Extensions": {"permessage-deflate"}}},
		{"compression as a browser asks for it", request("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"), http.Header{"Sec-Websocket-Extensions": {"permessage-deflate"}}},
		{"unknown extension", request("Sec-WebSocket-Extensions: x-webkit-deflate-frame; a=b"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, reason := exchange(t, addr, c.request)
			if answer.StatusCode != http.StatusSwitchingProtocols {
				t.Fatalf("status %d: %s", answer.StatusCode, reason)
			}
			want := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Accept": {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}}
			if strings.Contains(c.request, "AQID") {
				want.Set("Sec-WebSocket-Accept", acceptKey("AQIDBAUGBwgJCgsMDQ4PEC=="))
			}
			for name, values := range c.want {
				want[name] = values
			}
			if diff := cmp.Diff(want, answer.Header); diff != "" {
				t.Errorf("header: -want +got:\n%s", diff)
			}
		})
	}
}

// A handshake that breaks a rule is answered, in HTTP, with what it broke.
func TestRefusedHandshakes(t *testing.T) {
	addr := serveEcho(t, Options{})
	for _, c := range []struct {
		name, request string
		status        int
		want          string
	}{
		{"plain request", request("-Upgrade", "-Connection"), 426, "this is WebSocket: send Connection: Upgrade, Upgrade: websocket"},
		{"plain POST", request("POST / HTTP/1.1", "-Upgrade", "-Connection", "Content-Length: 0"), 426, "this is WebSocket"},
		{"HTTP/1.0", request("GET / HTTP/1.0"), 426, "HTTP/1.1 and not HTTP/1.0"},
		{"POST", request("POST / HTTP/1.1", "Content-Length: 0"), 405, "POST: the handshake is a GET"},
		{"lower case method", request("get / HTTP/1.1"), 405, "get: the handshake is a GET"},
		{"no Host", request("-Host"), 400, ""}, // net/http's own
		{"Upgrade to something else", request("Upgrade: h2c"), 400, `the Upgrade is ["h2c"]`},
		{"Upgrade to something like it", request("Upgrade: websocket2"), 400, "does not say websocket"},
		{"no Upgrade", request("-Upgrade"), 400, "the Upgrade is []"},
		{"no Connection", request("-Connection"), 400, "the Connection is []"},
		{"another Connection", request("Connection: keep-alive"), 400, "does not say Upgrade"},
		{"no key", request("-Sec-WebSocket-Key"), 400, "there are 0 of Sec-WebSocket-Key"},
		{"empty key", request("Sec-WebSocket-Key: "), 400, `Sec-WebSocket-Key "" is not 16 bytes`},
		{"two keys", request("+Sec-WebSocket-Key: " + sampleKey), 400, "there are 2 of Sec-WebSocket-Key"},
		{"key of 15 bytes", request("Sec-WebSocket-Key: " + base64.StdEncoding.EncodeToString(make([]byte, 15))), 400, "is not 16 bytes"},
		{"key of 17 bytes", request("Sec-WebSocket-Key: " + base64.StdEncoding.EncodeToString(make([]byte, 17))), 400, "is not 16 bytes"},
		{"key that the article prints", request("Sec-WebSocket-Key: Sdf93Ev0g08MoXpu3DoE2=="), 400, "is not 16 bytes"},
		{"key without padding", request("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"), 400, "is not 16 bytes"},
		{"key and another in a list", request("Sec-WebSocket-Key: " + sampleKey + "," + sampleKey), 400, "is not 16 bytes"},
		{"no version", request("-Sec-WebSocket-Version"), 426, `Sec-WebSocket-Version is "", and this server speaks 13`},
		{"version 8", request("Sec-WebSocket-Version: 8"), 426, `is "8"`},
		{"version 14", request("Sec-WebSocket-Version: 14"), 426, `is "14"`},
		{"version 013", request("Sec-WebSocket-Version: 013"), 426, `is "013"`},
		{"versions in a list", request("Sec-WebSocket-Version: 13, 8"), 426, `is "13, 8"`},
		{"two versions", request("+Sec-WebSocket-Version: 13"), 400, "there are 2 of Sec-WebSocket-Version"},
		{"foreign origin", request("Origin: http://evil.test"), 403, "is not this server's"},
		{"foreign port", request("Origin: http://feed.test:8080"), 403, "is not this server's"},
		{"longer host", request("Origin: http://feed.test.evil.test"), 403, "is not this server's"},
		{"opaque origin", request("Origin: null"), 403, "names no host"},
		{"origin of a file", request("Origin: file://"), 403, "names no host"},
		{"two origins", request("+Origin: http://feed.test", "+Origin: http://evil.test"), 403, "there are 2 Origins"},
		{"body", request("Content-Length: 5") + masked(frame(true, Text, "hello"))[:5], 400, "the handshake has a body"},
		{"body that never comes", request("Content-Length: 100"), 400, "the handshake has a body"},
		{"chunked body", request("Transfer-Encoding: chunked") + "0\r\n\r\n", 400, "the handshake has a body"},
		{"subprotocol with a blank", request("Sec-WebSocket-Protocol: a b"), 400, "is no name"},
		{"subprotocol twice", request("Sec-WebSocket-Protocol: a, a"), 400, "there twice"},
		{"extension without a name", request("Sec-WebSocket-Extensions: ;a"), 400, "an extension has no name"},
		{"extension without a value", request("Sec-WebSocket-Extensions: a;b="), 400, "parameter b of a has no value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, reason := exchange(t, addr, c.request)
			if answer.StatusCode != c.status || !strings.Contains(reason, c.want) {
				t.Errorf("status %d, %q; not %d, %q", answer.StatusCode, reason, c.status, c.want)
			}
			if c.status != 426 && !answer.Close {
				t.Error("frames that follow would be read as HTTP")
			}
			if c.status == 426 && (answer.Header.Get("Sec-WebSocket-Version") != "13" || answer.Header.Get("Upgrade") != "websocket") {
				t.Errorf("it does not say what to send: %v", answer.Header)
			}
			if n, err := strconv.Atoi(answer.Header.Get("Content-Length")); err != nil || n != len(reason) || strings.Count(reason, "\n") > 1 {
				t.Errorf("the answer has %q bytes of %q", answer.Header.Get("Content-Length"), reason)
			}
		})
	}
}

// exchange sends a request and reads the answer, with the body if it has one.
func exchange(t *testing.T, addr, request string) (*http.Response, string) {
	t.Helper()
	c := connect(t, addr)
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return answer, ""
	}
	if answer.StatusCode == http.StatusBadRequest && answer.Header.Get("Content-Length") == "" { // net/http's own, up to the end
		answer.Header.Set("Content-Length", strconv.Itoa(len("400 Bad Request: missing required Host header")))
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// Handshake and frames may come in one segment or byte by byte: no byte is lost,
// and none of a frame is taken for HTTP.
func TestFramesWithTheRequest(t *testing.T) {
	addr := serveEcho(t, Options{})
	frames := masked(frame(true, Text, "early") + frame(true, opPing, "p") + frame(true, Binary, strings.Repeat("x", 3000)) + frame(true, opClose, closing(1000, "")))
	want := frame(true, Text, "early") + frame(true, opPong, "p") + frame(true, Binary, strings.Repeat("x", 3000)) + frame(true, opClose, closing(1000, ""))
	all := request() + frames
	for _, at := range []int{0, 1, 2, 5, len(request()) - 1, len(request()), len(request()) + 1, len(request()) + 7, len(all) - 1, -1} {
		c := connect(t, addr)
		go func() {
			if at < 0 {
				for i := range len(all) {
					io.WriteString(c, all[i:i+1])
				}
				return
			}
			io.WriteString(c, all[:at])
			io.WriteString(c, all[at:])
		}()
		r := bufio.NewReader(c)
		answer, err := http.ReadResponse(r, nil)
		if err != nil || answer.StatusCode != 101 {
			t.Fatalf("cut at %d: %v, %v", at, answer, err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != want {
			t.Errorf("cut at %d: %d bytes came back and %v, not %d", at, len(got), err, len(want))
		}
	}
}

// A response writer that does not give up its connection gets a refusal, as has
// a request that came in HTTP/2.
func TestConnectionThatCannotBeTaken(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, name := range []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: " + sampleKey, "Sec-WebSocket-Version: 13"} {
		field, value, _ := strings.Cut(name, ": ")
		r.Header.Set(field, value)
	}
	w := httptest.NewRecorder()
	if _, err := Accept(w, r, Options{}); err == nil || w.Code != http.StatusNotImplemented || !strings.Contains(w.Body.String(), "take over the connection") {
		t.Errorf("%v, status %d, %q; not 501 and why", err, w.Code, w.Body)
	}
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	w = httptest.NewRecorder()
	if _, err := Accept(w, r, Options{}); err == nil || w.Code != http.StatusUpgradeRequired || w.Header().Get("Upgrade") != "" {
		t.Errorf("%v, status %d, %v", err, w.Code, w.Header())
	}
}

// Whatever a request's header says, it is answered with a 101 that is right or
// with one line.
func FuzzHandshake(f *testing.F) {
	f.Add("websocket", "Upgrade", sampleKey, "13", "json", "permessage-deflate; client_max_window_bits", "")
	f.Add("WebSocket, h2c", ", upgrade", "AQIDBAUGBwgJCgsMDQ4PEC==", "13", "a, b", `a; b="c\"", permessage-deflate; server_max_window_bits=8`, "http://feed.test:80")
	f.Add("", "", "", "", ",", ";", "null")
	f.Fuzz(func(t *testing.T, upgrade, connection, key, version, protocol, extensions, origin string) {
		r := httptest.NewRequest(http.MethodGet, "http://feed.test/", nil)
		for name, value := range map[string]string{"Upgrade": upgrade, "Connection": connection, "Sec-WebSocket-Key": key,
			"Sec-WebSocket-Version": version, "Sec-WebSocket-Protocol": protocol, "Sec-WebSocket-Extensions": extensions, "Origin": origin} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		near, far := net.Pipe()
		defer near.Close()
		answered := make(chan []byte)
		go func() {
			b, _ := io.ReadAll(near)
			answered <- b
		}()
		w := &hijackable{ResponseRecorder: httptest.NewRecorder(), conn: far}
		conn, err := Accept(w, r, Options{Subprotocols: []string{"json"}, Compress: Takeover})
		far.Close()
		answer := <-answered
		if err != nil {
			if conn != nil || w.Code < 400 || w.Code > 499 || len(answer) > 0 || !strings.HasSuffix(w.Body.String(), "\n") {
				t.Errorf("status %d, %q, after which came %q", w.Code, w.Body, answer)
			}
			return
		}
		head, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), r)
		if err != nil || head.StatusCode != 101 {
			t.Fatalf("the answer is %q: %v", answer, err)
		}
		if _, err := check(head.Header, key, DialOptions{Compress: Takeover, Subprotocols: []string{"json"}}); err != nil {
			t.Errorf("the answer %q is not one to the request: %v", answer, err)
		}
	})
}

// hijackable is a recorder that gives up a connection.
type hijackable struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (h *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}
