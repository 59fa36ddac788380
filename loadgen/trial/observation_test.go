package trial

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/host"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/all"
	"pushbench/servers/control"
	"pushbench/servers/wire"
)

// clean is what a flawless trial sees: two subscribers that poll every 100 ms
// for a window of 1 s, in which 40 of 44 events are due.
func clean(t testing.TB) *observation {
	t.Helper()
	o := &observation{config: Config{
		Treatment: scenarios.Treatment{
			Labels:    results.Treatment{"transport": "poll?interval=100ms"},
			Transport: "poll?interval=100ms", Subscribers: 2, Rate: 40, Payload: 100, Encoding: "text",
		},
		Warmup: 500 * time.Millisecond, Measure: time.Second,
	}}
	var err error
	if o.plan, err = o.config.plan(); err != nil {
		t.Fatal(err)
	}
	const origin = int64(1e15)
	o.from, o.until = origin+int64(o.plan.from), origin+int64(o.plan.until)
	for i := range int64(44) {
		o.after.server.Due = append(o.after.server.Due, o.from+25e6*i)
		o.after.server.Lag = append(o.after.server.Lag, 50_000+i)
	}
	// Between the marks 44 events went to each subscriber, in 40 answers to 44
	// polls, with heads of 150 bytes for a request and 120 for an answer.
	o.before.server.Usage = control.Usage{User: 1, System: 2}
	o.before.fleet = fleet.Mark{
		Usage:     control.Usage{User: 3, System: 4},
		Counts:    wire.Counts{Conns: 2, BytesRead: 10_000, BytesWritten: 5_000, Reads: 30},
		Delivered: 20, Payload: 2_000, Envelope: 1_220, HeadersUp: 5_000, HeadersDown: 6_780,
		Requests: 30, Answers: 20, Empty: 10, Skipped: 1,
		TCP: wire.TCP{Opened: 2, BytesSent: 5_000, BytesReceived: 10_000, SegmentsOut: 70, SegmentsIn: 40},
	}
	o.before.cpu = host.CPUTime{Busy: 10, Softirq: 1, Steal: 0.5, Total: 100}
	o.after.server.Usage = control.Usage{User: 1.011, System: 2.011, RSS: 12 << 20, Heap: 2 << 20, Stacks: 1 << 18, Goroutines: 9, FDs: 11, Switches: 132, Syscalls: 176}
	o.after.server.PublishCPU = 44 * 3e-6
	o.after.fleet = fleet.Mark{
		Usage:     control.Usage{User: 3.0055, System: 4.0055, RSS: 20 << 20},
		Counts:    wire.Counts{Conns: 2, BytesRead: 10_000 + 88*161 + 44*120, BytesWritten: 5_000 + 44*150, Reads: 30 + 44},
		Delivered: 20 + 88, Payload: 2_000 + 88*100, Envelope: 1_220 + 88*61, HeadersUp: 5_000 + 44*150, HeadersDown: 6_780 + 44*120,
		Requests: 30 + 44, Answers: 20 + 40, Empty: 10 + 4, Skipped: 1,
		// One request was sent twice.
		TCP: wire.TCP{
			Opened: 2, BytesSent: 5_000 + 45*150, BytesReceived: 10_000 + 88*161 + 44*120, Retransmitted: 150,
			SegmentsOut: 70 + 2*44 + 1, SegmentsIn: 40 + 44,
		},
	}
	o.after.cpu = host.CPUTime{Busy: 10.055, Softirq: 1.011, Steal: 0.522, Total: 102.2}
	for _, m := range []*mark{&o.before, &o.after} {
		f := m.fleet.Counts
		m.server.Counts = wire.Counts{Conns: f.Conns, BytesRead: f.BytesWritten, BytesWritten: f.BytesRead}
	}
	o.collected = fleet.Collected{Hists: map[string]*results.Hist{}, Setups: fleet.Setups{
		Ready: 2, Up: 300, Down: 562, Turns: 4, Kernel: wire.TCP{Opened: 2, SegmentsOut: 8, SegmentsIn: 4},
	}}
	o.born, o.opened = control.Usage{User: 0.5}, control.Usage{User: 0.5, System: 0.0004}
	o.newest = 46 // the first, one more to see that all are there, and those due
	o.collected.Events = 2 * 46
	o.collected.Age = fleet.Age{Held: 2e9, Area: 2e9 * 60e6, Falls: 20, Peaks: 20 * 110e6}
	for _, name := range []string{"staleness", "delivery", "roundtrip", "connect", "ttfe"} {
		o.collected.Hists[name] = results.NewHist()
	}
	o.measured(80)
	return o
}

