package trial

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pushbench/loadgen/host"
	"pushbench/results"
	"pushbench/scenarios"
)

// Each server has as many fleets as any other, and no end fewer processes than asked for.
func TestCrew(t *testing.T) {
	for _, test := range []struct {
		asked  Crew
		fleets int // that the treatment says
		want   Crew
	}{
		{Crew{}, 0, Crew{1, 1}},
		{Crew{}, 3, Crew{1, 3}},
		{Crew{1, 1}, 3, Crew{1, 3}},
		{Crew{2, 2}, 1, Crew{2, 2}},
		{Crew{2, 3}, 1, Crew{2, 4}},
		{Crew{3, 1}, 4, Crew{3, 6}},
		{Crew{52, 52}, 64, Crew{52, 104}},
	} {
		c := Config{Crew: test.asked, Treatment: scenarios.Treatment{Fleets: test.fleets}}
		if got := c.crew(); got != test.want {
			t.Errorf("%+v with %d fleets: %+v, want %+v", test.asked, test.fleets, got, test.want)
		}
	}
}

// Few subscribers are connected at once, and many some at a time and from several
// addresses: no listener's queue and no range of ports is too small for them.
func TestManyAreConnectedSomeAtATime(t *testing.T) {
	for _, test := range []struct {
		n, servers         int
		network            scenarios.Network
		step, ports, steps int
	}{
		{50, 1, scenarios.Network{}, 50, 50, 1},
		{10_000, 1, scenarios.Network{}, 10_000, 5000, 1},
		{10_001, 1, scenarios.Network{}, 2500, 5000, 5},
		{40_000, 3, scenarios.Network{}, 7500, 5000, 6},
		{1_000_000, 52, scenarios.Network{}, 130_000, 5000, 8},
		{40_000, 3, scenarios.Network{RTT: 1}, 7500, 13_334, 6},
	} {
		c := Config{Crew: Crew{Servers: test.servers}, Treatment: scenarios.Treatment{Transport: "ws", Subscribers: test.n, Network: test.network}}
		p, err := c.plan()
		if err != nil {
			t.Fatal(err)
		}
		if least := 5 * time.Duration(test.n) * 10 * time.Microsecond; p.slack < least {
			t.Errorf("%d subscribers have %v for what may be late, and a burst to them takes a fifth of %v", test.n, p.slack, least)
		}
		if c.step() != test.step || c.Ports() != test.ports || p.steps != test.steps || p.Servers != test.servers || p.Fleets != test.servers {
			t.Errorf("%d subscribers of %d servers: %d at a time in %d steps, %d ports; want %+v", test.n, test.servers, c.step(), p.steps, c.Ports(), test)
		}
	}
}

// What failed stands first, and then how far the trial had come and what was in the way.
func TestConnectError(t *testing.T) {
	why := errors.New("fleet 2: connect: subscriber 7: socket: too many open files")
	err := error(&ConnectError{From: 15_001, To: 22_500, Of: 40_000, Err: why, Met: []host.Reached{{Name: "open files of a process", Mend: "`ulimit -n` raises the limit"}}})
	const want = "fleet 2: connect: subscriber 7: socket: too many open files; subscribers 15001 to 22500 of 40000 were being connected; a limit was in the way: open files of a process: `ulimit -n` raises the limit"
	if err.Error() != want || !errors.Is(err, why) {
		t.Errorf("%v, want %s", err, want)
	}
}

// Two servers of one feed with two fleets each are to every count what one server with
// one fleet is: events, what each subscriber saw of them, and the bytes of an event and of
// a connection at every layer that an end counts. Which events share an answer is the
// host's to choose, so that requests are held together where there is one for each event.
func TestServersShareSubscribers(t *testing.T) {
	for _, test := range []struct {
		transport string
		exact     bool // an event is a message of its own, however late the host is
	}{{"raw", true}, {"wsbare", true}, {"ws", true}, {"sse", false}, {"stream", false}, {"longpoll", false}, {"poll?interval=1s", false}} {
		t.Run(test.transport, func(t *testing.T) {
			t.Parallel()
			var of [2]shared
			var records [2]*results.Trial
			for i, crew := range []Crew{{}, {Servers: 2, Fleets: 4}} {
				c := realConfig(t, test.transport)
				c.Treatment.Subscribers, c.Treatment.Rate, c.Crew = 100, 20, crew
				var r *run
				r, records[i] = observeTrial(t, c)
				sums(t, records[i])
				of[i] = sharedOf(r)
				near(t, records[i], "server/processes", float64(max(1, crew.Servers)))
				near(t, records[i], "fleet/processes", float64(max(1, crew.Fleets)))
				// Each server publishes each event.
				near(t, records[i], "events/distinct", float64(records[i].Hists["publish-lag"].N())/float64(max(1, crew.Servers)))
			}
			if diff := cmp.Diff(of[0], of[1]); diff != "" {
				t.Errorf("-one server +two with two fleets each:\n%s", diff)
			}
			metrics := []string{"bytes/payload/down", "bytes/payload/up", "bytes/envelope/down", "conn/count", "conn/bytes/up", "conn/bytes/down", "conn/rtts"}
			if test.exact {
				metrics = append(metrics, "bytes/protocol/down", "bytes/protocol/up", "requests")
			}
			for _, metric := range metrics {
				near(t, records[1], metric, value(t, records[0], metric))
			}
			for metric := range records[0].Metrics {
				if _, has := records[1].Metrics[metric]; !has && !strings.HasPrefix(metric, "host/") {
					t.Errorf("%s is not in the record of several servers", metric)
				}
			}
		})
	}
}

