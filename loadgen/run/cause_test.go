package run

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pushbench/loadgen/trial"
	"pushbench/results"
	"pushbench/servers/all"
)

const refused = `fleet: connect: subscriber 1: Get "http://feed.test/ws?since=0": dial tcp 127.0.0.1:4711: connect: connection refused; subscriber 2: Get "http://feed.test/ws?since=0": dial tcp 127.0.0.1:4711: connect: connection refused`

// Two trials in a row that failed of one cause stop the run. Others do not.
func TestFailuresAlike(t *testing.T) {
	const ran, exit = "", "server: run: the process ended instead of answering; server: ended with exit status 3"
	for _, test := range []struct {
		name  string
		fails []string // the trials' reasons
		want  int      // trials until it stops; 0: it does not
	}{
		{"none", []string{ran, ran, ran, ran}, 0},
		{"one", []string{ran, exit, ran, ran}, 0},
		{"two", []string{ran, exit, exit, ran}, 3},
		{"two that differ", []string{ran, exit, refused, ran}, 0},
		{"two with one between", []string{exit, ran, exit, ran}, 0},
		{"of other numbers", []string{exit, strings.ReplaceAll(exit, "3", "137"), ran, ran}, 2},
		{"of another transport, port, and number of subscribers", []string{refused,
			`fleet: connect: subscriber 7: Get "http://feed.test/longpoll?since=0": dial tcp 127.0.0.1:12345: connect: connection refused`, ran, ran}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := 0
			s := newSession(t, 2, Options{}, func(c trial.Config) *results.Trial {
				n++
				if why := test.fails[n-1]; why != "" {
					m := failing(c, why)
					m.Log = "server: servers: this is not a good day\n"
					return m
				}
				return made(c)
			})
			var stderr strings.Builder
			code := Report(&stderr, s.run(t.Context()))
			run := s.read(t)
			if test.want == 0 {
				if n != 4 || run.End.Reason != complete {
					t.Errorf("%d trials, exit code %d, end %+v", n, code, run.End)
				}
				return
			}
			if n != test.want || len(run.Trials) != n || code != ExitFailure {
				t.Errorf("%d trials, %d on file, exit code %d; want %d and %d", n, len(run.Trials), code, test.want, ExitFailure)
			}
			const says = "two trials in a row failed alike, and so would the rest: "
			if !strings.HasPrefix(stderr.String(), "loadgen: "+says) || !strings.HasSuffix(stderr.String(), "\n  server: servers: this is not a good day\n") {
				t.Errorf("it said\n%s", &stderr)
			}
			if run.End == nil || !strings.HasPrefix(run.End.Reason, says) || strings.Contains(run.End.Reason, "\n") {
				t.Errorf("end %+v", run.End)
			}
			if strings.Count(stderr.String(), "subscriber ") > 1 {
				t.Errorf("it says the same of each subscriber:\n%s", &stderr)
			}
		})
	}
}

// What failed tells the cause, and that what mends it.
func TestMend(t *testing.T) {
	dir := t.TempDir()
	plain, program := filepath.Join(dir, "plain"), filepath.Join(dir, "program")
	if err := errors.Join(os.WriteFile(plain, nil, 0o644), os.WriteFile(program, nil, 0o755)); err != nil {
		t.Fatal(err)
	}
	given, built := programs{servers: program}, programs{servers: program, built: true}
	for _, test := range []struct {
		programs   programs
		says, want string
	}{
		{given, "start the server: fork/exec x: permission denied", program + " may not run where it is (is that mounted noexec?): copy it to a folder where programs may run, and name it with -servers"},
		{built, "start the server: fork/exec x: permission denied", os.TempDir() + " lets no program run (is it mounted noexec?): let TMPDIR name a folder where programs may run, or give the built program with -servers"},
		{programs{servers: plain}, "start the server: fork/exec x: permission denied", "`chmod +x " + plain + "`"},
		{given, "start the server: fork/exec x: exec format error", "is " + program + " the servers' program of this module?"},
		{given, "server: listen: read the answer: invalid character", "is " + program + " the servers' program of this module?"},
		{given, "server: listen: the process ended\nservers: listen tcp 127.0.0.1:0: bind: address already in use", "net.ipv4.ip_local_port_range"},
		{given, "start the fleet: fork/exec x: resource temporarily unavailable", "`ulimit -u`"},
		{given, "server: listen: the process ended\nserver: runtime: failed to create new OS thread (have 5 already; errno=11)", "`ulimit -u`"},
		{given, "fleet: connect: the process ended\nfleet: runtime/cgo: pthread_create failed: Resource temporarily unavailable", "`ulimit -u`"},
		{given, "server: listen: the process ended\nserver: fatal error: failed to reserve page summary memory", "`ulimit -v`"},
		{given, "server: run: the process ended; server: ended with signal: killed", "`dmesg`"},
		{given, "server: run: the process ended; server: ended with signal: cpu time limit exceeded", "`ulimit -t unlimited`"},
		{given, "fleet: connect: dial tcp: socket: too many open files", "`ulimit -n`"},
		{given, "fleet: connect: socket: operation not permitted", "sandbox"},
		{given, "open the path: no space left on device", "TMPDIR"},
		{given, "server: run: out of cheese", ""},
	} {
		if got := test.programs.mend(test.says); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%q: %q, want %q", test.says, got, test.want)
		}
	}
}

