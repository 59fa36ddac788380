package wsbare

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"pushbench/servers/feed"
)

// Dial opens a connection with the opening handshake of §4.1: an HTTP/1.1
// request to upgrade, which the server answers with 101. A server that answers
// anything else is reported as a feed.StatusError. The meter counts the
// connection's framing.
func Dial(ctx context.Context, client *http.Client, url string, meter *feed.Meter) (*Conn, error) {
	key := newKey()
	socket, answer, err := feed.Upgrade(ctx, client, url, http.Header{ // items 5 to 9 of what the request must have
		"Upgrade":               {"websocket"},
		"Connection":            {"Upgrade"},
		"Sec-Websocket-Key":     {key},
		"Sec-Websocket-Version": {"13"},
	})
	if err != nil {
		return nil, err
	}
	if err := check(answer, key); err != nil {
		socket.Close()
		return nil, fmt.Errorf("websocket: the server's handshake: %w", err)
	}
	return newConn(socket, meter), nil
}

// check holds the head of a 101 to §4.1, items 2 to 6 of what a client must check.
func check(h http.Header, key string) error {
	// Item 2: Upgrade is websocket, in any case.
	upgrade := tokens(h, "Upgrade")
	for _, protocol := range upgrade {
		if !strings.EqualFold(protocol, "websocket") {
			return fmt.Errorf("its Upgrade is %q, not websocket", protocol)
		}
	}
	if len(upgrade) == 0 {
		return errors.New("it has no Upgrade, which must be websocket")
	}
	// Item 3: Upgrade is among the connection's options.
	if !contains(tokens(h, "Connection"), "upgrade") {
		return fmt.Errorf("its Connection is %q, which does not say Upgrade", h.Values("Connection"))
	}
	// Item 4: the answer to our key; once, and not as a list (§11.3.3).
	if got, want := h.Values("Sec-WebSocket-Accept"), acceptKey(key); len(got) != 1 || strings.TrimSpace(got[0]) != want {
		return fmt.Errorf("its Sec-WebSocket-Accept is %q, not %q, the proof that it has read our key", got, want)
	}
	// Items 5 and 6: no extension and no subprotocol was offered.
	for _, name := range []string{"Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"} {
		if agreed := tokens(h, name); len(agreed) > 0 {
			return fmt.Errorf("its %s is %q, which was not offered", name, agreed[0])
		}
	}
	return nil
}

// newKey is 16 random bytes in base64 (§4.1, item 7). They are no secret: they
// only keep a server that does not speak WebSocket from agreeing by accident.
func newKey() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

// acceptKey is the server's answer to a key (§4.2.2, item 5.4).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// tokens are the elements of a list-valued header, which may be spread over
// several lines and have empty elements (RFC 9110 §5.6.1).
func tokens(h http.Header, name string) []string {
	var list []string
	for _, line := range h.Values(name) {
		for element := range strings.SplitSeq(line, ",") {
			if element = strings.Trim(element, " \t"); element != "" {
				list = append(list, element)
			}
		}
	}
	return list
}

func contains(list []string, token string) bool {
	for _, element := range list {
		if strings.EqualFold(element, token) {
			return true
		}
	}
	return false
}
