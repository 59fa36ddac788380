package measure

import (
	"maps"
	"math"
	"slices"

	"pushbench/results"
	"pushbench/servers/control"
	"pushbench/servers/count"
	"pushbench/servers/feed"
)

// Measure is a row: a metric of the vocabulary, and how it comes out of what was seen.
type Measure struct {
	Name string // of results.Vocabulary, which has its unit
	Need trait  // without it a trial has no such metric
	Of   func(*Observation) float64
	Per  func(*Observation) float64 // by which that is divided; nil: by nothing
}

// none is the value of what there is not. A record holds no such number, and none of
// what was divided by nothing.
var none = math.NaN()

// measures is all of them, for every kind of trial.
var measures = slices.Concat(eventMeasures, connectionMeasures, layerMeasures(), costMeasures, waitMeasures(), memoryMeasures(), pathMeasures(), quietMeasures, manyMeasures)

// Record puts what was measured into the record, the rules that were broken, and what
// there is to doubt.
func (o *Observation) Record(t *results.Trial) {
	has := o.has()
	for _, m := range measures {
		if m.Need&^has != 0 {
			continue
		}
		value := m.Of(o)
		if m.Per != nil {
			value /= m.Per(o)
		}
		if !math.IsNaN(value) && !math.IsInf(value, 0) {
			info, _ := results.Describe(m.Name)
			t.Metrics[m.Name] = results.Metric{Value: value, Unit: info.Unit}
		}
	}
	maps.Copy(t.Hists, o.hists(has))
	t.Host = o.meanwhile()
	t.Broken, t.Warnings, t.Saturated = o.broken(), o.doubts(), o.saturated()
}

// hists is the record's histograms.
func (o *Observation) hists(has trait) map[string]*results.Hist {
	hists := map[string]*results.Hist{}
	if has&window != 0 {
		maps.Copy(hists, o.Collected.Hists)
		if has&uplink == 0 {
			delete(hists, "roundtrip")
			delete(hists, "uplink-lag")
		}
		hists["publish-lag"], _ = o.publishLag()
	}
	if has&link != 0 {
		hists["link-late"] = o.After.Link.Late
	}
	for end, h := range o.noticed() {
		hists["notice/"+end] = h
	}
	return hists
}

// What measures are divided by.
func perEvent(o *Observation) float64      { return o.events() }
func perConnection(o *Observation) float64 { return float64(o.Collected.Setups.Ready) }
func perSubscriber(o *Observation) float64 { return float64(o.Treatment.Subscribers) }
func perSecond(o *Observation) float64     { return o.elapsed() }
func perRequest(o *Observation) float64    { return float64(o.fleet().Requests) }

// eventMeasures are of what was delivered, and of how old it was.
var eventMeasures = []Measure{
	{"window", window, func(o *Observation) float64 { return (o.Mark1 + o.Window).Seconds() - o.Mark1.Seconds() }, nil},
	{"events/distinct", window, func(o *Observation) float64 { _, n := o.publishLag(); return float64(n) }, nil},
	{"events/expected", window, func(o *Observation) float64 { return float64(o.expected()) }, nil},
	{"events/delivered", window, func(o *Observation) float64 { return float64(o.received()) }, nil},
	{"events/lost", 0, func(o *Observation) float64 { return float64(o.Collected.Order.Lost) }, nil},
	{"events/duplicated", window, func(o *Observation) float64 { return float64(o.Collected.Order.Duplicated) }, nil},
	{"events/reordered", window, func(o *Observation) float64 { return float64(o.Collected.Order.Reordered) }, nil},
	{"events/gaps", window, func(o *Observation) float64 { return float64(o.Collected.Order.Gaps) }, nil},
	{"events/skipped", window, func(o *Observation) float64 { return float64(o.Collected.Order.Skipped) }, nil},

	// What compares subscribers to every event with those to the latest: how old what
	// they know is, at any time and not per event.
	{"age/mean", window, func(o *Observation) float64 { return known(o.Collected.Age.Mean()) }, nil},
	{"age/peak", window, func(o *Observation) float64 { return known(o.Collected.Age.Peak()) }, nil},
	{"model/staleness", window, func(o *Observation) float64 { return known(model(o)) }, nil},

	{"uplink/sent", window | uplink, func(o *Observation) float64 { return float64(o.Collected.Uplink.Sent) }, nil},
	{"uplink/echoed", window | uplink, func(o *Observation) float64 { return float64(o.Collected.Uplink.Echoed) }, nil},
	{"uplink/lost", window | uplink, func(o *Observation) float64 { return float64(o.Collected.Uplink.Lost) }, nil},

	{"notice/server-share", silenced, noticeShare("server"), nil},
	{"notice/fleet-share", silenced, noticeShare("fleet"), nil},
}

