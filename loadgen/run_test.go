package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pushbench/results"
)

// read is the run on file.
func (w *workshop) read() *results.Run {
	w.t.Helper()
	run, err := results.Read(w.result())
	if err != nil {
		w.t.Fatal(err)
	}
	return run
}

// checkComplete: every trial of the plan is there once; those of an earlier session
// come first and are what they were, and so many of them do not count, as their block
// was interrupted.
func (w *workshop) checkComplete(interrupted int, earlier ...*results.Trial) *results.Run {
	w.t.Helper()
	run := w.read()
	if run.End == nil || run.End.Reason != "complete" || run.End.Trials != len(run.Trials) || len(run.Warnings) > 0 {
		w.t.Errorf("end %+v of %d trials, warnings %q", run.End, len(run.Trials), run.Warnings)
	}
	for i, trial := range run.Trials {
		if trial.Order != i+1 {
			w.t.Errorf("trial %d has the place %d", i+1, trial.Order)
		}
	}
	plan := run.Header.Plan
	if want := len(plan.Treatments)*plan.Blocks + interrupted; len(run.Trials) != want {
		w.t.Errorf("%d trials, want %d", len(run.Trials), want)
	}
	for _, treatment := range plan.Treatments {
		if _, tried := run.SoundBlocks(treatment); tried != plan.Blocks {
			w.t.Errorf("%s has %d of %d blocks", treatment.Transport(), tried, plan.Blocks)
		}
	}
	for i, trial := range earlier {
		if len(run.Trials) <= i || !run.Trials[i].Started.Equal(trial.Started) || run.Trials[i].Treatment.Key() != trial.Treatment.Key() {
			w.t.Fatalf("trial %d of the earlier session is lost", i+1)
		}
	}
	return run
}

func TestCompleteRun(t *testing.T) {
	w := newWorkshop(t, tiny)
	c := w.command()
	c.want(exitOK, "\n4 trials, about 2s\n", "\n[1/4] block 1  ", "\n[4/4] block 2  ", "  ETA 0s  ")
	if got, want := c.stdout.String(), w.result()+"\n"; got != want {
		t.Errorf("stdout %q, want %q", got, want)
	}
	run := w.checkComplete(0)
	h := run.Header
	if h.Scenario.Name != "tiny" || h.Scenario.Text != tiny || h.Plan.Blocks != 2 || h.Plan.Measure != 100*time.Millisecond || h.Plan.Seed != 1 {
		t.Errorf("scenario %+v, plan %+v", h.Scenario, h.Plan)
	}
	if len(h.Host.ServerCPUs) == 0 || len(h.Host.FleetCPUs) == 0 || len(h.Host.Canary) != canaries || h.Build.Go == "" || h.Started.IsZero() {
		t.Errorf("host %+v, build %+v, started %v", h.Host, h.Build, h.Started)
	}
	for _, trial := range run.Trials {
		for _, metric := range []string{"staleness/p50", "bytes/total/down", "events/lost", "canary", "host/canary"} {
			if _, err := trial.Value(metric); err != nil {
				t.Errorf("trial %d: %v", trial.Order, err)
			}
		}
	}
	w.alive.allEnded()
}

// A run that is given a time takes three blocks at least, whatever the host, and its
// record says what it was given.
func TestRunForATime(t *testing.T) {
	w := newWorkshop(t, tiny)
	w.command("-for", "1s", "-only", "ws").want(exitOK, "and the next 3 blocks take about ", "\n[  3] block 3  ")
	run := w.read()
	if p := run.Header.Plan; p.For != time.Second || p.Blocks != 1000 || len(run.Trials) != 3 || run.End == nil || run.End.Reason != "complete" {
		t.Errorf("plan %+v, %d trials, end %+v", p, len(run.Trials), run.End)
	}
	w.command("-resume", "-for", "1s", "-only", "ws").want(exitOK)
	if n := len(w.read().Trials); n < 3 || n > 6 {
		t.Errorf("another second has %d trials, where three had taken more than one", n)
	}
}

// Two scenarios are two files, one after the other.
func TestTwoScenarios(t *testing.T) {
	w := newWorkshop(t, tiny)
	w.write(w.dir+"/other.yaml", tiny)
	c := w.command("-only", "ws", "-blocks", "1")
	c.Args = append(c.Args, w.dir+"/other.yaml")
	c.want(exitOK)
	for _, name := range []string{"tiny", "other"} {
		run, err := results.Read(w.dir + "/out/" + name + ".jsonl")
		if err != nil {
			t.Fatal(err)
		}
		if len(run.Trials) == 0 || run.End == nil || run.Trials[0].Treatment.Transport() != "ws" || run.Header.Scenario.Name != name {
			t.Errorf("%s: %d trials, end %+v", name, len(run.Trials), run.End)
		}
	}
}

// Ctrl-C ends the trial in hand, closes the file, and -resume does the rest.
func TestInterruptAndResume(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			w := newWorkshop(t, tiny)
			gate := w.gated(3)
			c := w.command().start()
			w.alive.await("fleet", 2)
			c.signal(s)
			gate.open()
			if code := c.wait(); code != exitInterrupted {
				t.Fatalf("exit code %d, want %d; it said\n%s", code, exitInterrupted, &c.stderr)
			}
			c.says("loadgen: interrupted after ", "; go on with: -resume -out "+w.dir+"/out\n")
			run := w.read()
			if len(run.Trials) != 1 || run.End == nil || run.End.Reason != "interrupted" || run.End.Trials != len(run.Trials) || len(run.Warnings) > 0 {
				t.Fatalf("%d trials, end %+v, warnings %q", len(run.Trials), run.End, run.Warnings)
			}
			w.command("-resume").want(exitOK)
			w.checkComplete(len(run.Trials)%2, run.Trials...)
			w.alive.allEnded()
		})
	}
}

