package fleet

import (
	"context"
	"math"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"pushbench/servers/all"
	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// What a fleet costs against its floor: the least that a Go program needs to do
// the same exchange on a bare socket, at the same pace, with the same server in
// a process of its own. CPU time is this process's, by getrusage; an operation
// is an event at one subscriber, or a poll.
//
//	go test -run='^$' -bench=Client -benchtime=20000x ./loadgen/fleet
const (
	connections  = 64
	eventRate    = 500.0 // WebSocket: events/s, each to every connection
	longPollRate = 50.0
	pollInterval = 20 * time.Millisecond
	warmUp       = 200 * time.Millisecond
)

// Push over one upgraded connection: WebSocket, and raw, which is what a
// fleet costs with no protocol at all. The floor reads as many bytes an event.
func BenchmarkClientPush(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // as a trial's fleet has
	d := time.Duration(float64(perConnection(b)) / eventRate * float64(time.Second))
	fleet := func(transport string) sample {
		return ofFleet(b, startSender(b, eventRate), transport, func(m Mark) int64 { return m.Delivered })
	}

	costs := inTurns(d, bareEvents(b, startSender(b, eventRate)), fleet("ws"), fleet("raw"))
	floor, raw := costs[0], costs[2]
	report(b, "event", floor, costs[1])
	b.ReportMetric(raw.client*1e9, "raw-cpu-ns/event")
	b.ReportMetric(raw.client/floor.client, "raw-×floor")
}

// What four thousand idle subscribers hold after garbage collection, each with an
// event behind it, for each of them: the fleet's own record of it included, the
// kernel's sockets not. They are the second four thousand, since the first pay for
// what a process needs once; and since a process reuses what it has let go of,
// only the first transport's growth of RSS is its own. Run one at a time:
//
//	go test -run='^$' -bench='ClientMemory/ws$' -benchtime=1x ./loadgen/fleet
func BenchmarkClientMemory(b *testing.B) {
	const idle = 4000
	for _, transport := range []string{"ws", "wsbare", "raw", "sse", "stream", "longpoll"} {
		b.Run(transport, func(b *testing.B) {
			s, p := startSender(b, eventRate), startFleet(b)
			var held [2]control.Usage
			for i := range held {
				p.do(Connect, toSender(s, transport, (i+1)*idle), nil)
				p.do(control.Trim, control.None{}, &held[i])
			}
			b.ReportMetric(0, "ns/op")
			for unit, grown := range map[string]int64{
				"heap-B/subscriber":  held[1].Heap - held[0].Heap,
				"stack-B/subscriber": held[1].Stacks - held[0].Stacks,
				"rss-B/subscriber":   held[1].RSS - held[0].RSS,
			} {
				b.ReportMetric(float64(grown)/idle, unit)
			}
		})
	}
}

// A poller wakes twice for each poll, to ask and to be answered, and the server
// once: at a pace, with an idle core between polls, even the floor is dearer
// than the server.
func BenchmarkClientPoll(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	d := time.Duration(perConnection(b)) * pollInterval
	const perPoll = float64(time.Second / pollInterval) // events/s that make one event a poll
	transport := "poll?interval=" + pollInterval.String()

	costs := inTurns(d, barePolls(b, startSender(b, perPoll)),
		ofFleet(b, startSender(b, perPoll), transport, func(m Mark) int64 { return m.Requests }),
		ofStandard(b, startSender(b, perPoll), transport))
	floor, fleet, standard := costs[0], costs[1], costs[2]
	report(b, "poll", floor, fleet)
	b.ReportMetric(standard.client*1e9, "net/http-cpu-ns/poll")
	b.ReportMetric(fleet.client/fleet.server, "client/server")
}

// Polls back to back on one connection: the exchange alone, without the timers
// and the waking up that a pace takes.
func BenchmarkClientExchange(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	b.StopTimer()
	s := startSender(b, 1)
	dial := func(context.Context) (net.Conn, error) { return net.Dial("tcp", s.addrs.Still) }

	conn, err := dial(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	req, buf, size := request(pollSince), make([]byte, 4096), 0
	floor := s.measure(b, func() {
		for range b.N {
			if size, err = exchange(conn, req, buf, size); err != nil {
				b.Fatal(err)
			}
		}
	})

	fetch := func(client *http.Client) cost {
		defer client.CloseIdleConnections()
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel() // which closes the fleet's connection
		f, err := feed.NewFetcher(ctx, client, feed.Subscription{
			Address: &feed.Address{Base: wire.URL, Path: "/poll", Cursor: "since"}, Codec: feed.Text, Emit: func(feed.Event) {}, Meter: new(feed.Meter),
		}, false)
		if err != nil {
			b.Fatal(err)
		}
		return s.measure(b, func() {
			for range b.N {
				f.Cursor = 0 // so that every answer has the same event
				if err := f.Fetch(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	n := int64(b.N)
	fleet := fetch((&wire.Client{Dial: dial, Tally: new(wire.Tally), Headers: new(wire.Headers)}).HTTP())
	standard := fetch(&http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
	}})
	report(b, "poll", floor.over(n), fleet.over(n))
	b.ReportMetric(standard.over(n).client*1e9, "net/http-cpu-ns/poll")
	b.ReportMetric(fleet.client/fleet.server, "client/server")
}

const pollSince = "poll?since=0000000000000000000"

func BenchmarkClientLongPoll(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	d := time.Duration(float64(perConnection(b)) / longPollRate * float64(time.Second))
	const transport = "longpoll?batch=off" // so that every answer has one event, whoever asks

	costs := inTurns(d, bareLongPolls(b, startSender(b, longPollRate)),
		ofFleet(b, startSender(b, longPollRate), transport, func(m Mark) int64 { return m.Requests }),
		ofStandard(b, startSender(b, longPollRate), transport))
	floor, fleet, standard := costs[0], costs[1], costs[2]
	report(b, "poll", floor, fleet)
	b.ReportMetric(standard.client*1e9, "net/http-cpu-ns/poll")
	b.ReportMetric(fleet.client/fleet.server, "client/server")
}

// perConnection is the operations of each connection, b.N in all.
func perConnection(b *testing.B) int {
	b.StopTimer() // set-up is no part of it
	return max(1, (b.N+connections-1)/connections)
}

func report(b *testing.B, op string, floor, fleet cost) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // the pace is given
	b.ReportMetric(fleet.client*1e9, "cpu-ns/"+op)
	b.ReportMetric(floor.client*1e9, "floor-cpu-ns/"+op)
	b.ReportMetric(fleet.client/floor.client, "×floor")
	b.ReportMetric(fleet.server*1e9, "server-cpu-ns/"+op)
}

// over is the cost of one of n operations.
func (c cost) over(n int64) cost {
	if n == 0 {
		return cost{math.NaN(), math.NaN()}
	}
	return cost{c.client / float64(n), c.server / float64(n)}
}

// sample lets a piece of trial time pass, and returns what it cost and for how
// many operations.
type sample func(time.Duration) (cost, int64)

// inTurns is the cost of one operation of each of them over d, taken in short
// turns: a host that grows slower meanwhile does so for all.
func inTurns(d time.Duration, of ...sample) []cost {
	const turns = 10
	sums, ops := make([]cost, len(of)), make([]int64, len(of))
	for range turns {
		for i, s := range of {
			c, n := s(d / turns)
			sums[i].client += c.client
			sums[i].server += c.server
			ops[i] += n
		}
	}
	for i, n := range ops {
		sums[i] = sums[i].over(n)
	}
	return sums
}

// toSender is a fleet of the sender's live feed.
func toSender(s *senderProcess, transport string, subscribers int) Config {
	return Config{
		Addr: s.addrs.Live, Headers: "minimal", Transport: transport, Encoding: string(feed.Text), Payload: senderBody,
		Subscribers: subscribers, DialRate: DefaultDialRate, Seed: 1, Block: 1,
	}
}

// ofFleet is a fleet, and an operation is what ops counts.
func ofFleet(b *testing.B, s *senderProcess, transport string, ops func(Mark) int64) sample {
	b.Helper()
	p := startFleet(b)
	p.do(Connect, toSender(s, transport, connections), nil)
	run := func(a control.RunArgs) {
		if err := p.peer.Call(b.Context(), control.Run, RunArgs{RunArgs: a, Until: math.MaxInt64}, nil); err != nil {
			b.Error(err)
		}
	}
	s.pass(warmUp, run)
	return func(d time.Duration) (cost, int64) {
		var before, after Mark
		p.do(control.Mark, control.None{}, &before)
		c := s.measure(b, func() { s.pass(d, run) })
		p.do(control.Mark, control.None{}, &after)
		return c, ops(after) - ops(before)
	}
}

// ofStandard is the same client end on net/http's client, without a fleet's
// records. An operation is a request.
func ofStandard(b *testing.B, s *senderProcess, transport string) sample {
	b.Helper()
	spec, err := all.Parse(transport)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	b.Cleanup(func() {
		cancel()
		running.Wait()
	})
	timeline, meter := feed.NewTimeline(s.clock), new(feed.Meter)
	for _, phase := range feed.Phases(connections, feed.Rand(1, 1, "phases")) {
		running.Go(func() {
			own := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, s.addrs.Live)
			}}
			defer own.CloseIdleConnections()
			err := spec.Transport.Subscribe(ctx, &http.Client{Transport: own}, feed.Subscription{
				Address: spec.Address(wire.URL, false), Options: spec.Options, Codec: feed.Text, Clock: s.clock, Timeline: timeline,
				Phase: phase, Emit: func(feed.Event) {}, Meter: meter,
			})
			if err != nil {
				b.Error(err)
			}
		})
	}
	s.pass(warmUp, rest(b, timeline))
	return func(d time.Duration) (cost, int64) {
		before := meter.Requests.Load()
		c := s.measure(b, func() { s.pass(d, rest(b, timeline)) })
		return c, meter.Requests.Load() - before
	}
}

// rest lets a timeline of this process run.
func rest(b *testing.B, timeline *feed.Timeline) func(control.RunArgs) {
	return func(a control.RunArgs) {
		timeline.Run(a.Origin, a.To)
		if err := timeline.AtRest(b.Context()); err != nil {
			b.Error(err)
		}
	}
}
