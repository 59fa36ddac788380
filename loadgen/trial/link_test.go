package trial

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pushbench/loadgen/internal/netns"
	"pushbench/loadgen/lab"
	"pushbench/loadgen/measure"
	"pushbench/scenarios"
	"pushbench/servers/test/need"
)

// labConfig is a trial of the real servers over a path.
func labConfig(t testing.TB, transport string, path scenarios.Network) Config {
	t.Helper()
	needLab(t)
	c := realConfig(t, transport)
	c.Treatment.Network = path
	c.Treatment.Rate, c.Treatment.Arrivals = 40, "poisson"
	c.Warmup, c.Measure = 100*time.Millisecond, 500*time.Millisecond
	return c
}

func needLab(t testing.TB) {
	t.Helper()
	err := lacking()
	need.That(t, err == nil, fmt.Sprintf("the lab (%v)", err))
}

// lacking is why there is no lab here, if so.
var lacking = sync.OnceValue(func() error { return lab.Ready() })

var rtt20 = scenarios.Network{RTT: 20 * time.Millisecond}

// Over an RTT of 20 ms every transport delivers each event once and in order, none
// sooner than light would; and what the link counted is what the kernels make it,
// to the byte.
func TestLabTransports(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		transport   string
		tls, http2  bool
		trips       int64 // until a connection is ready
		reconnects  bool
		uplink      float64
		connections int64 // of each subscriber
	}{
		{transport: "poll?interval=100ms", trips: 2},
		{transport: "poll?interval=100ms", tls: true, http2: true, trips: 3},
		{transport: "poll?interval=100ms&keepalive=off", trips: 2, reconnects: true},
		{transport: "poll?interval=100ms&keepalive=off", tls: true, trips: 3, reconnects: true},
		{transport: "longpoll", trips: 2},
		{transport: "longpoll?batch=off", tls: true, trips: 3},
		{transport: "stream", trips: 2},
		{transport: "sse", trips: 2, uplink: 5},
		{transport: "sse", tls: true, http2: true, trips: 3},
		{transport: "ws", trips: 2},
		{transport: "ws", tls: true, trips: 3, uplink: 5},
		{transport: "wsbare", trips: 2},
		{transport: "raw", trips: 2},
	} {
		t.Run(fmt.Sprintf("%s tls=%t http2=%t uplink=%v", test.transport, test.tls, test.http2, test.uplink), func(t *testing.T) {
			t.Parallel()
			c := labConfig(t, test.transport, rtt20)
			c.Treatment.TLS, c.Treatment.Uplink, c.Treatment.UplinkPayload = test.tls, test.uplink, 64
			if test.http2 {
				c.Treatment.HTTP = "2"
			}
			o, trial := observeTrial(t, c)
			rtt := int64(c.Treatment.Network.RTT)
			if least := trial.Hists["staleness"].Min(); least < rtt/2 {
				t.Errorf("an event is %v old, less than half of %v", time.Duration(least), time.Duration(rtt))
			}
			if least := trial.Hists["connect"].Min(); least < test.trips*rtt {
				t.Errorf("a connection is ready after %v, before %d round trips", time.Duration(least), test.trips)
			}
			if got := value(t, trial, "conn/rtts"); got != float64(test.trips) {
				t.Errorf("%v round trips are counted until a connection is ready, not %d", got, test.trips)
			}
			if test.uplink > 0 {
				if least := trial.Hists["roundtrip"].Min(); least < rtt {
					t.Errorf("a message is back after %v", time.Duration(least))
				}
			}

			sums(t, trial)
			counted, reckoned := o.seen.OnPath(), o.seen.Reckoned()
			strays, _ := o.seen.Strays()
			resent := value(t, trial, "tcp/resent/down") + value(t, trial, "tcp/resent/up")
			switch {
			case test.reconnects:
				if strays.Down == 0 || strays.Up == 0 {
					t.Errorf("closed connections may take %+v bytes", strays)
				}
			case resent > 0: // the host stalled: TCP took what was late for lost
				t.Logf("%v segments were sent again", resent)
			case counted != reckoned || strays != measure.Ways{}:
				t.Errorf("the link counted %+v bytes, the kernel's counts make it %+v, and %+v more may be", counted, reckoned, strays)
			}
			for _, way := range []string{"/down", "/up"} {
				if total, link := value(t, trial, "bytes/total"+way), value(t, trial, "link/bytes"+way); total != link || total <= 0 {
					t.Errorf("bytes/total%s is %v, the link counted %v", way, total, link)
				}
				for _, none := range []string{"link/lost", "link/overflowed"} {
					if got := value(t, trial, none+way); got != 0 {
						t.Errorf("%s%s is %v", none, way, got)
					}
				}
				if value(t, trial, "link/packets"+way) <= 0 {
					t.Errorf("no packet%s", way)
				}
			}
			for _, metric := range []string{"link/cpu", "link/cpu-util", "link-late/p50"} {
				if value(t, trial, metric) <= 0 {
					t.Errorf("%s is %v", metric, value(t, trial, metric))
				}
			}
		})
	}
}

