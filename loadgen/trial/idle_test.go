package trial

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/results"
	"pushbench/servers/control"
)

// A trial of memory with the real servers: whatever it costs, each step is read,
// and each connection has one event.
func TestIdle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		transport, http string
		tls             bool
		quiet           bool // nothing is sent while the feed is quiet
	}{
		{"poll?interval=50ms", "1.1", false, false},
		{"poll?interval=50ms", "2", true, false},
		{"longpoll?hold=30s", "1.1", false, true},
		{"raw", "1.1", false, true},
		{"ws", "1.1", true, true},
	} {
		t.Run(test.transport+" HTTP/"+test.http, func(t *testing.T) {
			t.Parallel()
			c := realConfig(t, test.transport)
			c.Treatment.HTTP, c.Treatment.TLS = test.http, test.tls
			c.Steps, c.Treatment.Subscribers, c.Treatment.Rate = []int{2, 8, 20}, 20, 0
			trial := runTrial(t, c)
			wantBroken(t, trial)
			for _, metric := range []string{
				"idle/server-rss", "idle/server-heap", "idle/server-stacks", "idle/fleet-rss", "idle/kernel", "idle/fit-error",
				"held/server-rss", "held/server-heap", "held/server-stacks", "held/fleet-rss", "held/kernel",
			} {
				value(t, trial, metric) // of so few connections it may be anything
			}
			if got := value(t, trial, "idle/server-heap"); got <= 0 {
				t.Errorf("a connection takes %v bytes of heap", got)
			}
			if got := value(t, trial, "idle/bytes/up"); (got == 0) != test.quiet {
				t.Errorf("a connection sends %v bytes a second while the feed is quiet", got)
			}
			if got := value(t, trial, "events/lost"); got != 0 {
				t.Errorf("%v events lost", got)
			}
		})
	}
}

// What a connection costs is known to the byte where memory is a line.
func TestSlopeOfMemory(t *testing.T) {
	rss := func(m memory) int64 { return m.server.RSS }
	rapid.Check(t, func(rt *rapid.T) {
		base := rapid.Int64Range(0, 1<<30).Draw(rt, "base")
		each := rapid.Int64Range(1, 1<<20).Draw(rt, "each")
		var readings []memory
		for n := 500; n <= 8000; n *= 2 {
			readings = append(readings, memory{conns: n, server: control.Usage{RSS: base + each*int64(n)}})
		}
		got, fitError := line(readings, rss)
		if math.Abs(got-float64(each)) > 1e-6*float64(each) || fitError > 1e-6 {
			rt.Errorf("%v bytes each, off by %v; want %d", got, fitError, each)
		}
	})
	bent := []memory{{conns: 1}, {conns: 2}, {conns: 3, server: control.Usage{RSS: 200}}}
	if got, fitError := line(bent, rss); got != 100 || math.Abs(fitError-1./3) > 1e-9 { // the middle lies 200/3 below the line, which rises by 200
		t.Errorf("%v bytes each, off by %v", got, fitError)
	}
	flat := []memory{{conns: 1}, {conns: 2}, {conns: 3}}
	if got, fitError := line(flat, rss); got != 0 || fitError != 0 {
		t.Errorf("%v bytes each of nothing, off by %v", got, fitError)
	}
}

// What one event adds is read at the last step, and belongs to every connection.
func TestHeldMemory(t *testing.T) {
	o := &observation{config: Config{Measure: 10 * time.Second}}
	o.config.Treatment.Subscribers = 100
	usage := func(rss int64) control.Usage { return control.Usage{RSS: rss} }
	for _, n := range []int{50, 100} {
		o.idle.fresh = append(o.idle.fresh, memory{conns: n, server: usage(1000 + 30*int64(n))})
	}
	o.idle.held = memory{conns: 100, server: usage(1000 + 30*100 + 700)}
	o.idle.quiet = 10 * time.Second
	o.idle.bytes.BytesRead, o.idle.bytes.BytesWritten = 64_000, 97_000
	trial := &results.Trial{Metrics: map[string]results.Metric{}}
	o.measureIdle(trial)
	for metric, want := range map[string]results.Metric{
		"idle/server-rss": {Value: 30, Unit: "B"}, "held/server-rss": {Value: 37, Unit: "B"},
		"idle/bytes/down": {Value: 64, Unit: "B/s"}, "idle/bytes/up": {Value: 97, Unit: "B/s"},
	} {
		if got := trial.Metrics[metric]; got != want {
			t.Errorf("%s is %+v, not %+v", metric, got, want)
		}
	}
}
