package party

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/servers/control"
	"pushbench/servers/count"
	"pushbench/servers/wire"
)

// Fleets are the parties that share a trial's subscribers. They are asked at once, and
// answer as one fleet would that had all subscribers: what is drawn for each of them is
// drawn for all, and what is counted adds up.
type Fleets []*Party

// each asks every fleet at once, and returns when all have answered.
func (fs Fleets) each(ask func(i int, f *Party) error) error {
	failed := make([]error, len(fs))
	var wait sync.WaitGroup
	for i, f := range fs {
		wait.Go(func() { failed[i] = ask(i, f) })
	}
	wait.Wait()
	return errors.Join(failed...)
}

// Call sends every fleet the same command, of whose results nobody asks.
func (fs Fleets) Call(ctx context.Context, within time.Duration, do string, args any) error {
	return fs.each(func(_ int, f *Party) error { return f.Call(ctx, within, do, args, nil) })
}

// told is what every fleet answers.
func told[Result any](ctx context.Context, fs Fleets, within time.Duration, do string, args any) ([]Result, error) {
	all := make([]Result, len(fs))
	return all, fs.each(func(i int, f *Party) error { return f.Call(ctx, within, do, args, &all[i]) })
}

// Connect brings the fleets from so many subscribers to those that c asks for in all.
// Each has its range of them.
func (fs Fleets) Connect(ctx context.Context, within time.Duration, from int, c fleet.Config) error {
	to := c.Subscribers
	return fs.each(func(i int, f *Party) error {
		mine := c
		had, first := share(from, i, len(fs)), 0
		for j := range i {
			first += share(to, j, len(fs)) - share(from, j, len(fs))
		}
		mine.Subscribers, mine.From, mine.Of = share(to, i, len(fs)), first, to-from
		mine.DialRate *= float64(mine.Subscribers-had) / float64(to-from)
		if mine.Subscribers == had {
			return nil
		}
		return f.Call(ctx, within, fleet.Connect, mine, nil)
	})
}

// share is how many of n subscribers the i-th of so many fleets has.
func share(n, i, fleets int) int { return n*(i+1)/fleets - n*i/fleets }

// sum is what every fleet answers, added up.
func sum[Reading any](ctx context.Context, fs Fleets, do string) (all Reading, err error) {
	readings, err := told[Reading](ctx, fs, 0, do, control.None{})
	for _, r := range readings {
		all = count.Add(all, r)
	}
	return all, err
}

// Tally is what all have counted so far.
func (fs Fleets) Tally(ctx context.Context) (wire.Counts, error) {
	return sum[wire.Counts](ctx, fs, control.Tally)
}

// Trim is what all take from the host with unused memory given back.
func (fs Fleets) Trim(ctx context.Context) (control.Usage, error) {
	return sum[control.Usage](ctx, fs, control.Trim)
}

// Mark is the state of all: counts and what they use add up, and the last event is
// the last of any.
func (fs Fleets) Mark(ctx context.Context) (fleet.Mark, error) {
	all, err := told[fleet.Mark](ctx, fs, 0, control.Mark, control.None{})
	for _, m := range all[1:] {
		all[0].Add(m)
	}
	return all[0], err
}

// Await is how many subscribers do not have the newest event in time.
func (fs Fleets) Await(ctx context.Context, a fleet.AwaitArgs) (missing int, err error) {
	all, err := told[int](ctx, fs, a.Timeout, fleet.Await, a)
	for _, left := range all {
		missing += left
	}
	return missing, err
}

// Ended is when subscriptions came to their end, in order.
func (fs Fleets) Ended(ctx context.Context, within time.Duration, a control.EndedArgs) (at []int64, err error) {
	all := make([][]int64, len(fs))
	err = fs.each(func(i int, f *Party) error {
		mine := a
		mine.Count = share(a.Count, i, len(fs))
		return f.Call(ctx, within, control.Ends, mine, &all[i])
	})
	return slices.Sorted(slices.Values(slices.Concat(all...))), err
}

// Collect is what all have seen.
func (fs Fleets) Collect(ctx context.Context, newest uint64) (fleet.Collected, error) {
	all, err := told[fleet.Collected](ctx, fs, 0, fleet.Collect, newest)
	for i, c := range all[1:] {
		if err != nil {
			break
		}
		if err = all[0].Add(c); err != nil {
			err = fmt.Errorf("add what %s saw to what others did: %w", fs[i+1].Name, err)
		}
	}
	return all[0], err
}
