// Package party is whom loadgen asks in a trial: server, fleets and link, each by
// whatever way leads to it. Package stage starts the parties where they belong,
// package trial asks them, and what they tell is package measure's.
package party

import (
	"context"
	"fmt"
	"time"
)

// Caller is whoever can be asked: a child by its pipes, an agent by messages.
type Caller interface {
	Call(ctx context.Context, do string, args, result any) error
}

// Party is one that takes part in a trial.
type Party struct {
	Name   string
	Limits Limits
	Caller Caller // nil: it cannot be asked
	PID    int
	CPUs   []int // that it was held to; none: nobody held it

	Done <-chan struct{} // closed when it has ended
	Log  func() string   // what it has said of itself
	// Stop ends it: by the end of its input, and if it does not take that, by a signal.
	// It says how the party ended where that was not by itself.
	Stop func() error
	// Suspend stops it as it stands. It cannot refuse, and is told nothing: its
	// connections stay open, and its kernel goes on acknowledging what arrives for it
	// until the socket's buffer is full. Resume lets it go on.
	//
	// Whoever suspends a party resumes it, whatever happens meanwhile. Where loadgen
	// itself is killed, the kernel does: it wakes what is stopped in a process group
	// that becomes an orphan (POSIX.1, _exit), and the child finds that its input has
	// ended.
	Suspend, Resume func() error
}

// Call sends a command that should take no longer than within.
func (p *Party) Call(ctx context.Context, within time.Duration, do string, args, result any) error {
	within += p.Limits.Patience
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("it hangs: nothing for %v", within.Round(time.Second)))
	defer cancel()
	return p.failed("", p.Caller.Call(ctx, do, args, result))
}

// failed says which party it was.
func (p *Party) failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s%w", p.Name, what, err)
}
