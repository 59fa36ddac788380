package trial

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pushbench/loadgen/host"
	"pushbench/results"
	"pushbench/scenarios"
)

// self is this test binary, which is a fleet and a faulty server too.
func self(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// config is a trial of a quarter of a second, of a faulty server without fault.
func config(t testing.TB, transport string) Config {
	t.Helper()
	return Config{
		ServerPath: self(t),
		FleetPath:  self(t),
		Layout:     host.Split(host.Cores()),
		Treatment: scenarios.Treatment{
			Labels:    results.Treatment{"transport": transport, "rate": "400/s"},
			Transport: transport, Subscribers: 4, Rate: 400, Arrivals: "constant",
			Payload: 100, PayloadKind: "random", Encoding: "text", HTTP: "1.1", Headers: "minimal",
		},
		Seed: 1, Block: 1,
		Warmup:  60 * time.Millisecond,
		Measure: 200 * time.Millisecond,
	}
}

// faultyTrial runs a trial against a server with a fault.
func faultyTrial(t *testing.T, fault string) *results.Trial {
	t.Helper()
	t.Setenv(faultVar, fault)
	return runTrial(t, config(t, "poll?interval=50ms"))
}

// runTrial runs a trial, and no process of it is left behind.
func runTrial(t *testing.T, c Config) *results.Trial {
	t.Helper()
	trial, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if trial.Valid != (len(trial.Invalid) == 0) {
		t.Errorf("valid is %v with the reasons %q", trial.Valid, trial.Invalid)
	}
	for _, reason := range trial.Invalid {
		if strings.Contains(reason, "\n") {
			t.Errorf("a reason of several lines: %q", reason)
		}
	}
	noChildren(t)
	hostHasAll(t, trial)
	return trial
}

// noChildren fails the test if this process has any child left, dead or alive.
func noChildren(t *testing.T) {
	t.Helper()
	pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
	if !errors.Is(err, unix.ECHILD) {
		t.Errorf("a child is left behind: wait says %d, %v", pid, err)
	}
}

// Another process on the host can make a good trial break these rules, and the
// tests of other rules look past them.
var busyHost = regexp.MustCompile(`^(\d+ of \d+ events published 1ms late or more|publisher lag p99|fleet used|server used|the link was saturated: of \d+ packets)`)

// broken is the rules that a trial broke, but for those.
func broken(t *results.Trial) []string {
	return slices.DeleteFunc(slices.Clone(t.Invalid), busyHost.MatchString)
}

// wantBroken fails the test unless each reason matches its pattern.
func wantBroken(t *testing.T, trial *results.Trial, patterns ...string) {
	t.Helper()
	got := broken(trial)
	if len(got) != len(patterns) {
		t.Fatalf("broken rules %q, want %q", got, patterns)
	}
	for i, pattern := range patterns {
		if !regexp.MustCompile(pattern).MatchString(got[i]) {
			t.Errorf("broken rule %q, want %q", got[i], pattern)
		}
	}
}

func value(t *testing.T, trial *results.Trial, metric string) float64 {
	t.Helper()
	m, err := trial.Value(metric)
	if err != nil {
		t.Fatal(err)
	}
	return m.Value
}

// Each fault of a server breaks its rule and no other. What was counted stands
// in the record all the same.
func TestFaults(t *testing.T) {
	const missed = `^(\d+) of \d+ events of the window were measured$`
	for _, test := range []struct {
		fault string
		want  []string
		count map[string]float64
	}{
		{"none", nil, map[string]float64{"events/lost": 0, "events/duplicated": 0, "events/reordered": 0, "events/gaps": 0, "events/skipped": 0}},

		{"drop@1", []string{`^1 events lost, 0 subscribers without the newest$`}, map[string]float64{"events/lost": 1}},
		{"duplicate@1", []string{`^1 events duplicated$`}, map[string]float64{"events/duplicated": 1}},
		{"reorder@1", []string{`^1 events reordered$`}, map[string]float64{"events/reordered": 1}},
		{"skip@1", []string{`^1 gaps, in which 1 events were left out$`}, map[string]float64{"events/gaps": 1, "events/skipped": 1, "events/lost": 0}},

		// Within the window the events that were measured are too few or too many, too.
		{"drop", []string{`^1 events lost`, missed}, map[string]float64{"events/lost": 1}},
		{"duplicate", []string{`^1 events duplicated`, missed}, map[string]float64{"events/duplicated": 1}},
		{"reorder", []string{`^1 events reordered`}, map[string]float64{"events/reordered": 1}},
		{"skip", []string{`^1 gaps`, missed}, map[string]float64{"events/skipped": 1}},
		{"early", []string{`^1 samples outside 0 to 3600 s$`, missed}, nil},
		{"resize", []string{`^events were not as ordered: event \d+ has a body of 99 bytes, not 100$`}, nil},

		{"miscount", []string{`^tallies differ: the server has read \d+ and written \d+ bytes, the fleet has written \d+ and read \d+$`}, map[string]float64{"events/lost": 0}},
		{"stranger", []string{`^5 connections, not 4$`}, nil},
		{"hasty", []string{`^1 events were published before they were due$`}, nil},
		{"quiet", []string{`^no event was due in the window of 200ms$`, `^\d+ of 0 events of the window were measured$`}, map[string]float64{"events/expected": 0}},
	} {
		t.Run(test.fault, func(t *testing.T) {
			trial := faultyTrial(t, test.fault)
			wantBroken(t, trial, test.want...)
			for metric, want := range test.count {
				if got := value(t, trial, metric); got != want {
					t.Errorf("%s is %v, want %v", metric, got, want)
				}
			}
			if n := trial.Hists["staleness"].N(); n == 0 || value(t, trial, "events/delivered") != float64(n) {
				t.Errorf("%d events measured, %v in the record", n, value(t, trial, "events/delivered"))
			}
		})
	}
}

// A publisher that is late is the one rule that a busy host can break as well.
func TestLatePublisher(t *testing.T) {
	trial := faultyTrial(t, "late")
	if !slices.ContainsFunc(trial.Invalid, regexp.MustCompile(`^(\d+) of (\d+) events published 1ms late or more, limit 1$`).MatchString) {
		t.Errorf("broken rules %q", trial.Invalid)
	}
	if least := trial.Hists["publish-lag"].Min(); least < int64(2*time.Millisecond) {
		t.Errorf("the least publisher lag is %v, want it as the server told it", time.Duration(least))
	}
}

// The real servers, over each transport.
func TestRealServers(t *testing.T) {
	// What is pushed before the fleet has its orders is not measured, and the
	// host of a test may be busy.
	old := lead
	defer func() { lead = old }()
	lead = 200 * time.Millisecond
	for _, test := range []struct {
		transport    string
		framing      float64 // B/event, down, where it is all that the protocol adds
		responses    bool    // there are requests and responses within the window
		perConn      bool    // a connection for each poll
		envelope     float64
		encoding     string
		payloadBytes float64
		tls, http2   bool
	}{
		{"poll?interval=50ms", 0, true, false, 61, "text", 100, false, false},
		{"poll?interval=50ms", 0, true, false, 61, "text", 100, false, true},
		{"poll?interval=50ms", 0, true, false, 61, "text", 100, true, true},
		{"poll?interval=50ms&keepalive=off", 0, true, true, 32, "binary", 100, false, false},
		{"poll?interval=50ms&keepalive=off", 0, true, true, 32, "binary", 100, true, false},
		{"longpoll", 0, true, false, 61 + 36, "base64", 100, false, false},
		{"longpoll", 0, true, false, 61, "text", 100, true, true},
		{"stream", 0, false, false, 61, "text", 100, false, false},
		{"stream", 0, false, false, 32, "binary", 100, true, true},
		{"sse", 0, false, false, 61, "text", 100, true, false},
		{"sse", 0, false, false, 61 + 36, "base64", 100, false, true},
		{"wsbare", 4, false, false, 61, "text", 100, false, false},
		{"wsbare", 4, false, false, 32, "binary", 100, true, false},
		{"raw", 4, false, false, 32, "binary", 100, false, false},
		{"ws", 4, false, false, 61, "text", 100, false, false},
		{"ws", 4, false, false, 32, "binary", 100, true, false},
	} {
		t.Run(fmt.Sprintf("%s %s tls=%t http2=%t", test.transport, test.encoding, test.tls, test.http2), func(t *testing.T) {
			c := config(t, test.transport)
			c.ServerPath, c.Treatment.Encoding = servers(t), test.encoding
			fullHandshakes := 0.0
			if c.Treatment.TLS = test.tls; test.tls {
				fullHandshakes = 4
			}
			if test.http2 {
				c.Treatment.HTTP = "2"
			}
			var pids []int
			c.Started = func(server, fleet int) { pids = []int{server, fleet} }
			trial := runTrial(t, c)
			wantBroken(t, trial)
			if len(pids) != 2 || pids[0] == pids[1] || pids[0] <= 1 {
				t.Errorf("started the processes %v", pids)
			}
			get := func(metric string) float64 { t.Helper(); return value(t, trial, metric) }
			near := func(metric string, want float64) {
				t.Helper()
				if got := get(metric); got < want*(1-1e-9) || got > want*(1+1e-9) {
					t.Errorf("%s is %v, want %v", metric, got, want)
				}
			}
			near("bytes/payload/down", test.payloadBytes)
			near("bytes/envelope/down", test.envelope)
			for _, way := range []string{"/down", "/up"} {
				sum := 0.0
				for _, layer := range []string{"payload", "envelope", "protocol", "compression", "tls", "tcpip"} {
					sum += get("bytes/" + layer + way)
				}
				near("bytes/total"+way, sum)
			}
			if has := get("bytes/tls/down") > 0; has != test.tls {
				t.Errorf("%v bytes of TLS per event", get("bytes/tls/down"))
			}
			near("conn/tls-full", fullHandshakes)
			if has := get("conn/tls-resumed") > 0; has != (test.tls && test.perConn) {
				t.Errorf("%v resumed handshakes", get("conn/tls-resumed"))
			}
			rtts := 2.0
			if test.tls {
				rtts = 3
			}
			near("conn/rtts", rtts)
			near("window", 0.2)
			near("events/delivered", 4*get("events/distinct"))
			if test.framing > 0 {
				near("bytes/protocol/down", test.framing)
			}
			if has := get("requests") > 0; has != test.responses {
				t.Errorf("%v requests per event", get("requests"))
			}
			if !test.perConn {
				near("conn/count", 4)
			} else if get("conn/count") <= 4 {
				t.Errorf("%v connections, want one for each poll", get("conn/count"))
			}
			for _, metric := range []string{
				"server/cpu", "fleet/cpu", "fleet/reads", "server/rss", "server/heap", "server/stacks", "server/goroutines",
				"fleet/rss", "conn/bytes/up", "conn/bytes/down", "publisher/cpu", "events-per-response",
				"age/mean", "age/peak", "staleness/p50", "delivery/p50", "publish-lag/p50", "connect/p50", "ttfe/p50",
				"staleness-mean-by-subscriber/mean", "staleness-max-by-subscriber/max",
			} {
				if get(metric) <= 0 {
					t.Errorf("%s is %v, want it above 0", metric, get(metric))
				}
			}
			if get("staleness/p50") < get("delivery/p50") {
				t.Errorf("staleness %v s, delivery %v s: an event is due before it is sent", get("staleness/p50"), get("delivery/p50"))
			}
		})
	}
}
