package measure

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/host"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/all"
	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// recorded is the record of what a trial saw.
func recorded(o *Observation) *results.Trial {
	trial := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
	o.Record(trial)
	return trial
}

// clean is what a flawless trial sees: two subscribers that poll every 100 ms
// for a window of 1 s, in which 40 of 44 events are due.
func clean(t testing.TB) *Observation {
	t.Helper()
	o := &Observation{Asked: Asked{
		Promises: Ours,
		Treatment: scenarios.Treatment{
			Labels:    results.Treatment{"transport": "poll?interval=100ms"},
			Transport: "poll?interval=100ms", Subscribers: 2, Rate: 40, Payload: 100, Encoding: "text",
		},
		Spec: specOf(t, "poll?interval=100ms"), Rhythm: feed.Rhythm{Poll: 100 * time.Millisecond}, Prompt: true,
		Mark1: 500 * time.Millisecond, Mark2: 1600 * time.Millisecond, Window: time.Second,
	}}
	const origin = int64(1e15)
	o.From, o.Until = origin+int64(o.Mark1), origin+int64(o.Mark1+o.Window)
	for i := range int64(44) {
		o.Published.Due = append(o.Published.Due, o.From+25e6*i)
		o.Published.Lag = append(o.Published.Lag, 50_000+i)
	}
	// Between the marks 44 events went to each subscriber, in 40 answers to 44
	// polls, with heads of 150 bytes for a request and 120 for an answer.
	o.Before.Server.Usage = control.Usage{User: 1, System: 2}
	o.Before.Fleet = fleet.Mark{
		Usage: control.Usage{User: 3, System: 4},
		Count: fleet.Count{
			Counts:    wire.Counts{Conns: 2, BytesRead: 10_000, BytesWritten: 5_000, Reads: 30},
			Delivered: 20, Payload: 2_000, Envelope: 1_220, HeadersUp: 5_000, HeadersDown: 6_780,
			Requests: 30, Answers: 20, Empty: 10, Skipped: 1,
			TCP: wire.TCP{Opened: 2, BytesSent: 5_000, BytesReceived: 10_000, SegmentsOut: 70, SegmentsIn: 40},
		}}
	o.Layout = host.Layout{Server: []int{4}, Fleet: []int{5}, Link: []int{5}}
	o.Before.Used = Used{
		CPU: host.CPUTime{Source: host.Cpuacct, Interrupts: true, Waits: true, Cores: []host.CoreTime{
			{CPU: 4, Wall: 50, Tasks: 6, Interrupts: 0.5, Softirq: 0.5, Steal: 0.5, Waited: 2},
			{CPU: 5, Wall: 50, Tasks: 3, Interrupts: 0.5, Softirq: 0.5},
		}},
		Process: map[string]host.ProcessTime{
			"server": {Threads: map[int]host.ThreadTime{70: {Waited: 1, Switches: 200}}, Syscalls: 100},
			"fleet":  {Threads: map[int]host.ThreadTime{80: {Waited: 1}}},
		},
	}
	o.After.Server.Usage = control.Usage{User: 1.011, System: 2.011, RSS: 12 << 20, Heap: 2 << 20, Stacks: 1 << 18, Goroutines: 9, FDs: 11}
	o.After.Server.PublishCPU = 44 * 3e-6
	o.Before.Server.Fanout = control.Fanout{Delivered: 10, Fallbacks: 1}
	o.After.Server.Fanout = control.Fanout{Delivered: 10 + 66, Fallbacks: 3}
	o.After.Fleet = fleet.Mark{
		Usage: control.Usage{User: 3.0055, System: 4.0055, RSS: 20 << 20},
		Count: fleet.Count{
			Counts:    wire.Counts{Conns: 2, BytesRead: 10_000 + 88*161 + 44*120, BytesWritten: 5_000 + 44*150, Reads: 30 + 44},
			Delivered: 20 + 88, Payload: 2_000 + 88*100, Envelope: 1_220 + 88*61, HeadersUp: 5_000 + 44*150, HeadersDown: 6_780 + 44*120,
			Requests: 30 + 44, Answers: 20 + 40, Empty: 10 + 4, Skipped: 1,
			// One request was sent twice.
			TCP: wire.TCP{
				Opened: 2, BytesSent: 5_000 + 45*150, BytesReceived: 10_000 + 88*161 + 44*120, Retransmitted: 150,
				SegmentsOut: 70 + 2*44 + 1, SegmentsIn: 40 + 44,
			},
		}}
	// On the server's core another process ran for 11 ms, while the server waited.
	o.After.Used = Used{
		CPU: host.CPUTime{Source: host.Cpuacct, Interrupts: true, Waits: true, Cores: []host.CoreTime{
			{CPU: 4, Wall: 51.1, Tasks: 6.033, Interrupts: 0.511, Softirq: 0.511, Steal: 0.522, Waited: 2.022},
			{CPU: 5, Wall: 51.1, Tasks: 3.011, Interrupts: 0.5, Softirq: 0.5},
		}},
		Process: map[string]host.ProcessTime{
			"server": {Threads: map[int]host.ThreadTime{70: {Waited: 1, Switches: 302}, 71: {Waited: 0.011, Switches: 30}}, Syscalls: 276},
			"fleet":  {Threads: map[int]host.ThreadTime{80: {Waited: 1}}},
		},
	}
	o.Frequency = []float64{3e9, 0}
	for _, m := range []*Mark{&o.Before, &o.After} {
		f := m.Fleet.Counts
		m.Server.Counts = wire.Counts{Conns: f.Conns, BytesRead: f.BytesWritten, BytesWritten: f.BytesRead}
	}
	o.Collected = fleet.Collected{Hists: map[string]*results.Hist{}, Looped: 1, Setups: fleet.Setups{
		Ready: 2, Up: 300, Down: 562, Turns: 4, Kernel: wire.TCP{Opened: 2, SegmentsOut: 8, SegmentsIn: 4},
	}}
	o.Born, o.Opened = control.Usage{User: 0.5}, control.Usage{User: 0.5, System: 0.0004}
	o.Newest = 46 // the first, one more to see that all are there, and those due
	o.Collected.Events = 2 * 46
	o.Collected.Age = fleet.Age{Held: 2e9, Area: 2e9 * 60e6, Falls: 20, Peaks: 20 * 110e6}
	for _, name := range []string{"staleness", "delivery", "roundtrip", "connect", "ttfe"} {
		o.Collected.Hists[name] = results.NewHist()
	}
	o.measured(80)
	return o
}

