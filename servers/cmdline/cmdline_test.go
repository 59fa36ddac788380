package cmdline

import (
	"errors"
	"flag"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		args, rest string
		n          int
		err        string // part of it
		printed    string // how it begins
	}{
		{"a b", "a b", 0, "", ""},
		{"-n 2 a b", "a b", 2, "", ""},
		{"a -n 2 b", "a b", 2, "", ""},
		{"a b -n=2", "a b", 2, "", ""},
		{"a - b", "a - b", 0, "", ""},
		{"a -- -n 2", "a -n 2", 0, "", ""},
		{"-- -n", "-n", 0, "", ""},
		{"a -bogus", "", 0, "flag provided but not defined: -bogus; tool do -h shows how", ""},
		{"a -n x", "", 0, `invalid value "x" for flag -n`, ""},
		{"a -n", "", 0, "flag needs an argument: -n", ""},
		{"a -h", "", 0, "asked for", "usage: tool do\n"},
		{"help", "", 0, "asked for", "usage: tool do\n"},
		{"help me", "help me", 0, "", ""},
		{"a -version", "", 0, "asked for", "tool "},
	} {
		var stdout strings.Builder
		f := flag.NewFlagSet("tool do", flag.ContinueOnError)
		n := f.Int("n", 0, "`how` many")
		rest, err := Parse(f, "usage: tool do\n", strings.Fields(test.args), &stdout)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) || errors.Is(err, ErrDone) != (test.printed != "") {
				t.Errorf("%s: %v; want %q", test.args, err, test.err)
			}
		} else if err != nil || !slices.Equal(rest, strings.Fields(test.rest)) || *n != test.n {
			t.Errorf("%s: %q, n = %d, %v; want %q, n = %d", test.args, rest, *n, err, test.rest, test.n)
		}
		if printed := stdout.String(); !strings.HasPrefix(printed, test.printed) || test.printed == "" && printed != "" {
			t.Errorf("%s printed %q; want %q", test.args, printed, test.printed)
		}
	}
}
