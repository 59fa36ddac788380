package results

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func TestWriterRefusesWhatNoReaderTakes(t *testing.T) {
	w, _ := inMemory()
	if err := w.Trial(someTrial(0)); err == nil {
		t.Error("a trial before the header")
	}
	if err := w.End(End{}); err == nil {
		t.Error("an end before the header")
	}
	bad := someHeader()
	bad.Scenario.Text = "\xff"
	if err := w.Header(bad); err == nil {
		t.Error("a scenario that is not UTF-8")
	}
	if err := w.Header(someHeader()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Trial){
		"no transport":  func(t *Trial) { t.Treatment = Treatment{"rate": "40/s"} },
		"block 0":       func(t *Trial) { t.Block = 0 },
		"not a number":  func(t *Trial) { t.Metrics["requests"] = Metric{0 / zero, "1"} },
		"infinite":      func(t *Trial) { t.Metrics["requests"] = Metric{1 / zero, "1"} },
		"no unit":       func(t *Trial) { t.Metrics["requests"] = Metric{1, ""} },
		"nil histogram": func(t *Trial) { t.Hists["staleness"] = nil },
	} {
		trial := someTrial(0)
		spoil(trial)
		if err := w.Trial(trial); err == nil || !strings.Contains(err.Error(), "run.jsonl") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if err := w.Trial(someTrial(0)); err != nil {
		t.Errorf("the file no longer takes a sound trial: %v", err)
	}
}

var zero float64

// disk is a file on a device with so much room, and faults on demand.
type disk struct {
	data    []byte
	room    int
	syncErr error
	cutErr  error
	closed  bool
}

func (d *disk) Write(p []byte) (int, error) {
	n := min(len(p), d.room-len(d.data))
	d.data = append(d.data, p[:n]...)
	if n < len(p) {
		return n, &fs.PathError{Op: "write", Path: "run.jsonl", Err: syscall.ENOSPC}
	}
	return n, nil
}

func (d *disk) Sync() error { return d.syncErr }

func (d *disk) Truncate(size int64) error {
	if d.cutErr != nil {
		return d.cutErr
	}
	d.data = d.data[:size]
	return nil
}

func (d *disk) Close() error { d.closed = true; return nil }

// inMemory is a file that is only kept in memory.
func inMemory() (*Writer, *disk) {
	d := &disk{room: 1 << 30}
	return &Writer{path: "run.jsonl", file: d, lock: io.NopCloser(nil)}, d
}

func TestFullDiskCostsNoWrittenTrial(t *testing.T) {
	w, d := inMemory()
	if err := w.Header(someHeader()); err != nil {
		t.Fatal(err)
	}
	if err := w.Trial(someTrial(0)); err != nil {
		t.Fatal(err)
	}
	sound := string(d.data)
	for name, fault := range map[string]func(){
		"disk full":   func() { d.room = len(d.data) + 40 },
		"no byte fit": func() { d.room = len(d.data) },
		"sync failed": func() { d.syncErr = syscall.EIO },
	} {
		fault()
		err := w.Trial(someTrial(1))
		var we *WriteError
		if !errors.As(err, &we) || we.Lines != 2 || we.Torn || we.What != "trial 2" {
			t.Errorf("%s: error %v", name, err)
		}
		for _, says := range []string{"run.jsonl", "no space left", "make room", "-resume"} {
			if name == "disk full" && (!strings.Contains(err.Error(), says) || !errors.Is(err, syscall.ENOSPC)) {
				t.Errorf("%v does not say %q, or does not wrap its cause", err, says)
			}
		}
		if string(d.data) != sound {
			t.Errorf("%s: the file is not cut back to its whole lines", name)
		}
		*d = disk{data: d.data, room: 1 << 20}
	}
	if err := w.Trial(someTrial(1)); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	run, err := ReadFrom(strings.NewReader(string(d.data)), "run.jsonl")
	if err != nil || len(run.Trials) != 2 {
		t.Errorf("%v, %v", run, err)
	}
}

// Where even the cut fails, the torn line stands behind the sound ones; readers
// drop it, and the next write cuts it off before it writes.
func TestCutThatFailsIsMadeUpFor(t *testing.T) {
	w, d := inMemory()
	if err := w.Header(someHeader()); err != nil {
		t.Fatal(err)
	}
	d.room, d.cutErr = len(d.data)+40, syscall.EIO
	err := w.Trial(someTrial(0))
	var we *WriteError
	if !errors.As(err, &we) || !we.Torn || !strings.Contains(err.Error(), "readers drop") {
		t.Fatalf("error %v", err)
	}
	run, err := ReadFrom(strings.NewReader(string(d.data)), "run.jsonl")
	if err != nil || len(run.Trials) != 0 || len(run.Warnings) != 2 {
		t.Fatalf("torn file: %+v, %v", run, err)
	}
	d.room = 1 << 20
	if err := w.Trial(someTrial(0)); !errors.As(err, &we) {
		t.Fatalf("wrote behind a torn line: %v", err)
	}
	d.cutErr = nil
	if err := w.Trial(someTrial(0)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil || !d.closed {
		t.Errorf("closed %v, error %v", d.closed, err)
	}
	if run, err = ReadFrom(strings.NewReader(string(d.data)), "run.jsonl"); err != nil || len(run.Trials) != 1 {
		t.Errorf("%+v, %v", run, err)
	}
}