func specOf(t testing.TB, transport string) feed.Spec {
	t.Helper()
	spec, err := all.Parse(transport)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// measured sets how many events of the window arrived, of 50 ms each.
func (o *Observation) measured(n int) {
	h := results.NewHist()
	for range n {
		h.Record(50e6)
	}
	o.Collected.Hists["staleness"] = h
}

func TestMetrics(t *testing.T) {
	trial := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
	o := clean(t)
	o.Record(trial)
	want := map[string]results.Metric{
		"window": {Value: 1, Unit: "s"},

		"server/processes": {Value: 1, Unit: "1"},
		"fleet/processes":  {Value: 1, Unit: "1"},

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
		"server/waiting":         {Value: 0.01, Unit: "1"},
		"server/wait":            {Value: 0.011 / 132, Unit: "s"},
		"fanout/loop":            {Value: 0.75, Unit: "1"},
		"fanout/fallbacks":       {Value: 2, Unit: "1"},
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
		"fleet/waiting":          {Value: 0, Unit: "1"},
		"fleet/cpu-per-request":  {Value: 0.011 / 44, Unit: "s"},
		"fleet/reads":            {Value: 0.5, Unit: "1"},
		"client-loop":            {Value: 0.5, Unit: "1"},
		"fleet/rss":              {Value: 20 << 20, Unit: "B"},

		"host/asleep":  {Value: 0, Unit: "1"},
		"host/cpu":     {Value: 0.055 / 88, Unit: "s/event"},
		"host/softirq": {Value: 0.011 / 88, Unit: "s/event"},
		"host/steal":   {Value: 0.01, Unit: "1"},
		"host/foreign": {Value: 0.005, Unit: "1"}, // 44 ms of tasks − 22 server − 11 fleet, of 2.2 s
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
func (o *Observation) talks() {
	const messages, size, request, answer = 30, 64, 100, 90
	o.Treatment.Uplink, o.Treatment.UplinkPayload = 15, size
	f := &o.After.Fleet
	f.Echoes, f.EchoesUp, f.EchoesDown = messages, messages*size, messages*size
	f.HeadersUp += messages * request
	f.HeadersDown += messages * answer
	up, down := int64(messages*(size+request)), int64(messages*(size+answer))
	f.Counts.BytesWritten += up
	f.Counts.BytesRead += down
	f.TCP.BytesSent += up
	f.TCP.BytesReceived += down
	for _, m := range []*Mark{&o.Before, &o.After} {
		m.Fleet.Counts.Conns, m.Server.Counts.Conns = 4, 4
	}
	o.After.Server.Counts.BytesRead, o.After.Server.Counts.BytesWritten = f.Counts.BytesWritten, f.Counts.BytesRead
	o.Collected.Uplink = fleet.Uplink{Sent: 25, Echoed: 25}
	for range 25 {
		o.Collected.Hists["roundtrip"].Record(3e6)
	}
}

// What subscribers send and get back is counted beside the events, and its bytes
// are payload both ways.
func TestMetricsOfAnUplink(t *testing.T) {
	o := clean(t)
	o.talks()
	trial := recorded(o)
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
	if broken := o.broken(); len(broken) > 0 {
		t.Errorf("broken rules %q", sayings(broken))
	}

	silent := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
	clean(t).Record(silent)
	if _, has := silent.Hists["roundtrip"]; has || silent.Metrics["uplink/sent"].Unit != "" {
		t.Error("a trial without an uplink tells of one")
	}
}

// Compression is a layer of its own, below 0 where it saved.
func TestMetricsOfCompression(t *testing.T) {
	o := clean(t)
	const saved = 88 * 70
	o.After.Fleet.CompressionDown = -saved
	for _, c := range []*int64{&o.After.Fleet.Counts.BytesRead, &o.After.Server.Counts.BytesWritten, &o.After.Fleet.TCP.BytesReceived} {
		*c -= saved
	}
	trial := recorded(o)
	if got := trial.Metrics["bytes/compression/down"].Value; got != -70 {
		t.Errorf("compression of %v B an event, want −70", got)
	}
	if got, want := trial.Metrics["bytes/total/down"].Value, 221.+26-70; got != want {
		t.Errorf("%v B an event in all, want %v", got, want)
	}
	if broken := o.broken(); len(broken) > 0 {
		t.Errorf("broken rules %q", sayings(broken))
	}
}

// What cannot be divided by is left out: a record holds no infinity.
func TestMetricsOfNothing(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(*Observation)
		gone  []string
	}{
		{"no event between the marks", func(o *Observation) { o.After.Fleet.Delivered = o.Before.Fleet.Delivered },
			[]string{"bytes/total/down", "server/cpu", "server/cpu-per-message", "fleet/reads", "requests", "host/cpu"}},
		{"no request", func(o *Observation) { o.After.Fleet.Requests = o.Before.Fleet.Requests }, []string{"fleet/cpu-per-request"}},
		{"no answer", func(o *Observation) { o.After.Fleet.Answers = o.Before.Fleet.Answers }, []string{"events-per-response"}},
		{"nothing published", func(o *Observation) { o.Published.Due, o.Published.Lag = nil, nil }, []string{"publisher/cpu"}},
		{"no connection", func(o *Observation) { o.Collected.Setups.Ready = 0 }, []string{"conn/bytes/up", "conn/bytes/down", "conn/rtts"}},
		{"no TCP_INFO", func(o *Observation) { o.After.Fleet.NoTCP = "it takes Linux" }, []string{"bytes/tcpip/down", "bytes/total/up", "tcp/retransmitted"}},
		{"no host CPU", func(o *Observation) { o.HostUnreadable = errors.New("no /proc") }, []string{"host/cpu", "host/softirq", "host/steal", "host/foreign"}},
		{"no event held", func(o *Observation) { o.Collected.Age = fleet.Age{} }, []string{"age/mean", "age/peak"}},
		{"no newer event", func(o *Observation) { o.Collected.Age.Falls = 0 }, []string{"age/peak"}},
		{"no counted interrupts", func(o *Observation) { o.Before.CPU.Interrupts = false }, []string{"host/softirq"}},
		{"no waits", func(o *Observation) { o.Before.Process = nil }, []string{"server/wait", "server/waiting", "fleet/waiting"}},
		{"no host time", func(o *Observation) { o.After.CPU = o.Before.CPU }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := clean(t)
			test.spoil(o)
			trial := recorded(o)
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
