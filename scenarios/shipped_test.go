package scenarios

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pushbench/servers/all"
)

// shipped are the scenarios of this folder and how long each may take on two
// cores. A scenario that grows beyond it will not be run.
var shipped = map[string]time.Duration{
	"headline.yaml":      4 * time.Minute,
	"known-answers.yaml": 25 * time.Minute,
	"rate.yaml":          25 * time.Minute,
	"fanout.yaml":        25 * time.Minute,
	"payload.yaml":       25 * time.Minute,
	"connect.yaml":       25 * time.Minute,
	"burst.yaml":         25 * time.Minute,
	"idle.yaml":          25 * time.Minute,
	"cost.yaml":          25 * time.Minute,
	"overhead.yaml":      25 * time.Minute,
	"breakeven.yaml":     25 * time.Minute,
	"lubbers.yaml":       25 * time.Minute,
	"heartbeat.yaml":     10 * time.Minute,
	"transports.yaml":    10 * time.Minute,
	"binary.yaml":        15 * time.Minute,
	"compression.yaml":   20 * time.Minute,
	"batching.yaml":      15 * time.Minute,
	"saturation.yaml":    20 * time.Minute,
	"duplex.yaml":        10 * time.Minute,
	"reqresp.yaml":       10 * time.Minute,
	"rtt.yaml":           50 * time.Minute,
	"longpoll-rate.yaml": 35 * time.Minute,
	"loss.yaml":          40 * time.Minute,
	"slowlink.yaml":      30 * time.Minute,
	"pimentel.yaml":      35 * time.Minute,
	"connect-rtt.yaml":   25 * time.Minute,
	"deadpeer.yaml":      30 * time.Minute,
	"rivals.yaml":        40 * time.Minute,
	"rivals-http.yaml":   20 * time.Minute,
	"ladder.yaml":        3 * time.Hour,
	"smoke.yaml":         time.Minute,
}

func TestShippedFilesAreListed(t *testing.T) {
	files, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := shipped[f]; !ok {
			t.Errorf("%s is not in this test's table", f)
		}
	}
	if len(files) != len(shipped) {
		t.Errorf("%d files, %d in the table", len(files), len(shipped))
	}
}

func TestShippedScenarios(t *testing.T) {
	for file, most := range shipped {
		t.Run(file, func(t *testing.T) {
			s, err := Load(file, all.Parse)
			if err != nil {
				t.Fatal(err)
			}
			if s.Name != strings.TrimSuffix(file, ".yaml") {
				t.Errorf("name %q", s.Name)
			}
			if !strings.HasSuffix(s.Question, "?") {
				t.Errorf("question %q does not ask", s.Question)
			}
			if len(s.Plots) == 0 || len(s.Claims) == 0 {
				t.Errorf("%d plots, %d claims; want some of each", len(s.Plots), len(s.Claims))
			}
			var want []string
			if file == "smoke.yaml" {
				want = []string{"blocks: 2 is too few for an interval; it takes 3 or more"}
			}
			if diff := cmp.Diff(want, s.Warnings()); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			if !hasTwin(s.levels("transport")) {
				t.Error("no twin: a reference scenario has one")
			}
			for _, c := range s.Claims {
				if !strings.HasSuffix(c.Says, ".") {
					t.Errorf("claim %s says %q, which is no sentence", c.ID, c.Says)
				}
				if text := signs.Replace(c.Expect); text != c.Expect {
					t.Errorf("claim %s is written %q; with the proper signs it is %q", c.ID, c.Expect, text)
				}
			}
			if took := roughly(t, s); took > most {
				t.Errorf("about %s, at most %s", took, most)
			}
		})
	}
}

// signs are those that a plain keyboard lacks.
var signs = strings.NewReplacer(" - ", " − ", "*", "×", "~", "≈", "+/-", "±")

// roughly is how long the scenario's trials take: beside warm-up and window,
// two events for each subscriber to be sure of it, a poll interval of drain,
// paced dials, and about a second for two processes to start, settle and end.
func roughly(t *testing.T, s *Scenario) time.Duration {
	ts, _, err := s.Treatments()
	if err != nil {
		t.Fatal(err)
	}
	var total time.Duration
	for _, tr := range ts {
		own := s.rhythm(tr).Poll.Seconds()*float64(1+len(s.Idle)) + float64(tr.Subscribers)/1000 + 1
		if tr.Rate > 0 {
			own += 2 / tr.Rate
		}
		total += heartbeats(s, tr) + s.Warmup + s.Measure + time.Duration(own*float64(time.Second))
	}
	return total * time.Duration(s.Blocks)
}

