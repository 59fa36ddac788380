package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pushbench/results"
	"pushbench/scenarios"
)

// The prose around the actions of a template holds no measured number: a number
// there is a level of the scenario of its section's run, a name, or stands in
// givenNumbers with its reason.

// givenNumbers are phrases with a number that no run measured, and why they may be
// typed. One that no template has any more is an error.
var givenNumbers = map[string]string{
	fmt.Sprintf("%.0f %% interval", 100*results.Confidence): "the level of every interval, results.Confidence",
	"includes 1":                "a ratio of two that are alike",
	"runs twice in every block": "a treatment and its twin, as the scenario lists them",
	"2²⁰ bits":                  "the unit in which Lubbers and Greco print their figures",
	"known to 10 ms only":       "a tick of the kernel's, USER_HZ being 100 on every Linux",
	"Go " + goOfModule():        "what go.mod asks for",
}

// goOfModule is the version of Go that the module asks for, without its patch.
func goOfModule() string {
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		return err.Error()
	}
	return string(regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(text)[1])
}

// prose are the lines of a document that are sentences: without code, and with what
// was said in links, names and code left out of them.
func prose(text string, keepTables bool) (lines []string) {
	fenced := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
			line = ""
		case fenced || strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t"):
			line = ""
		case strings.HasPrefix(line, "|") && !keepTables:
			line = ""
		}
		for _, left := range notProse {
			line = left.what.ReplaceAllString(line, left.by)
		}
		lines = append(lines, line)
	}
	return lines
}

var notProse = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`<!--.*?-->`), " "},
	{regexp.MustCompile("`(\\d[\\d,.]* ?[^\\d`\\s]+)`"), "$1"}, // a number with a unit is no code
	{regexp.MustCompile("`[^`]*`"), "code"},
	{regexp.MustCompile(`!\[[^\]]*\]\([^)]*\)`), ""},
	{regexp.MustCompile(`\]\([^)]*\)`), "]"},
}

var (
	actionOf = regexp.MustCompile(`\{\{.*?\}\}`)
	runName  = regexp.MustCompile(`\{\{run "([^"]+)"\}\}`)
	// A name that has a number in it: RFC 6455 §5.2, HTTP/1.1, TLS 1.3, p99, 2012, #2293.
	numberedName = regexp.MustCompile(`127\.0\.0\.1|\bv\d\b|RFC \d+( §[\d.]+)?|§[\d.]*\d|HTTP/\d(\.\d)?|TLS 1\.\d|WSL 2|C\d+\b|\bp\d+(\.\d+)?\b|\b(19|20)\d\d\b|#\d+`)
	number       = regexp.MustCompile(`\d[\d,]*(\.\d+)?( ?(ns|µs|us|ms|s|min|h|%|×|B|[KMG]i?B|[kM]bps|[kM]bit/s|minutes|seconds|milliseconds|microseconds|bytes|percent|per cent|times)\b| ?[%×])?`)
	// A number in words, which an author measures as well as types.
	inWords = regexp.MustCompile(`(?i)\b(twice|half (again|as|the|of)|(two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million|a hundred|a thousand) times|(a|one) (third|quarter|fifth|sixth|seventh|eighth|ninth|tenth)|two thirds|three quarters|doubles?|halves?)\b`)
)

// TestProseHasNoTypedNumbers holds the templates to it.
func TestProseHasNoTypedNumbers(t *testing.T) {
	used := map[string]bool{}
	for _, d := range documents {
		text, err := os.ReadFile(d.template)
		if err != nil {
			t.Fatal(err)
		}
		typed, given := typedNumbers(string(text), scenarioOf(t))
		for _, n := range typed {
			t.Errorf("%s:%s", d.template, n)
		}
		for _, phrase := range given {
			used[phrase] = true
		}
	}
	for phrase := range givenNumbers {
		if !used[phrase] {
			t.Errorf("givenNumbers has %q, which no template has: remove it", phrase)
		}
	}
}

