package trial

import (
	"math"
	"testing"
	"time"

	"pushbench/loadgen/host"
	"pushbench/loadgen/lab"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/all"
	"pushbench/servers/control"
	"pushbench/servers/wire"
)

// linked is what a flawless trial over a path sees: 20 s of trial time, 100 events
// in a packet of 200 bytes each, and an acknowledgement of 52 bytes for each. One of
// them was due in the window.
func linked(t testing.TB) *observation {
	t.Helper()
	o := &observation{config: Config{
		Treatment: scenarios.Treatment{Transport: "ws", Subscribers: 5},
		Layout:    host.Layout{Server: []int{0}, Fleet: []int{1}, Link: []int{1}},
	}}
	o.plan = plan{emulated: true, still: time.Millisecond, mark2: 20 * time.Second, until: 20 * time.Second}
	o.plan.spec, _ = all.Parse("ws")
	o.until = int64(o.plan.until)
	o.before.link = lab.LinkMark{Down: lab.Flow{Packets: 7, Bytes: 700, Delivered: 7, DeliveredBytes: 700}, Up: lab.Flow{Packets: 8, Bytes: 800}, Usage: control.Usage{User: 1, System: 1}}
	o.after.link = lab.LinkMark{
		Down:  lab.Flow{Packets: 107, Bytes: 20_700, Delivered: 107, DeliveredBytes: 20_700},
		Up:    lab.Flow{Packets: 108, Bytes: 6_000},
		Usage: control.Usage{User: 2, System: 3},
		Late:  late(1000, 100*time.Microsecond),
	}
	o.before.fleet.Delivered, o.after.fleet.Delivered = 50, 150
	o.after.fleet.Payload = 100 * 148
	o.after.fleet.Counts = wire.Counts{Conns: 5, BytesRead: 100 * 148}
	o.after.server.Counts = wire.Counts{Conns: 5, BytesWritten: 100 * 148}
	o.after.fleet.TCP = wire.TCP{BytesReceived: 100 * 148, SegmentsIn: 100, SegmentsOut: 100}
	o.after.server.Due, o.after.server.Lag = []int64{1}, []int64{1}
	o.collected.Hists = map[string]*results.Hist{}
	o.measured(5)
	o.before.resent, o.after.resent = bothWays{3, 4}, bothWays{3, 4}
	o.after.cpu = host.CPUTime{Cores: []host.CoreTime{{CPU: 0, Wall: 20}, {CPU: 1, Wall: 20}}}
	return o
}

// late is the lateness of so many packets, all alike.
func late(n int, each time.Duration) *results.Hist {
	h := results.NewHist()
	for range n {
		h.Record(int64(each))
	}
	return h
}

func TestLinkMetrics(t *testing.T) {
	o := linked(t)
	o.after.link.Down.Lost, o.after.link.Up.Overflowed = 3, 2
	o.after.resent = bothWays{5, 10}
	trial := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
	o.measureLink(trial)
	for name, want := range map[string]results.Metric{
		"link/cpu-util":        {Value: 0.15, Unit: "1"},
		"link/cpu":             {Value: 0.03, Unit: "s/event"},
		"link/packets/down":    {Value: 1, Unit: "1"},
		"link/packets/up":      {Value: 1, Unit: "1"},
		"link/bytes/down":      {Value: 200, Unit: "B/event"},
		"link/bytes/up":        {Value: 52, Unit: "B/event"},
		"link/lost/down":       {Value: 3, Unit: "1"},
		"link/lost/up":         {Value: 0, Unit: "1"},
		"link/overflowed/down": {Value: 0, Unit: "1"},
		"link/overflowed/up":   {Value: 2, Unit: "1"},
		"tcp/resent/down":      {Value: 2, Unit: "1"},
		"tcp/resent/up":        {Value: 6, Unit: "1"},
	} {
		got, ok := trial.Metrics[name]
		if !ok || got.Unit != want.Unit || math.Abs(got.Value-want.Value) > 1e-9 {
			t.Errorf("%s is %+v, want %+v", name, got, want)
		}
		info, known := results.Describe(name)
		if !known || info.Unit != want.Unit {
			t.Errorf("the vocabulary has %s as %+v", name, info)
		}
	}
	if len(trial.Metrics) != 12 || trial.Hists["link-late"].N() != 1000 {
		t.Errorf("metrics %v, histograms %v", trial.Metrics, trial.Hists)
	}

	trial = &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
	if new(observation).measureLink(trial); len(trial.Metrics)+len(trial.Hists) > 0 {
		t.Errorf("on loopback: %v and %v", trial.Metrics, trial.Hists)
	}
	quiet := linked(t)
	quiet.after.fleet.Delivered = quiet.before.fleet.Delivered
	quiet.measureLink(trial)
	if _, ok := trial.Metrics["link/cpu"]; ok || len(trial.Metrics) != 7 {
		t.Errorf("of a quiet feed: %v", trial.Metrics)
	}
}

// Layers of a trial over a path add up to what the link counted.
func TestLayersOverPath(t *testing.T) {
	o := linked(t)
	o.after.link.Down.Bytes += 600 // three packets that were lost on the way
	layers := o.layers()
	if got, want := layers["total"], (bothWays{down: 20_600, up: 5_200}); got != want {
		t.Errorf("the total is %+v, want %+v", got, want)
	}
	if got, want := layers["tcpip"], (bothWays{down: 20_600 - 14_800, up: 5_200}); got != want {
		t.Errorf("beside what the socket saw there are %+v, want %+v", got, want)
	}
}

// Closing a connection takes bytes that its counts cannot have any more.
func TestStraysOfClosedConnections(t *testing.T) {
	o := linked(t)
	o.after.fleet.TCP.Opened = 10
	if more, less := o.strays(); more != (bothWays{down: 1040, up: 1040}) || less != 0 {
		t.Errorf("%+v more or %d less", more, less)
	}
	o.plan.still = 0 // heartbeats: acknowledgements may be under way
	if more, less := o.strays(); more.down <= 1040 || more.up <= 1040 || less <= 0 {
		t.Errorf("%+v more or %d less among heartbeats", more, less)
	}
}
