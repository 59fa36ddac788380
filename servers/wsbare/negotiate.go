package wsbare

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// deflateParams are the parameters of permessage-deflate, in an offer or in the
// answer to it (RFC 7692 §7.1).
type deflateParams struct {
	serverNoTakeover, clientNoTakeover bool
	serverBits, clientBits             int // of the window, 8 to 15; 0: not given, -1: without a value
}

const (
	deflateName = "permessage-deflate"
	allBits     = 15 // of the only window that Go's compressor has
)

// readDeflate reads the parameters of an extension that is called
// permessage-deflate. Any that is unknown, given twice or has a value that it
// must not have makes all of it unacceptable (RFC 7692 §7.1).
func readDeflate(e extension) (p deflateParams, err error) {
	seen := make(map[string]bool)
	for _, q := range e.params {
		bad := seen[q.name]
		seen[q.name] = true
		switch q.name {
		case "server_no_context_takeover":
			p.serverNoTakeover, bad = true, bad || q.valued
		case "client_no_context_takeover":
			p.clientNoTakeover, bad = true, bad || q.valued
		case "server_max_window_bits":
			p.serverBits = windowBits(q.value)
			bad = bad || p.serverBits == 0
		case "client_max_window_bits":
			if p.clientBits = -1; q.valued { // without a value: the client can do as it is told
				p.clientBits = windowBits(q.value)
			}
			bad = bad || p.clientBits == 0
		default:
			bad = true
		}
		if bad {
			return p, fmt.Errorf("%s has the parameter %s, which is unknown, given twice or has a wrong value", deflateName, q)
		}
	}
	return p, nil
}

func (p param) String() string {
	if p.valued {
		return p.name + "=" + p.value
	}
	return p.name
}

// windowBits reads 8 to 15 without a leading zero (RFC 7692 §7.1.2.1); 0 is an
// error.
func windowBits(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 8 || n > allBits || strconv.Itoa(n) != s {
		return 0
	}
	return n
}

// choose picks the first offer of permessage-deflate that a server can keep to
// (RFC 7692 §5): the answer's parameters, nil if there is none.
func choose(offers []extension, mode Compression) *deflateParams {
	for _, e := range offers {
		offer, err := readDeflate(e)
		if mode == Uncompressed || e.name != deflateName || err != nil || offer.serverBits != 0 && offer.serverBits < allBits {
			continue // a smaller window is more than Go's compressor can promise
		}
		// What the client asks of the server is agreed to by saying it again
		// (RFC 7692 §7.1.1.1, §7.1.2.1). A server may ask for either kind of
		// forgetting whether it was offered or not. Of client_max_window_bits it
		// may say nothing: we inflate with the largest window.
		return &deflateParams{
			serverNoTakeover: offer.serverNoTakeover || mode == NoTakeover,
			clientNoTakeover: offer.clientNoTakeover || mode == NoTakeover,
			serverBits:       offer.serverBits,
		}
	}
	return nil
}

// offer is what a client offers.
func offer(mode Compression) deflateParams {
	return deflateParams{serverNoTakeover: mode == NoTakeover, clientNoTakeover: mode == NoTakeover}
}

// String is the extension as it stands in the header.
func (p deflateParams) String() string {
	var b strings.Builder
	b.WriteString(deflateName)
	if p.serverNoTakeover {
		b.WriteString("; server_no_context_takeover")
	}
	if p.clientNoTakeover {
		b.WriteString("; client_no_context_takeover")
	}
	if p.serverBits > 0 {
		b.WriteString("; server_max_window_bits=" + strconv.Itoa(p.serverBits))
	}
	return b.String()
}

// checkAgreed holds the extensions that a server has agreed to against what was
// offered (§4.1, item 5 of what a client must check; RFC 7692 §5.1, §7.1). It
// returns nil where there is none.
func checkAgreed(lines []string, mode Compression) (*deflateParams, error) {
	agreed, err := parseExtensions(lines)
	switch {
	case err != nil:
		return nil, fmt.Errorf("its Sec-WebSocket-Extensions is %q: %w", lines, err)
	case len(agreed) == 0:
		return nil, nil
	case mode == Uncompressed || agreed[0].name != deflateName:
		return nil, fmt.Errorf("its Sec-WebSocket-Extensions is %q, which was not offered", agreed[0].name)
	case len(agreed) > 1:
		return nil, fmt.Errorf("its Sec-WebSocket-Extensions has %d elements where one was offered", len(agreed))
	}
	p, err := readDeflate(agreed[0])
	switch {
	case err != nil:
		return nil, fmt.Errorf("its Sec-WebSocket-Extensions: %w", err)
	case p.clientBits != 0:
		return nil, errors.New("its Sec-WebSocket-Extensions has client_max_window_bits, which was not offered")
	case mode == NoTakeover && !p.serverNoTakeover:
		return nil, errors.New("its Sec-WebSocket-Extensions lacks the server_no_context_takeover that was offered")
	}
	return &p, nil
}
