package conform

import (
	"bytes"
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
			if got, err := f.message(compress(want)); err != nil || !bytes.Equal(got, want) {
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
		parse := func(text string) extension {
			list, err := parseExtensions([]string{deflateName + text})
			if err != nil || len(list) != 1 {
				t.Fatalf("%q: %v, %v", text, list, err)
			}
			return list[0]
		}
		err := agrees(parse(test.offer), parse(test.answer))
		if test.wrong == "" && err != nil || test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)) {
			t.Errorf("offer %q, answer %q: %v, want %q", test.offer, test.answer, err, test.wrong)
		}
	}
	if list, err := parseExtensions([]string{"a;=1"}); err == nil {
		t.Errorf("a parameter without a name is read as %v", list)
	}
}
