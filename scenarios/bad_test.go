package scenarios

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pushbench/servers/all"
	"pushbench/servers/test/golden"
)

// sound is a small scenario without a mistake, for the tests to spoil.
const sound = `question: Is a push fresher?
factors:
  transport: [poll?interval=1s, ws, ws#twin]
  rate: [10/s, 40/s]
fixed: {subscribers: 50, payload: 200B}
warmup: 1s
measure: 5s
blocks: 10
seed: 1
plots:
  - {mark: line, x: rate, y: staleness/p50}
claims:
  - id: C18
    says: A push is fresher.
    expect: staleness/p50[ws] < staleness/p50[poll?interval=1s]
`

// spoil replaces one part of the sound scenario.
func spoil(t *testing.T, old, new string) string {
	t.Helper()
	if strings.Count(sound, old) != 1 {
		t.Fatalf("%q is not once in the sound scenario", old)
	}
	return strings.Replace(sound, old, new, 1)
}

func manyRates(n int) string {
	rates := make([]string, n)
	for i := range rates {
		rates[i] = fmt.Sprintf("%d/s", i+1)
	}
	return strings.Join(rates, ", ")
}

func (m mistake) text(t *testing.T) string {
	if m.old == "" {
		return m.new
	}
	return spoil(t, m.old, m.new)
}

// TestMistakes holds the message of every mistake to what is written in
// testdata: reading that file is the way to judge whether a person would know
// what to do.
func TestMistakes(t *testing.T) {
	var got strings.Builder
	for _, m := range mistakes {
		s, err := Parse("bad.yaml", []byte(m.text(t)), all.Parse)
		if err == nil {
			t.Errorf("%s: no error", m.name)
			continue
		}
		if s != nil {
			t.Errorf("%s: a scenario beside the error", m.name)
		}
		fmt.Fprintf(&got, "# %s\n%v\n", m.name, err)
	}
	golden.Compare(t, "testdata/mistakes.golden", got.String())
}

func TestAllProblemsAtOnceInOrder(t *testing.T) {
	text := strings.NewReplacer("blocks: 10", "blocks: none", "measure: 5s", "measure: 5", "10/s", "10").Replace(sound)
	_, err := Parse("dir/bad.yaml", []byte(text), all.Parse)
	var lines []int
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("not a joined error: %v", err)
	}
	for _, e := range joined.Unwrap() {
		var at *Error
		if !errors.As(e, &at) || at.Path != "dir/bad.yaml" {
			t.Fatalf("%v is not an *Error of the file", e)
		}
		lines = append(lines, at.Line)
	}
	if diff := cmp.Diff([]int{4, 7, 8}, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s\n%v", diff, err)
	}
}

func TestWithoutCheckKnobsAreNotVerified(t *testing.T) {
	text := spoil(t, "ws#twin", "quic?streams=4")
	if _, err := Parse("old.yaml", []byte(text), nil); err != nil {
		t.Errorf("a record's own text is refused: %v", err)
	}
	if _, err := Parse("new.yaml", []byte(text), all.Parse); err == nil {
		t.Error("an unknown transport is taken")
	}
}

func TestLoadMissingFile(t *testing.T) {
	if _, err := Load("testdata/none.yaml", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want one that is os.ErrNotExist", err)
	}
}

func TestTooLongText(t *testing.T) {
	text := sound + "#" + strings.Repeat("x", maxText)
	_, err := Parse("long.yaml", []byte(text), nil)
	if err == nil || err.Error() != "long.yaml:1: more than 1024 KB; a scenario is a short file written by hand" {
		t.Errorf("got %v", err)
	}
}
