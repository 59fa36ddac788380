// Loadgen is the load generator: scenario files in, result files out. For each
// trial it starts a fresh server and a fresh fleet of subscribers, each on a
// core of its own, and writes one record.
//
//	scenarios/x.yaml ─▶ loadgen ─▶ results/runs/<time>/x.jsonl ─▶ plots
//	                       │ starts, per trial
//	                       ├─▶ servers   (the programs that are compared)
//	                       ├─▶ loadgen link   (the network between them, where one is asked for)
//	                       └─▶ loadgen fleet   (the subscribers)
//
// Package trial takes one trial through its life, package fleet is the
// subscribers, package lab the network, package host knows the machine, package
// conform tests a server against the RFC. What is here is the run: which trial
// comes next, and that none is lost.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/host"
	"pushbench/loadgen/lab"
)

// Exit codes, kept stable for scripts.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2   // bad flags, bad scenario, a server that could not be tested
	exitFewTrials   = 3   // the run is complete, but a treatment has too few sound blocks
	exitInterrupted = 130 // Ctrl-C; go on with -resume
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
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program; it returns its exit code. Results go to stdout, progress
// and errors to stderr.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "fleet": // a child of a trial
			return report(stderr, fleet.Serve(ctx, stdin, stdout))
		case "link": // another
			return report(stderr, lab.Serve(ctx, stdin, stdout))
		case "join": // what becomes a child in one of the lab's namespaces
			return report(stderr, lab.Join(args[1:]))
		case "doctor":
			return doctor(args[1:], stdout, stderr)
		case "conform":
			return conformance(ctx, args[1:], stdout, stderr)
		}
	}
	o, err := parseFlags(args, time.Now(), stderr)
	switch {
	case errors.Is(err, errHelp):
		return exitOK
	case err != nil:
		fmt.Fprintln(stderr, "loadgen:", err)
		return exitUsage
	case o.version:
		fmt.Fprintln(stdout, version())
		return exitOK
	}
	return report(stderr, measure(ctx, o, stdout, stderr))
}

// report prints an error and gives its exit code.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	var code exitError
	if errors.As(err, &code) && code.err == nil {
		return code.code // whoever it came from has said why
	}
	fmt.Fprintln(stderr, "loadgen:", err)
	if code.err != nil {
		return code.code
	}
	return exitFailure
}

// exitError is an error with an exit code of its own; without an error it is the
// code of a process that has said why itself.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}
func (e exitError) Unwrap() error { return e.err }

// doctor says what this host can measure and what it lacks.
func doctor(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintf(stderr, "loadgen: doctor takes no arguments, got %q\n", args)
		return exitUsage
	}
	return report(stderr, host.Doctor(stdout, func() error { return lab.Ready() }))
}
