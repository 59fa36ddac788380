package trial

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pushbench/loadgen/host"
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
		if c.step() != test.step || c.Ports() != test.ports || p.steps != test.steps || p.Servers != test.servers || p.Fleets != test.servers {
			t.Errorf("%d subscribers of %d servers: %d at a time in %d steps, %d ports; want %+v", test.n, test.servers, c.step(), p.steps, c.Ports(), test)
		}
	}
}

// What failed stands first, and then how far the trial had come and what was in the way.
func TestConnectError(t *testing.T) {
	why := errors.New("fleet 2: connect: subscriber 7: socket: too many open files")
	err := error(&ConnectError{Had: 15_000, Of: 40_000, Err: why, Met: []host.Reached{{Name: "open files of a process", Mend: "`ulimit -n` raises the limit"}}})
	const want = "fleet 2: connect: subscriber 7: socket: too many open files; 15000 of 40000 subscribers were connected; a limit was in the way: open files of a process: `ulimit -n` raises the limit"
	if err.Error() != want || !errors.Is(err, why) {
		t.Errorf("%v, want %s", err, want)
	}
}

// Two servers of one feed with two fleets each are to every count what one server with
// one fleet is: events, and bytes at every layer that an end counts.
func TestServersShareSubscribers(t *testing.T) {
	for _, transport := range []string{"raw", "wsbare", "ws", "sse", "stream", "longpoll", "poll?interval=1s"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			c := realConfig(t, transport)
			c.Treatment.Subscribers, c.Treatment.Rate, c.Seed = 100, 20, apart(100)
			if transport == "poll?interval=1s" {
				c.Treatment.Rate = 1
			}
			many := c
			many.Crew = Crew{Servers: 2, Fleets: 4}
			// A host that stalls lets an event go with the next, and is given another try.
			for attempt := 1; ; attempt++ {
				one, alone := observeTrial(t, c)
				four, shared := observeTrial(t, many)
				diff := cmp.Diff(sharedOf(one), sharedOf(four))
				switch {
				case diff != "" && attempt == 5:
					t.Fatalf("-one server +two with two fleets each:\n%s", diff)
				case diff != "":
					continue
				}
				near(t, shared, "server/processes", 2)
				near(t, shared, "fleet/processes", 4)
				for _, layer := range []string{"payload", "envelope", "protocol"} {
					for _, way := range []string{"/down", "/up"} {
						near(t, shared, "bytes/"+layer+way, value(t, alone, "bytes/"+layer+way))
					}
				}
				for metric := range alone.Metrics {
					if _, has := shared.Metrics[metric]; !has && !strings.HasPrefix(metric, "host/") {
						t.Errorf("%s is not in the record of several servers", metric)
					}
				}
				// Each server publishes each event.
				if a, b := alone.Hists["publish-lag"].N(), shared.Hists["publish-lag"].N(); b != 2*a {
					t.Errorf("%d lags of two servers, %d of one", b, a)
				}
				return
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
