package conform

import (
	"context"
	"errors"
	"slices"
	"sync"
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

	mu      sync.Mutex
	found   [][]error // of every case of every check
	left    []int     // cases of every check that have nothing in found yet
	settled int       // checks that have none left
}

// unit is a case of a check.
type unit struct{ check, attempt int }

func run(ctx context.Context, checks []Check, target *Target, o Options, done func(n, of int)) (*Report, error) {
	if o.Parallel <= 0 {
		o.Parallel = 8
	}
	if done == nil {
		done = func(int, int) {}
	}
	r := &runner{ctx: ctx, target: target, o: o, checks: checks, done: done,
		report: &Report{URL: target.URL, Results: make([]Result, len(checks))},
		found:  make([][]error, len(checks)), left: make([]int, len(checks))}
	if err := r.look(); err != nil {
		return nil, err
	}
	// Cases side by side are quick, and more than some servers take. What was not
	// tested so is tried again alone, before the server is said not to be there.
	units := r.units()
	if r.o.Parallel > 1 {
		units = r.together(units)
	}
	r.alone(units)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i := range checks {
		if r.report.Results[i].Outcome == "" {
			r.report.Results[i] = r.result(i)
		}
	}
	if r.report.Since != "" && !slices.ContainsFunc(r.found, func(cases []error) bool {
		return slices.ContainsFunc(cases, func(err error) bool { return !isUnavailable(err) })
	}) {
		return nil, unavailable{error: errors.New(r.report.Why)} // nothing was tested
	}
	return r.report, nil
}

// units are the cases of all checks that can be made.
func (r *runner) units() []unit {
	var units []unit
	for i, c := range r.checks {
		if outcome, why := r.lacks(c.needs); why != "" {
			r.report.Results[i] = Result{c, outcome, []string{why}}
			r.settled++
			r.done(r.settled, len(r.checks))
			continue
		}
		r.left[i], r.found[i] = len(c.cases), make([]error, len(c.cases))
		for n := range c.cases {
			units = append(units, unit{i, n})
		}
	}
	return units
}

// together tries units side by side until one could not be made, and returns
// those that are left, in order.
func (r *runner) together(units []unit) []unit {
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
		next int
		left []unit
	)
	take := func() (unit, bool) {
		mu.Lock()
		defer mu.Unlock()
		if next == len(units) || len(left) > 0 || r.ctx.Err() != nil {
			return unit{}, false
		}
		next++
		return units[next-1], true
	}
	for range r.o.Parallel {
		wait.Go(func() {
			for u, ok := take(); ok; u, ok = take() {
				if err := r.try(u); !isUnavailable(err) {
					r.settle(u, err)
					continue
				}
				mu.Lock()
				left = append(left, u)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	left = append(left, units[next:]...)
	slices.SortFunc(left, func(a, b unit) int {
		if a.check != b.check {
			return a.check - b.check
		}
		return a.attempt - b.attempt
	})
	return left
}

// alone tries units one by one, and again one that could not be made, where the
// server is still there: it may let in so many in a time. Where it is not, that
// ends the run.
func (r *runner) alone(units []unit) {
	for i, u := range units {
		if r.ctx.Err() != nil {
			return
		}
		err := r.try(u)
		for pause := moment; isUnavailable(err) && pause < time.Second; pause *= 4 {
			if gone := r.stands(); gone != nil {
				r.report.Since, r.report.Why = r.checks[u.check].Name, gone.Error()
				for _, u := range units[i:] {
					r.settle(u, gone)
				}
				return
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
func (r *runner) try(u unit) error {
	c := r.checks[u.check]
	p := r.probe()
	p.needs = c.needs
	if c.needs&needsSlow != 0 {
		p.deadline = p.deadline.Add(r.o.Slow)
	}
	err := c.cases[u.attempt](p)
	p.release()
	var none notApplicable
	if isUnavailable(err) || errors.As(err, &none) || err == nil && !p.doubtful {
		return err
	}
	if gone := r.stands(); gone != nil {
		return gone
	}
	return err
}

// settle keeps what a case came to.
func (r *runner) settle(u unit, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.found[u.check][u.attempt] = err
	if r.left[u.check]--; r.left[u.check] == 0 {
		r.settled++
		r.done(r.settled, len(r.checks))
	}
}

// result is what the cases of a check come to together.
func (r *runner) result(check int) Result {
	result := Result{Check: r.checks[check], Outcome: Pass}
	var failed, untested, none []string
	for _, err := range r.found[check] {
		var n notApplicable
		switch {
		case err == nil:
		case isUnavailable(err):
			untested = append(untested, err.Error())
		case errors.As(err, &n):
			none = append(none, err.Error())
		default:
			failed = append(failed, err.Error())
		}
	}
	switch {
	case len(failed) > 0 && result.Severity == May:
		result.Outcome, result.Details = No, failed
	case len(failed) > 0:
		result.Outcome, result.Details = Fail, failed
	case len(untested) > 0:
		result.Outcome, result.Details = Untested, untested[:1]
	case len(none) > 0 && len(none) == len(r.found[check]):
		result.Outcome, result.Details = NotApplicable, none[:1]
	}
	return result
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
	case n&needsEcho != 0 && !found.EchoesText && !found.EchoesBinary:
		return NotApplicable, "the server does not echo"
	case n&needsText != 0 && !found.EchoesText:
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
