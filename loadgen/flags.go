package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"time"

	"pushbench/loadgen/run"
	"pushbench/servers/cmdline"
	"pushbench/servers/units"
)

const usage = `usage: loadgen [flags] SCENARIO.yaml...
       loadgen doctor [SCENARIO.yaml...]
       loadgen conform URL

Runs the trials of the scenarios, block by block, and writes one result file
each. A block runs every treatment once, in an order drawn anew for each run. No
trial is repeated: a trial that is not sound is missing from its block.

example: what a scenario would do, a smoke run of it, the run, its figures
  loadgen -dry scenarios/headline.yaml
  loadgen -short -out /tmp/try scenarios/headline.yaml
  loadgen -out results/runs/mine scenarios/headline.yaml
  plots results/runs/mine/headline.jsonl
example: as many blocks as fit into 20 minutes, and no more than the claims take
  loadgen -for 20min scenarios/headline.yaml
  loadgen -for 20min -until decided scenarios/headline.yaml

exit codes: 0 every treatment has 3 sound blocks (one, with -short or where fewer
than 3 blocks were planned); 1 failed, or no trial can work on this host; 2 bad
usage or scenario; 3 a treatment has too few sound blocks, and the last line says
why and what would mend it; 130 interrupted (go on with -resume)

flags:
`

// decidedTime is what -until decided may take where -for does not say.
const decidedTime = time.Hour

// parseFlags reads the command line of a command that began now, or earlier where
// -since says so.
func parseFlags(args []string, now time.Time, stdout io.Writer) (run.Options, error) {
	o := run.Options{Began: now}
	var until string
	var since bool
	f := flag.NewFlagSet("loadgen", flag.ContinueOnError)
	f.StringVar(&o.Out, "out", "", "`directory` for the result files (default results/runs/<time>)")
	f.BoolVar(&o.Dry, "dry", false, "print the plan and how long it takes, run nothing")
	f.BoolVar(&o.Short, "short", false, "a smoke run: three blocks of one-second windows, nothing to publish")
	f.BoolVar(&o.Resume, "resume", false, "go on with the run that -out holds; a block that was interrupted is done again whole")
	f.StringVar(&o.Only, "only", "", "run one `treatment`: its transport, or key=level, key=level")
	f.IntVar(&o.Blocks, "blocks", 0, "run this many `blocks` in place of the scenario's; with -for at most so many")
	f.Func("for", "`time` that the command may take, such as 4min, 90s or 1h30m, the build included: a block begins only if it fits, three go before the time", func(text string) (err error) {
		if o.Time, err = units.Duration(text, 1, math.MaxInt64); err != nil {
			err = errors.New("use a time above zero such as 4min, 90s or 1h30m")
		}
		return err
	})
	f.Func("since", "when the time of -for began, in `seconds` since 1970 as date +%s gives them (default: when loadgen began)", func(text string) (err error) {
		since = true
		o.Began, err = parseSince(text, now)
		return err
	})
	f.StringVar(&until, "until", "", "`decided`: run until every claim is, at looks that are planned before, or until the time of -for is up (default 1h)")
	f.StringVar(&o.Servers, "servers", "", "`program` of the servers (default: built from this module)")
	files, err := cmdline.Parse(f, usage, args, stdout)
	if err != nil {
		return o, err
	}
	o.Files, o.Decided = files, until != ""
	if o.Decided && o.Time == 0 && !o.Resume { // which has the time of the run that it goes on with
		o.Time = decidedTime
	}
	switch {
	case len(o.Files) == 0:
		return o, errors.New("no scenario given; try loadgen scenarios/headline.yaml, or -h")
	case o.Blocks < 0:
		return o, fmt.Errorf("-blocks %d: use 1 or more", o.Blocks)
	case o.Resume && o.Out == "":
		return o, errors.New("-resume needs -out, the directory of the run to go on with")
	case o.Decided && until != "decided":
		return o, fmt.Errorf("-until %q: use decided", until)
	case o.Decided && o.Only != "":
		return o, errors.New("-until decided needs every treatment that the claims compare: leave -only out")
	case since && o.Time == 0:
		return o, errors.New("-since says when the time of -for began: give -for, too")
	}
	if o.Out == "" {
		o.Out = filepath.Join("results", "runs", now.UTC().Format("20060102-150405"))
	}
	return o, nil
}

// parseSince reads an instant. One that is still to come is now: the host's clock
// may have been set back since.
func parseSince(text string, now time.Time) (time.Time, error) {
	s, err := strconv.ParseFloat(text, 64)
	if err != nil || !(s >= 0 && s < math.MaxInt64/1e9) {
		return now, errors.New("use seconds since 1970, as date +%s gives them")
	}
	ago := now.Sub(time.Unix(0, int64(s*1e9)))
	return now.Add(-max(0, ago)), nil // by now, whose reading no set clock moves
}
