package measure

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"pushbench/loadgen/host"
	"pushbench/results"
)

// What the kernel counts is told since before the first connection, and what it takes as
// it was at the second mark. Where it tells nothing nothing is in the record.
func TestMetricsOfSockets(t *testing.T) {
	o := clean(t)
	o.Sockets = Sockets{
		Before: host.Sockets{Kernel: 1000, Memory: 100, TimeWaits: 10, Pressures: 1, Resent: 20, Overflows: 5},
		After:  host.Sockets{Kernel: 9000, Memory: 700, TimeWaits: 12, Pressures: 3, Resent: 24, Overflows: 5},
		Read:   true,
	}
	want := map[string]results.Metric{
		"kernel/memory": {Value: 8000, Unit: "B"}, "kernel/tcp-memory": {Value: 700, Unit: "B"},
		"kernel/tcp-pressures": {Value: 2, Unit: "1"}, "kernel/resent": {Value: 4, Unit: "1"},
		"kernel/time-waits": {Value: 12, Unit: "1"}, "kernel/listen-overflows": {Value: 0, Unit: "1"},
	}
	got := map[string]results.Metric{}
	for name := range want {
		got[name] = recorded(o).Metrics[name]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	o.Sockets.Read = false
	for name := range want {
		if m, has := recorded(o).Metrics[name]; has {
			t.Errorf("%s is %v, though the kernel told nothing", name, m)
		}
	}
}

// Several servers of one feed publish each event, which is still one event. What their
// processes wait for one another is no more than each of them waits.
func TestMetricsOfSeveralServers(t *testing.T) {
	one := clean(t)
	waits(one, "server", 0.33)
	two := clean(t)
	waits(two, "server", 0.66)
	two.Servers, two.Fleets = 2, 4
	for _, lag := range one.Published.Lag {
		two.Published.Lag = append(two.Published.Lag, lag+1000)
	}
	a, b := recorded(one), recorded(two)
	for _, name := range []string{"events/distinct", "events/expected", "server/waiting", "publisher/cpu"} {
		if a.Metrics[name] != b.Metrics[name] {
			t.Errorf("%s of one server is %v, and of two %v", name, a.Metrics[name], b.Metrics[name])
		}
	}
	if n, of := b.Hists["publish-lag"].N(), a.Hists["publish-lag"].N(); n != 2*of || b.Hists["publish-lag"].Max() != a.Hists["publish-lag"].Max()+1000 {
		t.Errorf("%d lags up to %d, of one server %d up to %d", n, b.Hists["publish-lag"].Max(), of, a.Hists["publish-lag"].Max())
	}
	if b.Metrics["server/processes"].Value != 2 || b.Metrics["fleet/processes"].Value != 4 || a.Metrics["server/processes"].Value != 1 {
		t.Errorf("%v servers and %v fleets", b.Metrics["server/processes"], b.Metrics["fleet/processes"])
	}
	if broken := two.broken(); len(broken) > 0 {
		t.Errorf("broken rules %q", sayings(broken))
	}
}
