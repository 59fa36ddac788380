// Plots is the last program of the flow: it reads result files and writes
// figures, tables and verdicts. It measures nothing and knows no transport;
// all it says comes from the record, which carries its scenario's text.
//
//	scenarios/x.yaml ─▶ loadgen ─▶ results/…/x.jsonl ─▶ plots ─▶ figures, table, verdicts
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"pushbench/servers/cmdline"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage // bad usage, bad input
	exitTooFew
)

// usageError is a command line that cannot be followed.
type usageError string

func (e usageError) Error() string { return string(e) }

// coded is an error with an exit code of its own.
type coded struct {
	code int
	error
}

// namedAtMost is how many treatments an error names before it counts them.
const namedAtMost = 5

// run is the program; it returns its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	name := ""
	if len(args) > 0 {
		if _, ok := commands[args[0]]; ok {
			name, args = args[0], args[1:]
		}
	}
	f := flag.NewFlagSet(strings.TrimSpace("plots "+name), flag.ContinueOnError)
	asked := commands[name](ctx, f)
	files, err := cmdline.Parse(f, usageText[name]+"Flags:\n", args, stdout)
	switch {
	case errors.Is(err, cmdline.ErrDone):
		return exitOK
	case err != nil:
		err = coded{exitUsage, err} // which says how help is asked for
	default:
		err = asked.run(files, stdin, stdout)
	}
	return complain(stderr, name, err)
}

// complain says what went wrong and returns the exit code for it.
func complain(stderr io.Writer, command string, err error) int {
	if err == nil {
		return exitOK
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(stderr, "plots:", strings.TrimSuffix(line, "\n"))
	}
	var usage usageError
	var own coded
	switch {
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, strings.Join(strings.Fields("usage: plots "+command+" -h"), " "), "shows how, with an example")
		return exitUsage
	case errors.As(err, &own):
		return own.code
	default:
		return exitFailed
	}
}

// command is what is done with result files.
type command struct {
	do    func(w io.Writer, rs []*report) error
	check func(paths []string) error // of flags and paths, before a file is read; nil: nothing to check
}

// run reads the files and does what was asked.
func (c command) run(paths []string, stdin io.Reader, stdout io.Writer) error {
	if c.check != nil {
		if err := c.check(paths); err != nil {
			return err
		}
	}
	rs, err := openAll(paths, stdin)
	if err != nil {
		return err
	}
	return c.do(stdout, rs)
}

// commands declare their flags and return what they do until ctx ends.
var commands = map[string]func(ctx context.Context, f *flag.FlagSet) command{
	"": func(ctx context.Context, f *flag.FlagSet) command {
		out := f.String("out", "", "write figures and table.md to this `folder` (default: figures, beside each result file)")
		asMarkdown := f.Bool("markdown", false, "print the last screen as Markdown")
		png := f.Bool("png", false, "write each figure as PNG too, beside its SVG")
		var more []string
		f.Func("plot", "draw one figure more, by its `sentence` as in a scenario file; may be repeated", func(s string) error {
			more = append(more, s)
			return nil
		})
		return command{do: func(stdout io.Writer, rs []*report) error {
			for _, r := range rs {
				for _, sentence := range more {
					if err := r.scenario.AddPlot(sentence); err != nil {
						return usageError(fmt.Sprintf("-plot %q: %v", sentence, err))
					}
				}
			}
			return plotAll(ctx, rs, *out, *asMarkdown, *png, stdout)
		}}
	},
	"claims": func(_ context.Context, f *flag.FlagSet) command {
		asTSV := f.Bool("tsv", false, "print a line per claim and case, tab-separated, for scripts")
		return command{do: func(w io.Writer, rs []*report) error { return printClaims(w, rs, *asTSV) }}
	},
	"compare": func(context.Context, *flag.FlagSet) command {
		return command{do: func(w io.Writer, rs []*report) error { return compare(w, turns(rs)) }, check: byTurns}
	},
	"twins": func(context.Context, *flag.FlagSet) command { return command{do: twins} },
	"fit": func(_ context.Context, f *flag.FlagSet) command {
		metric := f.String("of", "server/cpu", "`CPU` to fit: server/cpu, or host/cpu for the whole host")
		asMarkdown := f.Bool("markdown", false, "print Markdown")
		return command{
			do:    func(w io.Writer, rs []*report) error { return printFits(w, rs, *metric, *asMarkdown) },
			check: oneOf("of", metric, "server/cpu", "host/cpu"),
		}
	},
	"export": func(_ context.Context, f *flag.FlagSet) command {
		format := f.String("format", "bench", "`form` to write: bench (Go's benchmark format), csv, or tsv (what figures draw)")
		return command{
			do:    func(w io.Writer, rs []*report) error { return export(w, *format, rs) },
			check: oneOf("format", format, "bench", "csv", "tsv"),
		}
	},
}

