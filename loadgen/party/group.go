package party

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"pushbench/servers/control"
	"pushbench/servers/count"
	"pushbench/servers/wire"
)

// Group is the parties of one kind that share a trial's subscribers. They are asked at
// once, and answer as one would that had all subscribers: what is counted adds up.
type Group []*Party

// each asks every party at once, and returns when all have answered.
func (g Group) each(ask func(i int, p *Party) error) error {
	failed := make([]error, len(g))
	var wait sync.WaitGroup
	for i, p := range g {
		wait.Go(func() { failed[i] = ask(i, p) })
	}
	wait.Wait()
	return errors.Join(failed...)
}

// Call sends every party the same command, of whose results nobody asks.
func (g Group) Call(ctx context.Context, within time.Duration, do string, args any) error {
	return g.each(func(_ int, p *Party) error { return p.Call(ctx, within, do, args, nil) })
}

// told is what every party answers.
func told[Result any](ctx context.Context, g Group, within time.Duration, do string, args any) ([]Result, error) {
	all := make([]Result, len(g))
	return all, g.each(func(i int, p *Party) error { return p.Call(ctx, within, do, args, &all[i]) })
}

// share is how many of n subscribers the i-th of so many parties has. Neighbours have
// together what one party in place of them would have.
func share(n, i, parties int) int { return n*(i+1)/parties - n*i/parties }

// sum is what every party answers, added up.
func sum[Reading any](ctx context.Context, g Group, do string) (all Reading, err error) {
	readings, err := told[Reading](ctx, g, 0, do, control.None{})
	for _, r := range readings {
		all = count.Add(all, r)
	}
	return all, err
}

// Tally is what all have counted so far.
func (g Group) Tally(ctx context.Context) (wire.Counts, error) {
	return sum[wire.Counts](ctx, g, control.Tally)
}

// Trim is what all take from the host with unused memory given back.
func (g Group) Trim(ctx context.Context) (control.Usage, error) {
	return sum[control.Usage](ctx, g, control.Trim)
}

// Ended is when subscriptions or connections came to their end, in order. Each party
// waits for its share of them.
func (g Group) Ended(ctx context.Context, within time.Duration, a control.EndedArgs) (at []int64, err error) {
	all := make([][]int64, len(g))
	err = g.each(func(i int, p *Party) error {
		mine := a
		mine.Count = share(a.Count, i, len(g))
		return p.Call(ctx, within, control.Ends, mine, &all[i])
	})
	return slices.Sorted(slices.Values(slices.Concat(all...))), err
}

// Stop ends all at once, and says of each how it ended where that was not by itself.
func (g Group) Stop() []error {
	failed := make([]error, len(g))
	g.each(func(i int, p *Party) error {
		failed[i] = p.Stop()
		return nil
	})
	return failed
}