// known is a value, or none where it is not.
func known(value float64, ok bool) float64 {
	if !ok {
		return none
	}
	return value
}

// model is the mean staleness that the transport's own rule makes of this trial's
// events, where the path has a fixed delay (s).
func model(o *Observation) (seconds float64, ok bool) {
	t := o.Treatment
	if !t.Network.Steady() || o.latest() {
		return 0, false
	}
	window := feed.Window{From: o.From, Until: o.Until, Mark1: o.Mark1, Mark2: o.Mark2}
	path := feed.Path{RTT: t.Network.RTT, TLS: t.TLS}
	phases := feed.Phases(t.Subscribers, feed.Rand(o.Seed, o.Block, "phases"))
	return o.Rhythm.Staleness(o.due(), window, path, phases)
}

// connectionMeasures are of what it took to set each connection up. Where the server's
// handshake ended, its own count knows.
var connectionMeasures = []Measure{
	{"conn/count", marks | tallied, func(o *Observation) float64 { return float64(o.After.Server.Counts.Conns) }, nil},
	{"conn/count", steps, perSubscriber, nil},
	{"conn/tls-full", marks, func(o *Observation) float64 { return float64(o.Collected.Setups.Full) }, nil},
	{"conn/tls-resumed", marks, func(o *Observation) float64 { return float64(o.Collected.Setups.Resumed) }, nil},
	{"conn/bytes/up", marks, func(o *Observation) float64 { return float64(o.Collected.Setups.Up) }, perConnection},
	{"conn/bytes/down", marks | tallied, func(o *Observation) float64 {
		return float64(o.Collected.Setups.Down)/perConnection(o) + o.handshake()
	}, nil},
	{"conn/tls/up", marks, func(o *Observation) float64 { return float64(o.Collected.Setups.TLSUp) }, perConnection},
	{"conn/tls/down", marks | tallied, func(o *Observation) float64 {
		return float64(o.Collected.Setups.TLSDown)/perConnection(o) + o.handshake()
	}, nil},
	{"conn/rtts", marks, func(o *Observation) float64 { return float64(o.Collected.Setups.Turns) }, perConnection},
	{"conn/tcpip/up", marks, func(o *Observation) float64 {
		s := o.Collected.Setups
		return known(float64(s.Kernel.HeadersOut()), s.Kernel.Opened == s.Ready)
	}, perConnection},
	{"conn/tcpip/down", marks, func(o *Observation) float64 {
		s := o.Collected.Setups
		return known(float64(s.Kernel.HeadersIn()), s.Kernel.Opened == s.Ready)
	}, perConnection},
	{"conn/server-cpu", marks | told, func(o *Observation) float64 {
		return known(o.Opened.CPU()-o.Born.CPU(), o.Collected.Setups.Ready > 0)
	}, perSubscriber},
}

// handshake is the bytes of TLS handshakes that the server sent, for each connection.
func (o *Observation) handshake() float64 {
	c := o.After.Server.Counts
	return float64(c.Handshakes) / max(float64(c.Conns), 1)
}