// typedNumbers are the numbers in the prose of a template that nothing allows, each
// with its line; and the given phrases that it has. A line that names a claim may say
// the numbers that the claim says.
func typedNumbers(text string, scenario func(run string) (text string, claims []results.Claim)) (typed, given []string) {
	run, levels, claims := "", map[string]bool{}, []results.Claim{}
	lines := strings.Split(text, "\n")
	for i, line := range prose(actionOf.ReplaceAllString(text, " "), true) {
		if strings.HasPrefix(line, "#") {
			run, levels, claims = "", map[string]bool{}, nil
		}
		if m := runName.FindStringSubmatch(lines[i]); m != nil {
			var text string
			run = m[1]
			text, claims = scenario(run)
			levels = levelsOf(text)
		}
		for phrase := range givenNumbers {
			if strings.Contains(line, phrase) {
				given = append(given, phrase)
				line = strings.ReplaceAll(line, phrase, " ")
			}
		}
		said := ""
		for _, c := range claims {
			if id := regexp.MustCompile(`(^|[^\w-])` + regexp.QuoteMeta(c.ID) + `($|[^\w-])`); id.MatchString(lines[i]) {
				said += " " + c.Says + " " + c.Expect
				line = id.ReplaceAllString(line, " ")
			}
		}
		line = numberedName.ReplaceAllString(line, " ")
		stated := levelsOf(said)
		for _, n := range slices.Concat(number.FindAllString(line, -1), inWords.FindAllString(line, -1)) {
			if !levels[plainLevel(n)] && !stated[plainLevel(n)] && !strings.Contains(said, n) {
				typed = append(typed, fmt.Sprintf("%d: %q is typed, and is no level of the scenario %q nor in a claim that the line names: "+
					`ask the record, as {{val "staleness/p50[ws]"}} does, or give a reason in givenNumbers`, i+1, n, run))
			}
		}
	}
	return typed, given
}

// levelsOf are the numbers with their units that stand in a scenario, comments and
// claims apart; that of a rate is one without a unit as well.
func levelsOf(scenario string) map[string]bool {
	levels := map[string]bool{}
	text, _, _ := strings.Cut(scenario, "\nclaims:")
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		for _, n := range regexp.MustCompile(`\d[\d.]*[A-Za-zµ%/]*`).FindAllString(line, -1) {
			n = plainLevel(strings.TrimSuffix(n, "/s"))
			levels[n] = true
		}
	}
	return levels
}

// plainLevel is a level however it is spelt: 1,000 and 1000, 256 kbit/s and 256kbps.
func plainLevel(s string) string {
	s = strings.NewReplacer(",", "", " ", "", "bit/s", "bps", "milliseconds", "ms", "microseconds", "µs", "seconds", "s", "minutes", "min", "bytes", "B", "percent", "%").Replace(s)
	return strings.TrimSuffix(s, "/s")
}

// scenarioOf reads the first line of a record alone, which carries its scenario.
func scenarioOf(t *testing.T) func(run string) (string, []results.Claim) {
	return func(run string) (string, []results.Claim) {
		f, err := os.Open(filepath.Join(reference, run+".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var h results.Header
		if err := json.NewDecoder(f).Decode(&h); err != nil {
			t.Fatalf("%s: %v", run, err)
		}
		s, err := scenarios.Parse(run+".yaml", []byte(h.Scenario.Text), nil)
		if err != nil {
			t.Fatal(err)
		}
		return h.Scenario.Text, s.Claims
	}
}

// TestTypedNumbers shows what an author may type and what not.
func TestTypedNumbers(t *testing.T) {
	const scenario = "fixed: {rtt: 50ms, subscribers: 1000, rate: 40/s, bandwidth: 256kbps} # 7 ms\nclaims:\n  - id: C18a\n    expect: 8ms\n"
	claims := []results.Claim{{ID: "C18", Says: "It is twice as old.", Expect: "a ≈ b ± 2ms"}, {ID: "C18a"}}
	for line, want := range map[string]int{
		"An event is 42 ms old.":                                      1,
		"An event is {{val \"staleness/p50[ws]\"}} old.":              0,
		"Over 50 ms, 1,000 subscribers have 40 events a second.":      0,
		"Over 50 µs, at 256 kbit/s.":                                  1,
		"Over 7 ms, within 8 ms.":                                     2,
		"RFC 6455 §5.2, HTTP/1.1, TLS 1.3, p99, 2012, C18a holds.":    0,
		"It takes 1.5 × the bytes, or 30 % more.":                     2,
		"Within 2 ms (C18).":                                          0,
		"Twice as old (C18).":                                         1,
		"It is twice as old (C18), or 3 ms.":                          1,
		"Within 2 ms (C18a).":                                         1,
		"It is `42 ms` old, by `poll?interval=7s`.":                   1,
		"50 milliseconds, 1,000 milliseconds, 40 per cent, 40 times.": 3,
		"| ws | 499 µs |":                                             1,
		"It takes twice the bytes, a third more, ten times.":          3,
		"`-for 4min` and [7 ms](a9.md)":                               1,
		"    loadgen -for 4min":                                       0,
	} {
		typed, _ := typedNumbers("{{run \"x\"}}\n"+line, func(string) (string, []results.Claim) { return scenario, claims })
		if len(typed) != want {
			t.Errorf("%q: %q; want %d numbers", line, typed, want)
		}
	}
}