// TestShippedCoverage: what the scenarios set out to show is in them.
func TestShippedCoverage(t *testing.T) {
	levels := func(file, key string) []string {
		t.Helper()
		s, err := Load(file, all.Parse)
		if err != nil {
			t.Fatal(err)
		}
		return s.levels(key)
	}
	for _, tc := range []struct {
		file, key string
		want      []string
	}{
		{"headline.yaml", "transport", []string{"poll?interval=1s", "poll?interval=100ms", "longpoll", "ws", "ws#twin"}},
		{"headline.yaml", "rate", []string{"40/s"}},
		{"known-answers.yaml", "transport", []string{"poll?interval=100ms", "poll?interval=1s", "longpoll", "ws", "ws#twin"}},
		{"rate.yaml", "rate", []string{"1/s", "5/s", "20/s", "50/s", "100/s", "200/s"}},
		{"fanout.yaml", "subscribers", []string{"10", "50", "200", "1000", "2000"}},
		{"payload.yaml", "payload", []string{"16B", "64B", "256B", "1KB", "4KB", "16KB"}},
		{"connect.yaml", "tls", []string{"off", "on"}},
		{"connect.yaml", "http", []string{"1.1", "2"}},
		{"overhead.yaml", "headers", []string{"minimal", "browser", "lubbers2010"}},
		{"lubbers.yaml", "subscribers", []string{"1000", "10000"}},
		{"cost.yaml", "rate", []string{"5/s", "20/s", "80/s"}},
		{"rtt.yaml", "rtt", []string{"0ms", "20ms", "50ms", "100ms", "200ms"}},
		{"rtt.yaml", "rate", []string{"1/s", "10/s", "40/s"}},
		{"loss.yaml", "loss", []string{"0%", "0.5%", "1%", "2%", "5%"}},
		{"pimentel.yaml", "rtt", []string{"5ms", "60ms", "110ms", "150ms", "200ms", "240ms", "260ms", "300ms"}},
		{"ladder.yaml", "subscribers", []string{"1000", "10000", "100000", "250000"}},
		{"smoke.yaml", "encoding", []string{"text", "binary"}},
	} {
		if diff := cmp.Diff(tc.want, levels(tc.file, tc.key)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tc.file, tc.key, diff)
		}
	}
}

// TestReadme holds README.md to the code: its example is a sound scenario, and
// each of its tables of keys lists exactly the keys there are.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("README.md has no yaml example")
	}
	s, err := Parse("example.yaml", []byte(example), all.Parse)
	if err != nil {
		t.Fatal(err)
	}
	if w := s.Warnings(); w != nil {
		t.Errorf("the example draws warnings: %v", w)
	}

	for file := range shipped {
		s, err := Load(file, all.Parse)
		if err != nil {
			t.Fatal(err)
		}
		if row := fmt.Sprintf("| [%s](%s) | %s | ", file, file, s.Question); !strings.Contains(string(text), row) {
			t.Errorf("README.md has no row for %s: %s", file, row)
		}
	}

	var tops []string
	for _, k := range topKeys {
		tops = append(tops, k.name)
	}
	for section, want := range map[string][]string{
		"## The file": tops,
		"## Factors":  keyNames(),
		"## Plots":    plotKeys,
		"## Claims":   claimKeys,
		"### Marks":   marks,
	} {
		if diff := cmp.Diff(want, firstColumn(string(text), section)); diff != "" {
			t.Errorf("README.md, %s (-code +readme):\n%s", section, diff)
		}
	}
	for _, k := range treatmentKeys {
		if k.level != "" && !slices.Contains(strings.Fields(string(text)), "`"+k.level+"`") {
			t.Errorf("README.md does not give %s's default `%s`", k.name, k.level)
		}
	}
}

// firstColumn is the first cell of each row of the table in a section, without
// its backquotes.
func firstColumn(text, section string) []string {
	_, rest, ok := strings.Cut(text, section+"\n")
	if !ok {
		return nil
	}
	var cells []string
	for line := range strings.Lines(rest) {
		if strings.HasPrefix(line, "#") {
			break
		}
		if cell, isRow := strings.CutPrefix(line, "| `"); isRow {
			name, _, _ := strings.Cut(cell, "`")
			cells = append(cells, name)
		}
	}
	return cells
}

// One id means one thing, in whichever scenario it stands: readers quote ids.
func TestClaimIDsMeanOneThing(t *testing.T) {
	says, first := map[string]string{}, map[string]string{}
	for _, file := range slices.Sorted(maps.Keys(shipped)) {
		s, err := Load(file, all.Parse)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range s.Claims {
			if known, ok := says[c.ID]; ok && known != c.Says {
				t.Errorf("%s is %q in %s, and %q in %s; give one of them another id", c.ID, known, first[c.ID], c.Says, file)
			}
			if _, ok := says[c.ID]; !ok {
				says[c.ID], first[c.ID] = c.Says, file
			}
		}
	}
}

// A file that is to be run says how near is equal; a record carries what it was run
// with.
func TestEqualNeedsATolerance(t *testing.T) {
	text := strings.Replace(sound, "staleness/p50[ws] < ", "staleness/p50[ws] ≈ ", 1)
	if _, err := Parse("s.yaml", []byte(text), all.Parse); err == nil || !strings.Contains(err.Error(), "≈ needs a tolerance") || !strings.Contains(err.Error(), "± 5%") {
		t.Errorf("to be run: %v", err)
	}
	if _, err := Parse("s.yaml", []byte(text), nil); err != nil {
		t.Errorf("as a record carries it: %v", err)
	}
}
