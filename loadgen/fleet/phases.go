package fleet

import (
	"cmp"
	"fmt"

	"pushbench/servers/feed"
)

// phases is when in its interval each of so many new subscribers asks. They are drawn
// for all subscribers of the trial; where nobody asks by the clock none is, since to
// draw for a million takes time and memory.
func (c Config) phases(added int, polls bool) ([]float64, error) {
	all := cmp.Or(c.Of, added)
	switch {
	case c.From < 0 || added < 0 || c.From+added > all:
		return nil, fmt.Errorf("subscribers %d to %d are not among %d", c.From, c.From+added, all)
	case !polls:
		return make([]float64, added), nil
	}
	return feed.Phases(all, feed.Rand(c.Seed, c.Block, "phases"))[c.From:][:added], nil
}
