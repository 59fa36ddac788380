package measure

import (
	"math"
	"strings"
	"testing"
	"time"

	"pushbench/loadgen/host"
	"pushbench/loadgen/lab"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/control"
	"pushbench/servers/wire"
)

// linked is what a flawless trial over a path sees: 20 s of trial time, 100 events
// in a packet of 200 bytes each, and an acknowledgement of 52 bytes for each. One of
// them was due in the window.
func linked(t testing.TB) *Observation {
	t.Helper()
	o := &Observation{Asked: Asked{
		Promises:  Ours,
		Treatment: scenarios.Treatment{Transport: "ws", Subscribers: 5},
		Layout:    host.Layout{Server: []int{0}, Fleet: []int{1}, Link: []int{1}},
		Spec:      specOf(t, "ws"), Emulated: true, Still: time.Millisecond, Mark2: 20 * time.Second, Window: 20 * time.Second,
	}}
	o.Until = int64(o.Window)
	o.Before.Link = lab.LinkMark{Down: lab.Flow{Packets: 7, Bytes: 700, Delivered: 7, DeliveredBytes: 700}, Up: lab.Flow{Packets: 8, Bytes: 800}, Usage: control.Usage{User: 1, System: 1}}
	o.After.Link = lab.LinkMark{
		Down:  lab.Flow{Packets: 107, Bytes: 20_700, Delivered: 107, DeliveredBytes: 20_700},
		Up:    lab.Flow{Packets: 108, Bytes: 6_000},
		Usage: control.Usage{User: 2, System: 3},
		Late:  late(1000, 100*time.Microsecond),
	}
	o.Before.Fleet.Delivered, o.After.Fleet.Delivered = 50, 150
	o.After.Fleet.Payload = 100 * 148
	o.After.Fleet.Counts = wire.Counts{Conns: 5, BytesRead: 100 * 148}
	o.After.Server.Counts = wire.Counts{Conns: 5, BytesWritten: 100 * 148}
	o.After.Fleet.TCP = wire.TCP{BytesReceived: 100 * 148, SegmentsIn: 100, SegmentsOut: 100}
	o.Published.Due, o.Published.Lag = []int64{1}, []int64{1}
	o.Collected.Hists = map[string]*results.Hist{}
	o.measured(5)
	o.Before.Resent, o.After.Resent = Ways{3, 4}, Ways{3, 4}
	o.After.CPU = host.CPUTime{Cores: []host.CoreTime{{CPU: 0, Wall: 20}, {CPU: 1, Wall: 20}}}
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
	o.After.Link.Down.Lost, o.After.Link.Up.Overflowed = 3, 2
	o.After.Resent = Ways{5, 10}
	trial := recorded(o)
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
	if ofPath(trial) != 12 || trial.Hists["link-late"].N() != 1000 {
		t.Errorf("metrics %v, histograms %v", trial.Metrics, trial.Hists)
	}

	trial = &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
	unfed := linked(t)
	unfed.After.Fleet.Delivered = unfed.Before.Fleet.Delivered
	unfed.Record(trial)
	if n := ofPath(trial); n != 7 {
		t.Errorf("without an event there are %d metrics of the path: %v", n, trial.Metrics)
	}
}

// ofPath is how many metrics a record has of the path.
func ofPath(trial *results.Trial) (n int) {
	for name := range trial.Metrics {
		if strings.HasPrefix(name, "link/") || strings.HasPrefix(name, "tcp/resent/") {
			n++
		}
	}
	return n
}

// Layers of a trial over a path add up to what the link counted.
func TestLayersOverPath(t *testing.T) {
	o := linked(t)
	o.After.Link.Down.Bytes += 600 // three packets that were lost on the way
	layers := o.layers()
	if got, want := layers["total"], (Ways{Down: 20_600, Up: 5_200}); got != want {
		t.Errorf("the total is %+v, want %+v", got, want)
	}
	if got, want := layers["tcpip"], (Ways{Down: 20_600 - 14_800, Up: 5_200}); got != want {
		t.Errorf("beside what the socket saw there are %+v, want %+v", got, want)
	}
}

// Closing a connection takes bytes that its counts cannot have any more.
func TestStraysOfClosedConnections(t *testing.T) {
	o := linked(t)
	o.After.Fleet.TCP.Opened = 10
	if more, less := o.Strays(); more != (Ways{Down: 1040, Up: 1040}) || less != 0 {
		t.Errorf("%+v more or %d less", more, less)
	}
	o.Still = 0 // heartbeats: acknowledgements may be under way
	if more, less := o.Strays(); more.Down <= 1040 || more.Up <= 1040 || less <= 0 {
		t.Errorf("%+v more or %d less among heartbeats", more, less)
	}
}
