package measure

import (
	"math"
	"testing"
	"time"

	"pushbench/loadgen/host"
)

var unsaturatedCases = []ruleCase{
	{"fleet busy", clean, func(o *Observation) { o.After.Fleet.Usage.User = 3 + 0.89 },
		[]string{"unsaturated fleet: the fleet used 81 % of its core, limit 80 %"}},
	{"fleet nearly busy", clean, func(o *Observation) { o.After.Fleet.Usage.User = 3 + 0.86 }, nil},
	{"fleet busy in quiet", quietTrial, func(o *Observation) { o.After.Fleet.Usage.User = 0.9 },
		[]string{"unsaturated fleet: the fleet used 90 % of its core, limit 80 %"}},
	{"server at its limit", clean, func(o *Observation) { o.After.Server.Usage.User = 1 + 1.05 },
		[]string{"unsaturated server: the server used 96 % of its core, limit 95 %"}},
	{"server nearly at its limit", clean, func(o *Observation) { o.After.Server.Usage.User = 1 + 1.02 }, nil},
	{"both busy, as asked", clean, func(o *Observation) {
		o.After.Server.Usage.User, o.After.Fleet.Usage.User, o.Saturate = 1+1.05, 3+0.89, true
	}, nil},
	{"waiting while others have the core", clean, func(o *Observation) { waits(o, "server", 1.07) }, nil},
	{"both on one core", clean, func(o *Observation) {
		o.Layout.Fleet = o.Layout.Server
		o.After.Server.Usage.User, o.After.Fleet.Usage.User = 1+0.6, 3+0.5
	}, []string{"unsaturated shared-core: the server and the fleet used 101 % of their core, limit 95 %"}},

	{"as busy where no CPU is known", clean, func(o *Observation) {
		o.Layout.Server, o.Layout.Fleet = nil, nil
		o.After.Server.Usage.User, o.After.Fleet.Usage.User = 1+0.6, 3+0.5
	}, nil},

	{"proxy at its limit", proxiedTrial, func(o *Observation) { relays(o, 2, 1.13) },
		[]string{"unsaturated proxy: the proxy used 103 % of its core, limit 95 %"}},
	{"proxy busy, on the fleet's core", proxiedTrial, func(o *Observation) {
		relays(o, 5, 0.6)
		o.After.Fleet.Usage.User = 3 + 0.5
	}, []string{"unsaturated shared-core: the fleet and the proxy used 100 % of their core, limit 95 %"}},
	{"two fleets, on two cores, as busy as one may be on one", clean, func(o *Observation) {
		o.Layout.Fleet = []int{5, 6}
		o.After.Fleet.Usage.User = 3 + 1.7
		o.After.CPU.Cores = append(o.After.CPU.Cores, host.CoreTime{CPU: 6, Wall: 51.1})
	}, nil},

	{"link busy, on the fleet's core", linked, func(o *Observation) { o.After.Link.Usage.User = 18.2 }, []string{
		"unsaturated link: the link used 96 % of its core, limit 80 %",
		"unsaturated shared-core: the fleet and the link used 96 % of their core, limit 95 %"}},
	{"link busy, beside a busy fleet", linked, func(o *Observation) { o.After.Link.Usage.User, o.After.Fleet.Usage.User = 9, 10 },
		[]string{"unsaturated shared-core: the fleet and the link used 100 % of their core, limit 95 %"}},
	{"link as busy, on cores of their own", linked, func(o *Observation) {
		o.Layout.Link = []int{2}
		o.After.Link.Usage.User, o.After.Fleet.Usage.User = 9, 10
		o.After.CPU.Cores = append(o.After.CPU.Cores, host.CoreTime{CPU: 2, Wall: 20})
	}, nil},
	{"link as busy, for as long as its backlog took", linked, func(o *Observation) {
		o.After.Link.Usage.User, o.After.Fleet.Usage.User = 9, 10
		o.After.Fleet.Last = int64(40 * time.Second)
	}, nil},
	{"link busy on a core of its own", linked, func(o *Observation) {
		o.Layout.Link = []int{2}
		o.After.Link.Usage.User = 15
		o.After.CPU.Cores = append(o.After.CPU.Cores, host.CoreTime{CPU: 2, Wall: 20})
	}, []string{"unsaturated link: the link used 80 % of its core, limit 80 %"}},
	{"link busy, where an end was to be", linked, func(o *Observation) {
		o.Saturate = true
		o.Layout.Link = []int{2}
		o.After.Link.Usage.User = 15
		o.After.CPU.Cores = append(o.After.CPU.Cores, host.CoreTime{CPU: 2, Wall: 20})
	}, []string{"unsaturated link: the link used 80 % of its core, limit 80 %"}},
}

// proxiedTrial is a trial through a relay that has nothing to do.
func proxiedTrial(t testing.TB) *Observation {
	o := clean(t)
	o.Treatment.Proxy = "relay"
	relays(o, 5, 0)
	return o
}

// relays lets the relay use so much CPU time on a core.
func relays(o *Observation, cpu int, seconds float64) {
	o.Layout.Link = []int{cpu}
	o.After.Process["proxy"] = host.ProcessTime{CPU: seconds}
	if cpu != 5 {
		o.After.CPU.Cores = append(o.After.CPU.Cores, host.CoreTime{CPU: cpu, Wall: 51.1})
	}
}

// What is more than an end can take breaks no rule where a scenario asks for it, and
// the record says which end it was.
func TestSaturated(t *testing.T) {
	server := func(o *Observation) { o.After.Server.Usage.User = o.Before.Server.Usage.User + 1.2 }
	clients := func(o *Observation) { o.After.Fleet.Usage.User = o.Before.Fleet.Usage.User + 1.2 }
	for _, test := range []struct {
		says  string
		spoil []func(*Observation)
	}{
		{"neither", nil},
		{"server", []func(*Observation){server}},
		{"fleet", []func(*Observation){clients}},
		{"both", []func(*Observation){server, clients}},
	} {
		o := clean(t)
		for _, spoil := range test.spoil {
			spoil(o)
		}
		if broken := o.broken(); len(broken) != len(test.spoil) || o.saturated() != "" {
			t.Errorf("%s: broken rules %q, saturated %q, though nobody asked for it", test.says, broken, o.saturated())
		}
		o.Saturate = true
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
		{o.Mark2 - o.Mark1 + time.Second, between + 1},
	} {
		o.After.Fleet.Last = o.From + int64(test.after)
		if got := o.elapsed(); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("elapsed %v s with the last event after %v, want %v", got, test.after, test.want)
		}
	}
}
