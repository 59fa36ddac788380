package all_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"pushbench/servers/all"
	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
)

func echoServer(t *testing.T) *httptest.Server {
	server := httptest.NewServer(all.Handler(feed.NewLog(feed.Text, 1, feed.NewClock())))
	t.Cleanup(server.Close)
	return server
}

// Each end returns text as text and binary as binary.
func TestEcho(t *testing.T) {
	server := echoServer(t)
	for _, query := range []string{"", "?end=wsbare", "?end=ws"} {
		t.Run(query, func(t *testing.T) {
			ctx := t.Context()
			conn, _, err := websocket.Dial(ctx, server.URL+all.EchoPath+query, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.CloseNow()
			for typ, message := range map[websocket.MessageType]string{
				websocket.MessageText:   "κόσμε",
				websocket.MessageBinary: "\xff\x00",
			} {
				if err := conn.Write(ctx, typ, []byte(message)); err != nil {
					t.Fatal(err)
				}
				if got, echo, err := conn.Read(ctx); err != nil || got != typ || string(echo) != message {
					t.Errorf("%v %q came back as %v %q, %v", typ, message, got, echo, err)
				}
			}
			if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEchoOverHTTP(t *testing.T) {
	server := echoServer(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+all.EchoPath, strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK || string(got) != "hello" {
		t.Errorf("status %d, %q, %v", resp.StatusCode, got, err)
	}
}

func TestEchoRefuses(t *testing.T) {
	addr := echoServer(t).Listener.Addr().String()
	for _, c := range []struct {
		method, query string
		status        int
		reason        string
	}{
		{"GET", "", http.StatusUpgradeRequired, ""},
		{"GET", "?end=ws", http.StatusUpgradeRequired, ""},
		{"GET", "?end=coder", http.StatusBadRequest, `option end="coder": use wsbare or ws`},
		{"GET", "?end=", http.StatusBadRequest, `option end="": use wsbare or ws`},
		{"GET", "?end=ws&end=ws", http.StatusBadRequest, "give it once"},
		{"GET", "?since=0", http.StatusBadRequest, `/echo has no option "since"; it has end`},
		{"GET", "?%zz", http.StatusBadRequest, "read the query"},
		{"POST", "?end=ws", http.StatusBadRequest, "takes no query"},
		{"PUT", "", http.StatusMethodNotAllowed, "open a WebSocket with GET, or POST a message"},
	} {
		resp, reason := feedtest.Request(t, addr, c.method, all.EchoPath+c.query)
		if resp.StatusCode != c.status || !strings.Contains(reason, c.reason) {
			t.Errorf("%s %s: status %d, %q; not %d and %q", c.method, c.query, resp.StatusCode, reason, c.status, c.reason)
		}
	}
}
