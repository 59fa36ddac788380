package ws

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"pushbench/servers/feed"
)

// What a peer may send at most in a message (bytes); more is answered with
// status 1009. A compressed message counts as what it unfolds to.
const (
	maxUplink = feed.MaxUplink // while it is subscribed to the feed
	maxEcho   = 16 << 20       // of Echo
)

// Echo answers a request with a WebSocket that returns each message as it came:
// text as text, binary as binary, however it was cut into frames. Compression is
// used where the client offers it, without a context that outlives the message,
// so that many connections need little memory. It is closed with 1001 when life
// ends, whose cause is the reason.
func Echo(life context.Context, w http.ResponseWriter, r *http.Request) {
	conn, _, err := accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionNoContextTakeover})
	if err != nil {
		return // accept has answered with the status and the reason
	}
	conn.SetReadLimit(maxEcho)
	defer context.AfterFunc(life, func() { conn.Close(websocket.StatusGoingAway, context.Cause(life).Error()) })()
	echo(conn, anyMessage, feed.MessageTime)
}

// refusal is why a message is not echoed, as the peer is told.
type refusal struct {
	status websocket.StatusCode
	reason string
}

func (r refusal) Error() string { return r.reason }

func anyMessage(t websocket.MessageType, message []byte) error {
	// RFC 6455 §8.1. The library leaves it to its callers.
	if t == websocket.MessageText && !utf8.Valid(message) {
		return refusal{websocket.StatusInvalidFramePayloadData, "text message that is not UTF-8"}
	}
	return nil
}

// feedMessages lets those of an uplink through. A subscriber has nothing else to
// say (RFC 6455 §7.4.1: 1008).
func feedMessages(c feed.Codec) func(websocket.MessageType, []byte) error {
	return func(t websocket.MessageType, message []byte) error {
		if t != messageType(c) || !feed.IsUplink(message, c) {
			return refusal{websocket.StatusPolicyViolation, "message that is none of an uplink's"}
		}
		return anyMessage(t, message)
	}
}

// echo returns each message that is not refused. It is also what answers pings,
// and notices that the peer has gone. A peer that does not read an echo is waited
// for no longer than patience, unless that is 0. When it returns, the connection is
// closed.
func echo(conn *websocket.Conn, refused func(websocket.MessageType, []byte) error, patience time.Duration) {
	defer conn.CloseNow()
	var err error
	for err == nil {
		err = echoNext(conn, refused, patience)
	}
	if why, ok := err.(refusal); ok {
		conn.Close(why.status, why.reason)
	} else if !cut(err) {
		// The peer has broken the protocol. The library has told it how, but for
		// a frame without a mask. Waiting for its answer keeps what it was told
		// from being lost to a reset.
		conn.Close(websocket.StatusProtocolError, "")
	}
}

// echoNext waits for a message, and echoes it unless it is refused.
func echoNext(conn *websocket.Conn, refused func(websocket.MessageType, []byte) error, patience time.Duration) error {
	t, r, err := conn.Reader(context.Background())
	if err != nil {
		return err
	}
	b := buffers.Get().(*bytes.Buffer)
	defer free(b)
	if _, err := b.ReadFrom(r); err != nil { // which grows with what arrives, whatever was announced
		return err
	}
	if err := refused(t, b.Bytes()); err != nil {
		return err
	}
	// A peer that does not read its echoes is not read from either.
	ctx := context.Background()
	if patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	return conn.Write(ctx, t, b.Bytes())
}

// cut reports whether a connection ended without either end's doing wrong, or by
// a close frame, which the library has answered.
func cut(err error) bool {
	var network net.Error
	return websocket.CloseStatus(err) != -1 || errors.As(err, &network) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
