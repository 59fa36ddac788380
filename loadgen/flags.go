package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"time"
)

// options is the command line.
type options struct {
	out     string
	dry     bool
	short   bool
	resume  bool
	only    string
	blocks  int
	repeats int // percent
	servers string
	version bool
	files   []string
}

const usage = `usage: loadgen [flags] SCENARIO.yaml...
       loadgen doctor
       loadgen conform URL

Runs every trial of the scenarios and writes one result file each.

example: what a scenario would do, a smoke run of it, the run, its figures
  loadgen -dry scenarios/headline.yaml
  loadgen -short -out /tmp/try scenarios/headline.yaml
  loadgen -out results/runs/mine scenarios/headline.yaml
  plots results/runs/mine/headline.jsonl

exit codes: 0 complete, 1 failed, 2 bad usage or scenario, 3 too few
undisturbed trials are left (repeat more of them with -resume -repeats 100),
130 interrupted (go on with -resume)

flags:
`

// Bounds of the time for repeating disturbed trials, in percent of the run's.
const (
	defaultRepeats = 20
	maxRepeats     = 1000
)

var errHelp = flag.ErrHelp

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("loadgen", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() { fmt.Fprint(stderr, usage); f.PrintDefaults() }
	f.StringVar(&o.out, "out", "", "`directory` for the result files (default results/runs/<time>)")
	f.BoolVar(&o.dry, "dry", false, "print the plan and how long it takes, run nothing")
	f.BoolVar(&o.short, "short", false, "a smoke run: two blocks of half-second windows, nothing to publish")
	f.BoolVar(&o.resume, "resume", false, "go on with the run that -out holds")
	f.StringVar(&o.only, "only", "", "run one `treatment`: its transport, or key=level, key=level")
	f.IntVar(&o.blocks, "blocks", 0, "run this many `blocks` in place of the scenario's")
	f.IntVar(&o.repeats, "repeats", defaultRepeats, "time for repeating disturbed trials, in `percent` of the run's; more on a restless host")
	f.StringVar(&o.servers, "servers", "", "`program` of the servers (default: built from this module)")
	f.BoolVar(&o.version, "version", false, "print the version and exit")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.files = f.Args()
	switch {
	case o.version:
		return o, nil
	case len(o.files) == 0:
		return o, errors.New("no scenario given; try loadgen scenarios/headline.yaml, or -h")
	case o.blocks < 0:
		return o, fmt.Errorf("-blocks %d: use 1 or more", o.blocks)
	case o.repeats < 0 || o.repeats > maxRepeats:
		return o, fmt.Errorf("-repeats %d: use 0 to %d percent of the run's time", o.repeats, maxRepeats)
	case o.resume && o.out == "":
		return o, errors.New("-resume needs -out, the directory of the run to go on with")
	}
	if o.out == "" {
		o.out = filepath.Join("results", "runs", time.Now().UTC().Format("20060102-150405"))
	}
	return o, nil
}
