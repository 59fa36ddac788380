package trial

import (
	"math"
	"slices"
	"testing"
	"time"

	"pushbench/servers/feed"
)

// What is more than an end can take breaks no rule where a scenario asks for
// it, and the record says which end it was.
func TestSaturation(t *testing.T) {
	late := func(o *observation) { o.after.server.Lag[0], o.after.server.Lag[1] = 2e6, 3e6 }
	server := func(o *observation) { o.after.server.Usage.User = o.before.server.Usage.User + 1.2 }
	clients := func(o *observation) { o.after.fleet.Usage.User = o.before.fleet.Usage.User + 1.2 }
	lost := func(o *observation) { o.collected.Order.Lost = 3 }
	for _, test := range []struct {
		name  string
		spoil []func(*observation)
		says  string
		valid bool
	}{
		{"neither", nil, "saturated: neither end, so that both could have done more", true},
		{"the server", []func(*observation){server, late}, "saturated: the server", true},
		{"the fleet", []func(*observation){clients}, "saturated: the fleet, so that the server could have done more", true},
		{"both", []func(*observation){server, clients}, "saturated: both ends", true},
		{"events lost", []func(*observation){server, lost}, "saturated: the server", false},
	} {
		o := clean(t)
		for _, spoil := range test.spoil {
			spoil(o)
		}
		if broken := o.invalid(); len(test.spoil) > 0 && len(broken) == 0 {
			t.Errorf("%s: valid, though nobody asked for it", test.name)
		}
		o.config.Saturate = true
		if broken := o.invalid(); (len(broken) == 0) != test.valid {
			t.Errorf("%s: broken rules %q", test.name, broken)
		}
		if said := o.warnings(); !slices.Contains(said, test.says) {
			t.Errorf("%s: warnings %q lack %q", test.name, said, test.says)
		}
	}
}

// What arrives later than trial time ends counts for as long as it took.
func TestElapsed(t *testing.T) {
	o := clean(t)
	between := o.between()
	for _, test := range []struct {
		after time.Duration
		want  float64
	}{
		{time.Millisecond, between},
		{o.plan.mark2 - o.plan.mark1 + time.Second, between + 1},
	} {
		o.after.fleet.Last = o.from + int64(test.after)
		if got := o.elapsed(); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("elapsed %v s with the last event after %v, want %v", got, test.after, test.want)
		}
	}
}

// The server keeps what piles up.
func TestRing(t *testing.T) {
	c := config(t, "ws")
	if got := c.ring(); got != feed.DefaultRing {
		t.Errorf("%d events, not the default", got)
	}
	c.Saturate, c.Treatment.Rate, c.Warmup, c.Measure = true, 10_000, time.Second, 3*time.Second
	if got := c.ring(); got < 50_000 || got > 1<<20 {
		t.Errorf("room for %d of 40,000 events", got)
	}
}

// More than an end can take still arrives, each event once and in order.
func TestSaturatedTrial(t *testing.T) {
	for _, transport := range []string{"longpoll", "ws"} {
		t.Run(transport, func(t *testing.T) {
			c := config(t, transport)
			c.ServerPath, c.Saturate, c.Treatment.Rate = servers(t), true, 30_000
			got := runTrial(t, c)
			if len(got.Invalid) > 0 {
				t.Errorf("broken rules %q", got.Invalid)
			}
			expected := got.Metrics["events/expected"].Value
			if all := c.Treatment.Rate * c.Measure.Seconds() * 4; math.Abs(expected-all) > 8 || got.Metrics["events/delivered"].Value != expected {
				t.Errorf("%v of %v events were delivered, not %v", got.Metrics["events/delivered"].Value, expected, all)
			}
			if most := c.Treatment.Rate * 4 * 1.01; !(got.Metrics["throughput"].Value > 0) || got.Metrics["throughput"].Value > most {
				t.Errorf("%v events a second of %v", got.Metrics["throughput"].Value, most)
			}
		})
	}
}
