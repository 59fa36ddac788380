package results

import (
	"errors"
	"fmt"
	"syscall"
)

// What can be wrong with a result file as a whole. Each is wrapped in an error
// that names the file and says what would mend it.
var (
	ErrBusy      = errors.New("another run is writing in this directory")
	ErrExists    = errors.New("the result file exists already")
	ErrEmpty     = errors.New("the file is empty")
	ErrForeign   = errors.New("this is no result file")
	ErrTruncated = errors.New("the file ends within its header")
)

// WriteError is a line that could not be appended. The lines before it are safe.
type WriteError struct {
	Path  string
	What  string // the record, such as "trial 17"
	Lines int    // whole lines that the file holds
	Torn  bool   // a part of the line may stand behind them; readers drop it
	Err   error
}

func (e *WriteError) Error() string {
	state := "and nothing else"
	if e.Torn {
		state = "and perhaps a piece of this one, which readers drop"
	}
	mend := "mend that"
	if errors.Is(e.Err, syscall.ENOSPC) || errors.Is(e.Err, syscall.EDQUOT) {
		mend = "make room"
	}
	return fmt.Sprintf("append %s to %s: %v; the file holds its first %d lines whole %s; %s, then go on with -resume",
		e.What, e.Path, e.Err, e.Lines, state, mend)
}

func (e *WriteError) Unwrap() error { return e.Err }
