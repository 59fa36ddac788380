package stage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"pushbench/servers/control"
)

// Feed is the servers that publish one feed, each to its own subscribers. They have one
// schedule, seed and payload, and are let go on from the same instant, so that an event
// has the same number, Due and body at each. When each of them did publish it is its
// own, and so is how late that was.
type Feed []Server

// each asks every server at once.
func each[Answer any](f Feed, ask func(Server) (Answer, error)) (answers []Answer, err error) {
	answers, failed := make([]Answer, len(f)), make([]error, len(f))
	var wait sync.WaitGroup
	for i, s := range f {
		wait.Go(func() { answers[i], failed[i] = ask(s) })
	}
	wait.Wait()
	return answers, errors.Join(failed...)
}

// newest is the number that all servers answer with.
func (f Feed) newest(ask func(Server) (uint64, error)) (uint64, error) {
	all, err := each(f, ask)
	if same := slices.Compact(slices.Clone(all)); err == nil && len(same) > 1 {
		return all[0], fmt.Errorf("%d servers of one feed have events up to numbers %d; they are to have the same", len(f), all)
	}
	return all[0], err
}

// Publish implements Publisher.
func (f Feed) Publish(ctx context.Context) (uint64, error) {
	return f.newest(func(s Server) (uint64, error) { return s.Publish(ctx) })
}

// Run implements Publisher.
func (f Feed) Run(ctx context.Context, within time.Duration, a control.RunArgs) (uint64, error) {
	return f.newest(func(s Server) (uint64, error) { return s.Run(ctx, within, a) })
}

// GoOn implements Publisher.
func (f Feed) GoOn(ctx context.Context, a control.RunArgs) error {
	_, err := each(f, func(s Server) (control.None, error) { return control.None{}, s.GoOn(ctx, a) })
	return err
}

// Published implements Publisher. Due is the feed's, and Lag holds that of each server,
// one server's after the other's.
func (f Feed) Published(ctx context.Context) (control.PublishedAt, error) {
	all, err := each(f, func(s Server) (control.PublishedAt, error) { return s.Published(ctx) })
	together := all[0]
	for i, p := range all[1:] {
		if err == nil && !slices.Equal(p.Due, together.Due) {
			err = fmt.Errorf("server %d published %d events and the first one %d, or they were due at other instants; they are to be the same", i+2, len(p.Due), len(together.Due))
		}
		together.Lag = slices.Concat(together.Lag, p.Lag)
	}
	return together, err
}