// measured sets how many events of the window arrived, of 50 ms each.
func (o *observation) measured(n int) {
	h := results.NewHist()
	for range n {
		h.Record(50e6)
	}
	o.collected.Hists["staleness"] = h
}

func TestMetrics(t *testing.T) {
	trial := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
	o := clean(t)
	o.measure(trial)
	want := map[string]results.Metric{
		"window": {Value: 1, Unit: "s"},

		"events/distinct":   {Value: 40, Unit: "1"},
		"events/expected":   {Value: 80, Unit: "1"},
		"events/delivered":  {Value: 80, Unit: "1"},
		"events/lost":       {Value: 0, Unit: "1"},
		"events/duplicated": {Value: 0, Unit: "1"},
		"events/reordered":  {Value: 0, Unit: "1"},
		"events/gaps":       {Value: 0, Unit: "1"},
		"events/skipped":    {Value: 0, Unit: "1"},

		"conn/count":       {Value: 2, Unit: "1"},
		"conn/bytes/up":    {Value: 150, Unit: "B"},
		"conn/bytes/down":  {Value: 281, Unit: "B"},
		"conn/tls/up":      {Value: 0, Unit: "B"},
		"conn/tls/down":    {Value: 0, Unit: "B"},
		"conn/tls-full":    {Value: 0, Unit: "1"},
		"conn/tls-resumed": {Value: 0, Unit: "1"},
		"conn/tcpip/up":    {Value: 4*52 + 8, Unit: "B"},
		"conn/tcpip/down":  {Value: 2*52 + 8, Unit: "B"},
		"conn/rtts":        {Value: 2, Unit: "1"},
		"conn/server-cpu":  {Value: 0.0002, Unit: "s"},

		"age/mean": {Value: 0.060, Unit: "s"},
		"age/peak": {Value: 0.110, Unit: "s"},

		"bytes/payload/down":     {Value: 100, Unit: "B/event"},
		"bytes/payload/up":       {Value: 0, Unit: "B/event"},
		"bytes/envelope/down":    {Value: 61, Unit: "B/event"},
		"bytes/envelope/up":      {Value: 0, Unit: "B/event"},
		"bytes/protocol/down":    {Value: 60, Unit: "B/event"},
		"bytes/protocol/up":      {Value: 75, Unit: "B/event"},
		"bytes/compression/down": {Value: 0, Unit: "B/event"},
		"bytes/compression/up":   {Value: 0, Unit: "B/event"},
		"bytes/tls/down":         {Value: 0, Unit: "B/event"},
		"bytes/tls/up":           {Value: 0, Unit: "B/event"},
		"bytes/tcpip/down":       {Value: 26, Unit: "B/event"},
		"bytes/tcpip/up":         {Value: (89*52 + 150) / 88., Unit: "B/event"},
		"bytes/total/down":       {Value: 221 + 26, Unit: "B/event"},
		"bytes/total/up":         {Value: 75 + (89*52+150)/88., Unit: "B/event"},
		"tcp/retransmitted":      {Value: 150, Unit: "B"},

		"requests":            {Value: 0.5, Unit: "1"},
		"requests/empty":      {Value: 4. / 88, Unit: "1"},
		"events-per-response": {Value: 2.2, Unit: "1"},
		"polls/skipped":       {Value: 0, Unit: "1"},

		"server/cpu":             {Value: 0.022 / 88, Unit: "s/event"},
		"server/cpu-per-message": {Value: 0.022 / 88, Unit: "s"},
		"throughput":             {Value: 88 / 1.1, Unit: "1/s"},
		"server/cpu-util":        {Value: 0.02, Unit: "1"},
		"server/switches":        {Value: 1.5, Unit: "1"},
		"server/syscalls":        {Value: 2, Unit: "1"},
		"server/rss":             {Value: 12 << 20, Unit: "B"},
		"server/heap":            {Value: 2 << 20, Unit: "B"},
		"server/stacks":          {Value: 1 << 18, Unit: "B"},
		"server/goroutines":      {Value: 9, Unit: "1"},
		"server/fds":             {Value: 11, Unit: "1"},
		"publisher/cpu":          {Value: 3e-6, Unit: "s/event"},
		"fleet/cpu":              {Value: 0.011 / 88, Unit: "s/event"},
		"fleet/cpu-util":         {Value: 0.01, Unit: "1"},
		"fleet/cpu-per-request":  {Value: 0.011 / 44, Unit: "s"},
		"fleet/reads":            {Value: 0.5, Unit: "1"},
		"fleet/rss":              {Value: 20 << 20, Unit: "B"},

		"host/cpu":     {Value: 0.055 / 88, Unit: "s/event"},
		"host/softirq": {Value: 0.011 / 88, Unit: "s/event"},
		"host/steal":   {Value: 0.01, Unit: "1"},
		"host/foreign": {Value: 0.005, Unit: "1"}, // 55 ms busy − 11 softirq − 22 server − 11 fleet, of 2.2 s
	}
	if diff := cmp.Diff(want, trial.Metrics, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for name, n := range map[string]int64{"staleness": 80, "publish-lag": 40, "delivery": 0, "connect": 0, "ttfe": 0} {
		if h := trial.Hists[name]; h == nil || h.N() != n {
			t.Errorf("histogram %s: %+v, want %d samples", name, h, n)
		}
	}
	if lag := trial.Hists["publish-lag"]; lag.Min() != 50_000 || lag.Max() != 50_039 {
		t.Errorf("publish-lag %d to %d ns: not that of the window's events", lag.Min(), lag.Max())
	}
}

// talks makes it a trial whose subscribers sent 30 messages of 64 bytes between
// the marks, of which 25 were due in the window, over connections of their own.
func (o *observation) talks() {
	const messages, size, request, answer = 30, 64, 100, 90
	o.config.Treatment.Uplink, o.config.Treatment.UplinkPayload = 15, size
	f := &o.after.fleet
	f.Echoes, f.EchoesUp, f.EchoesDown = messages, messages*size, messages*size
	f.HeadersUp += messages * request
	f.HeadersDown += messages * answer
	up, down := int64(messages*(size+request)), int64(messages*(size+answer))
	f.Counts.BytesWritten += up
	f.Counts.BytesRead += down
	f.TCP.BytesSent += up
	f.TCP.BytesReceived += down
	for _, m := range []*mark{&o.before, &o.after} {
		m.fleet.Counts.Conns, m.server.Counts.Conns = 4, 4
	}
	o.after.server.Counts.BytesRead, o.after.server.Counts.BytesWritten = f.Counts.BytesWritten, f.Counts.BytesRead
	o.collected.Uplink = fleet.Uplink{Sent: 25, Echoed: 25}
	for range 25 {
		o.collected.Hists["roundtrip"].Record(3e6)
	}
}

// What subscribers send and get back is counted beside the events, and its bytes
// are payload both ways.
func TestMetricsOfAnUplink(t *testing.T) {
	o := clean(t)
	o.talks()
	trial := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
	o.measure(trial)
	got := map[string]float64{}
	want := map[string]float64{
		"uplink/sent": 25, "uplink/echoed": 25, "uplink/lost": 0, "conn/count": 4,
		"bytes/payload/up": 30 * 64 / 88., "bytes/payload/down": 100 + 30*64/88., "bytes/envelope/up": 0,
		"bytes/protocol/up": 75 + 30*100/88., "bytes/protocol/down": 60 + 30*90/88.,
		"server/cpu": 0.022 / 88, "server/cpu-per-message": 0.022 / (88 + 30),
	}
	for name := range want {
		got[name] = trial.Metrics[name].Value
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if h := trial.Hists["roundtrip"]; h == nil || h.N() != 25 {
		t.Errorf("round trips %+v", h)
	}
	if broken := o.invalid(); broken != nil {
		t.Errorf("broken rules %q", broken)
	}

	silent := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
	clean(t).measure(silent)
	if _, has := silent.Hists["roundtrip"]; has || silent.Metrics["uplink/sent"].Unit != "" {
		t.Error("a trial without an uplink tells of one")
	}
}

// Compression is a layer of its own, below 0 where it saved.
func TestMetricsOfCompression(t *testing.T) {
	o := clean(t)
	const saved = 88 * 70
	o.after.fleet.CompressionDown = -saved
	for _, c := range []*int64{&o.after.fleet.Counts.BytesRead, &o.after.server.Counts.BytesWritten, &o.after.fleet.TCP.BytesReceived} {
		*c -= saved
	}
	trial := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
	o.measure(trial)
	if got := value(t, trial, "bytes/compression/down"); got != -70 {
		t.Errorf("compression of %v B an event, want −70", got)
	}
	if got, want := value(t, trial, "bytes/total/down"), 221.+26-70; got != want {
		t.Errorf("%v B an event in all, want %v", got, want)
	}
	if broken := o.invalid(); broken != nil {
		t.Errorf("broken rules %q", broken)
	}
}

// What cannot be divided by is left out: a record holds no infinity.
func TestMetricsOfNothing(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(*observation)
		gone  []string
	}{
		{"no event between the marks", func(o *observation) { o.after.fleet.Delivered = o.before.fleet.Delivered },
			[]string{"bytes/total/down", "server/cpu", "server/cpu-per-message", "fleet/reads", "requests", "host/cpu"}},
		{"no request", func(o *observation) { o.after.fleet.Requests = o.before.fleet.Requests }, []string{"fleet/cpu-per-request"}},
		{"no answer", func(o *observation) { o.after.fleet.Answers = o.before.fleet.Answers }, []string{"events-per-response"}},
		{"nothing published", func(o *observation) { o.after.server.Due, o.after.server.Lag = nil, nil }, []string{"publisher/cpu"}},
		{"no connection", func(o *observation) { o.collected.Setups.Ready = 0 }, []string{"conn/bytes/up", "conn/bytes/down", "conn/rtts"}},
		{"no TCP_INFO", func(o *observation) { o.after.fleet.NoTCP = "it takes Linux" }, []string{"bytes/tcpip/down", "bytes/total/up", "tcp/retransmitted"}},
		{"no host CPU", func(o *observation) { o.hostUnreadable = errors.New("no /proc") }, []string{"host/cpu", "host/softirq", "host/steal", "host/foreign"}},
		{"no event held", func(o *observation) { o.collected.Age = fleet.Age{} }, []string{"age/mean", "age/peak"}},
		{"no newer event", func(o *observation) { o.collected.Age.Falls = 0 }, []string{"age/peak"}},
		{"no host time", func(o *observation) { o.after.cpu = o.before.cpu }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := clean(t)
			test.spoil(o)
			trial := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
			o.measure(trial)
			for _, name := range test.gone {
				if m, ok := trial.Metrics[name]; ok {
					t.Errorf("%s is %v", name, m.Value)
				}
			}
			for name, m := range trial.Metrics {
				if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) || m.Unit == "" {
					t.Errorf("%s is %v %q", name, m.Value, m.Unit)
				}
			}
		})
	}
}

