package run

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// Doctor says of all that trials ask for whether this host has it, and of scenarios
// that are named only what they ask for.
func TestDoctor(t *testing.T) {
	defer func(all []requirement) { needs = all }(needs)
	can := func(err error) func([]scenarios.Treatment) error {
		return func([]scenarios.Treatment) error { return err }
	}
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte("question: Q?\nfactors: {transport: [ws], cpus: [awake]}\nwarmup: 1s\nmeasure: 1s\nblocks: 6\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, lacking := range []bool{false, true} {
		err, cpus, network := error(nil), "ok     cpu-sleep   kept awake\n", "ok     path        can be made\n"
		if lacking {
			err = errors.New("no such device")
			cpus, network = "lacks  cpu-sleep   no such device – they sleep\n", "lacks  path        no such device – loopback only\n"
		}
		needs = []requirement{
			{name: "path", asked: scenarios.Treatment.Emulated, can: can(err), found: "can be made", means: "loopback only"},
			{name: "cpu-sleep", asked: func(t scenarios.Treatment) bool { return t.Awake }, can: can(err), found: "kept awake", means: "they sleep"},
		}
		for _, files := range [][]string{nil, {path}} {
			var out strings.Builder
			if err := Doctor(&out, files); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out.String(), cpus) {
				t.Errorf("of %q doctor says\n%s\nwant the line %q", files, &out, cpus)
			}
			if asked := files == nil; strings.Contains(out.String(), network) != asked {
				t.Errorf("of %q doctor says\n%s\nwhether it has the line %q should be %t", files, &out, network, asked)
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
