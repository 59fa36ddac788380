package main

import (
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pushbench/results"
	"pushbench/scenarios"
)

// The tables below the last screen, for a terminal and for a README.
func TestExhibits(t *testing.T) {
	for _, name := range []string{"cost", "load", "lubbers"} {
		var screen, md strings.Builder
		for _, e := range inMemory(t, "testdata/"+name+".yaml").exhibits() {
			screen.WriteString(e.String() + "\n")
			md.WriteString(e.markdown())
		}
		golden(t, name+"-exhibits.txt", screen.String())
		golden(t, name+"-exhibits.md", md.String())
		narrow(t, screen.String())
	}
}

func narrow(t *testing.T, screen string) {
	t.Helper()
	for line := range strings.Lines(screen) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > screenWidth {
			t.Errorf("a line of %d columns, more than %d:\n%s", n, screenWidth, line)
		}
	}
}

// Where raw was run every ratio that it bears on stands beside that to ws.
func TestFloor(t *testing.T) {
	r := inMemory(t, "testdata/floor.yaml")
	var b strings.Builder
	if err := lastScreen(&b, r, drawn{dir: "figures"}); err != nil {
		t.Fatal(err)
	}
	golden(t, "floor.stdout", b.String())
	narrow(t, b.String())
	for _, g := range r.groups() {
		for i, cells := range g.Cells {
			for j, c := range cells {
				if g.Columns[j].Floor != strings.HasSuffix(c.Floor, " raw") {
					t.Errorf("%s, %q: floor %q", g.Names[i], g.Columns[j].Head, c.Floor)
				}
			}
		}
	}
}

func TestFitCommand(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"load", "feed"} {
		write(t, filepath.Join(dir, name+".jsonl"), syntheticRun(t, scenarioAt(t, "testdata/"+name+".yaml")))
	}
	for name, args := range map[string][]string{
		"fit.stdout": {"fit", "load.jsonl"}, "fit-host.md": {"fit", "-of", "host/cpu", "-markdown", "load.jsonl"},
	} {
		r := cli(t, dir, "", args...)
		if r.code != exitOK || r.stderr != "" {
			t.Errorf("plots %q: exit %d, %s", args, r.code, r.stderr)
		}
		golden(t, name, r.stdout)
		if strings.HasSuffix(name, ".stdout") {
			narrow(t, r.stdout)
		}
	}
	// A run at one rate and one number of subscribers fits nothing, and says why.
	one := cli(t, dir, "", "fit", "feed.jsonl")
	if one.code != exitOK || !strings.Contains(one.stdout, "vary subscribers and rate") {
		t.Errorf("exit %d:\n%s", one.code, one.stdout)
	}
	if r := cli(t, dir, "", "fit", "-of", "cpu", "load.jsonl"); r.code != exitUsage || !strings.Contains(r.stderr, "host/cpu") {
		t.Errorf("exit %d: %s", r.code, r.stderr)
	}
}

// older takes from a run what its record would have lacked before TCP and IP
// were counted.
func older(run *results.Run) *results.Run {
	each(run, func(trial *results.Trial) {
		sum := map[string]float64{}
		for name, m := range trial.Metrics {
			layer, way, ok := strings.Cut(strings.TrimPrefix(name, "bytes/"), "/")
			if ok && strings.HasPrefix(name, "bytes/") && slices.Contains([]string{"payload", "envelope", "protocol"}, layer) {
				sum[way] += m.Value
			}
			if strings.Contains(name, "tcpip") || strings.Contains(name, "tls") {
				delete(trial.Metrics, name)
			}
		}
		for way, v := range sum {
			trial.Metrics["bytes/total/"+way] = results.Metric{Value: v, Unit: "B/event"}
		}
	})
	return run
}

// A record from before TCP and IP were counted prints what it has, and nobody
// is led to think that it has more.
func TestOlderRecord(t *testing.T) {
	s := scenarioAt(t, "testdata/cost.yaml")
	r := newReport("cost.jsonl", older(syntheticRun(t, s)), s)
	fs, skipped := r.figures()
	if len(fs)+len(skipped) != len(s.Plots) {
		t.Errorf("%d figures and %d skipped of %d", len(fs), len(skipped), len(s.Plots))
	}
	for _, f := range fs {
		caption := strings.Join(f.Caption, " ")
		if strings.Contains(f.Name, "total") && !strings.Contains(caption, oldRecord) {
			t.Errorf("%s: the caption says %q", f.Name, caption)
		}
		if strings.Contains(f.Subtitle, "IP bytes") {
			t.Errorf("%s speaks of IP bytes: %s", f.Name, f.Subtitle)
		}
	}
	for _, text := range []string{markdown(r)} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), oldRecord) || strings.Contains(text, "IP bytes") || strings.Contains(text, "IP down") {
			t.Errorf("it does not say that TCP and IP are missing, or says that they are there:\n%s", text)
		}
	}
}

