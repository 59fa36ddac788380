package fleet

import (
	"slices"
	"testing"
	"time"

	"pushbench/servers/control"
	"pushbench/servers/feed"
)

// Polls go on while other commands are answered.
func TestStart(t *testing.T) {
	s, p := serve(t, feed.Text), startFleet(t)
	p.do(Connect, s.config("poll?interval=5ms"), nil)
	p.do(control.Start, control.RunArgs{Origin: s.Clock.Now(), To: feed.Forever}, nil)
	var m Mark
	p.do(control.Mark, control.None{}, &m)
	for want := m.Requests + 2*subscribers; m.Requests < want; {
		p.do(control.Mark, control.None{}, &m)
	}
}

// The fleet tells when subscriptions ended, and of none that nobody ended.
func TestEndedSubscriptions(t *testing.T) {
	for _, transport := range []string{"longpoll", "ws"} {
		t.Run(transport, func(t *testing.T) {
			s, p := serve(t, feed.Text), startFleet(t)
			p.do(Connect, s.config(transport), nil)
			var none, all []int64
			p.do(control.Ends, control.EndedArgs{}, &none)
			if len(none) != 0 {
				t.Errorf("subscriptions ended at %v", none)
			}
			before := s.Clock.Now()
			s.Log.Close()
			p.do(control.Ends, control.EndedArgs{Count: subscribers, Until: before + int64(patience)}, &all)
			at := append(append([]int64{before}, all...), s.Clock.Now()+int64(time.Millisecond)) // the fleet's clock may read a little more
			if len(all) != subscribers || !slices.IsSorted(at) {
				t.Errorf("%d subscriptions ended, between %d and %d at %v", len(all), at[0], at[len(at)-1], all)
			}
		})
	}
}
