package fleet

import (
	"testing"
	"time"

	"pushbench/servers/control"
	"pushbench/servers/feed"
)

// Two fleets that share the subscribers poll when one fleet of all would: phases are
// drawn for all, and each fleet has those of its own range.
func TestFleetsPollAtThePhasesOfAll(t *testing.T) {
	s := serve(t, feed.Text)
	const each, of, interval = 2, 4, time.Hour
	phases := feed.Phases(of, feed.Rand(1, 1, "phases"))
	for from := 0; from < of; from += each {
		p := startFleet(t)
		c := s.config("poll?interval=1h")
		c.Subscribers, c.From, c.Of = each, from, of
		p.do(Connect, c, nil)
		for i := range int(interval / time.Minute) {
			mark := time.Duration(i+1) * time.Minute
			// Trial time that has passed already: what was due in it is asked for at once.
			p.do(control.Run, RunArgs{RunArgs: control.RunArgs{Origin: feed.After(s.Clock.Now(), -mark), To: mark}}, nil)
			want := int64(each) // polls that opened the connections
			for _, phase := range phases[from:][:each] {
				if time.Duration(phase*float64(interval)) <= mark {
					want++
				}
			}
			if got := p.mark().Requests; got != want {
				t.Fatalf("subscribers %d and %d of %d: %d requests after %v, want %d", from, from+1, of, got, mark, want)
			}
		}
	}
}
