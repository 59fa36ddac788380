package conform

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The examples of RFC 7692 §7.2.3 are read as the RFC says.
func TestInflate(t *testing.T) {
	f := &inflater{takeover: true}
	for _, payload := range []string{
		"\xf2\x48\xcd\xc9\xc9\x07\x00",
		"\xf2\x00\x11\x00\x00", // refers to the one before it
		"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00",
		"\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
		"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
		"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x00",
	} {
		if got, err := f.message([]byte(payload)); err != nil || string(got) != "Hello" {
			t.Errorf("%x: %q, %v", payload, got, err)
		}
	}
	for _, payload := range []string{"\x06\x00\x00", "\x00\x05\x00\x00\x00Hello", "\xf2\x00\x11\x00\x00"} {
		if got, err := new(inflater).message([]byte(payload)); err == nil {
			t.Errorf("%x is read as %q", payload, got)
		}
	}
}

func TestCompressComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &inflater{takeover: rapid.Bool().Draw(t, "takeover")}
		for range 3 {
			want := []byte(strings.Repeat(rapid.String().Draw(t, "text"), rapid.IntRange(1, 2000).Draw(t, "times")))
			if got, err := f.message(compress(want, rapid.IntRange(8, 15).Draw(t, "bits"))); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes come back as %d, %v", len(want), len(got), err)
			}
		}
	})
}

func TestAgrees(t *testing.T) {
	for _, test := range []struct{ offer, answer, wrong string }{
		{"", "", ""},
		{"", "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8", ""},
		{"; client_max_window_bits", `; client_max_window_bits="12"`, ""},
		{"; server_max_window_bits=10", "; server_max_window_bits=9", ""},
		{"; server_no_context_takeover", "; server_no_context_takeover", ""},
		{"", "; server_no_context_takeover; server_no_context_takeover", "twice"},
		{"", "; server_no_context_takeover=1", "a value"},
		{"", "; client_max_window_bits=12", "not offered"},
		{"; client_max_window_bits=10", "; client_max_window_bits=12", "above the 10"},
		{"; server_max_window_bits=10", "; server_max_window_bits=11", "above the 10"},
		{"; server_max_window_bits=10", "", "without server_max_window_bits"},
		{"; server_no_context_takeover", "", "without server_no_context_takeover"},
		{"", "; server_max_window_bits=16", "not 8 to 15"},
		{"", "; server_max_window_bits=08", "not 8 to 15"},
		{"", "; server_max_window_bits", "not 8 to 15"},
		{"", "; level=9", "unknown"},
	} {
		err := agrees(mustParse(t, deflateName+test.offer), mustParse(t, deflateName+test.answer))
		if test.wrong == "" && err != nil || test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)) {
			t.Errorf("offer %q, answer %q: %v, want %q", test.offer, test.answer, err, test.wrong)
		}
	}
	if list, err := parseExtensions([]string{"a;=1"}); err == nil {
		t.Errorf("a parameter without a name is read as %v", list)
	}
}

// What is compressed for a window refers to nothing beyond it: each piece of its
// size is compressed as if it were alone.
func TestCompressKeepsWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(8, maxWindowBits).Draw(t, "bits")
		payload := bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "bytes"), rapid.IntRange(1, 2000).Draw(t, "times"))
		var pieces [][]byte
		for piece := range slices.Chunk(payload, 1<<bits) {
			pieces = append(pieces, compress(piece, bits))
		}
		if whole := compress(payload, bits); !bytes.Equal(whole, bytes.Join(pieces, deflateTail)) {
			t.Fatalf("%d bytes in a window of %d are not compressed piece by piece", len(payload), 1<<bits)
		}
	})
	for _, bits := range []int{8, 9, 15} {
		if got, err := new(inflater).message(bombPayload(bits)); err != nil || len(got) != bombSize || !bytes.Equal(got, make([]byte, bombSize)) {
			t.Errorf("the bomb for a window of %d comes to %d bytes, %v", 1<<bits, len(got), err)
		}
	}
}

// The offers are legal, each is there once, and every choice of parameters is.
func TestDeflateOffers(t *testing.T) {
	seen := make(map[string]bool)
	choices := make(map[string]bool)
	for _, offer := range deflateOffers {
		list, err := parseExtensions([]string{offer})
		if err != nil || len(list) != 1 || !list[0].deflates() || seen[offer] {
			t.Errorf("%q: %v, %v", offer, list, err)
			continue
		}
		seen[offer] = true
		var names []string
		for _, p := range list[0].params {
			names = append(names, p.name)
		}
		slices.Sort(names)
		if len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("%q has a parameter twice", offer)
		}
		choices[strings.Join(names, " ")] = true
		// The offer itself, which gives its one parameter without a value one, is a legal answer to it.
		if answer := strings.Replace(offer+";", "client_max_window_bits;", "client_max_window_bits=12;", 1); agreesToOne(offer, mustParse(t, strings.TrimSuffix(answer, ";"))) != nil {
			t.Errorf("%q is no legal answer to %q", answer, offer)
		}
	}
	if len(choices) != 16 {
		t.Errorf("%d choices of 4 parameters, not 16", len(choices))
	}
	if err := agreesToOne(strings.Join(deflateOffers, ", "), mustParse(t, deflateName)); err != nil {
		t.Error(err)
	}
	if err := agreesToOne("x-conform", mustParse(t, deflateName)); err == nil {
		t.Error("an extension that was not offered is agreed to")
	}
}

func mustParse(t *testing.T, text string) extension {
	t.Helper()
	list, err := parseExtensions([]string{text})
	if err != nil || len(list) != 1 {
		t.Fatalf("%q: %v, %v", text, list, err)
	}
	return list[0]
}