// What the path loses TCP brings all the same: each event once, in order. The
// record tells what it took.
func TestLabLoss(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"poll?interval=100ms", "longpoll", "ws"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			c := labConfig(t, transport, scenarios.Network{RTT: 10 * time.Millisecond, Jitter: 4 * time.Millisecond, Loss: 0.02})
			c.Treatment.Rate, c.Measure, c.Treatment.Subscribers = 100, 2*time.Second, 8
			o, trial := observeTrial(t, c)
			if lost := value(t, trial, "link/lost/down") + value(t, trial, "link/lost/up"); lost == 0 {
				t.Error("no packet was lost")
			}
			if again := value(t, trial, "tcp/resent/down") + value(t, trial, "tcp/resent/up"); again == 0 {
				t.Error("none was sent again")
			}
			counted := o.seen.OnPath()
			if value(t, trial, "bytes/total/down")*float64(o.seen.After.Fleet.Delivered-o.seen.Before.Fleet.Delivered) <= float64(counted.Down) || o.seen.After.Link.Down.Lost == o.seen.Before.Link.Down.Lost {
				t.Error("what was lost is not in the total of what was sent")
			}
		})
	}
}

// Where packets overtake one another events do not: TCP puts them in order again.
func TestLabReorder(t *testing.T) {
	t.Parallel()
	c := labConfig(t, "ws", scenarios.Network{RTT: 20 * time.Millisecond, Jitter: 20 * time.Millisecond, Reorder: true})
	c.Treatment.Rate, c.Measure, c.Treatment.Subscribers = 200, 2*time.Second, 8
	_, trial := observeTrial(t, c)
	if got := value(t, trial, "events/reordered"); got != 0 {
		t.Errorf("%v events came out of order", got)
	}
	if down := value(t, trial, "bytes/total/down"); down != value(t, trial, "link/bytes/down") {
		t.Errorf("bytes/total/down is %v, the link counted %v", down, value(t, trial, "link/bytes/down"))
	}
}

// A narrow path takes its time for each byte.
func TestLabBandwidth(t *testing.T) {
	t.Parallel()
	c := labConfig(t, "ws", scenarios.Network{RTT: 10 * time.Millisecond, Bandwidth: 500e3})
	c.Treatment.Payload = 1000
	c.Treatment.Rate, c.Treatment.Arrivals = 10, "constant"
	c.Measure = 2 * time.Second
	_, trial := observeTrial(t, c)
	packet := int64((1000 + 61 + 4 + 52) * 8 / 500e3 * 1e9) // with its envelope, its frame and the headers of TCP and IP
	rtt := int64(c.Treatment.Network.RTT)
	if got := trial.Hists["staleness"].Min(); got < packet+rtt/2 {
		t.Errorf("the first subscriber has an event after %v, sooner than %v", time.Duration(got), time.Duration(packet+rtt/2))
	}
	if got := trial.Hists["staleness"].Max(); got < 4*packet+rtt/2 {
		t.Errorf("the last of four subscribers has an event after %v, sooner than %v", time.Duration(got), time.Duration(4*packet+rtt/2))
	}
}

// Each profile is a path over which a trial can be run.
func TestLabProfiles(t *testing.T) {
	t.Parallel()
	for name, profile := range lab.Profiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := labConfig(t, "ws", scenarios.Network{Profile: name})
			c.Treatment.Rate, c.Measure = 20, 500*time.Millisecond
			_, trial := observeTrial(t, c)
			if least := trial.Hists["staleness"].Min(); least < int64(profile.RTT-profile.Jitter)/2 {
				t.Errorf("an event is %v old", time.Duration(least))
			}
		})
	}
}

