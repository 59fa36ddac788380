package ws_test

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/wire"
	"pushbench/servers/ws"
)

// subscription is one with the given knobs, which a test fills in and runs
// itself.
func subscription(t *testing.T, server *feedtest.Server, sub *feedtest.Subscriber, knobs string) feed.Subscription {
	t.Helper()
	values, err := url.ParseQuery(knobs)
	if err != nil {
		t.Fatal(err)
	}
	options, err := ws.Transport.Parse(values, false)
	if err != nil {
		t.Fatal(err)
	}
	return feed.Subscription{
		Address:  feed.Spec{Transport: ws.Transport, Options: options}.Address(wire.URL, false),
		Options:  options,
		Codec:    server.Log.Codec(),
		Clock:    server.Clock,
		Timeline: server.Timeline,
		Emit:     func(feed.Event) {},
		Meter:    &sub.Meter,
	}
}

// uplink sends messages one after the other, and ends the subscription when the
// last has come back.
type uplink struct {
	messages, echoes [][]byte
	sent             int
	done             context.CancelFunc
}

func (u *uplink) next(ctx context.Context) ([]byte, error) {
	if u.sent == len(u.messages) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	u.sent++
	return u.messages[u.sent-1], nil
}

func (u *uplink) echo(message []byte) {
	if u.echoes = append(u.echoes, bytes.Clone(message)); len(u.echoes) == len(u.messages) {
		u.done()
	}
}

// messages are of every length of header, and the longest.
func messages(c feed.Codec) [][]byte {
	var all [][]byte
	for _, size := range []int{1, 2, 125, 126, 200, 65_535, 65_536, feed.MaxUplink} {
		m := bytes.Repeat([]byte{'x'}, size)
		if !c.IsText() {
			m = bytes.Repeat([]byte{0x80}, size)
		}
		m[0] = feed.UplinkMark(c)
		all = append(all, m)
	}
	return all
}

// An uplink's messages come back unchanged beside the events, and each byte of
// both directions belongs to a layer.
func TestUplinkComesBack(t *testing.T) {
	for _, knobs := range []string{
		"", "compress=takeover", "compress=no-takeover&threshold=126B&batch=on",
	} {
		for _, codec := range []feed.Codec{feed.Text, feed.Binary, feed.Base64} {
			t.Run(knobs+" "+string(codec), func(t *testing.T) { uplinkComesBack(t, knobs, codec) })
		}
	}
}

func uplinkComesBack(t *testing.T, knobs string, codec feed.Codec) {
	server := feedtest.Serve(t, ws.Transport, feedtest.Config{Codec: codec})
	server.Publish(3)
	sub := server.NewSubscriber(0, knobs)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	u := &uplink{messages: messages(codec), done: cancel}
	s := subscription(t, server, sub, knobs)
	s.Uplink = &feed.Uplink{Next: u.next, Echo: u.echo}
	events, layers := int64(0), int64(0)
	s.Emit = func(e feed.Event) { events++; layers += int64(len(e.Body) + codec.Envelope(len(e.Body))) }
	if err := ws.Transport.Subscribe(ctx, sub.Client, s); err != nil {
		t.Fatal(err)
	}
	var sum int64
	for i, m := range u.messages {
		if sum += int64(len(m)); !bytes.Equal(u.echoes[i], m) {
			t.Errorf("message %d, of %d bytes, came back as %d other bytes", i, len(m), len(u.echoes[i]))
		}
	}
	if up, down := sub.Meter.EchoesUp.Load(), sub.Meter.EchoesDown.Load(); up != sum || down != sum {
		t.Errorf("counted %d bytes of messages and %d of echoes, not %d", up, down, sum)
	}
	if events != 3 {
		t.Errorf("got %d events beside the echoes, not 3", events)
	}
	m := &sub.Meter
	if read, sum := sub.Tally.BytesRead.Load(), sub.Headers.Down.Load()+m.FramingDown.Load()+m.CompressionDown.Load()+m.EchoesDown.Load()+layers; read != sum {
		t.Errorf("read %d bytes, of which %d belong to a layer", read, sum)
	}
	if wrote, sum := sub.Tally.BytesWritten.Load(), sub.Headers.Up.Load()+m.FramingUp.Load()+m.CompressionUp.Load()+m.EchoesUp.Load(); wrote != sum {
		t.Errorf("wrote %d bytes, of which %d belong to a layer", wrote, sum)
	}
	// The server's end compresses; the client end sends its messages as they are.
	if compressed := m.CompressionDown.Load() < 0; compressed != strings.Contains(knobs, "compress") || m.CompressionUp.Load() != 0 {
		t.Errorf("compression added %d bytes downwards and %d upwards", m.CompressionDown.Load(), m.CompressionUp.Load())
	}
}

// An uplink that fails ends the subscription, and says why.
func TestUplinkThatFails(t *testing.T) {
	broken := errors.New("nothing more to say")
	server := feedtest.Serve(t, ws.Transport, feedtest.Config{})
	sub := server.NewSubscriber(0, "")
	s := subscription(t, server, sub, "")
	s.Uplink = &feed.Uplink{Next: func(context.Context) ([]byte, error) { return nil, broken }, Echo: func([]byte) {}}
	if err := ws.Transport.Subscribe(t.Context(), sub.Client, s); !errors.Is(err, broken) {
		t.Errorf("the subscription ended with %v", err)
	}
}

// What is none of an uplink's messages is refused: a subscriber is told so by
// the status of RFC 6455 §7.4.1.
func TestWhatIsNotEchoed(t *testing.T) {
	mark := string(rune(feed.UplinkMark(feed.Text)))
	for _, c := range []struct {
		name, message string
		typ           websocket.MessageType
		status        websocket.StatusCode
	}{
		{"not an uplink's", "hello", websocket.MessageText, websocket.StatusPolicyViolation},
		{"empty", "", websocket.MessageText, websocket.StatusPolicyViolation},
		{"binary where the feed is text", mark, websocket.MessageBinary, websocket.StatusPolicyViolation},
		{"mark of the other encoding", "\xff", websocket.MessageText, websocket.StatusPolicyViolation},
		{"not UTF-8", mark + "\xff", websocket.MessageText, websocket.StatusInvalidFramePayloadData},
		{"a byte too long", mark + strings.Repeat("x", feed.MaxUplink), websocket.MessageText, websocket.StatusMessageTooBig},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := feedtest.Serve(t, ws.Transport, feedtest.Config{Addr: feedtest.InMemory})
				conn := dial(t, server, "", websocket.DialOptions{})
				// In a goroutine: a pipe holds nothing, and what is too long is not
				// read to its end before the close frame is.
				go conn.Write(t.Context(), c.typ, []byte(c.message))
				if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != c.status {
					t.Errorf("the connection ended with %v, not with status %d", err, c.status)
				}
			})
		})
	}
}
