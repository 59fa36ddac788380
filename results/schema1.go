package results

import (
	"encoding/json"
	"regexp"
)

// Records of schema 1 gave reasons in words alone, and repeated trials that the host had
// disturbed. They are read for ever, and judged by the rules of today: only first attempts
// count, since repeating by outcome selects; that the host disturbed a trial, or made a
// generator late, voids nothing.

// trialV1 is what a trial of schema 1 has beside what it has today.
type trialV1 struct {
	Trial
	Attempt int      `json:"attempt"`
	Invalid []string `json:"invalid"`
}

// reasonsV1 tell what a reason of schema 1 was about. One that is none of them is
// taken to make the trial unsound.
var reasonsV1 = []struct {
	text  *regexp.Regexp
	rule  string
	class Class // "" voids nothing today
}{
	{regexp.MustCompile(`^\d+ of \d+ events published .* or more, limit`), "late", ""},
	{regexp.MustCompile(`^publisher lag p99`), "late", ""},
	{regexp.MustCompile(`^the link was saturated: of \d+ packets more than`), "link-late", ""},
	{regexp.MustCompile(`^the link was late`), "link-late", ""},
	{regexp.MustCompile(`^(fleet|server) used .* of its core`), "busy", Unsaturated},
	{regexp.MustCompile(`^the link was saturated: it (and the fleet )?used`), "link-busy", Unsaturated},
	{regexp.MustCompile(`^(tallies differ|layers do not add up|the link counted)`), "tallies", Accounted},
	{regexp.MustCompile(`^(\d+ samples outside|\d+ events were published before)`), "samples", Timed},
	{regexp.MustCompile(`^the CPUs were to stay awake`), "awake", AsAsked},
}

// saturatedV1 is the warning that told which end could not do more.
var saturatedV1 = regexp.MustCompile(`^saturated: (?:the )?(both|server|fleet|neither)`)

// modernise gives a metric of an older record the unit that it has had since.
func (t *Trial) modernise() {
	const quiet = "idle/server-cpu" // which was a share of a core
	if m, has := t.Metrics[quiet]; has {
		m.Unit = busyTime
		t.Metrics[quiet] = m
	}
}

// readTrial reads a trial of the given schema; nil is one that does not count.
func readTrial(line []byte, schema int) (*Trial, error) {
	if schema > 1 {
		t := new(Trial)
		return t, json.Unmarshal(line, t)
	}
	var old trialV1
	if err := json.Unmarshal(line, &old); err != nil || old.Attempt > 0 {
		return nil, err
	}
	t := &old.Trial
	for _, text := range old.Invalid {
		b := Broken{Class: Sound, Rule: "unknown", Text: text}
		for _, known := range reasonsV1 {
			if known.text.MatchString(text) {
				b.Class, b.Rule = known.class, known.rule
				break
			}
		}
		if b.Class != "" {
			t.Broken = append(t.Broken, b)
		}
	}
	for _, w := range t.Warnings {
		if m := saturatedV1.FindStringSubmatch(w); m != nil {
			t.Saturated = m[1]
		}
	}
	t.Broken = append(t.Broken, Broken{Class: Counted, Rule: "ticks", Of: "host/",
		Text: "the CPU of the whole host was read from ticks, which miss short bursts"})
	return t, nil
}
