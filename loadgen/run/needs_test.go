package run

import (
	"errors"
	"slices"
	"testing"

	"pushbench/scenarios"
)

// A run that needs what the host has not is refused before its first trial, and told
// what of it would run.
func TestNeeds(t *testing.T) {
	planned := func(levels, only string) *plan {
		s, err := scenarios.Parse("p.yaml", []byte("question: Q?\nfactors: {transport: [ws], cpus: ["+levels+"]}\nwarmup: 1s\nmeasure: 1s\nblocks: 6\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		p := &plan{scenario: s}
		if p.treatments, _, err = s.Treatments(); err != nil {
			t.Fatal(err)
		}
		if err := p.choose(only); err != nil {
			t.Fatal(err)
		}
		return p
	}
	refused := errors.New("no such device")
	asked := []requirement{{label: "cpus", asked: func(t scenarios.Treatment) bool { return t.Awake }, what: "with CPUs kept awake", verb: "have"}}
	const says, rest = "p.yaml has trials with CPUs kept awake, which this host cannot have: no such device", "; -only runs those without"
	for _, test := range []struct {
		levels, only, want, line string
	}{
		{"host", "", "", ""},
		{"host, awake", "cpus=host", "", ""},
		{"host, awake", "", says + rest, "cpus: 1 of 2 treatments with CPUs kept awake, which this host can"},
		{"host, awake", "cpus=awake", says, "cpus: 1 of 1 treatments with CPUs kept awake, which this host can"},
		{"awake", "", says, "cpus: 1 of 1 treatments with CPUs kept awake, which this host can"},
	} {
		plans := []*plan{planned("host", ""), planned(test.levels, test.only)}
		for _, can := range []error{refused, nil} {
			asked[0].can = func([]scenarios.Treatment) error { return can }
			want, line := test.want, test.line+"not have: no such device"
			if can == nil {
				want, line = "", test.line+" have"
			}
			err := lacks(plans, asked)
			if got := text(err); got != want || err != nil && !errors.Is(err, refused) {
				t.Errorf("%s, -only %q: %q, want %q", test.levels, test.only, got, want)
			}
			if lines := plans[1].lines(asked); test.line == "" && lines != nil || test.line != "" && !slices.Equal(lines, []string{line}) {
				t.Errorf("%s, -only %q: the plan says %q, want %q", test.levels, test.only, lines, line)
			}
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