// Each case breaks one rule, and only that is said.
func TestValidity(t *testing.T) {
	counts := func(o *observation) *fleet.Order { return &o.collected.Order }
	lateBy := func(o *observation, lag time.Duration, n int) {
		for i := range n {
			o.after.server.Lag[i] = int64(lag)
		}
	}
	// thousand makes it a trial of so many publishes that a p99 is one.
	thousand := func(o *observation) {
		o.after.server.Due, o.after.server.Lag = nil, nil
		for i := range int64(1000) {
			o.after.server.Due = append(o.after.server.Due, o.from+i*1e6)
			o.after.server.Lag = append(o.after.server.Lag, 100_000)
		}
		o.measured(2000)
	}
	for _, test := range []struct {
		name  string
		spoil func(*observation)
		want  string // "" where the trial stays valid
	}{
		{"clean", func(*observation) {}, ""},
		{"a subscriber failed", func(o *observation) { o.collected.Failed, o.collected.Errors = 2, []string{"refused", "too"} }, "2 subscribers failed, the first with: refused"},
		{"failed without a word", func(o *observation) { o.collected.Failed = 1 }, "1 subscribers failed, the first with: unknown"},
		{"events not as ordered", func(o *observation) { o.collected.Errors = []string{"event 3 has a body of 1 bytes, not 100"} }, "events were not as ordered: event 3 has a body of 1 bytes, not 100"},
		{"lost", func(o *observation) { counts(o).Lost, o.undelivered = 3, 1 }, "3 events lost, 1 subscribers without the newest"},
		{"duplicated", func(o *observation) { counts(o).Duplicated = 1 }, "1 events duplicated"},
		{"reordered", func(o *observation) { counts(o).Reordered = 2 }, "2 events reordered"},
		{"gap", func(o *observation) { counts(o).Gaps, counts(o).Skipped = 1, 7 }, "1 gaps, in which 7 events were left out"},
		{"negative time", func(o *observation) { o.collected.Dropped = 1 }, "1 samples outside 0 to 3600 s"},
		{"too few measured", func(o *observation) { o.measured(79) }, "79 of 80 events of the window were measured"},
		{"too many measured", func(o *observation) { o.measured(81) }, "81 of 80 events of the window were measured"},
		{"no event", func(o *observation) { o.after.server.Due, o.after.server.Lag = nil, nil; o.measured(0) }, "no event was due in the window of 1s"},
		{"published early", func(o *observation) { lateBy(o, -1, 1) }, "1 events were published before they were due"},

		{"some skipped, of subscribers that want every event", func(o *observation) { counts(o).Skipped = 1 }, ""}, // the gap that said so counts
		{"some skipped, of those that want the latest", func(o *observation) {
			o.config.Treatment.Want = "latest"
			counts(o).Skipped, o.collected.Events = 60, 32
			o.measured(30)
		}, ""},
		{"some neither delivered nor skipped", func(o *observation) {
			o.config.Treatment.Want = "latest"
			counts(o).Skipped, o.collected.Events = 59, 32
		}, "91 events were delivered or left out for a newer one, of 92"},
		{"an event that was never published", func(o *observation) {
			o.config.Treatment.Want = "latest"
			o.collected.Events++
		}, "93 events were delivered or left out for a newer one, of 92"},
		{"one delivered twice, of the latest", func(o *observation) {
			o.config.Treatment.Want = "latest"
			counts(o).Duplicated, o.collected.Events = 1, 93
		}, "1 events duplicated"},
		{"the newest lost", func(o *observation) {
			o.config.Treatment.Want = "latest"
			counts(o).Lost, o.collected.Events, o.undelivered = 1, 91, 1
		}, "1 events lost, 1 subscribers without the newest"},
		{"more of the window than was due", func(o *observation) {
			o.config.Treatment.Want = "latest"
			o.measured(81)
		}, "81 events of the window were measured, of which 80 were due"},
		{"an uplink", (*observation).talks, ""},
		{"a message lost", func(o *observation) { o.talks(); o.collected.Uplink.Lost = 2 }, "2 messages were not echoed"},
		{"a wrong echo", func(o *observation) { o.talks(); o.collected.Uplink.Wrong = 1 }, "1 messages came that are no echo of one that was sent"},
		{"a connection too few for an uplink", func(o *observation) { o.talks(); o.after.server.Counts.Conns = 3 }, "3 connections, not 4"},
		{"a connection too many for an uplink", func(o *observation) {
			o.talks()
			o.config.Treatment.Transport = "ws"
			o.plan.spec, _ = all.Parse("ws")
		}, "4 connections, not 2"},
		{"polls that close their connection, and an uplink that does not", func(o *observation) {
			o.talks()
			o.plan.spec, _ = all.Parse("poll?interval=100ms&keepalive=off")
			o.after.server.Counts.Conns = 76
		}, ""},
		{"one late of forty", func(o *observation) { lateBy(o, time.Second, 1) }, ""},
		{"two late of forty", func(o *observation) { lateBy(o, time.Millisecond, 2) }, "2 of 40 events published 1ms late or more, limit 1"},
		{"all a little late", func(o *observation) { lateBy(o, time.Millisecond-1, 44) }, ""},
		{"late outside the window", func(o *observation) {
			for i := 40; i < 44; i++ {
				o.after.server.Lag[i] = int64(time.Second)
			}
		}, ""},
		{"ten late of a thousand", func(o *observation) { thousand(o); lateBy(o, time.Second, 10) }, ""},
		{"eleven late of a thousand", func(o *observation) { thousand(o); lateBy(o, 2*time.Millisecond, 11) }, "publisher lag p99 2ms, limit 1ms"},

		{"tallies down differ", func(o *observation) { o.after.server.Counts.BytesWritten++ },
			"tallies differ: the server has read 11600 and written 29449 bytes, the fleet has written 11600 and read 29448"},
		{"tallies up differ", func(o *observation) { o.after.server.Counts.BytesRead-- },
			"tallies differ: the server has read 11599 and written 29448 bytes, the fleet has written 11600 and read 29448"},
		{"tallies differ before", func(o *observation) { o.before.server.Counts.BytesRead++ },
			"tallies differ: the server has read 5001 and written 10000 bytes, the fleet has written 5000 and read 10000"},
		{"a byte in no layer", func(o *observation) { o.after.fleet.HeadersDown-- },
			"layers do not add up: {down:19447 up:6600}, at the socket {down:19448 up:6600}"},
		{"a byte in two layers", func(o *observation) { o.after.fleet.FramingUp++ },
			"layers do not add up: {down:19448 up:6601}, at the socket {down:19448 up:6600}"},
		{"a record of TLS in clear", func(o *observation) { o.after.server.Counts.TLS += 22 },
			"layers do not add up: {down:19470 up:6600}, at the socket {down:19448 up:6600}"},
		{"the kernel has sent more", func(o *observation) { o.after.fleet.TCP.BytesSent++ },
			"tallies differ from the kernel's: {down:19448 up:6600}, the kernel's {down:19448 up:6601}"},
		{"the kernel has received less", func(o *observation) { o.after.fleet.TCP.BytesReceived-- },
			"tallies differ from the kernel's: {down:19448 up:6600}, the kernel's {down:19447 up:6600}"},
		{"the kernel tells nothing", func(o *observation) { o.after.fleet.TCP, o.after.fleet.NoTCP = wire.TCP{}, "it takes Linux" }, ""},
		{"a third connection", func(o *observation) { o.after.server.Counts.Conns++ }, "3 connections, not 2"},
		{"a connection too few for polls that close it", func(o *observation) {
			o.config.Treatment.Transport = "poll?interval=100ms&keepalive=off"
			o.plan, _ = o.config.plan()
			o.after.server.Counts.Conns = 73
		}, "73 connections, not 74"},
		{"a connection for each poll that closes it", func(o *observation) {
			o.config.Treatment.Transport = "poll?interval=100ms&keepalive=off"
			o.plan, _ = o.config.plan()
			o.after.server.Counts.Conns = 74
		}, ""},
		{"fleet busy", func(o *observation) { o.after.fleet.Usage.User = 3 + 0.89 }, "fleet used 81 % of its core, limit 80 %"},
		{"fleet nearly busy", func(o *observation) { o.after.fleet.Usage.User = 3 + 0.86 }, ""},
		{"server saturated", func(o *observation) { o.after.server.Usage.User = 1 + 1.05 }, "server used 96 % of its core, limit 95 %"},
		{"server nearly saturated", func(o *observation) { o.after.server.Usage.User = 1 + 1.02 }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := clean(t)
			test.spoil(o)
			var want []string
			if test.want != "" {
				want = []string{test.want}
			}
			if diff := cmp.Diff(want, o.invalid()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A late publisher is the host's doing only where the server had time.
func TestDisturbance(t *testing.T) {
	late := func(o *observation) { o.after.server.Lag[0], o.after.server.Lag[1] = 2e6, 3e6 }
	busy := func(o *observation) { o.after.server.Usage.User = o.before.server.Usage.User + 0.5 }
	for _, test := range []struct {
		name  string
		spoil []func(*observation)
		want  []string
	}{
		{"clean", nil, nil},
		{"late and idle", []func(*observation){late}, []string{"the host stalled: the publisher was late while the server used 2 % of its core"}},
		{"late and busy", []func(*observation){late, busy}, nil},
		{"busy", []func(*observation){busy}, nil},
	} {
		o := clean(t)
		for _, spoil := range test.spoil {
			spoil(o)
		}
		if got := o.disturbance(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// Whatever the layers are, they must be the whole.
func TestLayersAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := clean(t)
		bytes := rapid.Int64Range(0, 1<<40)
		draw := func(name string, into *int64) int64 {
			n := bytes.Draw(rt, name)
			*into += n
			return n
		}
		saved := func(name string, into *int64) int64 {
			n := rapid.Int64Range(0, 1000).Draw(rt, name)
			*into -= n
			return n
		}
		f := &o.after.fleet
		down := draw("payload", &f.Payload) + draw("envelope", &f.Envelope) + draw("headers down", &f.HeadersDown) + draw("framing down", &f.FramingDown) +
			draw("echoes down", &f.EchoesDown) + draw("compression down", &f.CompressionDown) +
			draw("TLS down", &o.after.server.Counts.TLS)
		up := draw("headers up", &f.HeadersUp) + draw("framing up", &f.FramingUp) + draw("TLS up", &f.Counts.TLS) +
			draw("messages", &f.EchoesUp) - saved("compression up", &f.CompressionUp)
		offDown, offUp := rapid.Int64Range(-2, 2).Draw(rt, "off down"), rapid.Int64Range(-2, 2).Draw(rt, "off up")
		for _, c := range []*int64{&f.Counts.BytesRead, &o.after.server.Counts.BytesWritten, &f.TCP.BytesReceived} {
			*c += down + offDown
		}
		for _, c := range []*int64{&f.Counts.BytesWritten, &o.after.server.Counts.BytesRead, &f.TCP.BytesSent} {
			*c += up + offUp
		}
		said := strings.Contains(fmt.Sprint(o.invalid()), "layers do not add up")
		if said != (offDown != 0 || offUp != 0) {
			rt.Errorf("off by %d down and %d up: %q", offDown, offUp, o.invalid())
		}
	})
}

func TestWarnings(t *testing.T) {
	many := func(o *observation) { o.config.Treatment.Subscribers = 100 }
	for _, test := range []struct {
		name  string
		spoil func(*observation)
		want  []string
	}{
		{"clean", func(*observation) {}, nil},
		{"a burst to many, and a light fleet", many, nil},
		{"a burst to many, and a fleet as dear as the server", func(o *observation) { many(o); o.after.fleet.Usage.User += 0.011 },
			[]string{"fleet-bound: the fleet's CPU per event is 1 × the server's, and an event goes to 100 subscribers at once"}},
		{"a dear fleet of few", func(o *observation) { o.after.fleet.Usage.User += 0.011 }, nil},
		{"no host CPU", func(o *observation) { o.hostUnreadable = errors.New("no /proc/stat") },
			[]string{"host CPU and steal were not measured: no /proc/stat"}},
		{"polls left out", func(o *observation) { o.after.fleet.Skipped = 4 },
			[]string{"3 polls were left out because the one before was outstanding"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := clean(t)
			test.spoil(o)
			if diff := cmp.Diff(test.want, o.warnings()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
