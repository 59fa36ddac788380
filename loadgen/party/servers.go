package party

import (
	"context"

	"pushbench/servers/control"
	"pushbench/servers/count"
)

// Servers are the parties that serve one feed, each to its own subscribers. All
// publish the same events.
type Servers struct{ Group }

// Mark is the state of all: counts and what they use add up, and the newest event is
// the newest of any.
func (s Servers) Mark(ctx context.Context) (all control.ServerMark, err error) {
	marks, err := told[control.ServerMark](ctx, s.Group, 0, control.Mark, control.None{})
	for _, m := range marks {
		all.At, all.Newest = max(all.At, m.At), max(all.Newest, m.Newest)
		all.Usage, all.Counts = count.Add(all.Usage, m.Usage), count.Add(all.Counts, m.Counts)
		all.PublishCPU, all.Fanout = all.PublishCPU+m.PublishCPU, count.Add(all.Fanout, m.Fanout)
	}
	return all, err
}

// Told reports whether they can be asked.
func (s Servers) Told() bool { return s.Group[0].Caller != nil }
