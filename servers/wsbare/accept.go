package wsbare

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"pushbench/servers/feed"
)

// Options are what a server agrees to. The zero value agrees to nothing beyond
// the bare protocol.
type Options struct {
	Subprotocols []string // to pick the first from that the client offers
	Compress     Compression
	Threshold    int // bytes of the smallest message that is compressed
	Limit        int // bytes of a message; 0: MaxMessage
}

// Accept takes a request over with the opening handshake of §4.2. Where it
// returns an error it has answered with the status and, in one line, the reason;
// else the connection is the caller's to read and to Close, and the handler may
// return, which lets go of all that net/http needed for it.
func Accept(w http.ResponseWriter, r *http.Request, o Options) (*Conn, error) {
	if refused := examine(r); refused != nil {
		return nil, refused.answer(w, r)
	}
	if err := sameOrigin(r); err != nil {
		return nil, refuse(http.StatusForbidden, "%w (§10.2)", err).answer(w, r)
	}
	offers, err := parseExtensions(r.Header.Values("Sec-WebSocket-Extensions"))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "Sec-WebSocket-Extensions: %w (§9.1)", err).answer(w, r)
	}
	agreed, err := o.agree(w.Header(), tokens(r.Header, "Sec-WebSocket-Protocol"), offers)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%w", err).answer(w, r)
	}
	socket, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, refuse(http.StatusNotImplemented, "take over the connection: %w", err).answer(w, r)
	}
	// A client has to wait for the 101. What one has sent that did not is its
	// first frames all the same, and net/http has read them already.
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	if _, err = socket.Write(switching(w.Header(), acceptKey(r.Header.Get("Sec-WebSocket-Key")))); err != nil {
		socket.Close()
		return nil, fmt.Errorf("websocket: answer the handshake: %w", err)
	}
	conn := newServer(socket, bytes.Clone(early), cmp.Or(o.Limit, MaxMessage))
	conn.agreed = agreed
	return conn, nil
}

// examine holds a request to §4.2.1, items 1 to 6.
func examine(r *http.Request) *refusal {
	upgrade, connection := tokens(r.Header, "Upgrade"), tokens(r.Header, "Connection")
	keys, versions := r.Header.Values("Sec-WebSocket-Key"), r.Header.Values("Sec-WebSocket-Version")
	switch {
	// A request that is no upgrade is told that this takes one. Before HTTP/1.1
	// there are none, whatever a header says (RFC 9110 §7.8), and in HTTP/2 none
	// any more (RFC 9113 §8.6).
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		return refuse(http.StatusUpgradeRequired, "WebSocket begins with an upgrade, which takes HTTP/1.1 and not %s (§4.2.1)", r.Proto)
	case len(upgrade) == 0 && !contains(connection, "upgrade"):
		return refuse(http.StatusUpgradeRequired, "this is WebSocket: send Connection: Upgrade, Upgrade: websocket, Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key (§4.2.1)")
	case r.Method != http.MethodGet: // item 1
		return refuse(http.StatusMethodNotAllowed, "%s: the handshake is a GET (§4.2.1)", r.Method)
	case r.ContentLength != 0: // it would be read as frames (RFC 9110 §7.8)
		return refuse(http.StatusBadRequest, "the handshake has a body, and a GET of WebSocket has none (§4.1)")
	case r.Host == "": // item 2
		return refuse(http.StatusBadRequest, "there is no Host (§4.2.1)")
	case !contains(upgrade, "websocket"): // item 3
		return refuse(http.StatusBadRequest, "the Upgrade is %q, which does not say websocket (§4.2.1)", upgrade)
	case !contains(connection, "upgrade"): // item 4
		return refuse(http.StatusBadRequest, "the Connection is %q, which does not say Upgrade (§4.2.1)", connection)
	case len(versions) > 1:
		return refuse(http.StatusBadRequest, "there are %d of Sec-WebSocket-Version (§11.3.5)", len(versions))
	case len(versions) == 0 || versions[0] != "13": // item 6, and §4.4 for the answer
		return refuse(http.StatusUpgradeRequired, "Sec-WebSocket-Version is %q, and this server speaks 13 (§4.4)", strings.Join(versions, ""))
	case len(keys) != 1: // item 5, and §11.3.1
		return refuse(http.StatusBadRequest, "there are %d of Sec-WebSocket-Key, which has to come once (§4.2.1)", len(keys))
	}
	// The encoding is not held to its last bits, which say nothing: the RFC's own
	// example in §4.1 has them wrong.
	if nonce, err := base64.StdEncoding.DecodeString(keys[0]); err != nil || len(nonce) != 16 {
		return refuse(http.StatusBadRequest, "the Sec-WebSocket-Key %q is not 16 bytes in base64 (§4.2.1)", keys[0])
	}
	return nil
}

// agree settles subprotocol and extension, and says so in the answer's header
// (§4.2.2, items 5.5 and 5.6). It returns nil where there is nothing to settle.
func (o Options) agree(answer http.Header, offered []string, offers []extension) (*agreement, error) {
	for i, p := range offered {
		if !isToken(p) || slices.Contains(offered[:i], p) {
			return nil, fmt.Errorf("Sec-WebSocket-Protocol has %q, which is no name or is there twice (§4.1)", p)
		}
	}
	var agreed agreement
	if i := slices.IndexFunc(o.Subprotocols, func(p string) bool { return slices.Contains(offered, p) }); i >= 0 {
		agreed.subprotocol = o.Subprotocols[i]
		answer.Set("Sec-WebSocket-Protocol", agreed.subprotocol)
	}
	if params := choose(offers, o.Compress); params != nil {
		agreed.inflater = &inflater{takeover: !params.clientNoTakeover}
		agreed.deflater = &deflater{takeover: !params.serverNoTakeover, threshold: o.Threshold}
		answer.Set("Sec-WebSocket-Extensions", params.String())
	}
	return agreed.orNil(), nil
}

// switching is the head of the 101 (§4.2.2, item 5), along with whatever the
// handler has set.
func switching(h http.Header, accept string) []byte {
	h.Set("Upgrade", "websocket")
	h.Set("Connection", "Upgrade")
	h.Set("Sec-WebSocket-Accept", accept)
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 101 Switching Protocols\r\n")
	h.Write(&b) // in the order of the alphabet; without an error, since a Buffer has none
	b.WriteString("\r\n")
	return b.Bytes()
}

// refusal is an answer that is no 101.
type refusal struct {
	status int
	reason error
}

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status, fmt.Errorf(format, args...)}
}

// answer sends the refusal and returns it as Accept's error.
func (f *refusal) answer(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	switch f.status {
	case http.StatusUpgradeRequired: // names what to upgrade to (RFC 9110 §15.5.22), and §4.4 the version
		h.Set("Sec-WebSocket-Version", "13")
		if r.ProtoMajor == 1 { // in HTTP/2 a response with these is malformed (RFC 9113 §8.2.2)
			h.Set("Connection", "Upgrade")
			h.Set("Upgrade", "websocket")
		}
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodGet)
		h.Set("Connection", "close")
	default: // frames that may follow are no HTTP
		h.Set("Connection", "close")
	}
	feed.Refuse(w, f.status, fmt.Errorf("websocket handshake: %w", f.reason))
	return errors.New("websocket: refused the handshake: " + f.reason.Error())
}
