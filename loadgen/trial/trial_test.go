package trial

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pushbench/loadgen/host"
	"pushbench/loadgen/party"
	"pushbench/results"
	"pushbench/scenarios"
)

// self is this test binary, which is a faulty server too.
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
		FleetPath:  loadgen(t),
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

// realConfig is the same of the real servers.
func realConfig(t testing.TB, transport string) Config {
	t.Helper()
	c := config(t, transport)
	c.ServerPath = servers(t)
	return c
}

// faultyConfig is a trial against a server with a fault.
func faultyConfig(t testing.TB, fault string) Config {
	t.Helper()
	c := config(t, "poll?interval=50ms")
	c.Treatment.PayloadKind = fault
	return c
}

// runTrial runs a trial, and no process of it is left behind.
func runTrial(t *testing.T, c Config) *results.Trial {
	t.Helper()
	left := processes(&c)
	trial, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range trial.Broken {
		if strings.Contains(b.Text, "\n") {
			t.Errorf("a reason of several lines: %q", b.Text)
		}
	}
	left(t)
	hostHasAll(t, trial)
	return trial
}

// observeTrial is what a trial saw, which has to be sound, and its record.
func observeTrial(t *testing.T, c Config) (*run, *results.Trial) {
	t.Helper()
	left := processes(&c)
	trial := c.record()
	o, err := observe(t.Context(), c, trial)
	if err != nil {
		t.Fatalf("%v\n%s", err, trial.Log)
	}
	left(t)
	o.seen.Record(trial)
	sound(t, trial)
	return o, trial
}

// when does something at one moment of a trial.
func when(moment string, do func(*run)) func(string, *run) {
	return func(now string, r *run) {
		if now == moment {
			do(r)
		}
	}
}

// process is the process ID of a party.
func (r *run) process(name string) int {
	return r.parties[slices.IndexFunc(r.parties, func(p *party.Party) bool { return p.Name == name })].PID
}

// processes notes those of a trial; what it returns fails the test if one of them is
// left, dead or alive.
func processes(c *Config) (left func(*testing.T)) {
	var pids []int
	also := c.moment
	c.moment = func(moment string, r *run) {
		for _, p := range r.parties {
			pids = append(pids, p.PID)
		}
		if also != nil {
			also(moment, r)
		}
	}
	return func(t *testing.T) {
		t.Helper()
		for _, pid := range pids {
			if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
				t.Errorf("process %d is left behind: %v", pid, err)
			}
		}
	}
}

// ofTrial reports whether a broken rule is about the trial, whatever host it ran on:
// what others do there meanwhile breaks rules as well, of lateness and CPU time, and
// no test looks at those.
func ofTrial(b results.Broken) bool {
	return b.Class == results.Sound || b.Class == results.Accounted || b.Rule == "samples" || b.Rule == "early"
}

// said is a broken rule in a line.
func said(b results.Broken) string { return fmt.Sprintf("%s %s: %s", b.Class, b.Rule, b.Text) }

// sound fails the test if the trial broke a rule of soundness or of accounts.
func sound(t *testing.T, trial *results.Trial) {
	t.Helper()
	for _, b := range trial.Broken {
		if b.Class == results.Sound || b.Class == results.Accounted {
			t.Errorf("broken rule %s", said(b))
		}
	}
}