// Scenario and lab know the same profiles and congestion controls by name.
func TestScenarioKnowsTheLab(t *testing.T) {
	names := []string{scenarios.NoNetwork}
	names = slices.AppendSeq(names, maps.Keys(lab.Profiles))
	if want := slices.Sorted(slices.Values(scenarios.Networks)); !slices.Equal(slices.Sorted(slices.Values(names)), want) {
		t.Errorf("the lab has %q, scenarios %q", names, want)
	}
	if !slices.Equal(lab.Congestions, scenarios.Congestions) {
		t.Errorf("the lab has %q, scenarios %q", lab.Congestions, scenarios.Congestions)
	}
}

// Server and fleet are each in a namespace of its own, and the link, which they
// are started after, in that of everybody else; nothing of it is left. No other trial
// runs meanwhile: until a child becomes its program it has all descriptors of ours.
func TestLabLeavesNothing(t *testing.T) {
	c := labConfig(t, "ws", rtt20)
	own := netns.Of(t, os.Getpid())
	var spaces []string
	c.moment = func(moment string, r *run) {
		switch moment {
		case "linked":
			spaces = append(spaces, netns.Of(t, r.process("link")))
		case "listening": // by now both have joined: they answer
			if !strings.HasPrefix(r.reached[0].Addr, "198.18.0.1:") {
				t.Errorf("the server listens on %s", r.reached[0].Addr)
			}
			spaces = append(spaces, netns.Of(t, r.process("server")))
		case "marked":
			spaces = append(spaces, netns.Of(t, r.process("fleet")))
		}
	}
	wantBroken(t, runTrial(t, c))
	if len(spaces) != 3 || spaces[0] != own || spaces[1] == own || spaces[2] == own || spaces[1] == spaces[2] {
		t.Fatalf("in %s: link, server and fleet are in %q", own, spaces)
	}
	for _, space := range spaces[1:] {
		if holders := netns.Holders(t, space); holders != nil {
			t.Errorf("%s is held by %q", space, holders)
		}
	}
}

// Ctrl-C leaves no record and no process, whenever it comes.
func TestInterruptedInLab(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"linked", "started", "listening", "marked"} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			c := labConfig(t, "ws", rtt20)
			c.moment = when(moment, func(*run) { cancel() })
			left := processes(&c)
			trial, err := Run(ctx, c)
			if trial != nil || !errors.Is(err, context.Canceled) {
				t.Errorf("trial %+v, error %v", trial, err)
			}
			left(t)
		})
	}
}

// A link that dies ends its trial at once, whatever is waited for, and the reason
// names it. So do server and fleet.
func TestKilledInLab(t *testing.T) {
	t.Parallel()
	for _, victim := range []string{"link", "server", "fleet"} {
		for _, moment := range []string{"started", "listening", "marked"} {
			t.Run(victim+" "+moment, func(t *testing.T) {
				t.Parallel()
				c := labConfig(t, "ws", rtt20)
				c.moment = when(moment, kill(t, victim))
				wantBroken(t, runTrial(t, c), `^sound (failed|unreached): .*`+victim+`: ended with signal: killed`)
			})
		}
	}
}

// A path that the lab cannot make, or a link that is none, is the trial's one
// reason.
func TestLabThatIsNone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		spoil func(*Config)
		want  string
	}{
		{"unknown profile", func(c *Config) { c.Treatment.Network = scenarios.Network{Profile: "5g"} }, `^sound unreached: network "5g" is not known$`},
		{"impossible", func(c *Config) { c.Treatment.Network.Jitter = time.Second }, `^sound unreached: jitter of 1s: it must be`},
		{"no program", func(c *Config) { c.FleetPath += "-none" }, `^sound unreached: start the link: .*no such file`},
		{"no link", func(c *Config) { c.FleetPath = "/bin/false" }, `^sound unreached: link: open: .*; link: ended with exit status 1$`},
		{"no server to join", func(c *Config) { c.ServerPath += "-none" }, `^sound unreached: server: listen: .*; server: ended with exit status 1$`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := labConfig(t, "ws", rtt20)
			test.spoil(&c)
			wantBroken(t, runTrial(t, c), test.want)
		})
	}
}
