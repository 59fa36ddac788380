// Package cmdline reads the command lines of servers, loadgen and plots in one way: flags may
// stand anywhere, help that was asked for is a result and goes to stdout, and what is
// wrong is one line. It is a leaf; the main packages alone use it.
package cmdline

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
)

// ErrDone is what Parse returns where it has printed all that was asked for.
var ErrDone = errors.New("help or version was asked for")

// Parse reads flags before, between and after the arguments, and returns the arguments.
// It adds -version. For -h, or help alone, it prints usage and what the flags mean to
// stdout. The error of a bad flag says how help is asked for.
func Parse(f *flag.FlagSet, usage string, args []string, stdout io.Writer) ([]string, error) {
	f.SetOutput(io.Discard) // the error says it, once
	version := f.Bool("version", false, "print the version and exit")
	if slices.Equal(args, []string{"help"}) {
		args = []string{"-help"}
	}
	rest, err := anywhere(f, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return nil, ErrDone
	case err != nil:
		return nil, fmt.Errorf("%w; %s -h shows how, with an example", err, f.Name())
	case *version:
		program, _, _ := strings.Cut(f.Name(), " ")
		fmt.Fprintln(stdout, program, build())
		return nil, ErrDone
	}
	return rest, nil
}

func anywhere(f *flag.FlagSet, args []string) (rest []string, err error) {
	for err = f.Parse(args); err == nil && f.NArg() > 0; err = f.Parse(f.Args()[1:]) {
		if read := len(args) - f.NArg(); read > 0 && args[read-1] == "--" { // nothing behind it is a flag
			return append(rest, f.Args()...), nil
		}
		rest = append(rest, f.Arg(0))
	}
	return rest, err
}

// build is the module's version, the revision it was built from, and the Go that built it.
func build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(no build information)"
	}
	revision := "unknown revision"
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	return fmt.Sprintf("%s, %s, %s", info.Main.Version, revision, info.GoVersion)
}
