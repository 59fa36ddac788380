package conform

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const deflateName = "permessage-deflate"

// deflateOffers are the forms of its offer: a server may insist on any of the
// parameters (RFC 7692 §7.1). Most clients send the first or the second.
const usualOffers = 2

var deflateOffers = func() []string {
	parameters := []string{"client_max_window_bits", "server_max_window_bits=15", "server_no_context_takeover", "client_no_context_takeover"}
	ofSize := make([][]string, len(parameters)+1) // of so many parameters, every choice
	for choice := range 1 << len(parameters) {
		form := deflateName
		for i, parameter := range parameters {
			if choice>>i&1 == 1 {
				form += "; " + parameter
			}
		}
		n := bits.OnesCount(uint(choice))
		ofSize[n] = append(ofSize[n], form)
	}
	return append(slices.Concat(ofSize...), deflateName+"; server_max_window_bits=10", deflateName+"; client_max_window_bits=10",
		deflateName+"; client_max_window_bits=10; server_max_window_bits=10")
}()

// extension is an element of Sec-WebSocket-Extensions (§9.1).
type extension struct {
	name   string
	params []param
}

type param struct {
	name, value string
	hasValue    bool
}

func (e extension) deflates() bool { return e.name == deflateName }

// maxWindowBits is the window of LZ77 where nobody asks for a smaller one (RFC
// 7692 §7.1.2).
const maxWindowBits = 15

// windowBits is what an answer leaves to our messages.
func (e extension) windowBits() int {
	if bits, ok := e.number("client_max_window_bits"); ok {
		return min(max(bits, 8), maxWindowBits)
	}
	return maxWindowBits
}

func (e extension) has(name string) bool {
	return slices.ContainsFunc(e.params, func(p param) bool { return p.name == name })
}

// number is the value of a parameter, where it has one.
func (e extension) number(name string) (n int, ok bool) {
	for _, p := range e.params {
		if n, err := strconv.Atoi(p.value); p.name == name && err == nil {
			return n, true
		}
	}
	return 0, false
}

// parseExtensions reads what a server has agreed to. Values of the extensions
// that there are need no quoting, and a quoted one means the same.
func parseExtensions(lines []string) ([]extension, error) {
	var list []extension
	for _, element := range elements(lines) {
		parts := strings.Split(element, ";")
		var e extension
		for i, part := range parts {
			name, value, hasValue := strings.Cut(strings.Trim(part, " \t"), "=")
			if !isToken(name) {
				return nil, fmt.Errorf("Sec-WebSocket-Extensions %q is no list of extensions (§9.1)", shorten(element, 60))
			}
			if i == 0 {
				e.name = name
				continue
			}
			if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
				value = value[1 : n-1]
			}
			e.params = append(e.params, param{name, value, hasValue})
		}
		list = append(list, e)
	}
	return list, nil
}

// agreesToOne holds an answer against the offers of permessage-deflate that it
// chooses from (RFC 7692 §5.1). The error is the first offer's.
func agreesToOne(offer string, answer extension) error {
	offers, _ := parseExtensions([]string{offer})
	err := errors.New("it was not offered (§9.1)")
	for _, o := range slices.Backward(offers) {
		if o.deflates() {
			if err = agrees(o, answer); err == nil {
				return nil
			}
		}
	}
	return err
}

// agrees holds an answer against the offer it answers (RFC 7692 §7.1): what the
// server may say, and what it must.
func agrees(offer, answer extension) error {
	seen := make(map[string]bool)
	for _, p := range answer.params {
		if seen[p.name] {
			return fmt.Errorf("it has %s twice (RFC 7692 §7.1)", p.name)
		}
		seen[p.name] = true
		switch p.name {
		case "server_no_context_takeover", "client_no_context_takeover":
			if p.hasValue {
				return fmt.Errorf("it gives %s a value (RFC 7692 §7.1.1)", p.name)
			}
		case "server_max_window_bits", "client_max_window_bits":
			bits, err := strconv.Atoi(p.value)
			if err != nil || bits < 8 || bits > 15 || p.value[0] == '0' || p.value[0] == '+' {
				return fmt.Errorf("%s is %q, not 8 to 15 (RFC 7692 §7.1.2)", p.name, p.value)
			}
			if p.name == "client_max_window_bits" && !offer.has(p.name) {
				return fmt.Errorf("it limits our window, which was not offered (RFC 7692 §7.1.2.2)")
			}
			if most, ok := offer.number(p.name); ok && bits > most {
				return fmt.Errorf("%s is %d, above the %d offered (RFC 7692 §7.1.2)", p.name, bits, most)
			}
		default:
			return fmt.Errorf("it has the parameter %q, which is unknown (RFC 7692 §7.1)", p.name)
		}
	}
	for _, name := range []string{"server_no_context_takeover", "server_max_window_bits"} {
		if offer.has(name) && !answer.has(name) {
			return fmt.Errorf("it agrees without %s, which was asked for (RFC 7692 §7.1.1.1, §7.1.2.1)", name)
		}
	}
	return nil
}

// deflateTail is the end of an empty stored block: a sender takes it off its
// message and a receiver puts it back (RFC 7692 §7.2.1, §7.2.2).
var deflateTail = []byte{0x00, 0x00, 0xff, 0xff}

// compress makes a message's payload that refers to no message before it, and
// not beyond a window: its pieces of that size know nothing of each other.
func compress(payload []byte, windowBits int) []byte {
	var b bytes.Buffer
	w := compressors.Get().(*flate.Writer)
	defer compressors.Put(w)
	for {
		n := min(len(payload), 1<<windowBits)
		w.Reset(&b)
		w.Write(payload[:n])
		w.Flush()
		if payload = payload[n:]; len(payload) == 0 {
			return bytes.TrimSuffix(b.Bytes(), deflateTail)
		}
	}
}

// compressors are large.
var compressors = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.DefaultCompression) // fails for an unknown level only
	return w
}}

// inflater reads the server's messages.
type inflater struct {
	takeover bool
	window   []byte // what was sent last, 32 KB at most
}

// message decompresses a message's payload.
func (f *inflater) message(payload []byte) ([]byte, error) {
	final := []byte{0x01, 0x00, 0x00, 0xff, 0xff} // the end of a stream, which a message is not
	in := io.MultiReader(bytes.NewReader(payload), bytes.NewReader(deflateTail), bytes.NewReader(final))
	r := flate.NewReaderDict(in, f.window)
	defer r.Close()
	out, err := io.ReadAll(io.LimitReader(r, maxBuffered/2+1))
	if err != nil {
		return nil, fmt.Errorf("a compressed message that does not decompress (RFC 7692 §7.2.2): %w", err)
	}
	if len(out) > maxBuffered/2 {
		return nil, errors.New("a compressed message that does not end")
	}
	if f.takeover {
		f.window = append(f.window, out...)
		f.window = f.window[max(0, len(f.window)-32<<10):]
	}
	return out, nil
}
