package results

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func someHeader() Header {
	return Header{
		Scenario: Source{Name: "headline", Text: "question: who is <fresher> & why?\n"},
		Plan: Planned{Seed: 1, Blocks: 2, Measure: time.Second, Treatments: []Treatment{
			{"transport": "poll?interval=1s&pace=after", "rate": "40/s"},
			{"transport": "ws", "rate": "40/s"},
		}},
		Started: epoch,
	}
}

func someTrial(order int) *Trial {
	return &Trial{
		Treatment: someHeader().Plan.Treatments[order%2],
		Block:     1 + order/2, Order: 1 + order, Started: epoch,
		Metrics: map[string]Metric{"requests": {Value: 0.5, Unit: "1"}},
		Hists:   map[string]*Hist{"staleness": histOf(1_000_000, 2_000_000)},
	}
}

// written is a whole file of the given number of trials, as text.
func written(t testing.TB, trials int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.jsonl")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	mustWrite(t, w, trials)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return readText(t, path)
}

func mustWrite(t testing.TB, w *Writer, trials int) {
	t.Helper()
	if err := w.Header(someHeader()); err != nil {
		t.Fatal(err)
	}
	for i := range trials {
		if err := w.Trial(someTrial(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(End{Ended: epoch, Reason: "complete", Trials: trials}); err != nil {
		t.Fatal(err)
	}
}

func readText(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// compareHists lets cmp look at histograms through what they answer.
var compareHists = cmp.Comparer(func(a, b *Hist) bool {
	return cmp.Equal([]float64{float64(a.N()), a.Sum(), float64(a.Min()), float64(a.Max())}, []float64{float64(b.N()), b.Sum(), float64(b.Min()), float64(b.Max())}) &&
		bucketsOf(a) == bucketsOf(b)
})

func TestWhatIsWrittenIsRead(t *testing.T) {
	text := written(t, 3)
	if strings.Count(text, "\n") != 5 || !strings.HasSuffix(text, "\n") {
		t.Fatalf("want five whole lines, got:\n%s", text)
	}
	if !strings.Contains(text, "interval=1s&pace=after") || !strings.Contains(text, `<fresher>`) {
		t.Errorf("names are escaped beyond what grep finds:\n%s", text)
	}
	if !strings.Contains(text, `"broken":[],`) || !strings.Contains(text, `"warnings":[],`) {
		t.Errorf("empty lists are not written as empty:\n%s", text)
	}
	run, err := ReadFrom(strings.NewReader(text), "run.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	header := someHeader()
	header.Type, header.Schema = "header", Schema
	if diff := cmp.Diff(header, run.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if len(run.Trials) != 3 || len(run.Warnings) != 0 {
		t.Fatalf("%d trials, warnings %q", len(run.Trials), run.Warnings)
	}
	for i, got := range run.Trials {
		want := someTrial(i)
		want.Type, want.Broken, want.Warnings = "trial", []Broken{}, []string{}
		if diff := cmp.Diff(want, got, compareHists); diff != "" {
			t.Errorf("trial %d (-want +got):\n%s", i, diff)
		}
	}
	if run.End == nil || run.End.Reason != "complete" || run.End.Type != "end" {
		t.Errorf("end %+v", run.End)
	}
}

func TestCreateSparesAnExistingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "run.jsonl")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// So far it is empty, which is nothing to lose.
	if w, err = Create(path); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, w, 1)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	before := readText(t, path)
	_, err = Create(path)
	if !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), "-resume") {
		t.Errorf("error %v, want ErrExists with a mend", err)
	}
	if readText(t, path) != before {
		t.Error("the file was changed")
	}
}

func TestSecondWriterIsTurnedAway(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.jsonl")
	first, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	mustWrite(t, first, 1)
	for name, open := range map[string]func() error{
		"create the same":  func() error { _, err := Create(path); return err },
		"create another":   func() error { _, err := Create(filepath.Join(dir, "other.jsonl")); return err },
		"append to it":     func() error { _, _, err := Append(path); return err },
		"append elsewhere": func() error { _, _, err := Append(filepath.Join(dir, "none.jsonl")); return err },
	} {
		if err := open(); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: error %v, want ErrBusy with the directory", name, err)
		}
	}
	if _, err := Read(path); err != nil {
		t.Errorf("reading beside a writer: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, _, err := Append(path)
	if err != nil {
		t.Fatalf("after the first closed: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestResume(t *testing.T) {
	whole := written(t, 2)
	lines := strings.SplitAfter(whole, "\n")
	for _, tc := range []struct {
		name, text string
		trials     int
		torn       bool
	}{
		{"complete", whole, 2, false},
		{"no end", strings.Join(lines[:3], ""), 2, false},
		{"torn end", strings.TrimSuffix(whole, "}\n"), 2, true},
		{"whole but for the newline", strings.TrimSuffix(whole, "\n"), 2, true},
		{"torn trial", strings.Join(lines[:2], "") + lines[2][:len(lines[2])/2], 1, true},
		{"torn trial with a newline", strings.Join(lines[:2], "") + lines[2][:len(lines[2])/2] + "\n", 1, true},
		{"zeros of a lost page", strings.Join(lines[:3], "") + strings.Repeat("\x00", 100), 2, true},
		{"header only", lines[0], 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "run.jsonl")
			if err := os.WriteFile(path, []byte(tc.text), 0o644); err != nil {
				t.Fatal(err)
			}
			w, run, err := Append(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(run.Trials) != tc.trials {
				t.Errorf("%d trials, want %d", len(run.Trials), tc.trials)
			}
			if torn := strings.Contains(strings.Join(run.Warnings, "; "), "cut off"); torn != tc.torn {
				t.Errorf("warnings %q", run.Warnings)
			}
			if err := w.Header(someHeader()); err == nil {
				t.Error("a second header was written")
			}
			if err := w.Trial(someTrial(2)); err != nil {
				t.Fatal(err)
			}
			if err := w.End(End{Ended: epoch, Reason: "complete", Trials: tc.trials + 1}); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			run, err = Read(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(run.Trials) != tc.trials+1 || run.End == nil || run.End.Trials != tc.trials+1 || len(run.Warnings) != 0 {
				t.Errorf("%d trials, end %+v, warnings %q", len(run.Trials), run.End, run.Warnings)
			}
		})
	}
}

func TestResumeRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want error
	}{
		"empty":      {"", ErrEmpty},
		"cut header": {`{"type":"header","schema":1,"scen`, ErrTruncated},
		"foreign":    {"hello\n", ErrForeign},
	} {
		path := filepath.Join(t.TempDir(), "run.jsonl")
		if err := os.WriteFile(path, []byte(tc.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Append(path); !errors.Is(err, tc.want) {
			t.Errorf("%s: error %v, want %v", name, err, tc.want)
		}
		if readText(t, path) != tc.text {
			t.Errorf("%s: the file was changed", name)
		}
		// A refused file must not stay locked.
		if _, _, err := Append(path); errors.Is(err, ErrBusy) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := Append(filepath.Join(t.TempDir(), "none.jsonl")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such file: error %v", err)
	}
}
