// Package conform holds a server against RFC 6455 (WebSocket), RFC 7692
// (permessage-deflate) and the HTTP/1.1 that they stand on, from outside: it
// opens raw connections, writes bytes that keep or break one rule each, and
// judges what comes back.
//
//	Target ─▶ Run ─▶ a probe per Check ─▶ conn, session ─▶ Result ─▶ Text, Markdown
//
// It reads and writes HTTP and frames with code of its own, so that it cannot
// share a misreading with a server or a client of this module. What it reads it
// takes however it is written, and notes what is wrong with it: one fault of a
// server fails the checks of its rule and no others.
//
// A section without the name of a document is RFC 6455's.
package conform

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Severity is how strongly the rule is put (RFC 2119).
type Severity string

const (
	Must   Severity = "MUST"
	Should Severity = "SHOULD"
	May    Severity = "MAY"
)

// Outcome is what a check came to.
type Outcome string

const (
	Pass          Outcome = "pass"
	Fail          Outcome = "fail"
	No            Outcome = "no"      // of a MAY: the server does not, which is its right
	NotApplicable Outcome = "n/a"     // the server does not offer what the rule is about
	Skipped       Outcome = "skipped" // the user has not asked for it
)

// Check is one rule made testable.
type Check struct {
	Group    string
	Rule     string
	Severity Severity
	Name     string // unique: what a server does that keeps the rule
	needs    needs
	run      func(*probe) error
}

// needs is what a check cannot do without.
type needs int

const (
	needsOpen    needs = 1 << iota // a legal handshake that opens the connection
	needsEcho                      // messages that come back
	needsDeflate                   // permessage-deflate
	needsMax                       // Options.Max
	needsSlow                      // Options.Slow
)

// Result is a check's outcome, with the reason where it did not pass.
type Result struct {
	Check
	Outcome Outcome
	Detail  string
}

// Options bound a run.
type Options struct {
	Timeout  time.Duration // to wait for an answer; as long again for what must not come
	Slow     time.Duration // to wait for a handshake that never ends to be cut; 0 leaves that out
	Max      int           // bytes of the largest message that the server takes; 0: not known
	Parallel int           // checks at a time; 0 is 8
}

// Report is what a run found.
type Report struct {
	URL     string
	Open    bool // a legal handshake opens the connection
	Echo    bool // messages come back
	Deflate bool // permessage-deflate is agreed to
	Results []Result
}

// Failed reports whether the server breaks a rule that it must keep.
func (r *Report) Failed() bool {
	for _, result := range r.Results {
		if result.Severity == Must && result.Outcome == Fail {
			return true
		}
	}
	return false
}

// Run takes a server through every check of the suite. done is told after each
// how many are; it may be nil. The error says that there is no server, or that
// ctx has ended: whatever a server does wrong is a result.
func Run(ctx context.Context, target *Target, o Options, done func(n, of int)) (*Report, error) {
	return run(ctx, Suite(), target, o, done)
}

func run(ctx context.Context, checks []Check, target *Target, o Options, done func(n, of int)) (*Report, error) {
	if o.Parallel <= 0 {
		o.Parallel = 8
	}
	report := &Report{URL: target.URL, Results: make([]Result, len(checks))}
	if err := report.look(ctx, target, o); err != nil {
		return nil, err
	}
	var (
		wait  sync.WaitGroup
		next  = make(chan int)
		mu    sync.Mutex
		count int
	)
	for range min(o.Parallel, len(checks)) {
		wait.Go(func() {
			for i := range next {
				report.Results[i] = report.try(ctx, checks[i], target, o)
				mu.Lock()
				if count++; done != nil {
					done(count, len(checks))
				}
				mu.Unlock()
			}
		})
	}
	for i := range checks {
		next <- i
	}
	close(next)
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return report, nil
}

// look finds out what the server offers.
func (r *Report) look(ctx context.Context, target *Target, o Options) error {
	p := newProbe(ctx, target, o)
	defer p.release()
	c, err := p.dial()
	if err != nil {
		return fmt.Errorf("connect to %s: %w", target.URL, err)
	}
	s, err := c.upgrade(target.edited())
	if err != nil {
		return ctx.Err() // what is wrong with its handshake, the checks will say
	}
	r.Open = true
	r.Echo = s.echoes()
	if s, err := p.open(set("Sec-WebSocket-Extensions", "permessage-deflate")); err == nil {
		r.Deflate = s.inflate != nil
	}
	return ctx.Err()
}

// try comes to a check's result.
func (r *Report) try(ctx context.Context, c Check, target *Target, o Options) Result {
	if outcome, why := r.lacks(c.needs, o); why != "" {
		return Result{c, outcome, why}
	}
	p := newProbe(ctx, target, o)
	p.echo = r.Echo
	if c.needs&needsSlow != 0 {
		p.deadline = p.deadline.Add(o.Slow)
	}
	defer p.release()
	err := c.run(p)
	var none notApplicable
	switch {
	case err == nil:
		return Result{Check: c, Outcome: Pass}
	case errors.As(err, &none):
		return Result{c, NotApplicable, err.Error()}
	case c.Severity == May:
		return Result{c, No, err.Error()}
	}
	return Result{c, Fail, err.Error()}
}

// lacks says what a check needs and does not have.
func (r *Report) lacks(n needs, o Options) (Outcome, string) {
	switch {
	case n&needsSlow != 0 && o.Slow == 0:
		return Skipped, "takes long: -slow 30s would wait so long"
	case n&(needsOpen|needsEcho|needsDeflate|needsMax) != 0 && !r.Open:
		return NotApplicable, "no handshake opens the connection"
	case n&needsEcho != 0 && !r.Echo:
		return NotApplicable, "the server does not echo"
	case n&needsDeflate != 0 && !r.Deflate:
		return NotApplicable, "the server does not agree to permessage-deflate"
	case n&needsMax != 0 && o.Max == 0:
		return Skipped, "needs -max, the size of the largest message that the server takes"
	}
	return "", ""
}

// notApplicable says why a check has nothing to judge.
type notApplicable string

func (n notApplicable) Error() string { return string(n) }
