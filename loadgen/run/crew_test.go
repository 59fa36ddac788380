package run

import (
	"slices"
	"strings"
	"testing"

	"pushbench/loadgen/trial"
	"pushbench/results"
	"pushbench/scenarios"
)

// As few processes share the subscribers as can hold them, one where that is enough and
// where a host lets a process have next to no file open.
func TestCrewOf(t *testing.T) {
	for _, test := range []struct {
		t     scenarios.Treatment
		files int64
		want  trial.Crew
	}{
		{scenarios.Treatment{Transport: "ws", Subscribers: 50}, 20_000, trial.Crew{Servers: 1, Fleets: 1}},
		{scenarios.Treatment{Transport: "ws", Subscribers: 50, Fleets: 3}, 20_000, trial.Crew{Servers: 1, Fleets: 3}},
		{scenarios.Treatment{Transport: "ws", Subscribers: 19_500}, 20_000, trial.Crew{Servers: 1, Fleets: 1}},
		{scenarios.Treatment{Transport: "ws", Subscribers: 19_501}, 20_000, trial.Crew{Servers: 2, Fleets: 2}},
		{scenarios.Treatment{Transport: "ws", Subscribers: 40_000, Fleets: 4}, 20_000, trial.Crew{Servers: 3, Fleets: 6}},
		{scenarios.Treatment{Transport: "ws", Subscribers: 1_000_000}, 20_000, trial.Crew{Servers: 52, Fleets: 52}},
		{scenarios.Treatment{Transport: "ws", Subscribers: 1_000_000}, 1 << 62, trial.Crew{Servers: 1, Fleets: 1}},
		{scenarios.Treatment{Transport: "sse", Subscribers: 15_000, Uplink: 1}, 20_000, trial.Crew{Servers: 2, Fleets: 2}},
		{scenarios.Treatment{Transport: "ws", Subscribers: 15_000, Proxy: "relay"}, 20_000, trial.Crew{Servers: 2, Fleets: 2}},
		{scenarios.Treatment{Transport: "ws", Subscribers: 2000}, 1100, trial.Crew{Servers: 2, Fleets: 2}},
		{scenarios.Treatment{Transport: "ws", Subscribers: 2000}, 1024, trial.Crew{Servers: 1, Fleets: 1}},        // which is refused
		{scenarios.Treatment{Transport: "ws", Subscribers: 1_000_000}, 1100, trial.Crew{Servers: 64, Fleets: 64}}, // and this
	} {
		if got := crewOf(test.t, test.files); got != test.want {
			t.Errorf("%d subscribers of %s by processes of %d files: %+v, want %+v", test.t.Subscribers, test.t.Transport, test.files, got, test.want)
		}
	}
}

// The plan says how many processes there are and why, where they are several.
func TestPlanSaysHowManyProcesses(t *testing.T) {
	const text = "question: Q?\nfactors: {subscribers: [100, 40000, 100000], transport: [ws, sse]}\nwarmup: 1s\nmeasure: 1s\nblocks: 6\n"
	s, err := scenarios.Parse("p.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &plan{scenario: s, files: 20_000}
	if p.treatments, _, err = s.Treatments(); err != nil {
		t.Fatal(err)
	}
	p.chosen = p.treatments
	p.planned.Processes = p.processes()
	want := []string{
		"40000 subscribers are shared by 3 servers of one feed and 3 fleets, since a process may have 20000 files open here",
		"100000 subscribers are shared by 6 servers of one feed and 6 fleets, since a process may have 20000 files open here",
	}
	if !slices.Equal(p.planned.Processes, want) {
		t.Errorf("%q, want %q", p.planned.Processes, want)
	}
	var out strings.Builder
	p.print(&out)
	for _, line := range want {
		if !strings.Contains(out.String(), line+"\n") {
			t.Errorf("the plan does not say %q:\n%s", line, &out)
		}
	}
	if c := p.config(slot{1, p.chosen[2]}); c.Crew != (trial.Crew{Servers: 3, Fleets: 3}) {
		t.Errorf("a trial of 40,000 has %+v", c.Crew)
	}
	if p.fleets() != 6 {
		t.Errorf("%d fleets at most, want 6", p.fleets())
	}
}

// The header of a run has what its plan says of processes, and progress tells of each
// tenth of many subscribers.
func TestManySubscribersAreTold(t *testing.T) {
	var out strings.Builder
	s := newSessionOf(t, "question: q\nfixed: {transport: ws}\nwarmup: 1s\nmeasure: 4s\nblocks: 3\n", Options{}, func(c trial.Config) *results.Trial {
		for n := 1000; n <= c.Treatment.Subscribers; n += 1000 {
			c.Connected(n, c.Treatment.Subscribers)
		}
		return made(c)
	})
	s.progress.w = &out
	s.plan.files, s.plan.chosen[0].Subscribers = 20_000, 60_000 // whatever this host's limit is
	s.plan.planned.Processes = s.plan.processes()
	run := s.completed(t)
	if got := run.Header.Plan.Processes; len(got) != 1 || !strings.HasPrefix(got[0], "60000 subscribers are shared by 4 servers") {
		t.Errorf("the header says %q", got)
	}
	if n := strings.Count(out.String(), " of 60000 subscribers are connected\n"); n != 3*10 || !strings.Contains(out.String(), "      6000 of 60000") {
		t.Errorf("%d lines of progress, want 30:\n%s", n, &out)
	}
}
