package trial

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/loadgen/internal/need"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/control"
	"pushbench/servers/wire"
)

// faultConfig is a trial of the real servers with a fault and a quiet feed.
func faultConfig(t *testing.T, fault, transport string, measure time.Duration) Config {
	t.Helper()
	c := config(t, transport)
	c.ServerPath = servers(t)
	c.Treatment.Fault, c.Treatment.Rate, c.Measure = fault, 0, measure
	return c
}

// noticing is the end that may notice a fault.
func noticing(fault string) string {
	if fault == scenarios.ServerStops {
		return "fleet"
	}
	return "server"
}

// With heartbeats each end notices that the other has stopped, and that is all
// that is measured: the trial is valid, and no process is left behind.
func TestHeartbeatsNoticeStop(t *testing.T) {
	for _, transport := range []string{"ws?ping=200ms&pong=1s", "wsbare?ping=200ms&pong=1s"} {
		for _, fault := range []string{scenarios.ServerStops, scenarios.FleetStops} {
			t.Run(fault+" "+transport, func(t *testing.T) {
				c := faultConfig(t, fault, transport, 3*time.Second)
				trial := runTrial(t, c)
				wantBroken(t, trial)
				end := noticing(fault)
				if got := value(t, trial, "notice/"+end+"-share"); got != 1 {
					t.Errorf("%v of the ends noticed", got)
				}
				if h := trial.Hists["notice/"+end]; h.N() != 4 || h.Min() <= 0 || h.Max() > int64(c.Measure) {
					t.Errorf("%d ends noticed, after %v to %v", h.N(), time.Duration(h.Min()), time.Duration(h.Max()))
				}
				for _, metric := range []string{"idle/bytes/down", "idle/bytes/up", "idle/total/down", "idle/total/up", "idle/server-cpu"} {
					if got := value(t, trial, metric); got <= 0 {
						t.Errorf("%s is %v, though there are heartbeats", metric, got)
					}
				}
				for _, metric := range []string{"server/cpu", "staleness/p50", "notice/" + noticing(other(fault)) + "-share"} {
					if m, err := trial.Value(metric); err == nil {
						t.Errorf("%s is %v, though nothing tells", metric, m)
					}
				}
			})
		}
	}
}

func other(fault string) string {
	if fault == scenarios.ServerStops {
		return scenarios.FleetStops
	}
	return scenarios.ServerStops
}

// Without heartbeats nobody notices: a stopped process's kernel acknowledges
// whatever comes. There is no time then, and the share says so.
func TestNobodyNoticesStop(t *testing.T) {
	for _, test := range []struct {
		transport string
		rate      float64
	}{
		{"ws", 0}, {"raw", 0}, {"longpoll?hold=100ms", 0}, {"poll?interval=50ms", 0},
		{"ws", 400}, {"poll?interval=50ms", 400}, {"ws?ping=200ms", 400}, {"sse?heartbeat=200ms", 400},
	} {
		for _, fault := range []string{scenarios.ServerStops, scenarios.FleetStops} {
			t.Run(fmt.Sprintf("%s %s %v", fault, test.transport, test.rate), func(t *testing.T) {
				c := faultConfig(t, fault, test.transport, 200*time.Millisecond)
				c.Treatment.Rate = test.rate
				trial := runTrial(t, c)
				wantBroken(t, trial)
				end := noticing(fault)
				if got := value(t, trial, "notice/"+end+"-share"); got != 0 {
					t.Errorf("%v of the ends noticed", got)
				}
				var none *results.NoMetricError
				if _, err := trial.Value("notice/" + end + "/p50"); !errors.As(err, &none) || !none.Empty {
					t.Errorf("when it was noticed: %v", err)
				}
				_, running := trial.Metrics["events/delivered"]
				_, quiet := trial.Metrics["idle/bytes/down"]
				if running != (test.rate > 0) || quiet != (test.rate == 0) {
					t.Errorf("metrics of a running feed: %v, of a quiet one: %v", running, quiet)
				}
			})
		}
	}
}

// stopped waits until the kernel has stopped a process.
func stopped(t *testing.T, pid int) {
	t.Helper()
	state := regexp.MustCompile(`(?m)^State:\s+(\S)`)
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); runtime.Gosched() {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if errors.Is(err, os.ErrNotExist) && runtime.GOOS != "linux" {
			need.That(t, false, "/proc, to see in it whether a process is stopped")
		}
		if err != nil {
			t.Error(err)
			return
		}
		if found := state.FindSubmatch(text); found != nil && string(found[1]) == "T" {
			return
		}
	}
	t.Errorf("process %d is not stopped", pid)
}