// Whatever stands before the servers or is asked of them, several are asked as one is.
func TestSeveralServers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fixed string
		crew  Crew
		conns float64
	}{
		{"transport: ws, proxy: relay", Crew{2, 2}, 4},
		{"transport: sse, tls: on, uplink: 20/s", Crew{2, 2}, 8},
		{"transport: poll?interval=50ms, server: list", Crew{2, 2}, 0},
		{"transport: ws, fleets: 3", Crew{Servers: 2}, 4}, // four fleets of one subscriber each
	} {
		t.Run(test.fixed, func(t *testing.T) {
			t.Parallel()
			c := asked(t, test.fixed)
			c.Crew = test.crew
			r, trial := observeTrial(t, c)
			near(t, trial, "events/delivered", 4*value(t, trial, "events/distinct"))
			if test.conns > 0 {
				near(t, trial, "conn/count", test.conns)
			}
			kinds := map[string]int{}
			for _, p := range r.parties {
				kinds[kind(p)]++
			}
			want := c.crew()
			if kinds["server"] != want.Servers || kinds["fleet"] != want.Fleets || c.Treatment.Proxied() && kinds["proxy"] != want.Servers {
				t.Errorf("processes %v, want %+v", kinds, want)
			}
		})
	}
}

// Over a path several servers are at one end of it, and all fleets at the other.
func TestSeveralServersOverAPath(t *testing.T) {
	t.Parallel()
	c := labConfig(t, "ws", rtt20)
	c.Crew = Crew{2, 2}
	_, trial := observeTrial(t, c)
	sums(t, trial)
	near(t, trial, "conn/count", 4)
	near(t, trial, "events/delivered", 4*value(t, trial, "events/distinct"))
	if least := trial.Hists["delivery"].Min(); least < int64(rtt20.RTT/2) {
		t.Errorf("an event came after %v, over a path of %v each way", time.Duration(least), rtt20.RTT/2)
	}
}

// A trial of memory opens its connections to several servers as to one, though at first
// there are fewer of them than fleets.
func TestMemoryOfSeveral(t *testing.T) {
	t.Parallel()
	c := realConfig(t, "poll?interval=50ms")
	c.Steps, c.Treatment.Subscribers, c.Treatment.Rate, c.Crew = []int{1, 8, 21}, 21, 0, Crew{2, 4}
	r, trial := observeTrial(t, c)
	for i, m := range r.seen.Steps {
		if m.Conns != c.Steps[i] || m.Seen < int64(m.Conns) || m.Server.RSS <= 0 || m.Fleet.RSS <= 0 {
			t.Errorf("at %d connections %+v", c.Steps[i], m)
		}
	}
	near(t, trial, "server/processes", 2)
	if got := value(t, trial, "events/lost"); got != 0 {
		t.Errorf("%v events lost", got)
	}
}

// A fault stops all servers or all fleets, and the other end of all is asked who noticed.
func TestFaultOfSeveral(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{scenarios.ServerStops, scenarios.FleetStops} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			c := faultConfig(t, fault, "ws?ping=1s&pong=1s", 3*time.Second)
			c.Crew = Crew{2, 2}
			trial := runTrial(t, c)
			sound(t, trial)
			end := noticing(fault)
			near(t, trial, "notice/"+end+"-share", 1)
			if n := trial.Hists["notice/"+end].N(); n != 4 {
				t.Errorf("%d of 4 noticed at the %s's end", n, end)
			}
		})
	}
}