// The way from the host to itself has three states.
func TestLoopback(t *testing.T) {
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	if got := loopbackOf(interfaces); !strings.Contains(got, "net.ipv4.ip_local_port_range") {
		t.Errorf("of this host: %q", got)
	}
	if got := loopbackOf([]net.Interface{{Name: "eth0", Flags: net.FlagUp}, {Name: "lo", Flags: net.FlagLoopback}}); got != "the loopback interface is down: `ip link set lo up`" {
		t.Errorf("down: %q", got)
	}
	if got := loopbackOf(nil); !strings.HasPrefix(got, "there is no loopback interface") {
		t.Errorf("none: %q", got)
	}
}

// Of a log the end tells why, of a crash its beginning.
func TestLastLines(t *testing.T) {
	for _, test := range []struct{ log, want string }{
		{"", ""},
		{"a\nb\n", "a\nb"},
		{"a\nb\nc", "b\nc"},
		{"server: a\nfatal error: out of memory\nb\nc\nd", "fatal error: out of memory\nb"},
		{"server: panic: oh no\nb\nc\nd", "server: panic: oh no\nb"},
		{"a\nruntime/cgo: pthread_create failed\nSIGABRT: abort\n\nruntime: g 0", "runtime/cgo: pthread_create failed\nSIGABRT: abort"},
	} {
		if got := lastLines(test.log, 2); got != test.want {
			t.Errorf("%q: %q, want %q", test.log, got, test.want)
		}
	}
}

// What every trial needs is tried once before the first: on loopback, over the lab, or
// both, as the plan's trials are.
func TestProbe(t *testing.T) {
	const scenario = "question: q\nfactors:\n  transport: [poll, ws]\n  rtt: [%s]\nfixed: {subscribers: 50, tls: on}\nwarmup: 1s\nmeasure: 4s\nblocks: 1\n"
	for _, test := range []struct {
		rtt  string
		want []bool // emulated
	}{
		{"0ms", []bool{false}}, {"50ms", []bool{true}}, {"50ms, 0ms", []bool{false, true}},
	} {
		s := newSessionOf(t, strings.Replace(scenario, "%s", test.rtt, 1), Options{}, made)
		var ran []trial.Config
		s.first = func(_ context.Context, c trial.Config) (*results.Trial, error) {
			ran = append(ran, c)
			return made(c), nil
		}
		if err := s.run(t.Context()); err != nil {
			t.Error(err)
		}
		if len(ran) != len(test.want) {
			t.Fatalf("rtt %s: %d tries", test.rtt, len(ran))
		}
		for i, c := range ran {
			if c.Treatment.Emulated() != test.want[i] || c.Treatment.Subscribers != 1 || c.Treatment.Transport != all.Floor || c.Estimate().Seconds() > 1 {
				t.Errorf("rtt %s: tried %+v, which takes %v", test.rtt, c.Treatment, c.Estimate())
			}
		}

		s = newSessionOf(t, strings.Replace(scenario, "%s", test.rtt, 1), Options{}, made)
		s.first = func(_ context.Context, c trial.Config) (*results.Trial, error) {
			return failing(c, "start the server: no such file or directory"), nil
		}
		err := s.run(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), "no trial can work here: tried with one subscriber ") {
			t.Errorf("rtt %s: error %v", test.rtt, err)
		}
		if _, err := os.Stat(s.path); err == nil {
			t.Errorf("rtt %s: it left a file", test.rtt)
		}
	}

	s := newSession(t, 1, Options{}, made)
	wantInterrupted(t, s, &s.first)
}
