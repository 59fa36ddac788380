package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/servers/all"
	"pushbench/servers/units"
)

// over is a sound scenario with these levels of a path.
func over(fixed string) string {
	return fmt.Sprintf(`question: How far?
fixed: {transport: ws, %s}
warmup: 0s
measure: 5s
blocks: 6
`, fixed)
}

// Each level of a path has one spelling, and a value ready to use.
func TestNetworkLevels(t *testing.T) {
	for _, test := range []struct {
		fixed, key, level string
		want              Network
		emulated, steady  bool
	}{
		{"rtt: 0ms", "rtt", "0ms", Network{}, false, true},
		{"rtt: 0s", "rtt", "0ms", Network{}, false, true},
		{"rtt: 20ms", "rtt", "20ms", Network{RTT: 20 * time.Millisecond}, true, true},
		{"rtt: 0.3s", "rtt", "300ms", Network{RTT: 300 * time.Millisecond}, true, true},
		{"rtt: 500us", "rtt", "0.5ms", Network{RTT: 500 * time.Microsecond}, true, true},
		{"rtt: 20ms, jitter: 20ms", "jitter", "20ms", Network{RTT: 20 * time.Millisecond, Jitter: 20 * time.Millisecond}, true, false},
		{"rtt: 20ms, jitter: 5ms, reorder: on", "reorder", "on", Network{RTT: 20 * time.Millisecond, Jitter: 5 * time.Millisecond, Reorder: true}, true, false},
		{"loss: 0.70%", "loss", "0.7%", Network{Loss: 0.007}, true, false},
		{"loss: 5%", "loss", "5%", Network{Loss: 0.05}, true, false},
		{"loss: -0%", "loss", "0%", Network{}, false, true},
		{"bandwidth: unlimited", "bandwidth", "unlimited", Network{}, false, true},
		{"bandwidth: 1500kbps", "bandwidth", "1.5Mbps", Network{Bandwidth: 1.5e6}, true, false},
		{"bandwidth: 0.25Mbps", "bandwidth", "250kbps", Network{Bandwidth: 250e3}, true, false},
		{"bandwidth: 1Gbps", "bandwidth", "1000Mbps", Network{Bandwidth: 1e9}, true, false},
		{"network: 4g", "network", "4g", Network{Profile: "4g"}, true, false},
		{"network: 4g, congestion: reno", "congestion", "reno", Network{Profile: "4g", Congestion: "reno"}, true, false},
		{"network: 4g, rtt: 0ms, loss: 0.0%", "loss", "0%", Network{Profile: "4g"}, true, false},
		{"rtt: 1ms, congestion: bbr", "congestion", "bbr", Network{RTT: time.Millisecond, Congestion: "bbr"}, true, true},
	} {
		t.Run(test.fixed, func(t *testing.T) {
			ts, _, err := mustParse(t, over(test.fixed)).Treatments()
			if err != nil || len(ts) != 1 {
				t.Fatalf("%d treatments, %v", len(ts), err)
			}
			if test.want.Profile == "" {
				test.want.Profile = NoNetwork
			}
			if test.want.Congestion == "" {
				test.want.Congestion = "cubic"
			}
			if got := ts[0].Network; got != test.want || ts[0].Labels[test.key] != test.level {
				t.Errorf("%+v, %s %q; want %+v, %q", got, test.key, ts[0].Labels[test.key], test.want, test.level)
			}
			if got := ts[0]; got.Emulated() != test.emulated || got.Network.Steady() != test.steady {
				t.Errorf("emulated %t and steady %t, want %t and %t", got.Emulated(), got.Network.Steady(), test.emulated, test.steady)
			}
		})
	}
}

// Faults of the path take the lab, others do not.
func TestNetworkFaults(t *testing.T) {
	for _, fault := range faults {
		ts, _, err := mustParse(t, over("fault: "+fault)).Treatments()
		if err != nil || len(ts) != 1 {
			t.Fatalf("%s: %d treatments, %v", fault, len(ts), err)
		}
		if want := slices.Contains([]string{"cut", "cut-down", "cut-up", "address-change"}, fault); ts[0].Emulated() != want {
			t.Errorf("%s: emulated is %t", fault, ts[0].Emulated())
		}
	}
	ts, _, err := mustParse(t, over("fault: cut, congestion: bbr")).Treatments()
	if err != nil || len(ts) != 1 {
		t.Errorf("congestion control on a path that is cut: %d treatments, %v", len(ts), err)
	}
}

