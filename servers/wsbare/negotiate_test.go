package wsbare

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The grammar of §9.1.
func TestParseExtensions(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  []extension
		err   string
	}{
		{nil, nil, ""},
		{[]string{"", " , "}, nil, ""},
		{[]string{"foo"}, []extension{{name: "foo"}}, ""},
		{[]string{"bar; baz=2"}, []extension{{name: "bar", params: []param{{"baz", "2", true}}}}, ""},
		{[]string{"foo, bar; baz=2"}, []extension{{name: "foo"}, {name: "bar", params: []param{{"baz", "2", true}}}}, ""},
		{[]string{"foo", "bar ;baz = \"2\" ; x,"}, []extension{{name: "foo"}, {name: "bar", params: []param{{"baz", "2", true}, {"x", "", false}}}}, ""},
		{[]string{`a;b="c\d"`}, []extension{{name: "a", params: []param{{"b", "cd", true}}}}, ""},
		{[]string{`a;b="c,d"`}, nil, "has no value"}, // in quotes too it has to be a token
		{[]string{`a;b="c`}, nil, "has no value"},
		{[]string{`a;b="\`}, nil, "has no value"},
		{[]string{`a;b=""`}, nil, "has no value"},
		{[]string{"a;b="}, nil, "has no value"},
		{[]string{"a;"}, nil, "has no name"},
		{[]string{"a;;b"}, nil, "has no name"},
		{[]string{";a"}, nil, "an extension has no name"},
		{[]string{"a b"}, nil, `"b" follows a`},
		{[]string{"a;b=c d"}, nil, `"d" follows a`},
		{[]string{"a=b"}, nil, `"=b" follows a`},
		{[]string{"ä"}, nil, "an extension has no name"},
	} {
		got, err := parseExtensions(c.lines)
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%q: the error is %v, not %q", c.lines, err, c.err)
		}
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(extension{}, param{})); c.err == "" && diff != "" {
			t.Errorf("%q: -want +got:\n%s", c.lines, diff)
		}
	}
}

// Which offer a server agrees to, and how (RFC 7692 §5, §7.1).
func TestOffers(t *testing.T) {
	const both = "; server_no_context_takeover; client_no_context_takeover"
	for _, c := range []struct{ offers, takeover, noTakeover string }{
		{"permessage-deflate", "permessage-deflate", "permessage-deflate" + both},
		{"permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover", "permessage-deflate" + both},
		{"permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover", "permessage-deflate" + both},
		{"permessage-deflate; client_max_window_bits", "permessage-deflate", "permessage-deflate" + both},
		{"permessage-deflate; client_max_window_bits=8", "permessage-deflate", "permessage-deflate" + both},
		{"permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15", "permessage-deflate" + both + "; server_max_window_bits=15"},
		{`permessage-deflate; server_max_window_bits="15"`, "permessage-deflate; server_max_window_bits=15", "permessage-deflate" + both + "; server_max_window_bits=15"},
		{"permessage-deflate; server_max_window_bits=10, permessage-deflate", "permessage-deflate", "permessage-deflate" + both},
		{"x-foo, permessage-deflate; unknown, permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover", "permessage-deflate" + both},
		{"", "", ""},
		{"x-webkit-deflate-frame", "", ""},
		{"Permessage-Deflate", "", ""},
		{"permessage-deflate; server_max_window_bits=14", "", ""}, // Go's compressor has one window
		{"permessage-deflate; server_max_window_bits", "", ""},
		{"permessage-deflate; server_max_window_bits=7", "", ""},
		{"permessage-deflate; server_max_window_bits=16", "", ""},
		{"permessage-deflate; server_max_window_bits=015", "", ""},
		{"permessage-deflate; server_max_window_bits=+15", "", ""},
		{"permessage-deflate; client_max_window_bits=7", "", ""},
		{"permessage-deflate; client_max_window_bits=x", "", ""},
		{"permessage-deflate; client_max_window_bits; client_max_window_bits", "", ""},
		{"permessage-deflate; server_no_context_takeover; server_no_context_takeover", "", ""},
		{"permessage-deflate; server_no_context_takeover=1", "", ""},
		{"permessage-deflate; client_no_context_takeover=x", "", ""},
		{"permessage-deflate; unknown", "", ""},
		{"permessage-deflate; unknown=15", "", ""},
	} {
		offers, err := parseExtensions([]string{c.offers})
		if err != nil {
			t.Fatal(err)
		}
		for mode, want := range map[Compression]string{Uncompressed: "", Takeover: c.takeover, NoTakeover: c.noTakeover} {
			got := ""
			if answer := choose(offers, mode); answer != nil {
				got = answer.String()
			}
			if got != want {
				t.Errorf("mode %d answers %q with %q, not %q", mode, c.offers, got, want)
			}
		}
	}
}

// What a client takes for an answer to its offer.
func TestAgreedExtensions(t *testing.T) {
	for _, c := range []struct {
		agreed                 string
		takeover, noTakeover   bool // acceptable
		remembers, compression bool // the server's messages, with takeover
	}{
		{"", true, true, false, false},
		{"permessage-deflate", true, false, true, true},
		{"permessage-deflate; server_no_context_takeover", true, true, false, true},
		{"permessage-deflate; server_no_context_takeover; client_no_context_takeover", true, true, false, true},
		{"permessage-deflate; server_max_window_bits=9; server_no_context_takeover", true, true, false, true},
		{"permessage-deflate; client_max_window_bits=15", false, false, false, false},
		{"permessage-deflate; client_max_window_bits", false, false, false, false},
		{"permessage-deflate; server_max_window_bits=16", false, false, false, false},
		{"permessage-deflate; unknown", false, false, false, false},
		{"permessage-deflate, permessage-deflate", false, false, false, false},
		{"x-webkit-deflate-frame", false, false, false, false},
		{"permessage-deflate;", false, false, false, false},
	} {
		for mode, want := range map[Compression]bool{Uncompressed: c.agreed == "", Takeover: c.takeover, NoTakeover: c.noTakeover} {
			params, err := checkAgreed([]string{c.agreed}, mode)
			if (err == nil) != want {
				t.Errorf("mode %d takes %q with %v", mode, c.agreed, err)
			}
			if mode == Takeover && ((params != nil) != c.compression || params != nil && params.serverNoTakeover == c.remembers) {
				t.Errorf("%q is taken for %+v", c.agreed, params)
			}
		}
	}
}
