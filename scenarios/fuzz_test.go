package scenarios

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pushbench/results"
	"pushbench/servers/all"
)

// FuzzParse: whatever the text, there is a scenario that can be planned and
// run, or errors that point into the text; never a panic and never both.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sound))
	for _, m := range mistakes {
		text := []byte(m.new)
		if m.old != "" {
			text = bytes.Replace([]byte(sound), []byte(m.old), []byte(m.new), 1)
		}
		f.Add(text)
	}
	for file := range shipped {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse("f.yaml", text, all.Parse)
		if err != nil {
			if s != nil {
				t.Fatal("a scenario and an error")
			}
			pointsIntoTheText(t, err, text)
			return
		}
		ts, _, err := s.Treatments()
		if err != nil || len(ts) == 0 || len(ts) > maxTreatments {
			t.Fatalf("%d treatments, %v", len(ts), err)
		}
		keys := map[string]bool{}
		for _, tr := range ts {
			keys[tr.Labels.Key()] = true
		}
		if len(keys) != len(ts) || len(s.Order(1, 1)) != len(ts) {
			t.Fatalf("%d treatments, %d different ones, order %v", len(ts), len(keys), s.Order(1, 1))
		}
		for _, c := range s.Claims {
			if _, err := results.ParseExpect(c.Expect); err != nil {
				t.Fatalf("claim %s was taken: %v", c.ID, err)
			}
		}
		s.Warnings()
		again, err := Parse("f.yaml", s.Text, nil)
		if err != nil {
			t.Fatalf("read again without a check: %v", err)
		}
		if diff := cmp.Diff(s, again, cmpopts.IgnoreUnexported(Scenario{})); diff != "" {
			t.Fatalf("read again, it differs:\n%s", diff)
		}
	})
}

func pointsIntoTheText(t *testing.T, err error, text []byte) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) == 0 {
		t.Fatalf("not joined errors: %v", err)
	}
	// A YAML line may also end in CR, NEL, LS or PS.
	last := 2 + bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) +
		bytes.Count(text, []byte("\u0085")) + bytes.Count(text, []byte("\u2028")) + bytes.Count(text, []byte("\u2029"))
	for _, e := range joined.Unwrap() {
		var at *Error
		if !errors.As(e, &at) || at.Line < 1 || at.Line > last || at.Msg == "" {
			t.Fatalf("%v does not point into a text of %d lines", e, last)
		}
	}
}
