package hard

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	long := strings.Repeat("word ", longest)
	for text, want := range map[string]int{
		"An event is 42 ms old. A poll's event is 500 ms old.": 0,
		long + "end.":                                           1,
		long + "(40 to 42 ms, 7 blocks).":                       0,
		"The poll, and not the one that waits.":                 1,
		"The poll is slow, nor can the stream be faster.":       1,
		"The rule\nstands in\nthe table, and the host is told.": 2,
		"- " + long + "\n- " + long:                             0,
	} {
		if found := Text(text); len(found) != want {
			t.Errorf("%q: %q; want %d findings", text, found, want)
		}
	}
}

func TestScreen(t *testing.T) {
	long := strings.Repeat("word ", longest)
	for text, want := range map[string]int{
		"holds: " + long + "(1 to 2 ms, and " + long + "); " + long: 0,
		"examples\n  " + long + "\n  " + long:                       0,
		"flags:\n  -x\n    \t" + long + "more":                      1,
		"cannot tell: " + long + "more; but for one":                2,
	} {
		if found := Screen(text); len(found) != want {
			t.Errorf("%q: %q; want %d findings", text, found, want)
		}
	}
}
