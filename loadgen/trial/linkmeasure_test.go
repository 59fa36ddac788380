package trial

import (
	"math"
	"slices"
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
// in a packet of 200 bytes each, and an acknowledgement of 52 bytes for each.
func linked(t testing.TB) *observation {
	t.Helper()
	o := new(observation)
	o.config.Treatment.Subscribers = 5
	o.config.Layout = host.Layout{Server: []int{0}, Fleet: []int{1}, Link: []int{1}}
	o.plan.emulated, o.plan.still, o.plan.mark2 = true, time.Millisecond, 20*time.Second
	o.before.link = lab.LinkMark{Down: lab.Flow{Packets: 7, Bytes: 700, Delivered: 7, DeliveredBytes: 700}, Up: lab.Flow{Packets: 8, Bytes: 800}, Usage: control.Usage{User: 1, System: 1}}
	o.after.link = lab.LinkMark{
		Down:  lab.Flow{Packets: 107, Bytes: 20_700, Delivered: 107, DeliveredBytes: 20_700},
		Up:    lab.Flow{Packets: 108, Bytes: 6_000},
		Usage: control.Usage{User: 2, System: 3},
		Late:  late(1000, 100*time.Microsecond),
	}
	o.before.fleet.Delivered, o.after.fleet.Delivered = 50, 150
	o.after.fleet.TCP = wire.TCP{BytesReceived: 100 * 148, SegmentsIn: 100, SegmentsOut: 100}
	o.before.resent, o.after.resent = bothWays{3, 4}, bothWays{3, 4}
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
	o.after.fleet.Counts = wire.Counts{BytesRead: 100 * 148}
	o.after.link.Down.Bytes += 600 // three packets that were lost on the way
	layers := o.layers()
	if got, want := layers["total"], (bothWays{down: 20_600, up: 5_200}); got != want {
		t.Errorf("the total is %+v, want %+v", got, want)
	}
	if got, want := layers["tcpip"], (bothWays{down: 20_600 - 14_800, up: 5_200}); got != want {
		t.Errorf("beside what the socket saw there are %+v, want %+v", got, want)
	}
}

// Each rule of the path is told with its numbers.
func TestInvalidLink(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(*observation)
		want  string
	}{
		{"sound", func(*observation) {}, ""},
		{"on loopback", func(o *observation) { o.plan.emulated, o.after.link.Up.Missed = false, 5 }, ""},
		{"missed down", func(o *observation) { o.after.link.Down.Missed = 5 }, "the link was saturated: it missed 5 packets"},
		{"missed up before the mark", func(o *observation) { o.before.link.Up.Missed, o.after.link.Up.Missed = 5, 5 }, "the link was saturated: it missed 5 packets"},
		{"late", func(o *observation) { o.after.link.Late.Merge(late(11, time.Millisecond)) }, "the link was saturated: of 1011 packets more than 10 were handed on 1ms late or more"},
		{"as late as may be", func(o *observation) { o.after.link.Late.Merge(late(10, time.Second)) }, ""},
		{"busy, on the fleet's core", func(o *observation) { o.after.link.Usage.User = 18.2 }, "the link was saturated: it and the fleet used 96 % of their core, limit 95 %\nthe link was saturated: it used 96 % of its core, limit 80 %"},
		{"busy, beside a busy fleet", func(o *observation) { o.after.link.Usage.User, o.after.fleet.Usage.User = 9, 10 }, "the link was saturated: it and the fleet used 100 % of their core, limit 95 %"},
		{"as busy, on cores of their own", func(o *observation) {
			o.config.Layout.Link = []int{2}
			o.after.link.Usage.User, o.after.fleet.Usage.User = 9, 10
		}, ""},
		{"as busy, for as long as its backlog took", func(o *observation) {
			o.after.link.Usage.User, o.after.fleet.Usage.User = 9, 10
			o.after.fleet.Last = int64(40 * time.Second)
		}, ""},
		{"busy on a core of its own", func(o *observation) {
			o.config.Layout.Link = []int{2}
			o.after.link.Usage.User = 15
		}, "the link was saturated: it used 80 % of its core, limit 80 %"},
		{"a byte too many", func(o *observation) { o.after.link.Down.DeliveredBytes++ }, "the link counted {down:20001 up:5200} bytes, and the kernel's counts make it {down:20000 up:5200}, at most {down:0 up:0} more or 0 less"},
		{"a byte too few", func(o *observation) { o.after.link.Up.Bytes-- }, "the link counted {down:20000 up:5199} bytes, and the kernel's counts make it {down:20000 up:5200}, at most {down:0 up:0} more or 0 less"},
		{"counts that the kernel does not have", func(o *observation) { o.after.link.Up.Bytes--; o.after.fleet.NoTCP = "no" }, ""},
		{"lost and brought", func(o *observation) { o.after.link.Up.Lost = 1; o.after.link.Up.Bytes += 100 * 28 }, ""},
		{"sent again in vain", func(o *observation) { o.after.resent.down++; o.after.link.Down.DeliveredBytes += 200 }, ""},
		{"lost, and sent again after the mark", func(o *observation) { o.after.link.Up.Lost = 1; o.after.link.Up.Bytes -= 1500 }, ""},
		{"lost, and too few", func(o *observation) { o.after.link.Up.Lost = 1; o.after.link.Down.DeliveredBytes -= 7_501 }, "the link counted {down:12499 up:5200} bytes, and the kernel's counts make it {down:20000 up:5200}, at most {down:10300 up:10300} more or 7500 less"},
		{"lost, and too many", func(o *observation) { o.after.link.Up.Lost = 1; o.after.link.Up.Bytes += 10_301 }, "the link counted {down:20000 up:15501} bytes, and the kernel's counts make it {down:20000 up:5200}, at most {down:10300 up:10300} more or 7500 less"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := linked(t)
			test.spoil(o)
			if got := strings.Join(o.invalidLink(), "\n"); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

// Of few packets one may be late, as of few events one may.
func TestLateLink(t *testing.T) {
	for _, test := range []struct {
		n, late int
		broken  bool
	}{
		{0, 0, false}, {1, 1, false}, {2, 2, true}, {50, 1, false}, {50, 2, true}, {199, 1, false}, {199, 2, true},
		{200, 2, false}, {200, 3, true}, {100_000, 1000, false}, {100_000, 1001, true},
	} {
		o := linked(t)
		o.after.link.Late = late(test.n-test.late, 900*time.Microsecond)
		o.after.link.Late.Merge(late(test.late, 1100*time.Microsecond))
		if got := o.lateLink(); (got != "") != test.broken {
			t.Errorf("%d of %d late: %q", test.late, test.n, got)
		}
	}
}

// A link that is late while it has nothing to do was kept waiting by the host; one
// that is busy was not.
func TestLinkStalled(t *testing.T) {
	o := linked(t)
	if got := o.linkStalled(); got != nil {
		t.Errorf("a prompt link: %q", got)
	}
	o.after.link.Late = late(10, time.Second)
	if got, want := o.linkStalled(), []string{"the host stalled: the link was late while its core was used for 15 %"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	o.after.fleet.Usage.User = 3
	if got := o.linkStalled(); got != nil {
		t.Errorf("beside a busy fleet: %q", got)
	}
	o.config.Layout.Link = []int{2}
	if got := o.linkStalled(); len(got) != 1 {
		t.Errorf("on a core of its own: %q", got)
	}
	o.plan.emulated = false
	if got := o.linkStalled(); got != nil {
		t.Errorf("on loopback: %q", got)
	}
}

// So is it where the feed is quiet: the trial is one to be repeated.
func TestLinkStalledInQuiet(t *testing.T) {
	o := linked(t)
	o.config.Treatment.Fault = scenarios.FleetStops
	o.after.fleet.Last = int64(time.Hour) // the event that every log begins with, on a clock of its own
	o.after.link.Late = late(10, time.Second)
	trial := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
	o.judge(trial)
	if got, want := trial.Disturbance, []string{"the host stalled: the link was late while its core was used for 15 %"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if want := o.lateLink(); trial.Valid || !slices.Contains(trial.Invalid, want) {
		t.Errorf("invalid for %q, want %q", trial.Invalid, want)
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

func TestParseResent(t *testing.T) {
	const udp = "Udp: InDatagrams RetransSegs\nUdp: 1 99\n"
	for _, test := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"Ip: A\nIp: 1\nTcp: RtoMin RetransSegs InErrs\nTcp: 200 17 3\n" + udp, 17, true},
		{"Tcp: RetransSegs\nTcp: 0\n", 0, true},
		{"", 0, false},
		{udp, 0, false},
		{"Tcp: RtoMin\nTcp: 200\n", 0, false},
		{"Tcp: RtoMin RetransSegs\nTcp: 200\n", 0, false},
		{"Tcp: RtoMin RetransSegs\n", 0, false},
		{"Tcp: RetransSegs\nTcp: many\n", 0, false},
	} {
		if got, err := parseResent(test.text); got != test.want || (err == nil) != test.ok {
			t.Errorf("%q: %d, %v", test.text, got, err)
		}
	}
}
