// Package run is the run: which trial comes next, and that none is lost. It is
// given scenario files by the command line, has package trial run each trial, and
// appends each to the result file that package plots reads.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"pushbench/loadgen/host"
	"pushbench/loadgen/stage"
	"pushbench/loadgen/trial"
	"pushbench/results"
)

// Options is what a command line asks of a run.
type Options struct {
	Out     string // directory of the result files
	Dry     bool
	Short   bool
	Resume  bool
	Only    string
	Blocks  int           // in place of the scenario's; 0: those
	Time    time.Duration // that the command may take; 0: its blocks, however long they take
	Began   time.Time     // when the command began, from which the time counts
	Decided bool          // run until every claim is
	Servers string        // program of the servers; "": it is built
	Files   []string
}

// Measure runs the scenarios one after the other. What stops one stops all,
// but for too few sound blocks, which is said at the end.
func Measure(ctx context.Context, o Options, stdout, stderr io.Writer) error {
	plans, err := readPlans(o)
	if err != nil {
		return err
	}
	if o.Dry {
		for _, p := range plans {
			p.print(stdout)
		}
		return nil
	}
	if err := errors.Join(lacks(plans, needs), o.checkFiles(plans[1:])); err != nil {
		return err
	}
	if code, entered, err := enterLab(plans, stderr); err != nil || entered {
		if entered {
			return ExitError{Code: code}
		}
		return err
	}
	others := foreign(plans)
	dir, err := o.folder(others)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	programs, err := build(ctx, dir, o.Servers)
	programs.rivals, programs.others = dir, others
	if err == nil {
		err = stage.Make(ctx, dir, others...)
	}
	if ctx.Err() != nil {
		return ExitError{ExitInterrupted, errors.New("interrupted before the first trial")}
	}
	if err != nil {
		if mend := programs.mend(err.Error()); mend != "" {
			err = fmt.Errorf("%w; %s", err, mend)
		}
		return err
	}
	var few error
	for i, p := range plans {
		path := o.file(p)
		s := &session{
			plan: p, programs: programs, resume: o.Resume, progress: &progress{w: stderr}, path: path,
			now: time.Now, began: o.Began, until: o.until(plans[i:], time.Now()),
			try: trial.Run, first: trial.Run, floor: trial.Run, newCanary: host.NewCanary,
		}
		err := s.run(ctx)
		var code ExitError
		if errors.As(err, &code) && code.Code == ExitFewTrials {
			few = errors.Join(few, err)
		} else if err != nil {
			return err
		}
		fmt.Fprintln(stdout, path)
	}
	return few
}

// folder is one for the servers' program and for what servers of other people take, ""
// where that is given and there are none of these.
func (o Options) folder(others []string) (string, error) {
	if o.Servers != "" && len(others) == 0 {
		return "", nil
	}
	dir, err := os.MkdirTemp("", "pushbench-")
	if err != nil {
		return "", fmt.Errorf("make a place for the servers' program: %w; let TMPDIR name a folder that can be written, or give the built program with -servers", err)
	}
	return dir, nil
}

// readPlans reads every scenario before the first is run, and shares the time among
// them, as many blocks for each.
func readPlans(o Options) (plans []*plan, err error) {
	for _, path := range o.Files {
		p, err := readPlan(path, o)
		if err != nil {
			return nil, err
		}
		for _, other := range plans {
			if other.scenario.Name == p.scenario.Name {
				return nil, ExitError{ExitUsage, fmt.Errorf("%s and %s would both write %s.jsonl; run them one by one, each with an -out of its own",
					other.scenario.Path, path, p.scenario.Name)}
			}
		}
		plans = append(plans, p)
	}
	left := o.Time
	for i, p := range plans {
		mine := share(left, plans[i:])
		p.give(mine)
		left -= mine
	}
	return plans, nil
}

// share is how much of the time that is left is for the first of the plans.
func share(left time.Duration, plans []*plan) time.Duration {
	var all time.Duration
	for _, p := range plans {
		all += p.blockTime()
	}
	if len(plans) == 1 {
		return left
	}
	return time.Duration(float64(left) * float64(plans[0].blockTime()) / float64(all))
}

// until is when the time of the first of the plans is up; the zero time where none
// was given.
func (o Options) until(plans []*plan, now time.Time) time.Time {
	if o.Time == 0 {
		return time.Time{}
	}
	return now.Add(share(o.Began.Add(o.Time).Sub(now), plans))
}

// file is where a plan's results go.
func (o Options) file(p *plan) string { return filepath.Join(o.Out, p.scenario.Name+".jsonl") }

// checkFiles finds out before the first scenario is run that the file of one behind it
// is there already.
func (o Options) checkFiles(plans []*plan) error {
	for _, p := range plans {
		if info, err := os.Stat(o.file(p)); err == nil && info.Size() > 0 && !o.Resume {
			return fmt.Errorf("create result file: %s: %w: continue it with -resume, or use another -out", o.file(p), results.ErrExists)
		}
	}
	return nil
}
