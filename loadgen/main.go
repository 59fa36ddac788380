// Loadgen is the load generator: scenario files in, result files out. For each
// trial it starts a fresh server and a fresh fleet of subscribers, each on a
// core of its own, and writes one record.
//
//	scenarios/x.yaml ─▶ loadgen ─▶ results/runs/<time>/x.jsonl ─▶ plots
//	                       │ starts, per trial
//	                       ├─▶ servers   (the programs that are compared; or servers of other people, such as servers/rivals)
//	                       ├─▶ loadgen link   (the network between them, where one is asked for)
//	                       ├─▶ loadgen relay   (a proxy before the servers, where one is asked for)
//	                       └─▶ loadgen fleet   (the subscribers)
//
// Package run decides which trial comes next. Package trial takes one trial through
// its phases: package stage starts what the feed passes through, package party is
// whom it asks, and package measure makes the record of what was seen. Package fleet
// is the subscribers, package lab the network, package host knows the machine, and
// package conform tests a server against the RFC. What is here is the command line.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/lab"
	"pushbench/loadgen/run"
	"pushbench/loadgen/stage"
	"pushbench/servers/cmdline"
)

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	// Who reads the progress may go away; the run goes on, and writes to its file.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(program(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// program is what main runs; it returns its exit code. Results go to stdout, progress
// and errors to stderr.
func program(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "fleet": // a child of a trial
			return run.Report(stderr, fleet.Serve(ctx, stdin, stdout))
		case "link": // another
			return run.Report(stderr, lab.Serve(ctx, stdin, stdout))
		case "relay": // a proxy
			return run.Report(stderr, stage.Relay(ctx, args[1:], stdin, stdout))
		case "list": // a foreign server
			return run.Report(stderr, stage.List(ctx, args[1:], stdin, stderr))
		case "nginx": // another
			return run.Report(stderr, stage.Nginx(ctx, args[1:], stdin, stderr))
		case "join": // what becomes a child in one of the lab's namespaces
			return run.Report(stderr, lab.Join(args[1:]))
		case "doctor":
			return doctor(args[1:], stdout, stderr)
		case "conform":
			return conformance(ctx, args[1:], stdout, stderr)
		}
	}
	o, err := parseFlags(args, time.Now(), stdout)
	if err != nil {
		return unparsed(stderr, err)
	}
	return run.Report(stderr, run.Measure(ctx, o, stdout, stderr))
}

// unparsed is the exit code of a command line from which nothing is run: it was wrong,
// or it asked for help, which is printed.
func unparsed(stderr io.Writer, err error) int {
	if errors.Is(err, cmdline.ErrDone) {
		return run.ExitOK
	}
	return run.Report(stderr, run.ExitError{Code: run.ExitUsage, Err: err})
}

const doctorUsage = `usage: loadgen doctor [SCENARIO.yaml...]

Says what this host has of what the scenarios need, or of all that is of use here:
ok, something to note, or what it lacks and what that means.

example: whether the headline can be measured here
  loadgen doctor scenarios/headline.yaml

exit codes: 0 also where something is lacking, 2 bad usage or scenario

flags:
`

// doctor says what this host has, and lacks.
func doctor(args []string, stdout, stderr io.Writer) int {
	files, err := cmdline.Parse(flag.NewFlagSet("loadgen doctor", flag.ContinueOnError), doctorUsage, args, stdout)
	if err != nil {
		return unparsed(stderr, err)
	}
	return run.Report(stderr, run.Doctor(stdout, files))
}
