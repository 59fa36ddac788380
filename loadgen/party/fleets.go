package party

import (
	"context"
	"fmt"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/servers/control"
)

// Fleets are the parties that hold a trial's subscribers. What is drawn for each of
// them is drawn for all.
type Fleets struct{ Group }

// Connect brings the fleets from so many subscribers to those that c asks for in all,
// of which there will be c.Of in the end. Each has its range of them. Neighbours have
// one server, so that each server has as many of the subscribers as any other; at says
// where they are.
func (fs Fleets) Connect(ctx context.Context, within time.Duration, from int, c fleet.Config, at []control.Listening) error {
	to, fleets := c.Subscribers, len(fs.Group)
	return fs.each(func(i int, f *Party) error {
		mine := c
		had, first := share(from, i, fleets), from
		for j := range i {
			first += share(to, j, fleets) - share(from, j, fleets)
		}
		server := at[i*len(at)/fleets]
		mine.Addr, mine.Authority = server.Addr, server.Authority
		mine.Subscribers, mine.From = share(to, i, fleets), first
		mine.DialRate *= float64(mine.Subscribers-had) / float64(to-from)
		if mine.Subscribers == had {
			return nil
		}
		return f.Call(ctx, within, fleet.Connect, mine, nil)
	})
}

// Mark is the state of all: counts and what they use add up, and the last event is
// the last of any.
func (fs Fleets) Mark(ctx context.Context) (fleet.Mark, error) {
	all, err := told[fleet.Mark](ctx, fs.Group, 0, control.Mark, control.None{})
	for _, m := range all[1:] {
		all[0].Add(m)
	}
	return all[0], err
}

// Await is how many subscribers do not have the newest event in time.
func (fs Fleets) Await(ctx context.Context, a fleet.AwaitArgs) (missing int, err error) {
	all, err := told[int](ctx, fs.Group, a.Timeout, fleet.Await, a)
	for _, left := range all {
		missing += left
	}
	return missing, err
}

// Collect is what all have seen.
func (fs Fleets) Collect(ctx context.Context, newest uint64) (fleet.Collected, error) {
	all, err := told[fleet.Collected](ctx, fs.Group, 0, fleet.Collect, newest)
	for i, c := range all[1:] {
		if err != nil {
			break
		}
		if err = all[0].Add(c); err != nil {
			err = fmt.Errorf("add what %s saw to what others did: %w", fs.Group[i+1].Name, err)
		}
	}
	return all[0], err
}
