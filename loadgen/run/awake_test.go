package run

import (
	"errors"
	"strings"
	"testing"

	"pushbench/scenarios"
)

// A run that cannot keep CPUs awake is refused before its first trial, and told
// what of it would run.
func TestCheckAwake(t *testing.T) {
	planned := func(levels, only string) *plan {
		s, err := scenarios.Parse("p.yaml", []byte("question: Q?\nfactors: {transport: [ws], cpus: ["+levels+"]}\nwarmup: 1s\nmeasure: 1s\nblocks: 6\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		p := &plan{scenario: s, chosen: map[string]bool{}}
		if p.treatments, _, err = s.Treatments(); err != nil {
			t.Fatal(err)
		}
		if err := p.choose(only); err != nil {
			t.Fatal(err)
		}
		return p
	}
	refused := errors.New("no such device")
	const says, rest = "p.yaml has trials with cpus: awake, and this host cannot have them: no such device", "; -only cpus=host runs those without"
	for _, test := range []struct {
		levels, only, want string
	}{
		{"host", "", ""},
		{"host, awake", "cpus=host", ""},
		{"host, awake", "", says + rest},
		{"host, awake", "cpus=awake", says},
		{"awake", "", says},
	} {
		plans := []*plan{planned("host", ""), planned(test.levels, test.only)}
		err := checkAwake(plans, func() error { return refused })
		if got := text(err); got != test.want || err != nil && !errors.Is(err, refused) {
			t.Errorf("%s, -only %q: %q, want %q", test.levels, test.only, got, test.want)
		}
		if err := checkAwake(plans, func() error { return nil }); err != nil {
			t.Errorf("%s, -only %q: %v, though the host can", test.levels, test.only, err)
		}
		if line := plans[1].awakeLine(); (line != "") != (test.want != "") || !strings.HasPrefix(line, "cpus: ") && line != "" {
			t.Errorf("%s, -only %q: the plan says %q", test.levels, test.only, line)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
