package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"pushbench/loadgen/conform"
	"pushbench/loadgen/run"
	"pushbench/servers/cmdline"
)

const conformUsage = `usage: loadgen conform [flags] URL

Holds a WebSocket server against RFC 6455 (and RFC 7692, where it agrees to
permessage-deflate) over raw connections, and prints each rule with pass or
fail. A server that echoes messages is tested whole; of another, what needs no
echo. A server that is not there, sends elsewhere, or wants to know who comes,
breaks no rule: one line says what it did, and what was tested before stands.

example: the servers of this module, in another terminal: servers -addr 127.0.0.1:8080
  loadgen conform ws://127.0.0.1:8080/echo
  loadgen conform -insecure -header 'Origin: https://example.org' wss://example.org/chat

exit codes: 0 every MUST passes, 1 some fail, 2 bad usage, or the server could
not be tested to the end, 130 interrupted

flags:
`

// conformance tests somebody's server.
func conformance(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o conform.Options
	var headers []string
	f := flag.NewFlagSet("loadgen conform", flag.ContinueOnError)
	insecure := f.Bool("insecure", false, "do not check the server's certificate")
	format := f.String("format", "text", "`text` or md, a table in Markdown")
	f.DurationVar(&o.Timeout, "timeout", 2*time.Second, "how long an answer may take")
	f.DurationVar(&o.Slow, "slow", 0, "how long to wait for a handshake that never ends to be cut (0: leave that out)")
	f.IntVar(&o.Max, "max", 0, "the largest message that the server takes, in `bytes` (0: leave out what is larger)")
	f.Func("header", "a `line` for each handshake, such as 'Cookie: a=b'; Host replaces the URL's; may be given again", func(line string) error {
		headers = append(headers, line)
		return nil
	})
	urls, err := cmdline.Parse(f, conformUsage, args, stdout)
	if err != nil {
		return unparsed(stderr, err)
	}
	ends := func(code int, err error) int {
		return run.Report(stderr, run.ExitError{Code: code, Err: fmt.Errorf("conform: %w", err)})
	}
	target, err := conformTarget(urls, *insecure, headers)
	if err = cmp.Or(err, checkConform(o, *format)); err != nil {
		return ends(run.ExitUsage, err)
	}

	shown := time.Now()
	report, err := conform.Run(ctx, target, o, func(n, of int) {
		if now := time.Now(); n == of || now.Sub(shown) >= time.Second {
			shown = now
			fmt.Fprintf(stderr, "%d of %d checks\n", n, of)
		}
	})
	switch {
	case ctx.Err() != nil:
		return ends(run.ExitInterrupted, errors.New("interrupted"))
	case err != nil:
		return ends(run.ExitUsage, err)
	}
	if *format == "md" {
		err = conform.Markdown(stdout, conform.Column{Name: target.URL, Report: report})
	} else {
		err = report.Text(stdout)
	}
	untested := report.Untested()
	switch {
	case err != nil:
		return ends(run.ExitFailure, fmt.Errorf("print the report: %w", err))
	case untested != "":
		return ends(run.ExitUsage, errors.New(untested))
	case report.Failed():
		return run.ExitFailure
	}
	return run.ExitOK
}

func conformTarget(args []string, insecure bool, headers []string) (*conform.Target, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("give one URL, such as ws://127.0.0.1:8080/echo; got %q", args)
	}
	target, err := conform.Parse(args[0], insecure)
	if err != nil {
		return nil, err
	}
	for _, line := range headers {
		if err := target.AddHeader(line); err != nil {
			return nil, err
		}
	}
	return target, nil
}

// mostConform bounds -max (bytes): such a message is sent whole, from memory.
const mostConform = 16 << 20

func checkConform(o conform.Options, format string) error {
	switch {
	case o.Timeout < 10*time.Millisecond || o.Timeout > time.Minute:
		return fmt.Errorf("-timeout %v: use 10ms to 1m", o.Timeout)
	case o.Slow < 0 || o.Slow > 10*time.Minute:
		return fmt.Errorf("-slow %v: use 0 to 10m", o.Slow)
	case o.Max < 0 || o.Max > mostConform:
		return fmt.Errorf("-max %d: use 0 to %d", o.Max, mostConform)
	case format != "text" && format != "md":
		return fmt.Errorf("-format %q: use text or md", format)
	}
	return nil
}
