package main

// usageText is what -h prints, by command; "" is the program without one.
var usageText = map[string]string{
	"": `Plots turns result files into figures, tables and verdicts.

	plots [-out DIR] [-png] [-plot SENTENCE] [-markdown] RESULT.jsonl…  figures, table.md, and the last screen on stdout
	plots claims [-tsv] RESULT.jsonl…             verdicts only
	plots compare OLD.jsonl NEW.jsonl…            what changed from one build to another
	plots twins RESULT.jsonl…                     how often equal treatments come out as different
	plots fit RESULT.jsonl…                       a model of CPU fitted over subscribers and rates
	plots export -format bench|csv|tsv RESULT.jsonl…  for benchstat, for everything else, or what figures draw

Example: draw a run and read its answer.

	plots results/runs/2026-05-04T10-12/headline.jsonl
	# figures in results/runs/2026-05-04T10-12/figures, as SVG; with -png as PNG too

Example: see whether the host changed its speed during a run.

	plots -plot '{mark: points, x: order, y: [server/cpu, host/steal, canary]}' headline.jsonl
	plots -plot '{mark: dots, x: claims}' headline.jsonl

A RESULT of - is read from stdin. Exit codes: 0 done; 1 a failure; 2 bad usage
or input; 3 some treatment has fewer than 3 sound blocks, too few for an
interval (everything is written all the same).

`,
	"claims": `Claims judges the claims of the scenario that each result file carries:
holds, holds only where, fails, or cannot tell.

	plots claims [-tsv] RESULT.jsonl…

With -tsv it prints one line for each claim. Where a claim was judged in several
cases, each case has a line, too. Its fields are separated by tabs:

	id outcome value low high unit n case scenario

The value is the left side of the claim less its right side, in base units, with
its 95 % interval. What does not exist is empty. The first line names the fields.

Example:

	plots claims results/reference/headline.jsonl | grep '^fails'
	plots claims -tsv results/reference/*.jsonl | awk -F'\t' '$2 == "cannot tell" {print $1}'

`,
	"compare": `Compare tells what changed from one build to another, for each treatment and
metric.

	plots compare OLD.jsonl NEW.jsonl
	plots compare OLD.jsonl NEW.jsonl OLD.jsonl NEW.jsonl OLD.jsonl NEW.jsonl…

From one run of each build it shows both, and tells only what the protocol fixes:
= for the same, a ratio for what differs. Two runs of one build on one host
differ in most other numbers, so that nothing else can be told. From three runs
or more of each, made by turns, it tells every change that stands out from what
differs between pairs; ~ is no change.

Example: did the change to the server matter?

	for i in 1 2 3; do for build in old new; do
		(cd $build && go run ./loadgen -out ../$build$i scenarios/headline.yaml)
	done; done
	plots compare {old,new}1/headline.jsonl {old,new}2/headline.jsonl {old,new}3/headline.jsonl

`,
	"twins": `Twins checks the ruler. A scenario may run a treatment twice, as ws and ws#twin.
For each run it tells how many comparisons of such two, which are the same, show a
difference; chance does so in about 1 of 20.

	plots twins RESULT.jsonl…

Example:

	plots twins results/reference/*.jsonl

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
	"export": `Export writes trials to stdout: for benchstat the sound ones, without the
numbers that a broken rule voids; as CSV all, with a field that says which count.
With tsv it writes what the figures draw, one line for each mark, in base units:

	figure mark row x y low high

	plots export -format bench|csv|tsv RESULT.jsonl…

Example: let benchstat compare the transports.

	plots export -format bench results/reference/headline.jsonl > h.txt
	benchstat -col /transport h.txt

`,
}
