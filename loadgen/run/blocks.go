package run

import (
	"context"
	"fmt"
	"slices"
	"time"

	"pushbench/results"
	"pushbench/scenarios"
)

// A run is made of blocks. Each that begins is run whole, and none is done again but
// one that was interrupted: what a trial comes to does not decide whether it is run
// once more. Where a time was given, a block begins only if it fits, the first three
// always: without them nothing can be said.

// schedule is how the blocks of this session have gone so far.
type schedule struct {
	blocks   int
	spent    time.Duration // on them
	last     time.Duration // on the last of them
	took     time.Duration // all trials, of a block that is being run, too
	estimate time.Duration // of them
}

// block is how long a block took: on average, or the last one where that is more,
// since a host may have become slower.
func (s schedule) block() time.Duration {
	return max(s.last, s.spent/time.Duration(max(s.blocks, 1)))
}

// paced is how long something takes that was estimated, by how long the trials so far
// took against their own estimates.
func (s schedule) paced(d time.Duration) time.Duration {
	if s.estimate <= 0 {
		return d
	}
	return time.Duration(float64(d) * float64(s.took) / float64(s.estimate))
}

// blocks runs what the file does not hold yet.
func (s *session) blocks(ctx context.Context) error {
	done, begun := s.done()
	n, last := len(done), s.plan.planned.Blocks
	if looks := s.plan.planned.Looks; len(looks) > 0 && n < looks[len(looks)-1] {
		last = min(last, looks[len(looks)-1])
	}
	var left []int
	for block := 1; block <= last; block++ {
		if !done[block] {
			left = append(left, block)
		}
	}
	most := n + len(left) // blocks, in the end
	s.always = max(results.MinBlocks, n+begun)
	s.announce(n, most)
	for _, block := range left {
		if !s.begins(n, s.now()) {
			break
		}
		if err := s.block(ctx, block, n, most); err != nil {
			return err
		}
		n++
		if slices.Contains(s.plan.planned.Looks, n) && s.decided() {
			s.progress.note("every claim is decided after %d blocks", n)
			break
		}
	}
	return nil
}

// begins reports whether another block begins at an instant, after n. The first three
// do, and what was begun once is brought to its end.
func (s *session) begins(n int, at time.Time) bool {
	return s.until.IsZero() || n < s.always || !at.Add(s.blockTime()).After(s.until)
}

// blockTime is how long a block is taken to take: as those so far, or by the plan's
// estimate where that is more.
func (s *session) blockTime() time.Duration { return max(s.plan.blockTime(), s.schedule.block()) }

// forecast is how many blocks are still to come after n, from an instant on, and when
// the last of them ends.
func (s *session) forecast(n, most int, at time.Time) (blocks int, end time.Time) {
	for n+blocks < most && s.begins(n+blocks, at) {
		at = at.Add(s.blockTime())
		blocks++
	}
	return blocks, at
}

// announce says what is about to be run.
func (s *session) announce(n, most int) {
	now, trials := s.now(), len(s.plan.chosen)
	blocks, end := s.forecast(n, most, now)
	takes, left := rounded(end.Sub(now)), rounded(s.until.Sub(now))
	switch {
	case blocks == 0:
		s.progress.note("nothing is left to run; -resume with -for gives the run more time")
	case s.until.IsZero():
		s.progress.note("%d trials, about %v", blocks*trials, takes)
	case end.After(s.until):
		s.progress.note("%v are left, and the next %d %s about %v: they go before the time", max(0, left), blocks, plural(blocks, "block takes", "blocks take"), takes)
	default:
		s.progress.note("%v are left: %d blocks of %d trials fit, %v each", left, blocks, trials, rounded(s.blockTime()))
	}
	if s.until.IsZero() {
		s.progress.total = blocks * trials
	}
}

// block runs a block, the n+1st of the run, in its order.
func (s *session) block(ctx context.Context, block, n, most int) error {
	slots := s.plan.slots(block)
	pass := 0
	if earlier := s.record.LastPasses()[block]; len(earlier) > 0 {
		pass = earlier[0].Pass + 1
	}
	began := s.now()
	for i, sl := range slots {
		start := s.now()
		t, err := s.one(ctx, sl, pass)
		if err != nil {
			return err
		}
		now := s.now()
		s.schedule.took += now.Sub(start)
		s.schedule.estimate += s.plan.estimate(slots[i : i+1])
		s.progress.trial(s.plan, sl, t, s.eta(slots[i+1:], n+1, most, now))
		if err := s.useless(t); err != nil {
			return err
		}
	}
	took := s.now().Sub(began)
	s.schedule.blocks++
	s.schedule.spent += took
	s.schedule.last = took
	return nil
}

// eta is how long the run goes on: the rest of the block that is being run, and the
// blocks that follow it.
func (s *session) eta(rest []slot, n, most int, now time.Time) string {
	at := now.Add(s.schedule.paced(s.plan.estimate(rest)))
	if s.until.IsZero() { // of which no block is left out, so that the pace is the best guess
		at = at.Add(s.schedule.paced(time.Duration(most-n) * s.plan.blockTime()))
		return fmt.Sprint(rounded(at.Sub(now)))
	}
	_, end := s.forecast(n, most, at)
	text := fmt.Sprint(rounded(end.Sub(now)))
	if len(s.plan.planned.Looks) > 0 {
		text += " at most"
	}
	return text
}

// done are the blocks that are not to be run again: every treatment was reached in
// their last pass. A block that was interrupted is done again from its beginning, so
// that its trials have met the same host; so many were begun.
func (s *session) done() (done map[int]bool, begun int) {
	done = map[int]bool{}
	for block, pass := range s.record.LastPasses() {
		reached := map[string]bool{}
		for _, t := range pass {
			reached[t.Treatment.Key()] = !unreached(t)
		}
		if s.plan.some(func(t scenarios.Treatment) bool { return !reached[t.Labels.Key()] }) {
			begun++
		} else {
			done[block] = true
		}
	}
	return done, begun
}

// decided reports whether every claim is.
func (s *session) decided() bool {
	return !slices.ContainsFunc(s.record.Judge(s.plan.scenario.Claims), func(v results.Verdict) bool { return v.Outcome == results.CannotTell })
}