// Bytes of an old and a new record are compared as far as both count.
func TestCompareWithOlderRecord(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "new.jsonl"), syntheticRun(t, scenarioAt(t, "testdata/bare.yaml")))
	old := older(syntheticRun(t, scenarioAt(t, "testdata/bare.yaml")))
	forget := func(tr results.Treatment) {
		maps.DeleteFunc(tr, func(key, _ string) bool { return keyOf(key).former != "" })
	}
	for _, tr := range old.Header.Plan.Treatments {
		forget(tr)
	}
	each(old, func(trial *results.Trial) { forget(trial.Treatment) })
	write(t, filepath.Join(dir, "old.jsonl"), old)
	for _, args := range [][]string{{"compare", "old.jsonl", "new.jsonl"}, {"compare", "new.jsonl", "old.jsonl"}} {
		got := cli(t, dir, "", args...)
		if got.code != exitOK || strings.Contains(got.stdout, "×") || !strings.Contains(got.stdout, "counts TCP and IP headers") {
			t.Errorf("exit %d:\n%s", got.code, got.stdout)
		}
	}
}

// of makes a quantity of one value a block.
func of(vs ...float64) quantity {
	q := quantity{blocks: map[int]float64{}}
	for i, v := range vs {
		q.blocks[i+1] = v
	}
	return q
}

// A crossing is exact where a poll's cost is shared by its events, and each block has
// its own.
func TestMeeting(t *testing.T) {
	at := func(ks ...float64) (xs, polls, pushes []quantity) {
		for _, k := range ks {
			xs, polls, pushes = append(xs, of(k, k)), append(polls, of(100+400/k, 100+600/k)), append(pushes, of(200, 200))
		}
		return xs, polls, pushes
	}
	if x := meeting(at(0.5, 2, 20)); math.Abs(x.blocks[1]-4) > 1e-9 || math.Abs(x.blocks[2]-6) > 1e-9 {
		t.Errorf("lines cross at %v; want 4 and 6", x.blocks)
	}
	line := series{Points: []point{{X: 0.5, Y: 900}, {X: 2, Y: 300}, {X: 20, Y: 120}}}
	if y := line.height(4); math.Abs(y-200) > 1e-9 {
		t.Errorf("a poll of four events takes %v, want 200", y)
	}
	for _, ks := range [][]float64{{0.5, 2}, nil} {
		if x := meeting(at(ks...)); len(x.blocks) > 0 {
			t.Errorf("lines that do not meet cross at %v", x.blocks)
		}
	}
	wide, same, less := of(990, 1010, 980, 1020, 1000, 1001), of(1000, 1000, 1000, 1000, 1000, 1000), of(1, 1, 1, 1, 1, 1)
	if dearer(wide, same) != 0 || dearer(same, less) != 1 || dearer(less, same) != -1 {
		t.Error("which of two is dearer")
	}
}

// What a sentence reckons is reckoned in each block, and names mean what it says.
func TestEval(t *testing.T) {
	r := inMemory(t, "testdata/binary.yaml")
	tr, _ := r.named("ws", map[string]string{"payload": "64B", "encoding": "binary"})
	s := r.scope(scenarios.Plot{Per: []string{"transport"}, Let: map[string]scenarios.Choice{
		"twice": {Expr: "2 × y"}, "circle": {Expr: "circle + 1"},
		"own": {Of: map[string]scenarios.Choice{"ws": {Expr: "7B"}, "sse": {Expr: "8B"}}},
	}}).with("n", 4)
	s.row = "bytes/payload/down"
	for expr, want := range map[string]float64{
		"bytes/{payload,envelope}/down ÷ bytes/payload/down": (64 + 32) / 64.,
		"twice": 128, "y ÷ n": 16, "own + payload": 71, "y[ws, payload=1KB] ÷ payload": 16, "3 × n": 12,
	} {
		if v := s.read(expr, tr); v.why != "" || math.Abs(v.Center-want) > 1e-9 {
			t.Errorf("%s: %v (%s), want %v", expr, v.Center, v.why, want)
		}
	}
	for expr, want := range map[string]string{
		"y ÷ bytes/payload/up": "no block has what it takes", "circle": "in a circle",
		"own[raw]": "not run", "subscriber × 2": "is no number here",
	} {
		if v := s.read(expr, tr); !strings.Contains(v.why, want) {
			t.Errorf("%s: %v (%q), want %q", expr, v.Center, v.why, want)
		}
	}
	for v, want := range map[float64]string{7_272_000: "7.27 Mbit/s", 16_000: "16 kbit/s", 0: "0 bit/s", 2e9: "2 Gbit/s"} {
		if got := amount(v, none, none, "bit/s"); got != want {
			t.Errorf("%v bit/s is %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{1: "1", 1000: "1,000", 1_234_567: "1,234,567"} {
		if got := count(v); got != want {
			t.Errorf("count(%v) = %q, want %q", v, got, want)
		}
	}
}

// A sum is formed in each trial and then summarised, unlike a sum of medians.
func TestBarsOfASum(t *testing.T) {
	s := scenarioAt(t, "testdata/cost.yaml")
	r := newReport("cost.jsonl", syntheticRun(t, s), s)
	p := s.Plots[slices.IndexFunc(s.Plots, func(p scenarios.Plot) bool { return p.Mark == "bars" && !p.X.Stacked })]
	ts := r.under(p.Where)
	both := r.scope(p).read(p.X.Expr(), ts[0])
	var want []float64
	for _, trial := range r.run.Trials {
		if trial.Treatment.Key() == ts[0].Key() {
			want = append(want, trial.Metrics["bytes/total/down"].Value+trial.Metrics["bytes/total/up"].Value)
		}
	}
	if got := results.Summarize(want); math.Abs(both.Center-got.Center) > 1e-9 || both.N != 4 {
		t.Errorf("%+v, want %+v", both.Summary, got)
	}
}
