package trial

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"pushbench/loadgen/party"
)

// What ends a trial early is its one reason, and the record tells why.
func TestTrialsThatFail(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault, want, log string
	}{
		{"die", `^sound failed: server: run: the process ended instead of answering; .*server: ended with signal: killed$`, "server: out of cheese: please reinstall the universe\n"},
		{"exit", `^sound failed: server: run: the process ended instead of answering; .*server: ended with exit status 3$`, "server: this is not a good day\n"},
		{"babble", `^sound failed: server: run: read the answer: invalid character 'h' looking for beginning of value`, ""},
		{"refuse-run", `^sound failed: server: run: no time to lose$`, ""},
		{"uneven", `^sound failed: server: published: \d+ events were due and \d+ published; each needs both$`, ""},
	} {
		t.Run(test.fault, func(t *testing.T) {
			t.Parallel()
			trial := runTrial(t, faultyConfig(t, test.fault))
			wantBroken(t, trial, test.want)
			if !strings.Contains(trial.Log, test.log) || (test.log == "") != (trial.Log == "") {
				t.Errorf("log %q, want %q in it", trial.Log, test.log)
			}
			if len(trial.Metrics) > 0 || len(trial.Hists) > 0 {
				t.Errorf("metrics %v of a trial that was not measured", trial.Metrics)
			}
		})
	}
}

// A subscriber that is refused ends; the trial goes on and tells of it.
func TestRefusedSubscriber(t *testing.T) {
	t.Parallel()
	trial := runTrial(t, faultyConfig(t, "refuse"))
	got := trial.Broken
	if len(got) == 0 || !regexp.MustCompile(`^sound subscribers: 1 subscribers failed, the first with: subscriber \d: server answered 418 I'm a teapot: no more polls today$`).MatchString(said(got[0])) {
		t.Errorf("broken rules %q", got)
	}
	lost, distinct := value(t, trial, "events/lost"), value(t, trial, "events/distinct")
	if lost < distinct/2 || lost > 2*distinct { // its own from then on, the drain's included
		t.Errorf("%v events lost, though one of four subscribers did not get some of %v", lost, distinct)
	}
}

// impatient is a trial that gives up soon on a child that hangs, or will not end.
func impatient(grace time.Duration) party.Limits {
	return party.Limits{Patience: 5 * time.Second, Grace: grace}
}

func TestHangingServer(t *testing.T) {
	t.Parallel()
	c := faultyConfig(t, "hang")
	c.limits = impatient(time.Minute)
	wantBroken(t, runTrial(t, c), `^sound failed: server: run: no answer: it hangs: nothing for 5s$`)
}

func TestServerThatWillNotEnd(t *testing.T) {
	t.Parallel()
	c := faultyConfig(t, "stay")
	c.limits = impatient(time.Millisecond)
	trial := runTrial(t, c)
	wantBroken(t, trial, `^sound failed: server: run: no answer: it hangs: nothing for 5s; (fleet: did not end with its input and was killed; )?server: did not end with its input and was killed$`)
	if !strings.Contains(trial.Log, "server: I shall not be moved\n") {
		t.Errorf("log %q", trial.Log)
	}
}

// kill kills the process of that name.
func kill(t *testing.T, name string) func(*run) {
	return func(r *run) {
		if err := syscall.Kill(r.process(name), syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
}

func TestKilledAtTheStart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, want string }{
		{"server", `^sound unreached: server: listen: .*; server: ended with signal: killed$`},
		{"fleet", `^sound failed: fleet: connect: .*; fleet: ended with signal: killed$`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := realConfig(t, "ws")
			c.moment = when("started", kill(t, test.name))
			wantBroken(t, runTrial(t, c), test.want)
		})
	}
}

// The fleet is killed at a moment when the server knows that it is polling.
func TestFleetKilledWhileItPolls(t *testing.T) {
	t.Parallel()
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1)
	defer signal.Stop(told)
	killed := make(chan error, 1)
	c := faultyConfig(t, "tell")
	over, end := context.WithCancel(t.Context())
	c.moment = when("started", func(r *run) {
		go func() {
			select {
			case <-told:
				killed <- syscall.Kill(r.process("fleet"), syscall.SIGKILL)
			case <-over.Done():
				killed <- errors.New("the trial was over before the server told")
			}
		}()
	})
	trial := runTrial(t, c)
	end()
	if err := <-killed; err != nil {
		t.Fatal(err)
	}
	wantBroken(t, trial, `^sound failed: fleet: .*; fleet: ended with signal: killed$`)
}

func TestProgramsThatDoNotStart(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		spoil func(*Config)
		want  string
	}{
		{"server missing", func(c *Config) { c.ServerPath += "-none" }, `^sound unreached: start the server: .*no such file`},
		{"server no program", func(c *Config) { c.ServerPath = text }, `^sound unreached: start the server: .*permission denied`},
		{"fleet no program", func(c *Config) { c.FleetPath = text }, `^sound unreached: start the fleet: .*permission denied`},
		{"server says nothing", func(c *Config) { c.ServerPath = "/bin/sh" }, `^sound unreached: server: listen: `},
		{"server echoes", func(c *Config) { c.ServerPath = echo(t) }, `^sound unreached: server: listen: decode the answer: unexpected end of JSON input`},
		{"unknown transport", func(c *Config) { c.Treatment.Transport = "pigeon" }, `^sound unreached: transport "pigeon" is not known`},
		{"unknown encoding", func(c *Config) { c.ServerPath, c.Treatment.Encoding = servers(t), "morse" }, `^sound unreached: server: listen: .*; server: ended with exit status 2$`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := config(t, "ws")
			test.spoil(&c)
			wantBroken(t, runTrial(t, c), test.want)
		})
	}
}

// echo is a program that says back what it is told, whatever its arguments.
func echo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "echo")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexec cat\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// An interrupted trial leaves no record, and no process.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := config(t, "ws")
	c.moment = when("started", func(*run) { cancel() })
	left := processes(&c)
	trial, err := Run(ctx, c)
	if trial != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("trial %+v, error %v", trial, err)
	}
	left(t)
}