// kill -9 leaves no time for anything. The children end with their input, and
// what was written is whole.
func TestKilledAndResumed(t *testing.T) {
	w := newWorkshop(t, tiny)
	gate := w.gated(5)
	c := w.command().start()
	w.alive.await("fleet", 3)
	c.signal(syscall.SIGKILL)
	c.wait()
	gate.open()
	w.alive.allEnded()

	run := w.read()
	if len(run.Trials) != 2 || run.End != nil {
		t.Fatalf("%d trials, end %+v; two were written before the third began", len(run.Trials), run.End)
	}
	// Had the kernel been stopped as well, a piece of a line might follow.
	f, err := os.OpenFile(w.result(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"type":"trial","treatment":{"transport":"w`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	w.alive = newAlive(t, w.dir+"/alive-again")
	w.env = append(w.env, aliveVar+"="+w.alive.path)
	w.command("-resume").want(exitOK, "is cut off and was dropped")
	w.checkComplete(len(run.Trials)%2, run.Trials...)
	w.alive.allEnded()
}

// The limit on a file's size stands for a disk that is full: it needs no root,
// and a write fails in the same way, halfway through a line.
func TestDiskFull(t *testing.T) {
	w := newWorkshop(t, tiny)
	w.command().want(exitOK)
	lines := bytes.SplitAfter(w.contents(), []byte("\n"))
	if err := os.Remove(w.result()); err != nil {
		t.Fatal(err)
	}

	full := len(lines[0]) + len(lines[1]) + len(lines[2])/2
	c := w.command()
	c.Env = append(c.Env, fmt.Sprintf("%s=file-size=%d", limitVar, full))
	c.want(exitFailure, "append trial ", "file too large; the file holds its first ", "lines whole and nothing else", "then go on with -resume")
	run := w.read()
	if len(run.Trials) == 0 || len(run.Trials) > 2 || run.End != nil {
		t.Fatalf("%d trials and the end %+v of a file that has room for one or two", len(run.Trials), run.End)
	}
	if text := w.contents(); text[len(text)-1] != '\n' {
		t.Errorf("the file ends in a torn line: …%s", text[max(0, len(text)-80):])
	}
	w.command("-resume").want(exitOK)
	w.checkComplete(len(run.Trials)%2, run.Trials...)
}

func (w *workshop) contents() []byte {
	w.t.Helper()
	text, err := os.ReadFile(w.result())
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// No room for the header: nothing is run, and nothing stands in the way of the
// next try.
func TestDiskFullAtOnce(t *testing.T) {
	w := newWorkshop(t, tiny)
	c := w.command()
	c.Env = append(c.Env, limitVar+"=file-size=100")
	c.want(exitFailure, "append the header to ", "file too large")
	if len(w.contents()) > 0 {
		t.Errorf("the file holds %q", w.contents())
	}
	w.command("-blocks", "1", "-only", "ws").want(exitOK)
	if n := len(w.read().Trials); n != 1 {
		t.Errorf("%d trials, want the one", n)
	}
}

func TestFileLimitTooLow(t *testing.T) {
	w := newWorkshop(t, strings.Replace(tiny, "subscribers: 3", "subscribers: 200", 1))
	c := w.command()
	c.Env = append(c.Env, limitVar+"=open-files=100")
	c.want(exitFailure, w.scenario+": 200 subscribers: open files: 264 are needed per process, the hard limit is 100; use fewer subscribers, or raise it: `ulimit -Hn 264`")
	if _, err := os.Stat(w.dir + "/out"); err == nil {
		t.Error("the directory of results was made")
	}
	w.alive.hold.Close()
	if child, open := <-w.alive.heard; open {
		t.Errorf("%s was started", child)
	}
}

// A child that is killed costs its trial and no other: the run goes on, and does not
// repeat it.
func TestChildKilled(t *testing.T) {
	for _, role := range []string{"server", "fleet"} {
		t.Run(role, func(t *testing.T) {
			w := newWorkshop(t, tiny)
			gate := w.gated(3) // the second server serves, and its fleet has not begun
			c := w.command().start()
			if err := syscall.Kill(w.alive.await(role, 2), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			gate.open()
			if code := c.wait(); code != exitOK {
				t.Fatalf("exit code %d; it said\n%s", code, &c.stderr)
			}
			run := w.checkComplete(0)
			var struck []int
			for _, trial := range run.Trials {
				if strings.Contains(fmt.Sprint(trial.Broken), role+": ended with signal: killed") {
					struck = append(struck, trial.Order)
				}
			}
			if !slices.Equal(struck, []int{2}) {
				t.Errorf("the %s was killed in the trials %v, want the second alone", role, struck)
			}
			c.says("[2/4] block 1  ", "not sound: ", role+": ended with signal: killed")
			w.alive.allEnded()
		})
	}
}

// Two runs at once would disturb each other.
func TestSecondRunAtOnce(t *testing.T) {
	w := newWorkshop(t, tiny)
	gate := w.gated(1)
	first := w.command().start()
	w.alive.await("fleet", 1)
	for _, args := range [][]string{nil, {"-resume"}} {
		w.command(args...).want(exitFailure, w.dir+"/out: another run is writing in this directory: wait for it to end, or use another -out")
	}
	gate.open()
	if code := first.wait(); code != exitOK {
		t.Fatalf("exit code %d; it said\n%s", code, &first.stderr)
	}
	w.checkComplete(0)
}
