package ws

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"pushbench/servers/feed"
)

// watch counts the frames on a connection of the library, which tells of
// messages only: how they were framed, what compression made of them and when a
// control frame came in between can be seen where the bytes pass. It stands
// between the library and the http.Client that it dials with.
type watch struct {
	next     http.RoundTripper
	meter    *feed.Meter
	deflated bool // compression was agreed on

	// Set by expectPings.
	silence  *time.Timer
	patience time.Duration
	silent   atomic.Bool
}

// watching returns the client with its upgraded connections watched.
func watching(client *http.Client, meter *feed.Meter) (*http.Client, *watch) {
	w := &watch{next: client.Transport, meter: meter}
	if w.next == nil {
		w.next = http.DefaultTransport
	}
	watched := *client
	watched.Transport = w
	return &watched, w
}

// RoundTrip implements http.RoundTripper.
func (w *watch) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		return resp, err
	}
	if conn, ok := resp.Body.(io.ReadWriteCloser); ok {
		w.deflated = parseDeflate(resp.Header).agreed
		resp.Body = &watched{ReadWriteCloser: conn, watch: w}
	}
	return resp, nil
}

// expectPings closes the connection when nothing has come for as long as a server
// that pings, and waits for its answers, stays silent at most.
func (w *watch) expectPings(o feed.Options, close func()) {
	every := o.Duration("ping")
	if every == 0 {
		return
	}
	w.patience = every + o.Duration("pong")
	w.silence = time.AfterFunc(w.patience, func() {
		w.silent.Store(true)
		close()
	})
	w.silence.Stop() // until something is waited for
}

// explain is the error of a connection that may have been closed for its silence.
func (w *watch) explain(err error) error {
	if w.silent.Load() {
		return fmt.Errorf("ws: nothing came from the server for %v, though it was to ping", w.patience)
	}
	return err
}

// took says how long a message is without compression, of which its frames have
// added what they carried: the sum is right when nothing is under way.
func (w *watch) took(message int) {
	if w.deflated {
		w.meter.CompressionDown.Add(-int64(message))
	}
}

// watched is a connection whose frames are counted. Only one goroutine reads,
// and the library writes a frame at a time.
type watched struct {
	io.ReadWriteCloser
	watch    *watch
	down, up frames
}

func (c *watched) Read(p []byte) (int, error) {
	w := c.watch
	if w.silence != nil {
		w.silence.Reset(w.patience)
		defer w.silence.Stop()
	}
	n, err := c.ReadWriteCloser.Read(p)
	framing, content := c.down.pass(p[:n])
	w.meter.FramingDown.Add(framing)
	if w.deflated {
		w.meter.CompressionDown.Add(content)
	}
	return n, err
}

// Write counts before it writes, so that what the server has is counted. No
// message goes out compressed.
func (c *watched) Write(p []byte) (int, error) {
	framing, _ := c.up.pass(p)
	c.watch.meter.FramingUp.Add(framing)
	return c.ReadWriteCloser.Write(p)
}

// frames tells frames apart in one direction of a connection, whatever pieces
// their bytes come in (RFC 6455 §5.2). It leaves to the library what is wrong
// with them.
type frames struct {
	head     [14]byte // with the longest length and a mask
	have     int      // bytes of head
	left     uint64   // bytes of the payload that are still to come
	control  bool     // whose payload counts as framing
	goesOn   bool     // a message has more frames to come (§5.4)
	messages int      // that have begun, and control frames between them
}

// pass says how many of the bytes are framing, control frames among them, and
// how many are the content of messages. A header counts once it is whole.
func (f *frames) pass(b []byte) (framing, content int64) {
	for len(b) > 0 {
		if f.left > 0 {
			n := min(uint64(len(b)), f.left)
			f.left -= n
			b = b[n:]
			if f.control {
				framing += int64(n)
			} else {
				content += int64(n)
			}
			continue
		}
		if f.have == 0 && !f.goesOn {
			f.messages++
		}
		f.head[f.have] = b[0]
		f.have++
		b = b[1:]
		if f.have < 2 || f.have < headerLen(f.head[1]) {
			continue
		}
		framing += int64(f.have)
		if f.control = f.head[0]&0x08 != 0; !f.control {
			f.goesOn = f.head[0]&0x80 == 0 // without FIN
		}
		f.left = payloadLen(f.head[1:])
		f.have = 0
	}
	return framing, content
}

// unfinished is the number of the message, or the control frame between messages,
// of which not all has come; 0 if there is none.
func (f *frames) unfinished() int {
	if f.have > 0 || f.left > 0 || f.goesOn {
		return f.messages
	}
	return 0
}

// headerLen is the length of a frame's header by its second byte.
func headerLen(second byte) int {
	n := 2
	switch second & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if second&0x80 != 0 { // MASK
		n += 4
	}
	return n
}

// payloadLen reads the length that a header announces from its second byte on.
func payloadLen(b []byte) uint64 {
	switch n := b[0] & 0x7f; n {
	case 126:
		return uint64(binary.BigEndian.Uint16(b[1:]))
	case 127:
		return binary.BigEndian.Uint64(b[1:])
	default:
		return uint64(n)
	}
}

// deflate is what a server's answer says of permessage-deflate (RFC 7692 §7.1).
type deflate struct{ agreed, noTakeover bool }

func parseDeflate(h http.Header) deflate {
	var d deflate
	for part := range strings.SplitSeq(h.Get("Sec-WebSocket-Extensions"), ";") {
		switch strings.TrimSpace(part) {
		case "permessage-deflate":
			d.agreed = true
		case "server_no_context_takeover":
			d.noTakeover = true
		}
	}
	return d
}

// compress is the value of the knob that a server's answer amounts to.
func (d deflate) compress() string {
	switch {
	case !d.agreed:
		return "off"
	case d.noTakeover:
		return "no-takeover"
	}
	return "takeover"
}
