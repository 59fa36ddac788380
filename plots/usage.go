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