// atFault runs a trial, and a function while one of its processes is stopped.
func atFault(t *testing.T, ctx context.Context, fault string, then func(silent, surviving int)) (*results.Trial, error) {
	t.Helper()
	c := faultConfig(t, fault, "ws", 300*time.Millisecond)
	var silent, surviving int
	c.Started = func(server, fleet int) {
		silent, surviving = server, fleet
		if fault == scenarios.FleetStops {
			silent, surviving = fleet, server
		}
	}
	happened := false
	c.Silenced = func() {
		happened = true
		stopped(t, silent)
		then(silent, surviving)
	}
	trial, err := Run(ctx, c)
	if !happened {
		t.Error("nothing was stopped")
	}
	noChildren(t)
	return trial, err
}

var stops = []string{scenarios.ServerStops, scenarios.FleetStops}

// Ctrl-C while a process is stopped leaves none behind, and no record.
func TestInterruptedFault(t *testing.T) {
	for _, fault := range stops {
		t.Run(fault, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			trial, err := atFault(t, ctx, fault, func(int, int) { cancel() })
			if trial != nil || !errors.Is(err, context.Canceled) {
				t.Errorf("trial %+v, error %v", trial, err)
			}
		})
	}
}

// A process that dies while one is stopped, whichever of the two, fails the
// trial and keeps nothing from ending.
func TestKilledInFault(t *testing.T) {
	for _, fault := range stops {
		for _, survivor := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s survivor=%t", fault, survivor), func(t *testing.T) {
				trial, err := atFault(t, t.Context(), fault, func(silent, surviving int) {
					pid := silent
					if survivor {
						pid = surviving
					}
					if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
						t.Error(err)
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				victim := strings.TrimSuffix(fault, "-stops")
				if survivor {
					victim = strings.TrimSuffix(other(fault), "-stops")
				}
				wantBroken(t, trial, `^`+victim+`: (let it go on|ended|tally): .*; `+victim+`: ended with signal: killed$`)
				if len(trial.Metrics) > 0 || len(trial.Hists) > 0 {
					t.Errorf("metrics %v of a trial that failed", trial.Metrics)
				}
			})
		}
	}
}

