package trial

import (
	"math"
	"testing"
	"time"

	"pushbench/loadgen/host"
	"pushbench/servers/feed"
)

var unsaturatedCases = []ruleCase{
	{"fleet busy", clean, func(o *observation) { o.after.fleet.Usage.User = 3 + 0.89 },
		[]string{"unsaturated fleet: the fleet used 81 % of its core, limit 80 %"}},
	{"fleet nearly busy", clean, func(o *observation) { o.after.fleet.Usage.User = 3 + 0.86 }, nil},
	{"fleet busy in quiet", quiet, func(o *observation) { o.after.fleet.Usage.User = 0.9 },
		[]string{"unsaturated fleet: the fleet used 90 % of its core, limit 80 %"}},
	{"server at its limit", clean, func(o *observation) { o.after.server.Usage.User = 1 + 1.05 },
		[]string{"unsaturated server: the server used 96 % of its core, limit 95 %"}},
	{"server nearly at its limit", clean, func(o *observation) { o.after.server.Usage.User = 1 + 1.02 }, nil},
	{"both busy, as asked", clean, func(o *observation) {
		o.after.server.Usage.User, o.after.fleet.Usage.User, o.config.Saturate = 1+1.05, 3+0.89, true
	}, nil},
	{"waiting while others have the core", clean, func(o *observation) { waits(o, "server", 1.07) }, nil},
	{"both on one core", clean, func(o *observation) {
		o.config.Layout.Fleet = o.config.Layout.Server
		o.after.server.Usage.User, o.after.fleet.Usage.User = 1+0.6, 3+0.5
	}, []string{"unsaturated shared-core: the server and the fleet used 101 % of their core, limit 95 %"}},

	{"as busy where no CPU is known", clean, func(o *observation) {
		o.config.Layout.Server, o.config.Layout.Fleet = nil, nil
		o.after.server.Usage.User, o.after.fleet.Usage.User = 1+0.6, 3+0.5
	}, nil},

	{"link busy, on the fleet's core", linked, func(o *observation) { o.after.link.Usage.User = 18.2 }, []string{
		"unsaturated link: the link used 96 % of its core, limit 80 %",
		"unsaturated shared-core: the fleet and the link used 96 % of their core, limit 95 %"}},
	{"link busy, beside a busy fleet", linked, func(o *observation) { o.after.link.Usage.User, o.after.fleet.Usage.User = 9, 10 },
		[]string{"unsaturated shared-core: the fleet and the link used 100 % of their core, limit 95 %"}},
	{"link as busy, on cores of their own", linked, func(o *observation) {
		o.config.Layout.Link = []int{2}
		o.after.link.Usage.User, o.after.fleet.Usage.User = 9, 10
		o.after.cpu.Cores = append(o.after.cpu.Cores, host.CoreTime{CPU: 2, Wall: 20})
	}, nil},
	{"link as busy, for as long as its backlog took", linked, func(o *observation) {
		o.after.link.Usage.User, o.after.fleet.Usage.User = 9, 10
		o.after.fleet.Last = int64(40 * time.Second)
	}, nil},
	{"link busy on a core of its own", linked, func(o *observation) {
		o.config.Layout.Link = []int{2}
		o.after.link.Usage.User = 15
		o.after.cpu.Cores = append(o.after.cpu.Cores, host.CoreTime{CPU: 2, Wall: 20})
	}, []string{"unsaturated link: the link used 80 % of its core, limit 80 %"}},
	{"link busy, where an end was to be", linked, func(o *observation) {
		o.config.Saturate = true
		o.config.Layout.Link = []int{2}
		o.after.link.Usage.User = 15
		o.after.cpu.Cores = append(o.after.cpu.Cores, host.CoreTime{CPU: 2, Wall: 20})
	}, []string{"unsaturated link: the link used 80 % of its core, limit 80 %"}},
}

// What is more than an end can take breaks no rule where a scenario asks for it, and
// the record says which end it was.
func TestSaturated(t *testing.T) {
	server := func(o *observation) { o.after.server.Usage.User = o.before.server.Usage.User + 1.2 }
	clients := func(o *observation) { o.after.fleet.Usage.User = o.before.fleet.Usage.User + 1.2 }
	for _, test := range []struct {
		says  string
		spoil []func(*observation)
	}{
		{"neither", nil},
		{"server", []func(*observation){server}},
		{"fleet", []func(*observation){clients}},
		{"both", []func(*observation){server, clients}},
	} {
		o := clean(t)
		for _, spoil := range test.spoil {
			spoil(o)
		}
		if broken := o.broken(); len(broken) != len(test.spoil) || o.saturated() != "" {
			t.Errorf("%s: broken rules %q, saturated %q, though nobody asked for it", test.says, broken, o.saturated())
		}
		o.config.Saturate = true
		if broken := o.broken(); len(broken) > 0 {
			t.Errorf("%s: broken rules %q", test.says, broken)
		}
		if got := o.saturated(); got != test.says {
			t.Errorf("saturated: %q, want %q", got, test.says)
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

// The server keeps what piles up, and what piled up has its time to come.
func TestBacklog(t *testing.T) {
	o := clean(t)
	if o.ring() != feed.DefaultRing || o.backlogTime() != 0 {
		t.Errorf("%d events, %v; want the default and no time", o.ring(), o.backlogTime())
	}
	o.config.Saturate, o.config.Treatment.Rate, o.plan.mark2 = true, 10_000, 4*time.Second
	if got := o.ring(); got < 50_000 || got > 1<<20 {
		t.Errorf("room for %d of 40,000 events", got)
	}
	if got := o.backlogTime(); got < 40*time.Second {
		t.Errorf("%v for what piled up in 4 s", got)
	}
}
