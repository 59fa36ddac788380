// Package conform holds a server against RFC 6455 (WebSocket), RFC 7692
// (permessage-deflate) and the HTTP/1.1 that they stand on, from outside: it
// opens raw connections, writes bytes that keep or break one rule each, and
// judges what comes back.
//
//	Target ─▶ Run ─▶ a probe per case of a Check ─▶ conn, session ─▶ Result ─▶ Text, Markdown
//
// It reads and writes the heads of HTTP and frames with code of its own, so that it
// cannot share a misreading with a server or a client of this module. What it reads it
// takes however it is written, and notes what is wrong with it: one fault of a
// server fails the checks of its rule and no others. What the server says of its
// own accord breaks no rule, and neither does a server that is not there, or that
// does not let us in: what could not be tested is told apart, with the reason.
//
// A section without the name of a document is RFC 6455's.
package conform

import (
	"context"
	"fmt"
	"slices"
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
	No            Outcome = "no"       // of a MAY: the server does not, which is its right
	NotApplicable Outcome = "n/a"      // the server does not offer what the rule is about
	Skipped       Outcome = "skipped"  // the user has not asked for it
	Untested      Outcome = "untested" // it could not be tested: the server was not there, or did not let us in
)

// Check is one rule made testable.
type Check struct {
	Group    string
	Rule     string
	Severity Severity
	Name     string // unique: what a server does that keeps the rule
	needs    needs
	cases    []attempt // each on connections of its own
}

// attempt is one case of a check.
type attempt func(*probe) error

// once is a check of one case.
func once(run attempt) []attempt { return []attempt{run} }

// each is a case for every element of a list.
func each[T any](list []T, run func(*probe, T) error) []attempt {
	var cases []attempt
	for _, element := range list {
		cases = append(cases, func(p *probe) error { return run(p, element) })
	}
	return cases
}

// talk is a check of one case, on a connection that is open.
func talk(run func(*session) error) []attempt {
	return talks([]attempt{nil}, func(s *session, _ attempt) error { return run(s) })
}

// talks is a case, on an open connection of its own, for every element of a list.
func talks[T any](list []T, run func(*session, T) error) []attempt {
	return each(list, func(p *probe, element T) error {
		s, err := p.plain()
		if err != nil {
			return err
		}
		return run(s, element)
	})
}

// needs is what a check cannot do without.
type needs int

const (
	needsOpen    needs = 1 << iota // a legal handshake that opens the connection
	needsEcho                      // messages that come back
	needsText                      // text that comes back
	needsDeflate                   // permessage-deflate
	needsMax                       // Options.Max
	needsSlow                      // Options.Slow
)

// Suite is every check, in the order of the RFC's sections as far as that reads
// well.
func Suite() []Check {
	return slices.Concat(
		group("legal handshakes", 0, legal),
		group("illegal handshakes", 0, illegal),
		group("negotiation", 0, negotiation),
		group("transport of the handshake", 0, transport),
		group("messages", needsOpen|needsEcho, messages),
		group("control frames", needsOpen, control),
		group("frames that break the rules", needsOpen, broken),
		group("text", needsOpen|needsText, texts),
		group("closing", needsOpen, closes),
		group("limits", needsOpen, limits),
		group("permessage-deflate", needsOpen|needsEcho|needsDeflate, compression),
	)
}

// group gives its checks a name in common and what all of them need.
func group(name string, all needs, checks []Check) []Check {
	checks = slices.Clone(checks)
	for i := range checks {
		checks[i].Group = name
		checks[i].needs |= all
	}
	return checks
}

// Result is a check's outcome, with the reasons where it did not pass: one for
// each case that failed.
type Result struct {
	Check
	Outcome Outcome
	Details []string
}

// Options bound a run.
type Options struct {
	Timeout  time.Duration // to wait for an answer; as long again for what must not come
	Slow     time.Duration // to wait for a handshake that never ends to be cut; 0 leaves that out
	Max      int           // bytes of the largest message that the server takes; 0: not known
	Parallel int           // cases at a time; 0 is 8
}

// Report is what a run found.
type Report struct {
	URL     string
	Results []Result
	Since   string // the check from which on the server could not be tested; "" if it could be to the end
	Why     string // why it could not

	offers
}

// Failed reports whether the server breaks a rule that it must keep.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Results, func(r Result) bool { return r.Severity == Must && r.Outcome == Fail })
}

// Untested says in one line which checks could not be made, and why; "" if all
// could.
func (r *Report) Untested() string {
	untested := slices.DeleteFunc(slices.Clone(r.Results), func(r Result) bool { return r.Outcome != Untested })
	if len(untested) == 0 {
		return ""
	}
	why := fmt.Sprintf("since %q: %s", r.Since, r.Why)
	if r.Since == "" {
		why = fmt.Sprintf("the first %q: %s", untested[0].Name, untested[0].Details[0])
	}
	return fmt.Sprintf("%d of %d checks could not be tested, %s", len(untested), len(r.Results), why)
}

// Run takes a server through every check of the suite. done is told after each
// how many are; it may be nil. The error says why nothing could be tested, or
// that ctx has ended: whatever a server does wrong is a result.
func Run(ctx context.Context, target *Target, o Options, done func(n, of int)) (*Report, error) {
	return run(ctx, Suite(), target, o, done)
}