// oneOf holds a flag to its words.
func oneOf(name string, value *string, words ...string) func([]string) error {
	return func([]string) error {
		if slices.Contains(words, *value) {
			return nil
		}
		last := len(words) - 1
		return usageError(fmt.Sprintf("-%s %q: use %s or %s", name, *value, strings.Join(words[:last], ", "), words[last]))
	}
}

// plotAll draws every run and prints its last screen. A run with too few
// blocks is drawn like the others and reported at the end.
func plotAll(ctx context.Context, rs []*report, out string, asMarkdown, png bool, stdout io.Writer) error {
	tables := map[string][]string{} // folder → the tables of the runs drawn there
	var errs []error
	for i, r := range rs {
		dir := out
		if dir == "" {
			dir = filepath.Join(filepath.Dir(r.path), "figures")
		}
		d, err := r.drawInto(ctx, dir, png)
		if err != nil {
			return err
		}
		table := markdown(r)
		tables[dir] = append(tables[dir], table)
		if err := os.WriteFile(filepath.Join(dir, "table.md"), []byte(strings.Join(tables[dir], "\n")), 0o666); err != nil {
			return fmt.Errorf("write table: %w", err)
		}
		if i > 0 {
			fmt.Fprintln(stdout)
		}
		if asMarkdown {
			_, err = io.WriteString(stdout, table)
		} else {
			err = lastScreen(stdout, r, d)
		}
		if err != nil {
			return err
		}
		errs = append(errs, r.tooFew(r.path))
	}
	return errors.Join(errs...)
}

// drawInto writes the figures of r to dir.
func (r *report) drawInto(ctx context.Context, dir string, png bool) (drawn, error) {
	d := drawn{dir: dir}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return d, fmt.Errorf("make the folder for figures: %w; choose another with -out", err)
	}
	var fs []*figure
	fs, d.skipped = r.figures()
	for _, f := range fs {
		if err := ctx.Err(); err != nil {
			return d, fmt.Errorf("stopped before %s was drawn", f.Name)
		}
		files, err := f.save(dir, png)
		if err != nil {
			return d, fmt.Errorf("write figure %s: %w", f.Name, err)
		}
		d.files += files
	}
	return d, nil
}

// printFits prints the models of CPU of every run, with its conditions and its host.
func printFits(w io.Writer, rs []*report, metric string, asMarkdown bool) error {
	var texts []string
	for _, r := range rs {
		e, given, host := r.fits(metric), append(r.given(nil), r.window()...), r.host()+"; "+r.when()
		text := paragraph(dots(given)) + "\n" + paragraph(host) + "\n\n" + e.String()
		if asMarkdown {
			text = strings.Join(given, " · ") + ".\n\n" + e.markdown() + "- Host: " + host + ".\n"
		}
		texts = append(texts, text)
	}
	_, err := io.WriteString(w, strings.Join(texts, "\n"))
	return err
}