// What cannot be had beside what can is left out, with its reason; a profile
// beside its own numbers is a mistake, unless except takes care of it.
func TestNetworkCombinations(t *testing.T) {
	parse := func(factors, except string) (*Scenario, error) {
		return Parse("net.yaml", fmt.Appendf(nil, `question: q?
factors:
  transport: [ws]
%s
except: [%s]
warmup: 0s
measure: 5s
blocks: 6
`, factors, except), all.Parse)
	}
	s, err := parse("  rtt: [0ms, 20ms]\n  jitter: [0ms, 5ms]\n  congestion: [cubic, reno]", "")
	if err != nil {
		t.Fatal(err)
	}
	ts, dropped, err := s.Treatments()
	if err != nil || len(ts) != 5 || len(dropped) != 3 {
		t.Fatalf("%d treatments, %d dropped, %v", len(ts), len(dropped), err)
	}
	for _, d := range dropped {
		want := "congestion control reno is set where there is a network, and on plain loopback there is none"
		if d.Treatment["jitter"] == "5ms" {
			want = "a jitter of 5ms is more than the rtt of 0ms that it would vary"
		}
		if d.Treatment["rtt"] != "0ms" || d.Why != want {
			t.Errorf("dropped %s: %s", d.Treatment.Key(), d.Why)
		}
	}
	const mixed = "  network: [none, 4g]\n  rtt: [0ms, 20ms]"
	if _, err := parse(mixed, ""); err == nil || !strings.Contains(err.Error(), "network 4g sets rtt, jitter, reorder, loss and bandwidth; leave rtt out, or the combination by except") {
		t.Errorf("a profile with an rtt of its own: %v", err)
	}
	if s, err := parse(mixed, "{network: 4g, rtt: 20ms}"); err != nil {
		t.Errorf("with the combination left out: %v", err)
	} else if ts, _, err := s.Treatments(); err != nil || len(ts) != 3 {
		t.Errorf("%d treatments, %v", len(ts), err)
	}
}

// What a path cannot show draws a warning.
func TestNetworkWarnings(t *testing.T) {
	const (
		beats = "subscribers: 31 with a heartbeat every 1s over an rtt of 20ms leave no moment without one under way, in which both ends have counted the same; take 30 or fewer"
		polls = "poll?interval=300ms over an rtt of 300ms: a poll is out for longer than the interval, and slots are passed over"
	)
	for _, test := range []struct{ fixed, instead, want string }{
		{"rtt: 300ms", "", ""},
		{"rtt: 300ms, rate: 20/s, bandwidth: 2Mbps", "", ""},
		{"rtt: 300ms, rate: 20/s, bandwidth: 1.8Mbps", "", "bandwidth: 1.8Mbps is less than the 1.86Mbps or more of events that 50 subscribers of 200B at 20/s take; what is published piles up"},
		{"bandwidth: 1Mbps", "", "bandwidth: 1Mbps is less than the 3.71Mbps or more of events that 50 subscribers of 200B at 40/s take; what is published piles up"},
		{"bandwidth: 1Mbps, want: latest", "", ""},
		{"rtt: 300ms", "measure: 2s", "measure: 2s holds 6.7 round trips of 300ms; take 10 or more"},
		{"bandwidth: 1Mbps", "transport: ws?compress=takeover", ""},
		{"rtt: 20ms, subscribers: 30", "transport: ws?ping=1s&pong=1s", ""},
		{"rtt: 20ms, subscribers: 31", "transport: ws?ping=1s&pong=1s", beats},
		{"rtt: 300ms", "transport: poll?interval=300ms", polls},
	} {
		text := over(test.fixed)
		switch key, _, _ := strings.Cut(test.instead, ":"); key {
		case "measure":
			text = strings.Replace(text, "measure: 5s", test.instead, 1)
		case "transport":
			text = strings.Replace(text, "transport: ws", test.instead, 1)
		}
		if got := strings.Join(mustParse(t, text).Warnings(), "; "); got != test.want {
			t.Errorf("%s, %s: %q, want %q", test.fixed, test.instead, got, test.want)
		}
	}
}

// Whatever a path's level is written like, it is refused or has a spelling that
// reads as the same.
func TestNetworkSpellings(t *testing.T) {
	keys := []string{"rtt", "jitter", "loss", "bandwidth"}
	rapid.Check(t, func(t *rapid.T) {
		key := keyNamed(rapid.SampledFrom(keys).Draw(t, "key"))
		unit := rapid.SampledFrom([]string{"ms", "s", "us", "ns", "%", "kbps", "Mbps", "Gbps", "B", ""}).Draw(t, "unit")
		text := fmt.Sprint(rapid.OneOf(rapid.Float64Range(-1, 1e4), rapid.Float64()).Draw(t, "number")) + unit
		var first, second Treatment
		level, err := key.read(text, &first)
		if err != nil {
			return
		}
		again, err := key.read(level, &second)
		if err != nil || again != level {
			t.Fatalf("%s %s is spelt %q, which is spelt %q, %v", key.name, text, level, again, err)
		}
		if v, _, err := units.Parse(level); err != nil || v < 0 {
			t.Fatalf("%s %s is spelt %q: %v, %v", key.name, text, level, v, err)
		}
	})
}
