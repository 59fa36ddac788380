package wsbare

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"pushbench/servers/feed"
)

// DialOptions are what a client offers. The zero value offers nothing.
type DialOptions struct {
	Meter        *feed.Meter // counts framing and compression; may be nil
	Compress     Compression
	Subprotocols []string // most wanted first
}

// Dial opens a connection with the opening handshake of §4.1: an HTTP/1.1
// request to upgrade, which the server answers with 101. A server that answers
// anything else is reported as a feed.StatusError. It may agree to what was
// offered or not; what it agrees to is held against that.
//
// The client inflates what comes compressed and sends its own messages as they
// are, to which RFC 7692 §6 leaves it free: a compressor of 1.2 MB for each of
// thousands of clients would measure nothing but itself.
func Dial(ctx context.Context, client *http.Client, url string, o DialOptions) (*Conn, error) {
	key := newKey()
	header := http.Header{ // items 5 to 9 of what the request must have
		"Upgrade":               {"websocket"},
		"Connection":            {"Upgrade"},
		"Sec-Websocket-Key":     {key},
		"Sec-Websocket-Version": {"13"},
	}
	if len(o.Subprotocols) > 0 { // item 10
		header["Sec-Websocket-Protocol"] = []string{strings.Join(o.Subprotocols, ", ")}
	}
	if o.Compress != Uncompressed { // item 11
		header["Sec-Websocket-Extensions"] = []string{offer(o.Compress).String()}
	}
	socket, answer, err := feed.Upgrade(ctx, client, url, header)
	if err != nil {
		return nil, err
	}
	agreed, err := check(answer, key, o)
	if err != nil {
		socket.Close()
		return nil, fmt.Errorf("websocket: the server's handshake: %w", err)
	}
	conn := newClient(socket, o.Meter)
	conn.agreed = agreed
	return conn, nil
}

// check holds the head of a 101 to §4.1, items 2 to 6 of what a client must
// check, and returns what was agreed, nil for nothing.
func check(h http.Header, key string, o DialOptions) (*agreement, error) {
	// Item 2: Upgrade is websocket, in any case.
	upgrade := tokens(h, "Upgrade")
	for _, protocol := range upgrade {
		if !strings.EqualFold(protocol, "websocket") {
			return nil, fmt.Errorf("its Upgrade is %q, not websocket", protocol)
		}
	}
	if len(upgrade) == 0 {
		return nil, errors.New("it has no Upgrade, which must be websocket")
	}
	// Item 3: Upgrade is among the connection's options.
	if !contains(tokens(h, "Connection"), "upgrade") {
		return nil, fmt.Errorf("its Connection is %q, which does not say Upgrade", h.Values("Connection"))
	}
	// Item 4: the answer to our key; once, and not as a list (§11.3.3).
	if got, want := h.Values("Sec-WebSocket-Accept"), acceptKey(key); len(got) != 1 || strings.TrimSpace(got[0]) != want {
		return nil, fmt.Errorf("its Sec-WebSocket-Accept is %q, not %q, the proof that it has read our key", got, want)
	}
	// Item 5: no extension that was not offered.
	deflate, err := checkAgreed(h.Values("Sec-WebSocket-Extensions"), o.Compress)
	if err != nil {
		return nil, err
	}
	// Item 6: no subprotocol that was not offered; the server names one (§11.3.4).
	protocols := tokens(h, "Sec-WebSocket-Protocol")
	for _, p := range protocols {
		if !slices.Contains(o.Subprotocols, p) {
			return nil, fmt.Errorf("its Sec-WebSocket-Protocol is %q, which was not offered", p)
		}
	}
	if len(protocols) > 1 {
		return nil, fmt.Errorf("its Sec-WebSocket-Protocol is %q, where one is to be picked", protocols)
	}
	var agreed agreement
	if deflate != nil {
		agreed.inflater = &inflater{takeover: !deflate.serverNoTakeover}
	}
	agreed.subprotocol = strings.Join(protocols, "")
	return agreed.orNil(), nil
}