// wantBroken fails the test unless the trial broke these rules, each in a line that
// matches a pattern, and no other that is about the trial.
func wantBroken(t *testing.T, trial *results.Trial, patterns ...string) {
	t.Helper()
	var got []string
	for _, b := range trial.Broken {
		if ofTrial(b) {
			got = append(got, said(b))
		}
	}
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
	t.Parallel()
	const missed = `^sound measured: (\d+) of \d+ events of the window were measured$`
	for _, test := range []struct {
		fault string
		want  []string
		count map[string]float64
	}{
		{"none", nil, map[string]float64{"events/lost": 0, "events/duplicated": 0, "events/reordered": 0, "events/gaps": 0, "events/skipped": 0}},

		{"drop@1", []string{`^sound lost: 1 events lost, 0 subscribers without the newest$`}, map[string]float64{"events/lost": 1}},
		{"duplicate@1", []string{`^sound duplicated: 1 events duplicated$`}, map[string]float64{"events/duplicated": 1}},
		{"skip@1", []string{`^sound gaps: 1 gaps, in which 1 events were left out$`}, map[string]float64{"events/gaps": 1, "events/skipped": 1, "events/lost": 0}},

		// Within the window the events that were measured are too few or too many, too.
		{"drop", []string{`^sound lost: 1 events lost`, missed}, map[string]float64{"events/lost": 1}},
		{"duplicate", []string{`^sound duplicated: 1 events duplicated`, missed}, map[string]float64{"events/duplicated": 1}},
		{"reorder", []string{`^sound reordered: 1 events reordered`}, map[string]float64{"events/reordered": 1}},
		{"skip", []string{`^sound gaps: 1 gaps`, missed}, map[string]float64{"events/skipped": 1}},
		{"early", []string{missed, `^timed samples: 1 samples outside 0 to 3600 s$`}, nil},
		{"resize", []string{`^sound altered: events were not as ordered: event \d+ has a body of 99 bytes, not 100$`}, nil},

		{"miscount", []string{`^accounted tallies: tallies differ: the server has read \d+ bytes, written \d+ and kept 0, the fleet has written \d+ and read \d+$`}, map[string]float64{"events/lost": 0}},
		{"stranger", []string{`^sound connections: 5 connections, not 4$`}, nil},
		{"hasty", []string{`^timed early: 1 events were published before they were due$`}, nil},
		{"quiet", []string{`^sound window: no event was due in the window of 200ms at a rate of 400/s`, `^sound measured: \d+ of 0 events of the window were measured$`}, map[string]float64{"events/expected": 0}},
	} {
		t.Run(test.fault, func(t *testing.T) {
			t.Parallel()
			trial := runTrial(t, faultyConfig(t, test.fault))
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

// A publisher that is late breaks no rule: how late it was is in the record.
func TestLatePublisher(t *testing.T) {
	t.Parallel()
	trial := runTrial(t, faultyConfig(t, "late"))
	wantBroken(t, trial)
	if least := trial.Hists["publish-lag"].Min(); least < int64(2*time.Millisecond) {
		t.Errorf("the least publisher lag is %v, want it as the server told it", time.Duration(least))
	}
}

// What the ends never agree about is not accounted for. The trial goes on all the
// same, and its latencies are what they are.
func TestTalliesThatNeverAgree(t *testing.T) {
	t.Parallel()
	c := faultyConfig(t, "unsettled")
	c.limits.Settle = 2 * time.Second
	trial := runTrial(t, c)
	wantBroken(t, trial, `^accounted settle: the ends did not settle within 2s: the server has read \d+ bytes, written \d+ and kept 0, the fleet has written \d+ and read \d+`)
	if why := trial.Voids("staleness/p50"); value(t, trial, "staleness/p50") <= 0 || slices.ContainsFunc(why, ofTrial) {
		t.Errorf("staleness of %v s is void for %v", value(t, trial, "staleness/p50"), why)
	}
	if trial.Bears("bytes/total/down") {
		t.Error("bytes are not void")
	}
}

// hostHasAll fails the test unless the trial's cores ran at least what its processes
// did.
func hostHasAll(t *testing.T, trial *results.Trial) {
	t.Helper()
	cpu, measured := trial.Metrics["host/cpu"]
	if !measured || host.Source(trial.Host.Source).Inexact() != "" {
		return // host.TestBurn tells what a host lacks
	}
	const limit = 0.02
	var own float64
	for _, process := range []string{"server", "fleet", "link"} {
		own += trial.Metrics[process+"/cpu"].Value
	}
	if cpu.Value < (1-limit)*own {
		t.Errorf("the host used %v s for each event, and the trial's processes %v s", cpu.Value, own)
	}
}
