package conform

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// runner takes a server through checks, case by case.
type runner struct {
	ctx    context.Context
	target *Target
	o      Options
	report *Report
	checks []Check
	done   func(n, of int)

	units []*unit

	mu      sync.Mutex
	left    []int // cases of every check that have come to nothing yet
	settled int   // checks that have none left
}

// unit is a case of a check, and what it came to.
type unit struct {
	check   int
	run     attempt
	settled bool
	err     error
}

func run(ctx context.Context, checks []Check, target *Target, o Options, done func(n, of int)) (*Report, error) {
	if o.Parallel <= 0 {
		o.Parallel = 8
	}
	if done == nil {
		done = func(int, int) {}
	}
	r := &runner{ctx: ctx, target: target, o: o, checks: checks, done: done,
		report: &Report{URL: target.URL, Results: make([]Result, len(checks))},
		left:   make([]int, len(checks))}
	if err := r.look(); err != nil {
		return nil, err
	}
	// Cases side by side are quick, and more than some servers take. What was not
	// tested so is tried again alone, before the server is said not to be there.
	r.unite()
	if r.o.Parallel > 1 {
		r.together()
	}
	r.alone()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.report.Since != "" && !slices.ContainsFunc(r.units, func(u *unit) bool { return outcome(u.err) != Untested }) {
		return nil, unavailable{error: errors.New(r.report.Why)} // nothing was tested
	}
	return r.report, nil
}

// unite finds the cases of all checks that can be made.
func (r *runner) unite() {
	for i, c := range r.checks {
		if outcome, why := r.lacks(c.needs); why != "" {
			r.finish(i, Result{c, outcome, []string{why}})
			continue
		}
		r.left[i] = len(c.cases)
		for _, run := range c.cases {
			r.units = append(r.units, &unit{check: i, run: run})
		}
	}
}

// together tries units side by side until one could not be made.
func (r *runner) together() {
	queue := make(chan *unit, len(r.units))
	for _, u := range r.units {
		queue <- u
	}
	close(queue)
	var wait sync.WaitGroup
	var stop atomic.Bool
	for range r.o.Parallel {
		wait.Go(func() {
			for u := range queue {
				if stop.Load() || r.ctx.Err() != nil {
					return
				}
				if err := r.try(u); outcome(err) == Untested {
					stop.Store(true)
				} else {
					r.settle(u, err)
				}
			}
		})
	}
	wait.Wait()
}

// alone tries the units that are left one by one, and again one that could not be
// made, where the server is still there: it may let in so many in a time. Where it
// is not, that ends the run.
func (r *runner) alone() {
	var gone error
	for _, u := range r.units {
		switch {
		case r.ctx.Err() != nil:
			return
		case u.settled:
			continue
		case gone != nil:
			r.settle(u, gone)
			continue
		}
		err := r.try(u)
		for pause := moment; outcome(err) == Untested && pause < time.Second; pause *= 4 {
			if gone = r.stands(); gone != nil {
				r.report.Since, r.report.Why, err = r.checks[u.check].Name, gone.Error(), gone
				break
			}
			time.Sleep(pause)
			err = r.try(u)
		}
		r.settle(u, err)
	}
}

// try makes a case. What comes of it counts only where the server still stands:
// a connection that fails since the server has ended breaks no rule, and keeps
// none.
func (r *runner) try(u *unit) error {
	c := r.checks[u.check]
	p := r.probe()
	p.needs = c.needs
	if c.needs&needsSlow != 0 {
		p.deadline = p.deadline.Add(r.o.Slow)
	}
	err := u.run(p)
	p.release()
	if o := outcome(err); o == Fail || o == Pass && p.doubtful {
		return cmp.Or(r.stands(), err)
	}
	return err
}

// settle keeps what a case came to.
func (r *runner) settle(u *unit, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u.settled, u.err = true, err
	if r.left[u.check]--; r.left[u.check] == 0 {
		r.finish(u.check, r.result(u.check))
	}
}

// finish keeps what a check came to.
func (r *runner) finish(check int, result Result) {
	r.report.Results[check] = result
	r.settled++
	r.done(r.settled, len(r.checks))
}

// result is what the cases of a check come to together.
func (r *runner) result(check int) Result {
	result := Result{Check: r.checks[check], Outcome: Pass}
	told := make(map[Outcome][]string)
	for _, u := range r.units {
		if u.check == check && u.err != nil {
			told[outcome(u.err)] = append(told[outcome(u.err)], u.err.Error())
		}
	}
	switch failed, untested, none := told[Fail], told[Untested], told[NotApplicable]; {
	case len(failed) > 0 && result.Severity == May:
		result.Outcome, result.Details = No, failed
	case len(failed) > 0:
		result.Outcome, result.Details = Fail, failed
	case len(untested) > 0:
		result.Outcome, result.Details = Untested, untested[:1]
	case len(none) == len(result.cases):
		result.Outcome, result.Details = NotApplicable, none[:1]
	}
	return result
}

// outcome is what a case comes to that ended with err.
func outcome(err error) Outcome {
	switch err.(type) {
	case nil:
		return Pass
	case unavailable:
		return Untested
	case notApplicable:
		return NotApplicable
	}
	return Fail
}

// lacks says what a check needs and does not have.
func (r *runner) lacks(n needs) (Outcome, string) {
	found := r.report.offers
	switch {
	case n&needsSlow != 0 && r.o.Slow == 0:
		return Skipped, "takes long: -slow 30s would wait so long"
	case n&needsOpen != 0 && !found.Open:
		return NotApplicable, "no handshake opens the connection"
	case n&needsOpen != 0 && found.Quits != "":
		return Untested, found.Quits
	case n&needsEcho != 0 && len(found.Echoes) == 0:
		return NotApplicable, "the server does not echo"
	case n&needsText != 0 && !found.Echoes[opText]:
		return NotApplicable, "the server does not echo text"
	case n&needsDeflate != 0 && found.Deflate == "":
		return NotApplicable, "the server does not agree to permessage-deflate"
	case n&needsMax != 0 && r.o.Max == 0:
		return Skipped, "needs -max, the size of the largest message that the server takes"
	}
	return "", ""
}

// notApplicable says why a case has nothing to judge.
type notApplicable string

func (n notApplicable) Error() string { return string(n) }
