package measure

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/control"
)

// ruleCase is a trial in which something is wrong, and the rules that it breaks: no
// other is said, and none where there is none.
type ruleCase struct {
	name  string
	trial func(testing.TB) *Observation
	spoil func(*Observation)
	want  []string // "class rule: text", with what it is about after the rule
}

// said is a broken rule in a line.
func said(b results.Broken) string {
	line := string(b.Class) + " " + b.Rule
	if b.Of != "" {
		line += " of " + b.Of
	}
	return line + ": " + b.Text
}

func sayings(broken []results.Broken) (lines []string) {
	for _, b := range broken {
		lines = append(lines, said(b))
	}
	return lines
}

func TestRules(t *testing.T) {
	broken := map[string]bool{}
	for _, c := range slices.Concat(soundCases, accountedCases, timedCases, askedCases, unsaturatedCases, countedCases) {
		t.Run(c.name, func(t *testing.T) {
			o := c.trial(t)
			c.spoil(o)
			got := o.broken()
			if diff := cmp.Diff(c.want, sayings(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for _, b := range got {
				broken[string(b.Class)+" "+b.Rule+" "+b.Of] = true
			}
		})
	}
	for _, r := range rules {
		if !slices.Contains(results.Classes, r.class) {
			t.Errorf("rule %s is of no class: %q", r.name, r.class)
		}
		if !broken[string(r.class)+" "+r.name+" "+r.of] {
			t.Errorf("no case breaks the rule %s %s of %q", r.class, r.name, r.of)
		}
	}
}

// Each row is a word of the vocabulary, and each word of a trial has its row. The run
// adds how near the fleet came to its ceiling, and what the calibration loop took.
func TestRowsAreTheVocabulary(t *testing.T) {
	ofRun := []string{"fleet/ceiling", "fleet/load", "host/canary", "canary", "host/canary/after", "canary/after"}
	rows := map[string]trait{}
	for _, m := range measures {
		if needs, twice := rows[m.Name]; twice && needs|m.Need != marks|tallied|steps && needs|m.Need != steps|quiet {
			t.Errorf("%s has two rows for one kind of trial", m.Name)
		}
		rows[m.Name] = m.Need
	}
	for _, info := range results.Vocabulary() {
		if _, hist := results.Describe(info.Name + "/p50"); hist {
			continue
		}
		if _, has := rows[info.Name]; has == slices.Contains(ofRun, info.Name) {
			t.Errorf("%s has a row: %t", info.Name, has)
		}
		delete(rows, info.Name)
	}
	if len(rows) > 0 {
		t.Errorf("no words of the vocabulary: %v", rows)
	}
}

// A trial that breaks no rule has an empty list of them in its record, not none.
func TestNothingBroken(t *testing.T) {
	if got := clean(t).broken(); got == nil || len(got) > 0 {
		t.Errorf("broken rules %#v", got)
	}
}

// quietTrial is what a flawless trial of a quiet feed with a fault sees: ten connections,
// and four ends that notice the fault.
func quietTrial(t testing.TB) *Observation {
	o := &Observation{Asked: Asked{
		Promises:  Ours,
		Treatment: scenarios.Treatment{Transport: "ws", Subscribers: 10, Fault: scenarios.FleetStops},
		Spec:      specOf(t, "ws"), Quiet: true, Mark2: 1e9, Window: 10e9,
	}}
	o.After.Server.Counts.Conns = 10
	o.Silence = Silence{Began: 100e9, Notices: []Notice{{End: "server", Of: 10, Ended: []int64{101e9, 102e9}}}}
	return o
}

// memoryTrial is what a flawless trial of memory sees: a line, as far as it goes.
func memoryTrial(testing.TB) *Observation {
	o := &Observation{Asked: Asked{Treatment: scenarios.Treatment{Transport: "ws", Subscribers: 400}, OfMemory: true}}
	for _, n := range []int{100, 200, 400} {
		usage := control.Usage{RSS: 1e6 + 30_000*int64(n), Heap: 10_000 * int64(n), Stacks: 8_000 * int64(n)}
		o.Steps = append(o.Steps, Memory{Conns: n, Seen: int64(n), Server: usage, Fleet: usage, Kernel: 20_000 * int64(n)})
	}
	o.Held = o.Steps[2]
	return o
}
