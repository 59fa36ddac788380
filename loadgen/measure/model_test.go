package measure

import (
	"math"
	"testing"
	"time"

	"pushbench/scenarios"
)

// What a trial of 40 events, 25 ms apart on a path of 40 ms, puts into its record.
func TestModelOfTrial(t *testing.T) {
	const rtt = 40 * time.Millisecond
	for _, c := range []struct {
		transport string
		change    func(*scenarios.Treatment)
		want      float64 // ms; 0 where there is none
	}{
		{transport: "ws", want: 20},
		{transport: "ws?batch=on", want: 20},
		{transport: "ws?batch=10ms"},
		{transport: "sse", want: 20},
		{transport: "raw", want: 20},
		{transport: "longpoll", want: 20 + (0+15+30+5+20+35+10+25)/8.}, // until the answer at the next multiple of 40
		{transport: "longpoll?batch=off", want: 20 + 39./2*15},
		{transport: "ws", change: func(tr *scenarios.Treatment) { tr.Network.RTT = 0 }},
		{transport: "ws", change: func(tr *scenarios.Treatment) { tr.Network.Loss = 0.01 }},
		{transport: "ws", change: func(tr *scenarios.Treatment) { tr.Network.Jitter = time.Millisecond }},
		{transport: "ws", change: func(tr *scenarios.Treatment) { tr.Network.Bandwidth = 1e6 }},
		{transport: "ws", change: func(tr *scenarios.Treatment) { tr.Network = scenarios.Network{Profile: "4g"} }},
		{transport: "ws", change: func(tr *scenarios.Treatment) { tr.Want = "latest" }},
	} {
		o := clean(t)
		tr := &o.Treatment
		tr.Transport, tr.Network.RTT = c.transport, rtt
		if c.change != nil {
			c.change(tr)
		}
		o.Spec = specOf(t, c.transport)
		o.Rhythm = o.Spec.Rhythm()
		record := recorded(o)
		m, has := record.Metrics["model/staleness"]
		if has != (c.want > 0) || math.Abs(m.Value*1e3-c.want) > 1e-9 || has && m.Unit != "s" {
			t.Errorf("%s over %+v: %v s (%v), want %v ms", c.transport, tr.Network, m.Value, has, c.want)
		}
	}
}
