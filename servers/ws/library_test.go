package ws_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/wire"
	"pushbench/servers/ws"
)

// The server end serves the library's client as it does this project's: it gets
// every event once and in order, and its own messages back, through an hour of
// pings, until the feed ends with status 1001.
func TestLibrarysClient(t *testing.T) {
	for knobs, o := range map[string]websocket.DialOptions{
		"":                                     {},
		"&batch=10ms":                          {},
		"&compress=takeover&batch=on":          {CompressionMode: websocket.CompressionContextTakeover},
		"&compress=no-takeover&threshold=200B": {CompressionMode: websocket.CompressionNoContextTakeover, CompressionThreshold: 1},
		"&ping=15s&subprotocol=feed.v1":        {Subprotocols: []string{"feed.v1"}},
	} {
		for _, codec := range []feed.Codec{feed.Text, feed.Binary, feed.Base64} {
			t.Run(string(codec)+knobs, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { libraryGetsAll(t, codec, knobs, o) })
			})
		}
	}
}

func libraryGetsAll(t *testing.T, codec feed.Codec, knobs string, o websocket.DialOptions) {
	server := feedtest.Serve(t, ws.Transport, feedtest.Config{Addr: feedtest.InMemory, Codec: codec})
	server.Publish(100)
	conn := dial(t, server, knobs, o)
	conn.SetReadLimit(-1)
	if got := conn.Subprotocol(); got != strings.Join(o.Subprotocols, "") {
		t.Errorf("the server picked the subprotocol %q", got)
	}
	typ := websocket.MessageText
	if !codec.IsText() {
		typ = websocket.MessageBinary
	}
	var events []feed.Event
	var echo []byte
	ended := make(chan error, 1)
	go func() {
		for {
			got, message, err := conn.Read(t.Context())
			switch {
			case err != nil:
				ended <- err
				return
			case got != typ:
				t.Errorf("a %v message where the feed's encoding asks for %v", got, typ)
			case feed.IsUplink(message, codec):
				echo = message
			default:
				if _, err := codec.DecodeAll(message, func(e feed.Event) { events = append(events, e) }); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	said := append([]byte{feed.UplinkMark(codec)}, bytes.Repeat([]byte("x"), 300)...)
	if err := conn.Write(t.Context(), typ, said); err != nil {
		t.Fatal(err)
	}
	<-time.After(time.Hour)
	server.Publish(1)
	<-time.After(time.Second) // a batch is gathered
	synctest.Wait()
	server.Check(events, 0, 101)
	if !bytes.Equal(echo, said) {
		t.Errorf("%q came back as %q", said, echo)
	}
	server.Log.Close()
	if err := <-ended; websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the connection ended with %v, not with status 1001", err)
	}
}

// dial is the library's client end on a server, with the knobs as a query.
func dial(t *testing.T, server *feedtest.Server, knobs string, o websocket.DialOptions) *websocket.Conn {
	t.Helper()
	o.HTTPClient = server.NewSubscriber(0, "").Client
	conn, _, err := websocket.Dial(t.Context(), wire.URL+"/ws?since=0"+knobs, &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return conn
}
