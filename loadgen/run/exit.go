package run

import (
	"errors"
	"fmt"
	"io"
)

// Exit codes, kept stable for scripts.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2   // bad flags, bad scenario, a server that could not be tested
	ExitFewTrials   = 3   // the run is complete, but a treatment has too few sound blocks
	ExitInterrupted = 130 // Ctrl-C; go on with -resume
)

// ExitError is an error with an exit code of its own; without an error it is the
// code of a process that has said why itself.
type ExitError struct {
	Code int
	Err  error
}

func (e ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}
func (e ExitError) Unwrap() error { return e.Err }

// Report prints an error and gives its exit code.
func Report(stderr io.Writer, err error) int {
	if err == nil {
		return ExitOK
	}
	var code ExitError
	if errors.As(err, &code) && code.Err == nil {
		return code.Code // whoever it came from has said why
	}
	fmt.Fprintln(stderr, "loadgen:", err)
	if code.Err != nil {
		return code.Code
	}
	return ExitFailure
}