// costMeasures are of what steady state costs: the difference of the two marks, for
// each event that was delivered between them.
var costMeasures = []Measure{
	{"server/rss", window | tallied, func(o *Observation) float64 { return float64(o.After.Server.Usage.RSS) }, nil},
	{"server/heap", window | tallied, func(o *Observation) float64 { return float64(o.After.Server.Usage.Heap) }, nil},
	{"server/stacks", window | tallied, func(o *Observation) float64 { return float64(o.After.Server.Usage.Stacks) }, nil},
	{"server/goroutines", window | tallied, func(o *Observation) float64 { return float64(o.After.Server.Usage.Goroutines) }, nil},
	{"server/fds", window | tallied, func(o *Observation) float64 { return float64(o.After.Server.Usage.FDs) }, nil},
	{"fleet/rss", window, func(o *Observation) float64 { return float64(o.After.Fleet.Usage.RSS) }, nil},
	{"server/cpu-util", marks | told, (*Observation).serverCPU, perSecond},
	{"fleet/cpu-util", marks, func(o *Observation) float64 { return o.fleetCPU() / o.fleetCores() }, perSecond},
	{"proxy/cpu-util", marks | proxied, (*Observation).proxyCPU, perSecond},
	{"publisher/cpu", window | tallied, func(o *Observation) float64 { return o.After.Server.PublishCPU - o.Before.Server.PublishCPU }, func(o *Observation) float64 { return float64(len(o.due())) }},

	{"throughput", events, (*Observation).events, perSecond},
	{"server/cpu", events | told, (*Observation).serverCPU, perEvent},
	{"server/cpu-per-message", events | told, (*Observation).serverCPU, func(o *Observation) float64 {
		return o.events() + float64(o.fleet().Echoes)
	}},
	{"server/switches", events | told, func(o *Observation) float64 { return float64(o.switches()) }, perEvent},
	{"server/syscalls", events | told, func(o *Observation) float64 {
		calls := o.spent("server").Syscalls
		return known(float64(calls), calls > 0) // 0 where the host does not count it
	}, perEvent},
	{"fanout/loop", events | tallied, func(o *Observation) float64 { return float64(o.fanout().Delivered) }, perEvent},
	{"fanout/fallbacks", events | tallied, func(o *Observation) float64 { return float64(o.fanout().Fallbacks) }, nil},
	{"fleet/cpu", events, (*Observation).fleetCPU, perEvent},
	{"proxy/cpu", events | proxied, (*Observation).proxyCPU, perEvent},
	{"client-loop", 0, func(o *Observation) float64 { return float64(o.Collected.Looped) }, perSubscriber},
	{"fleet/reads", events, func(o *Observation) float64 { return float64(o.fleet().Counts.Reads) }, perEvent},
	{"requests", events, perRequest, perEvent},
	{"requests/empty", events, func(o *Observation) float64 { return float64(o.fleet().Empty) }, perEvent},
	{"polls/skipped", events, func(o *Observation) float64 { n, _ := o.skipped(); return float64(n) }, nil},
	{"fleet/cpu-per-request", events, (*Observation).fleetCPU, perRequest},
	{"events-per-response", events, (*Observation).events, func(o *Observation) float64 { return float64(o.fleet().Answers) }},

	{"host/cpu", events | readable, func(o *Observation) float64 { return o.hostTime().Sum().Busy() }, perEvent},
	{"host/softirq", events | readable, func(o *Observation) float64 {
		t := o.hostTime()
		return known(t.Sum().Softirq, t.Interrupts)
	}, perEvent},
	{"host/foreign", events | readable, (*Observation).foreign, func(o *Observation) float64 { return o.hostTime().Sum().Wall }},
	{"host/steal", busy | readable, func(o *Observation) float64 { return o.hostTime().Sum().StealShare() }, nil},
	{"host/asleep", 0, func(o *Observation) float64 {
		share, err := o.asleep()
		return known(share, err == nil)
	}, nil},
}

// fanout is what the server's loop did between the marks.
func (o *Observation) fanout() control.Fanout {
	return count.Sub(o.After.Server.Fanout, o.Before.Server.Fanout)
}

// switches is how often the server got a CPU between the marks.
func (o *Observation) switches() int64 {
	if n, known := o.spent("server").Switches(); known {
		return n
	}
	return o.After.Server.Usage.Switches - o.Before.Server.Usage.Switches
}

// waitMeasures are of how long each process was ready to run and waited for its core:
// each time before it ran, which is about what it adds to a latency, and as a share of
// the time; of several processes the mean.
func waitMeasures() (rows []Measure) {
	for _, name := range []string{"server", "proxy", "fleet", "link"} {
		waited := func(o *Observation) float64 { return known(o.spent(name).Waited()) }
		rows = append(rows, Measure{name + "/waiting", busy, waited, func(o *Observation) float64 {
			return o.elapsed() * o.processes(name)
		}}, Measure{name + "/wait", busy, waited, func(o *Observation) float64 {
			n, _ := o.spent(name).Switches()
			return float64(n)
		}})
	}
	return rows
}

// quietMeasures are of what a connection costs that carries no event.
var quietMeasures = []Measure{
	{"idle/bytes/down", quiet, func(o *Observation) float64 { return float64(o.atSocket().Down) }, perQuietSecond},
	{"idle/bytes/up", quiet, func(o *Observation) float64 { return float64(o.atSocket().Up) }, perQuietSecond},
	{"idle/total/down", quiet | kernel, func(o *Observation) float64 { return float64(o.Reckoned().Down) }, perQuietSecond},
	{"idle/total/up", quiet | kernel, func(o *Observation) float64 { return float64(o.Reckoned().Up) }, perQuietSecond},
	{"idle/server-cpu", quiet | told, (*Observation).serverCPU, func(o *Observation) float64 {
		return perSubscriber(o) * o.passed(o.Before.At, o.After.At)
	}},
}

// perQuietSecond is a second of each connection.
func perQuietSecond(o *Observation) float64 {
	return perSubscriber(o) * o.passed(o.Before.Fleet.At, o.After.Fleet.At)
}
