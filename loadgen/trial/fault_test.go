package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pushbench/loadgen/party"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/test/need"
)

// faultConfig is a trial of the real servers with a fault and a quiet feed. Where there
// are heartbeats, one a second leaves a busy host the time between two to read both ends.
func faultConfig(t *testing.T, fault, transport string, measure time.Duration) Config {
	t.Helper()
	c := realConfig(t, transport)
	c.Treatment.Fault, c.Treatment.Rate, c.Measure = fault, 0, measure
	return c
}

// patiently waits until all ends have noticed a fault, however long a busy host takes
// them, and no longer.
func patiently(c *Config) {
	const within = 2 * time.Minute
	c.moment = when("marked", func(r *run) { r.config.Measure, r.seen.Window = within, within })
}

// noticing is the end that may notice a fault.
func noticing(fault string) string {
	if fault == scenarios.ServerStops {
		return "fleet"
	}
	return "server"
}

// With heartbeats each end notices that the other has stopped, and that is all
// that is measured: the trial is sound, and no process is left behind.
func TestHeartbeatsNoticeStop(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"ws?ping=1s&pong=5s", "wsbare?ping=1s&pong=5s"} { // a busy host answers within 5 s
		for _, fault := range []string{scenarios.ServerStops, scenarios.FleetStops} {
			t.Run(fault+" "+transport, func(t *testing.T) {
				t.Parallel()
				c := faultConfig(t, fault, transport, 2*time.Second)
				patiently(&c)
				trial := runTrial(t, c)
				sound(t, trial)
				end := noticing(fault)
				if got := value(t, trial, "notice/"+end+"-share"); got != 1 {
					t.Errorf("%v of the ends noticed", got)
				}
				if h := trial.Hists["notice/"+end]; h.N() != 4 || h.Min() <= 0 {
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
	t.Parallel()
	for _, test := range []struct {
		fault, transport string
		rate             float64
	}{
		{scenarios.ServerStops, "ws", 0}, {scenarios.FleetStops, "longpoll?hold=1s", 0}, {scenarios.ServerStops, "poll?interval=50ms", 0},
		{scenarios.FleetStops, "raw", 400}, {scenarios.FleetStops, "poll?interval=50ms", 400}, {scenarios.ServerStops, "ws?ping=1s", 400},
		{scenarios.FleetStops, "sse?heartbeat=1s", 400},
	} {
		t.Run(fmt.Sprintf("%s %s %v", test.fault, test.transport, test.rate), func(t *testing.T) {
			t.Parallel()
			c := faultConfig(t, test.fault, test.transport, 200*time.Millisecond)
			c.Treatment.Rate = test.rate
			trial := runTrial(t, c)
			sound(t, trial)
			end := noticing(test.fault)
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

var cuts = []string{scenarios.Cut, scenarios.CutDown, scenarios.CutUp}

// faultOver is a trial with a fault of the path.
func faultOver(t *testing.T, fault, transport string, measure time.Duration) Config {
	t.Helper()
	c := labConfig(t, transport, rtt20)
	c.Treatment.Fault, c.Treatment.Rate, c.Measure = fault, 0, measure
	return c
}

// With heartbeats both ends notice that the path is cut, in either direction, or
// that the address on it has changed.
func TestHeartbeatsNoticeCut(t *testing.T) {
	t.Parallel()
	for _, fault := range append(cuts, scenarios.AddressChange) {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			c := faultOver(t, fault, "wsbare?ping=1s&pong=5s", 200*time.Millisecond)
			patiently(&c)
			trial := runTrial(t, c)
			sound(t, trial)
			for _, end := range bothEnds {
				if got := value(t, trial, "notice/"+end+"-share"); got != 1 || trial.Hists["notice/"+end].N() != 4 {
					t.Errorf("%v of the %s's noticed, %d of 4", got, end, trial.Hists["notice/"+end].N())
				}
			}
		})
	}
}

// Without them nobody does: TCP is patient.
func TestNobodyNoticesCut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault, transport string
		rate             float64
	}{
		{scenarios.Cut, "ws", 0}, {scenarios.AddressChange, "longpoll?hold=1s", 0}, {scenarios.Cut, "poll?interval=50ms", 0}, {scenarios.AddressChange, "sse?heartbeat=1s", 0},
		{scenarios.AddressChange, "ws", 40}, {scenarios.Cut, "longpoll?hold=1s", 40}, {scenarios.AddressChange, "poll?interval=50ms", 40},
	} {
		t.Run(fmt.Sprintf("%s %s %v", test.fault, test.transport, test.rate), func(t *testing.T) {
			t.Parallel()
			c := faultOver(t, test.fault, test.transport, 200*time.Millisecond)
			c.Treatment.Rate = test.rate
			trial := runTrial(t, c)
			sound(t, trial)
			for _, end := range bothEnds {
				if got := value(t, trial, "notice/"+end+"-share"); got != 0 {
					t.Errorf("%v of the %s's noticed", got, end)
				}
			}
		})
	}
}

// A fault of the path takes the lab also where the path is nothing else.
func TestCutWithoutRTT(t *testing.T) {
	t.Parallel()
	c := faultOver(t, scenarios.Cut, "ws", 100*time.Millisecond)
	c.Treatment.Network = scenarios.Network{}
	trial := runTrial(t, c)
	sound(t, trial)
	if _, there := trial.Hists["link-late"]; !there {
		t.Error("there is no link")
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
func atFault(t *testing.T, ctx context.Context, fault string, patience party.Limits, then func(silent, surviving int)) (*results.Trial, error) {
	t.Helper()
	c := faultConfig(t, fault, "ws", 300*time.Millisecond)
	c.limits = patience
	happened := false
	c.moment = when("silenced", func(r *run) {
		happened = true
		silent, surviving := r.process(noticing(other(fault))), r.process(noticing(fault))
		stopped(t, silent)
		then(silent, surviving)
	})
	left := processes(&c)
	trial, err := Run(ctx, c)
	if !happened {
		t.Error("nothing was stopped")
	}
	left(t)
	return trial, err
}

var stops = []string{scenarios.ServerStops, scenarios.FleetStops}

// Ctrl-C while a process is stopped leaves none behind, and no record.
func TestInterruptedFault(t *testing.T) {
	t.Parallel()
	for _, fault := range stops {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			trial, err := atFault(t, ctx, fault, party.Limits{}, func(int, int) { cancel() })
			if trial != nil || !errors.Is(err, context.Canceled) {
				t.Errorf("trial %+v, error %v", trial, err)
			}
		})
	}
}

// A process that dies while one is stopped, whichever of the two, fails the
// trial and keeps nothing from ending.
func TestKilledInFault(t *testing.T) {
	t.Parallel()
	for _, fault := range stops {
		for _, survivor := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s survivor=%t", fault, survivor), func(t *testing.T) {
				t.Parallel()
				trial, err := atFault(t, t.Context(), fault, party.Limits{}, func(silent, surviving int) {
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
				wantBroken(t, trial, `^sound failed: `+victim+`: (let it go on|ended|tally): .*; `+victim+`: ended with signal: killed$`)
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
	t.Parallel()
	for _, fault := range stops {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			trial, err := atFault(t, t.Context(), fault, impatient(20*time.Millisecond), func(_, surviving int) {
				if err := syscall.Kill(surviving, syscall.SIGSTOP); err != nil {
					t.Error(err)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			survivor := noticing(fault)
			wantBroken(t, trial, `^sound failed: `+survivor+`: ended: no answer: it hangs: nothing for \d+s; .*`+survivor+`: did not end with its input and was killed`)
		})
	}
}

func TestUnknownFault(t *testing.T) {
	c := config(t, "ws")
	c.Treatment.Fault = "meteorite"
	wantBroken(t, runTrial(t, c), `^sound unreached: fault "meteorite" is not known$`)
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
