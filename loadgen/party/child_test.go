package party

import (
	"slices"
	"strings"
	"testing"
)

// Every trial runs under the same settings of Go's runtime, whatever the
// person's shell has.
func TestEnvironment(t *testing.T) {
	own := []string{"PATH=/bin", "GOGC=off", "GOMAXPROCS=1", "GODEBUG=gctrace=1", "GOMEMLIMIT=1GiB", "GORACE=x", "ODD", "GOGCX=1"}
	if got, want := Environment(own), []string{"PATH=/bin", "GORACE=x", "ODD", "GOGCX=1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTail(t *testing.T) {
	var log tail
	if log.String() != "" {
		t.Errorf("empty tail is %q", &log)
	}
	log.Write([]byte("the first\n"))
	if got := log.String(); got != "the first" {
		t.Errorf("a line is %q", got)
	}
	for range 1000 {
		if n, err := log.Write([]byte("a line of 20 letters\n")); n != 21 || err != nil {
			t.Fatal(n, err)
		}
	}
	log.Write([]byte("the last\n\n"))
	if s := log.String(); len(s) > tailSize+len("\n…\n") || len(s) < tailSize-30 || !strings.HasPrefix(s, "the first\na line") || !strings.HasSuffix(s, "letters\nthe last") {
		t.Errorf("%d bytes, from %q to %q", len(s), s[:40], s[max(0, len(s)-40):])
	}
	log.Write([]byte(strings.Repeat("x", 3*tailSize)))
	if s := log.String(); !strings.HasPrefix(s, "the first\n") || !strings.HasSuffix(s, "…\n"+strings.Repeat("x", tailSize-firstSize)) {
		t.Errorf("after a long line it is %q", s)
	}
}