// A survivor that does not answer is given up, and a process that is stopped for
// good is killed.
func TestHangingInFault(t *testing.T) {
	impatient(t, 2*time.Second, 20*time.Millisecond)
	for _, fault := range stops {
		t.Run(fault, func(t *testing.T) {
			trial, err := atFault(t, t.Context(), fault, func(_, surviving int) {
				if err := syscall.Kill(surviving, syscall.SIGSTOP); err != nil {
					t.Error(err)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			survivor := noticing(fault)
			got := broken(trial)
			if len(got) != 1 || !strings.HasPrefix(got[0], survivor+": ended: no answer: it hangs: nothing for 2s") ||
				!strings.Contains(got[0], survivor+": did not end with its input and was killed") {
				t.Errorf("broken rules %q", got)
			}
		})
	}
}

func TestUnknownFault(t *testing.T) {
	c := config(t, "ws")
	c.Treatment.Fault = "meteorite"
	wantBroken(t, runTrial(t, c), `^fault "meteorite" is not known$`)
}

// Every fault of a scenario is one that a trial knows.
func TestFaultsAreKnown(t *testing.T) {
	all := slices.Concat(stops, cuts, []string{scenarios.AddressChange})
	for _, fault := range all {
		if f, ok := faults[fault]; !ok || len(f.noticing) == 0 {
			t.Errorf("%s: %+v", fault, f)
		}
	}
	if len(faults) != len(all) {
		t.Errorf("%d faults, %d tested", len(faults), len(all))
	}
}

// Times count from the fault to the end of the window; what comes later was not
// noticed, and what had ended before could not notice.
func TestNotices(t *testing.T) {
	const second = int64(time.Second)
	for _, test := range []struct {
		name   string
		of     int
		ended  []int64 // s, the fault at 100 and the window 10 long
		want   []int64
		share  float64
		broken []string
	}{
		{"none", 4, nil, nil, 0, nil},
		{"all", 4, []int64{100, 101, 105, 110}, []int64{0, 1, 5, 10}, 1, nil},
		{"some too late", 4, []int64{101, 103, 111, 200}, []int64{1, 3}, 0.5, nil},
		{"one before", 4, []int64{99, 101, 103}, []int64{1, 3}, 2. / 3, []string{"1 of 4 connections had ended before the fault"}},
		{"one more", 5, []int64{101}, []int64{1}, 0.2, []string{"5 connections before the fault, not 4"}},
		{"all before", 4, []int64{1, 2, 3, 4}, nil, math.NaN(), []string{"4 of 4 connections had ended before the fault"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := &observation{config: Config{Measure: 10 * time.Second}}
			o.config.Treatment.Subscribers = 4
			n := notice{end: "server", of: test.of}
			for _, at := range test.ended {
				n.ended = append(n.ended, at*second)
			}
			o.silence = silence{began: 100 * second, notices: []notice{n}}
			trial := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
			o.measureFault(trial)
			h := trial.Hists["notice/server"]
			sum := int64(0)
			for _, s := range test.want {
				sum += s
			}
			if h.N() != int64(len(test.want)) || h.Sum() != float64(sum*second) || h.Dropped() != 0 {
				t.Errorf("%d noticed after %v s in all, want %v", h.N(), h.Sum()/1e9, test.want)
			}
			share, ok := trial.Metrics["notice/server-share"]
			if ok != !math.IsNaN(test.share) || ok && (math.Abs(share.Value-test.share) > 1e-9 || share.Unit != "1") {
				t.Errorf("the share is %+v, %v, not %v", share, ok, test.share)
			}
			if got := o.invalidFault(); !slices.Equal(got, test.broken) {
				t.Errorf("broken rules %q, not %q", got, test.broken)
			}
		})
	}
	o := new(observation)
	trial := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
	if o.measureFault(trial); len(trial.Metrics)+len(trial.Hists)+len(o.invalidFault()) > 0 {
		t.Errorf("a trial without a fault measures %v and %v, and breaks %v", trial.Metrics, trial.Hists, o.invalidFault())
	}
}

// Connections are dialled as slowly as it takes for their heartbeats to have
// every phase alike, and no faster than others.
func TestSpread(t *testing.T) {
	for _, test := range []struct {
		n    int
		beat time.Duration
		most float64
		want float64
	}{
		{50, time.Second, 1000, 50},
		{50, 5 * time.Second, 1000, 10},
		{50, 0, 1000, 1000},
		{2000, time.Second, 1000, 1000},
		{1500, time.Second, 1000, 750}, // two heartbeats, not one and a half
	} {
		if got := spread(test.n, test.beat, test.most); math.Abs(got-test.want) > 1e-9*test.want {
			t.Errorf("%d connections with a heartbeat every %v are dialled at %v/s, not %v/s", test.n, test.beat, got, test.want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 1_000_000).Draw(rt, "connections")
		beat := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(rt, "beat"))
		rate := spread(n, beat, 1000)
		beats := float64(n) / rate / beat.Seconds()
		if !(rate > 0) || rate > 1000*(1+1e-9) || math.Abs(beats-math.Round(beats)) > 1e-6*beats || beats < 1-1e-9 {
			rt.Errorf("%d connections at %v/s take %v heartbeats of %v", n, rate, beats, beat)
		}
	})
}

// A trial with a fault dials over a heartbeat, and is estimated with what comes
// after the marks; without one, nothing has changed.
func TestPlanOfFault(t *testing.T) {
	c := Config{
		Treatment: scenarios.Treatment{Transport: "ws?ping=2s", Subscribers: 50},
		Warmup:    time.Second, Measure: 5 * time.Second,
	}
	without, err := c.plan()
	if err != nil {
		t.Fatal(err)
	}
	usual := c.Estimate()
	c.Treatment.Fault = scenarios.NoFault
	if none, err := c.plan(); err != nil || none.connect != without.connect || c.Estimate() != usual {
		t.Errorf("with fault none %+v, %v; want %+v", none, err, without)
	}
	c.Treatment.Fault = scenarios.FleetStops
	with, err := c.plan()
	if err != nil {
		t.Fatal(err)
	}
	if with.connect != 2*time.Second || with.beat != 2*time.Second || without.connect != 50*time.Millisecond {
		t.Errorf("dials take %v, without a fault %v", with.connect, without.connect)
	}
	// Over a narrow path as well it is a whole number of heartbeats: 31 dials a second
	// make 1.6 s of 50, and with 21 it is 2.4.
	for bandwidth, want := range map[float64]time.Duration{1e6: 2 * time.Second, 0.68e6: 4 * time.Second} {
		narrow := c
		narrow.Treatment.Network.Bandwidth = bandwidth
		if p, err := narrow.plan(); err != nil || p.connect != want {
			t.Errorf("over %v bit/s dials take %v, %v; want %v", bandwidth, p.connect, err, want)
		}
	}
	if got, want := c.Estimate()-usual, 1950*time.Millisecond+time.Second+5*time.Second; got != want {
		t.Errorf("a fault takes %v more, not %v", got, want)
	}
}

// What a connection of a quiet feed costs: heartbeats by the clock, polls by
// trial time, which rests while the ends settle.
func TestQuietCosts(t *testing.T) {
	for _, test := range []struct {
		transport string
		seconds   float64 // 100 s between the fleet's readings, 50 s of trial time
	}{
		{"ws", 100}, {"poll?interval=1s", 50},
	} {
		c := Config{Treatment: scenarios.Treatment{Transport: test.transport, Subscribers: 10, Fault: scenarios.FleetStops}, Warmup: time.Second, Measure: 49 * time.Second}
		p, err := c.plan()
		if err != nil {
			t.Fatal(err)
		}
		if p.interval == 0 {
			p.mark2 = p.mark1 + 50*time.Second
		}
		o := &observation{config: c, plan: p}
		o.after.fleet.At, o.after.at = 100e9, 80e9
		o.after.fleet.Counts = wire.Counts{BytesRead: 2000, BytesWritten: 6000}
		o.after.fleet.TCP = wire.TCP{BytesReceived: 2000, BytesSent: 6000}
		o.after.server.Usage = control.Usage{User: 0.6, System: 0.2}
		trial := &results.Trial{Metrics: map[string]results.Metric{}}
		o.measureQuiet(trial)
		cpuSeconds := 80.
		if p.interval > 0 {
			cpuSeconds = 50
		}
		for metric, want := range map[string]results.Metric{
			"idle/bytes/down": {Value: 200 / test.seconds, Unit: "B/s"},
			"idle/bytes/up":   {Value: 600 / test.seconds, Unit: "B/s"},
			"idle/total/down": {Value: 200 / test.seconds, Unit: "B/s"},
			"idle/total/up":   {Value: 600 / test.seconds, Unit: "B/s"},
			"idle/server-cpu": {Value: 0.08 / cpuSeconds, Unit: "1"},
		} {
			if got := trial.Metrics[metric]; got.Unit != want.Unit || math.Abs(got.Value-want.Value) > 1e-9*want.Value {
				t.Errorf("%s: %s is %+v, not %+v", test.transport, metric, got, want)
			}
		}
	}
}

// Each rule of a quiet feed is told with its numbers.
func TestInvalidQuiet(t *testing.T) {
	sound := func() *observation {
		o := &observation{config: Config{Treatment: scenarios.Treatment{Subscribers: 10}}}
		o.plan.mark2 = time.Second
		o.after.server.Counts.Conns = 10
		return o
	}
	for _, test := range []struct {
		name  string
		spoil func(*observation)
		want  string
	}{
		{"sound", func(*observation) {}, ""},
		{"failed", func(o *observation) { o.collected.Failed, o.collected.Errors = 2, []string{"no"} }, "2 subscribers failed, the first with: no"},
		{"unlike what was ordered", func(o *observation) { o.collected.Errors = []string{"no"} }, "events were not as ordered: no"},
		{"samples dropped", func(o *observation) { o.collected.Dropped = 1 }, "1 samples outside 0 to 3600 s"},
		{"a stranger", func(o *observation) { o.after.server.Counts.Conns++ }, "11 connections, not 10"},
		{"busy fleet", func(o *observation) { o.after.fleet.Usage.User = 0.9 }, "fleet used 90 % of its core, limit 80 %"},
	} {
		o := sound()
		test.spoil(o)
		if got := strings.Join(o.invalidQuiet(), "; "); got != test.want {
			t.Errorf("%s: broken rules %q, not %q", test.name, got, test.want)
		}
	}
}
