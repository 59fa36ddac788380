package measure

import (
	"math"
	"testing"
	"time"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/control"
	"pushbench/servers/wire"
)

// What a connection of a quiet feed costs: heartbeats by the clock, polls by
// trial time, which rests while the ends settle.
func TestQuietCosts(t *testing.T) {
	for _, test := range []struct {
		transport string
		seconds   float64 // 100 s between the fleet's readings, 50 s of trial time
	}{
		{"ws", 100}, {"poll?interval=1s", 50},
	} {
		spec := specOf(t, test.transport)
		o := &Observation{Asked: Asked{
			Promises:  Ours,
			Treatment: scenarios.Treatment{Transport: test.transport, Subscribers: 10, Fault: scenarios.FleetStops},
			Spec:      spec, Rhythm: spec.Rhythm(), Quiet: true, Mark1: time.Second, Mark2: 51 * time.Second,
		}}
		o.After.Fleet.At, o.After.Server.At, o.After.At = 100e9, 90e9, 80e9
		o.After.Fleet.Counts = wire.Counts{BytesRead: 2000, BytesWritten: 6000}
		o.After.Fleet.TCP = wire.TCP{BytesReceived: 2000, BytesSent: 6000}
		o.After.Server.Usage = control.Usage{User: 0.6, System: 0.2}
		trial := recorded(o)
		cpuSeconds := 80.
		if o.Rhythm.Poll > 0 {
			cpuSeconds = 50
		}
		for metric, want := range map[string]results.Metric{
			"idle/bytes/down": {Value: 200 / test.seconds, Unit: "B/s"},
			"idle/bytes/up":   {Value: 600 / test.seconds, Unit: "B/s"},
			"idle/total/down": {Value: 200 / test.seconds, Unit: "B/s"},
			"idle/total/up":   {Value: 600 / test.seconds, Unit: "B/s"},
			"idle/server-cpu": {Value: 0.08 / cpuSeconds, Unit: "s/s"},
		} {
			if got := trial.Metrics[metric]; got.Unit != want.Unit || math.Abs(got.Value-want.Value) > 1e-9*want.Value {
				t.Errorf("%s: %s is %+v, not %+v", test.transport, metric, got, want)
			}
		}
	}
}
