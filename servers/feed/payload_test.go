package feed

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func newPayload(t interface{ Fatal(...any) }, kind string, size int, codec Codec, seed uint64) *Payload {
	p, err := NewPayload(kind, size, codec, Rand(seed, 0, "payload"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A body has exactly the size asked for, from a buffer of any size; equal seeds
// give equal bodies, and they change, or stay as they are. Two quotes in a row may be
// alike by chance, four changes of five bodies are not.
func TestPayload(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]string{"random", "ticker", "identical"}).Draw(t, "kind")
		codec := rapid.SampledFrom(codecs).Draw(t, "codec")
		size := rapid.IntRange(0, 5000).Draw(t, "size")
		if kind != "random" {
			size += MinTicker
		}
		seed := rapid.Uint64().Draw(t, "seed")
		a, b := newPayload(t, kind, size, codec, seed), newPayload(t, kind, size, codec, seed)
		other := newPayload(t, kind, size, codec, seed+1)
		buf := make([]byte, rapid.IntRange(0, 6000).Draw(t, "buffer"))
		var last []byte
		alike := 0
		for i := range 5 {
			body := a.Next(buf)
			if len(body) != size {
				t.Fatalf("body %d has %d bytes, not %d", i, len(body), size)
			}
			if !bytes.Equal(body, b.Next(nil)) {
				t.Fatalf("equal seeds differ in body %d", i)
			}
			if differs := !bytes.Equal(body, other.Next(nil)); size >= 32 && !differs {
				t.Fatalf("unequal seeds agree in body %d", i)
			}
			if i > 0 && bytes.Equal(body, last) {
				alike++
			}
			last = bytes.Clone(body)
			checkContent(t, kind, codec, body)
		}
		if all := alike == 4; size >= 32 && all != (kind == "identical") || kind == "random" && size >= 32 && alike > 0 {
			t.Fatalf("%d of 4 bodies are the one before", alike)
		}
	})
}

func checkContent(t *rapid.T, kind string, codec Codec, body []byte) {
	switch {
	case kind != "random":
		var quotes []struct {
			Symbol string
			Bid    float64
			Size   int
		}
		if err := json.Unmarshal(body, &quotes); err != nil {
			t.Fatalf("%q is not JSON: %v", body, err)
		}
		if len(quotes) == 0 {
			t.Fatalf("%q has no quote", body)
		}
		for _, q := range quotes {
			if q.Symbol == "" || q.Bid <= 0 || q.Size <= 0 {
				t.Fatalf("%q has the quote %+v", body, q)
			}
		}
		if bytes.ContainsAny(body, "\r\n") {
			t.Fatalf("%q has a line break", body)
		}
	case codec == Text:
		if i := bytes.IndexFunc(body, func(r rune) bool { return !strings.ContainsRune(alphabet, r) }); i >= 0 {
			t.Fatalf("%q has %q, which is not of the base64 alphabet", body, body[i])
		}
	}
}

// Random bodies use all that their encoding allows.
func TestRandomPayloadUsesItsAlphabet(t *testing.T) {
	for codec, want := range map[Codec]int{Text: 64, Binary: 256, Base64: 256} {
		seen := make(map[byte]bool)
		for _, b := range newPayload(t, "random", 10_000, codec, 1).Next(nil) {
			seen[b] = true
		}
		if len(seen) != want {
			t.Errorf("%s: 10,000 random bytes have %d values, not %d", codec, len(seen), want)
		}
	}
}

func TestNewPayloadRefuses(t *testing.T) {
	for _, c := range []struct {
		kind  string
		size  int
		error string
	}{
		{"random", -1, "use 0 to 67108864"},
		{"random", maxBodySize + 1, "use 0 to 67108864"},
		{"ticker", MinTicker - 1, "needs at least 64"},
		{"identical", MinTicker - 1, "identical payload of 63 bytes: a quote needs at least 64"},
		{"zeros", 100, "use random, ticker or identical"},
		{"", 100, "use random, ticker or identical"},
	} {
		if _, err := NewPayload(c.kind, c.size, Text, Rand(1, 0, "")); err == nil || !strings.Contains(err.Error(), c.error) {
			t.Errorf("the error of %d bytes of %q is %v, which does not say %q", c.size, c.kind, err, c.error)
		}
	}
}
