package main

import (
	"fmt"
	"runtime/debug"
)

// usageText is what -h prints, by command; "" is the program without one.
var usageText = map[string]string{
	"": `Plots turns result files into figures, tables and verdicts.

	plots [-out DIR] [-markdown] RESULT.jsonl…    figures, table.md, and the last screen on stdout
	plots claims RESULT.jsonl…                    verdicts only
	plots compare OLD.jsonl NEW.jsonl             what changed between two runs
	plots fit RESULT.jsonl…                       a model of CPU fitted over subscribers and rates
	plots lubbers RESULT.jsonl…                   bits per second beside the figures published in 2010
	plots export -format bench|csv RESULT.jsonl…  for benchstat, or for everything else

Example: draw a run and read its answer.

	plots results/runs/2026-05-04T10-12/headline.jsonl
	# figures in results/runs/2026-05-04T10-12/figures, as SVG and PNG

A RESULT of - is read from stdin. Exit codes: 0 done; 1 a failure; 2 bad usage
or input; 3 some treatment has fewer than 6 undisturbed blocks, too few for an
interval (everything is written all the same; short runs are let off).

`,
	"claims": `Claims judges the claims of the scenario that each result file carries:
holds, holds only where, fails, or cannot tell.

	plots claims RESULT.jsonl…

Example:

	plots claims results/reference/headline.jsonl | grep '^fails'

`,
	"compare": `Compare tells, for each treatment and metric of two runs, old, new and their
ratio with its interval; ~ where the two cannot be told apart.

	plots compare OLD.jsonl NEW.jsonl

Example: did the change to the server matter?

	plots compare before/headline.jsonl after/headline.jsonl

`,
	"fit": `Fit tells what a server's CPU time is spent on: for having connections, for
publishing, for delivering, for being asked. For each transport it fits

	a × connections + b × events published/s + c × events delivered/s + d × requests/s

to the CPU time per second of all its subscribers and rates, block by block, by
least squares of the relative error. Terms that the run cannot tell apart are
left out by name.

	plots fit [-of server/cpu|host/cpu] [-markdown] RESULT.jsonl…

Example:

	plots fit results/reference/cost.jsonl

`,
	"lubbers": `Lubbers prints bits per second for all subscribers together, counted at four
layers, beside the figures of Lubbers and Greco (2010), which are products of
871 or 2 bytes by the number of clients. Their case of 100,000 is derived from
the bytes that a client was counted to take.

	plots lubbers [-markdown] RESULT.jsonl…

Example:

	plots lubbers results/reference/lubbers.jsonl

`,
	"export": `Export writes every kept trial to stdout.

	plots export -format bench|csv RESULT.jsonl…

Example: let benchstat compare the transports.

	plots export -format bench results/reference/headline.jsonl > h.txt
	benchstat -col /transport h.txt

`,
}

// version is the module's version and the revision it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "plots (no build information)"
	}
	revision := "unknown revision"
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	return fmt.Sprintf("plots %s, %s, %s", info.Main.Version, revision, info.GoVersion)
}
