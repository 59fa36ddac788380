package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

// Cut anywhere, a file loses its last line at most, and never turns into an
// error or another run.
func TestFileCutAnywhere(t *testing.T) {
	text := written(t, 3)
	headerEnd := strings.IndexByte(text, '\n') + 1
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		run, err := ReadFrom(strings.NewReader(text[:at]), "run.jsonl")
		switch {
		case at == 0:
			if !errors.Is(err, ErrEmpty) {
				t.Fatalf("error %v, want ErrEmpty", err)
			}
			return
		case at < headerEnd:
			if !errors.Is(err, ErrTruncated) {
				t.Fatalf("cut at %d: error %v, want ErrTruncated", at, err)
			}
			return
		case err != nil:
			t.Fatalf("cut at %d: %v", at, err)
		}
		whole := strings.Count(text[:at], "\n") - 1
		if len(run.Trials) != min(whole, 3) || (run.End != nil) != (whole == 4) {
			t.Fatalf("cut at %d: %d trials, end %v, of %d whole records", at, len(run.Trials), run.End, whole)
		}
		if complete := at == len(text); complete != (len(run.Warnings) == 0) {
			t.Fatalf("cut at %d: warnings %q", at, run.Warnings)
		}
	})
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	text := written(t, 2)
	lines := strings.SplitAfter(text, "\n")
	with := func(n int, line string) string {
		changed := append([]string{}, lines...)
		changed[n-1] = line
		return strings.Join(changed, "")
	}
	trial := func(old, new string) string {
		changed := strings.Replace(lines[1], old, new, 1)
		if changed == lines[1] {
			t.Fatalf("no %q in %s", old, lines[1])
		}
		return with(2, changed)
	}
	for _, tc := range []struct {
		name, text, want string
		is               error
	}{
		{"empty", "", "run.jsonl: the file is empty", ErrEmpty},
		{"foreign text", "goos: linux\n", "no result file", ErrForeign},
		{"foreign JSON", `{"type":"trial"}` + "\n", "no result file", ErrForeign},
		{"foreign JSON, no newline", `{"hello":1}`, "no result file", ErrForeign},
		{"pretty JSON", "{\n \"type\": \"header\"\n}\n", "no result file", ErrForeign},
		{"binary", "\x7fELF\x02", "no result file", ErrForeign},
		{"array", "[]\n", "no result file", ErrForeign},
		{"blank lines", "\n\n", "no result file", ErrForeign},
		{"cut header", lines[0][:40], "ends within its header", ErrTruncated},
		{"damaged header", with(1, `{"type":"header","schema":1,`+"\n"), "run.jsonl:1: damaged header", nil},
		{"header of wrong types", with(1, `{"type":"header","schema":1,"plan":7}`+"\n"), "run.jsonl:1: damaged header", nil},
		{"schema 0", with(1, `{"type":"header","schema":0}`+"\n"), "run.jsonl:1: damaged header: its schema is 0", nil},
		{"plan of nothing", with(1, `{"type":"header","schema":1,"plan":{"treatments":[null]}}`+"\n"), "run.jsonl:1: damaged header: treatment 1 of the plan names no transport", nil},
		{"plan of fewer than nothing", with(1, `{"type":"header","schema":1,"plan":{"blocks":-1}}`+"\n"), "run.jsonl:1: damaged header: the plan has -1 blocks", nil},
		{"newer", with(1, `{"type":"header","schema":3,"plan":"of another kind"}`+"\n"), "run.jsonl: its schema is 3, and this program knows up to 2", nil},
		{"torn in the middle", with(2, lines[1][:50]+"\n"), "run.jsonl:2: damaged trial", nil},
		{"lines run together", with(2, strings.TrimSuffix(lines[1], "\n")), "run.jsonl:2: damaged trial", nil},
		{"blank line", with(2, "\n"), "run.jsonl:2: damaged record", nil},
		{"second header", with(2, lines[0]), "run.jsonl:2: a second header", nil},
		{"unknown record", with(3, `{"type":"trail"}`+"\n"), `run.jsonl:3: unknown record type "trail"`, nil},
		{"unknown record at the end", with(4, `{"type":"trail"}`+"\n"), `run.jsonl:4: unknown record type "trail"`, nil},
		{"no type", with(3, "{}\n"), `run.jsonl:3: unknown record type ""`, nil},
		{"not a record", with(3, "7\n"), "run.jsonl:3: damaged record", nil},
		{"metric without value", trial(`"value":0.5`, `"value":null`), "lacks its value", nil},
		{"metric without unit", trial(`"unit":"1"`, `"unit":""`), "lacks its value or its unit", nil},
		{"metric of text", trial(`"value":0.5`, `"value":"half"`), "run.jsonl:2: damaged trial", nil},
		{"null histogram", with(2, `{"type":"trial","treatment":{"transport":"ws"},"block":1,"hists":{"x":null}}`+"\n"), "histogram x is null", nil},
		{"histogram at odds", trial(`"n":2`, `"n":3`), "its buckets hold 2 values", nil},
		{"no treatment", with(2, `{"type":"trial","block":1}`+"\n"), "names no transport", nil},
		{"block 0", trial(`"block":1`, `"block":0`), "blocks count from 1", nil},
		{"damaged end", with(4, `{"type":"end","trials":"two"}`+"\n"), "run.jsonl:4: damaged end", nil},
	} {
		run, err := ReadFrom(strings.NewReader(tc.text), "run.jsonl")
		if err == nil {
			t.Errorf("%s: read as %+v", tc.name, run)
			continue
		}
		if !strings.Contains(err.Error(), tc.want) || (tc.is != nil && !errors.Is(err, tc.is)) {
			t.Errorf("%s: error %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestEndCountsOnlyAtTheEnd(t *testing.T) {
	lines := strings.SplitAfter(written(t, 2), "\n")
	resumed := lines[0] + lines[1] + `{"type":"end","reason":"interrupted"}` + "\n" + lines[2]
	run, err := ReadFrom(strings.NewReader(resumed), "x")
	if err != nil || run.End != nil || len(run.Warnings) != 1 {
		t.Errorf("stopped after resuming: %+v, %v", run, err)
	}
	run, err = ReadFrom(strings.NewReader(resumed+lines[3]), "x")
	if err != nil || run.End == nil || run.End.Reason != "complete" {
		t.Errorf("resumed and finished: %+v, %v", run, err)
	}
	run, err = ReadFrom(strings.NewReader(resumed+lines[3]+`{"ty`), "x")
	if err != nil || run.End != nil || len(run.Warnings) != 2 {
		t.Errorf("torn behind the end: %+v, %v", run, err)
	}
}

func TestReadLongLines(t *testing.T) {
	trial := someTrial(0)
	trial.Log = strings.Repeat("x", 5<<20)
	line, err := json.Marshal(trial)
	if err != nil {
		t.Fatal(err)
	}
	line = append([]byte(`{"type":"trial",`), line[len(`{"type":"",`):]...)
	header := strings.SplitAfter(written(t, 0), "\n")[0]
	run, err := ReadFrom(io.MultiReader(strings.NewReader(header), strings.NewReader(string(line)+"\n")), "x")
	if err != nil || len(run.Trials[0].Log) != 5<<20 {
		t.Fatalf("5 MB line: %v", err)
	}
	// Without a bound, a file like /dev/zero would take all memory.
	_, err = ReadFrom(io.MultiReader(strings.NewReader(header), endless{}), "x")
	if err == nil || !strings.HasPrefix(err.Error(), "x:2: the line is longer than 64 MiB") {
		t.Errorf("endless line: %v", err)
	}
	if _, err := ReadFrom(endless{}, "x"); !errors.Is(err, ErrForeign) {
		t.Errorf("endless file: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestReadErrorIsPassedOn(t *testing.T) {
	header := strings.SplitAfter(written(t, 0), "\n")[0]
	for _, r := range []io.Reader{broken{}, io.MultiReader(strings.NewReader(header[:9]), broken{}), io.MultiReader(strings.NewReader(header), broken{})} {
		if _, err := ReadFrom(r, "x"); !errors.Is(err, syscall.EIO) {
			t.Errorf("error %v, want EIO", err)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such file: %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, syscall.EIO }

// Whatever a file holds, reading it ends in an error or in a run of which every
// question can be asked, and which can be written and read again.
func FuzzRead(f *testing.F) {
	whole := written(f, 2)
	lines := strings.SplitAfter(whole, "\n")
	for _, seed := range []string{
		"", "{", "{}\n", whole, whole[:len(whole)-1], whole[:len(whole)/2], lines[0], lines[0] + lines[3],
		lines[0] + lines[3] + lines[1], lines[1], lines[0] + lines[0], lines[0] + "\n" + lines[1], "\x00\x00",
		`{"type":"header","schema":1}` + "\n", `{"type":"header","schema":99}` + "\n",
		`{"type":"header","schema":1,"plan":{"blocks":3,"treatments":[{"transport":"ws"}]}}` + "\n" +
			`{"type":"trial","treatment":{"transport":"ws#twin"},"block":1,"valid":true,"metrics":{"requests":{"value":-1e308,"unit":"1"}}}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		run, sound, err := scan(bytes.NewReader(data), "run.jsonl")
		if err != nil {
			return
		}
		if sound > int64(len(data)) || (run.End == nil) == (len(run.Warnings) == 0) {
			t.Fatalf("%d of %d bytes are sound, end %v, warnings %q", sound, len(data), run.End, run.Warnings)
		}
		askEverything(t, run)

		w, d := inMemory()
		if err := w.Header(run.Header); err != nil {
			t.Fatal(err)
		}
		for _, trial := range run.Trials {
			if err := w.Trial(trial); err != nil {
				t.Fatalf("a trial was read that cannot be written: %v", err)
			}
		}
		again, err := ReadFrom(bytes.NewReader(d.data), "again.jsonl")
		if err != nil || len(again.Trials) != len(run.Trials) {
			t.Fatalf("%d trials were read, then %+v, %v", len(run.Trials), again, err)
		}
	})
}

// askEverything asks a run all there is to ask; only panics count.
func askEverything(t *testing.T, r *Run) {
	r.Counts()
	metrics := []string{"requests", "staleness/p50", "staleness/max"}
	for _, tr := range r.Treatments() {
		r.SoundBlocks(tr)
		r.Findings()
		for _, m := range metrics {
			r.Sample(tr, m)
			r.Printable(tr, m)
		}
		if h, err := r.Pooled(tr, "staleness"); err == nil {
			h.Quantile(0.5)
		}
		v, err := judgeOne(r, Claim{Expect: "requests[" + tr.Transport() + "] ≈ 0 ± 1"})
		if err == nil && v.Sentence() == "" {
			t.Fatal("a verdict without words")
		}
	}
	for _, export := range []func(io.Writer, *Run) error{ExportBench, ExportCSV} {
		if err := export(io.Discard, r); err != nil {
			t.Fatal(err)
		}
	}
}
