package measure

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/results"
	"pushbench/servers/control"
)

// What a connection costs is known to the byte where memory is a line.
func TestSlopeOfMemory(t *testing.T) {
	rss := func(m Memory) int64 { return m.Server.RSS }
	rapid.Check(t, func(rt *rapid.T) {
		base := rapid.Int64Range(0, 1<<30).Draw(rt, "base")
		each := rapid.Int64Range(1, 1<<20).Draw(rt, "each")
		var readings []Memory
		for n := 500; n <= 8000; n *= 2 {
			readings = append(readings, Memory{Conns: n, Server: control.Usage{RSS: base + each*int64(n)}})
		}
		got, fitError := line(readings, rss)
		if math.Abs(got-float64(each)) > 1e-6*float64(each) || fitError > 1e-6 {
			rt.Errorf("%v bytes each, off by %v; want %d", got, fitError, each)
		}
	})
	bent := []Memory{{Conns: 1}, {Conns: 2}, {Conns: 3, Server: control.Usage{RSS: 200}}}
	if got, fitError := line(bent, rss); got != 100 || math.Abs(fitError-1./3) > 1e-9 { // the middle lies 200/3 below the line, which rises by 200
		t.Errorf("%v bytes each, off by %v", got, fitError)
	}
	flat := []Memory{{Conns: 1}, {Conns: 2}, {Conns: 3}}
	if got, fitError := line(flat, rss); got != 0 || fitError != 0 {
		t.Errorf("%v bytes each of nothing, off by %v", got, fitError)
	}
}

// What one event adds is read at the last step, and belongs to every connection.
func TestHeldMemory(t *testing.T) {
	o := &Observation{Asked: Asked{OfMemory: true}}
	o.Treatment.Subscribers = 100
	usage := func(rss int64) control.Usage { return control.Usage{RSS: rss} }
	for _, n := range []int{50, 100} {
		o.Steps = append(o.Steps, Memory{Conns: n, Server: usage(1000 + 30*int64(n))})
	}
	o.Held = Memory{Conns: 100, Server: usage(1000 + 30*100 + 700)}
	o.Rest = 10 * time.Second
	o.Passed.BytesRead, o.Passed.BytesWritten = 64_000, 97_000
	trial := recorded(o)
	for metric, want := range map[string]results.Metric{
		"idle/server-rss": {Value: 30, Unit: "B"}, "held/server-rss": {Value: 37, Unit: "B"},
		"idle/bytes/down": {Value: 64, Unit: "B/s"}, "idle/bytes/up": {Value: 97, Unit: "B/s"},
	} {
		if got := trial.Metrics[metric]; got != want {
			t.Errorf("%s is %+v, not %+v", metric, got, want)
		}
	}
}
