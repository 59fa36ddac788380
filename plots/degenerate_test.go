package main

import (
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pushbench/results"
	"pushbench/scenarios"
)

// Whatever a record holds, it is drawn and printed without a panic.
func TestDegenerateRuns(t *testing.T) {
	setAll := func(v float64) func(*results.Run) {
		return func(run *results.Run) {
			for _, trial := range run.Trials {
				for name, m := range trial.Metrics {
					m.Value = v
					trial.Metrics[name] = m
				}
			}
		}
	}
	var ss []*scenarios.Scenario
	var sound []*results.Run
	for _, few := range []struct {
		name string // every kind of figure
		but  string // levels that add nothing to it
	}{
		{"feed", ""}, {"lubbers", ""}, {"latest", "poll?interval=100ms"}, {"compression", "identical wsbare?compress=off"},
		{"cost", "browser+cookie=1KB longpoll ws#twin poll?interval=100ms&keepalive=off"},
		{"load", "10/s 50/s longpoll raw"}, {"heartbeat", "ws?ping=5s ws?ping=15s sse sse?heartbeat=5s"},
	} {
		s := scenarioAt(t, "testdata/"+few.name+".yaml")
		s.Blocks = 2
		run := syntheticRun(t, s)
		left := strings.Fields(few.but)
		out := func(tr results.Treatment) bool {
			return slices.ContainsFunc(slices.Collect(maps.Values(tr)), func(level string) bool { return slices.Contains(left, level) })
		}
		run.Header.Plan.Treatments = slices.DeleteFunc(run.Header.Plan.Treatments, out)
		run.Trials = slices.DeleteFunc(run.Trials, func(trial *results.Trial) bool { return out(trial.Treatment) })
		ss, sound = append(ss, s), append(sound, run)
	}
	for name, spoil := range map[string]func(*results.Run){
		"no trial":       func(run *results.Run) { run.Trials = nil },
		"one trial":      func(run *results.Run) { run.Trials = run.Trials[:1] },
		"one block":      func(run *results.Run) { run.Trials = run.Trials[:5] },
		"no treatment":   func(run *results.Run) { run.Trials, run.Header.Plan.Treatments = nil, nil },
		"all unsound":    func(run *results.Run) { each(run, breaking(results.Sound)) },
		"all saturated":  func(run *results.Run) { each(run, breaking(results.Unsaturated)) },
		"no byte counts": func(run *results.Run) { each(run, breaking(results.Accounted)) },
		"no histogram":   func(run *results.Run) { each(run, func(t *results.Trial) { t.Hists = nil }) },
		"no metric":      func(run *results.Run) { each(run, func(t *results.Trial) { t.Metrics = nil }) },
		"empty hist":     func(run *results.Run) { each(run, func(t *results.Trial) { t.Hists["staleness"] = results.NewHist() }) },
		"nil hist":       func(run *results.Run) { each(run, func(t *results.Trial) { t.Hists["staleness"] = nil }) },
		"zero latencies": func(run *results.Run) {
			each(run, func(t *results.Trial) { t.Hists["staleness"] = histOf(1000, func() float64 { return 0 }) })
		},
		"equal": func(run *results.Run) {
			each(run, func(t *results.Trial) { t.Hists["staleness"] = histOf(1000, func() float64 { return 5e-6 }) })
		},
		"other units": func(run *results.Run) {
			each(run, func(t *results.Trial) { t.Metrics["server/cpu"] = results.Metric{Value: 3, Unit: "parsec"} })
		},
		"mixed units": func(run *results.Run) { run.Trials[0].Metrics["server/cpu"] = results.Metric{Value: 3, Unit: "B"} },
		"no host":     func(run *results.Run) { run.Header.Host, run.Header.Build = results.Host{}, results.Build{} },
		"zero":        setAll(0), "negative": setAll(-1), "NaN": setAll(math.NaN()), "infinite": setAll(math.Inf(1)),
		"huge": setAll(math.MaxFloat64), "tiny": setAll(5e-324),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, s := range ss {
				run := copyOf(sound[i])
				spoil(run)
				r := newReport("x.jsonl", run, s)
				fs, skipped := r.figures()
				for _, f := range fs {
					if _, err := f.SVG(); err != nil {
						t.Error(err)
					}
				}
				if err := lastScreen(io.Discard, r, drawn{dir: "d", skipped: skipped}); err != nil {
					t.Error(err)
				}
				_ = markdown(r)
				var input coded // for runs with nothing to compare
				if err := compare(io.Discard, turns([]*report{r, r})); err != nil && !errors.As(err, &input) {
					t.Error(err)
				}
			}
		})
	}
}

// copyOf is a run whose trials, and the maps in them, may be spoilt.
func copyOf(run *results.Run) *results.Run {
	c := *run
	c.Trials = nil
	for _, trial := range run.Trials {
		t := *trial
		t.Metrics, t.Hists = maps.Clone(t.Metrics), maps.Clone(t.Hists)
		c.Trials = append(c.Trials, &t)
	}
	return &c
}

// breaking breaks a rule of a class.
func breaking(class results.Class) func(*results.Trial) {
	return func(t *results.Trial) {
		t.Broken = []results.Broken{{Class: class, Rule: "rule", Text: "a rule is broken"}}
	}
}

func each(run *results.Run, f func(*results.Trial)) {
	for _, t := range run.Trials {
		f(t)
	}
}

// anyFloat has its share of what is no number.
func anyFloat() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64(), rapid.Float64Range(-1e3, 1e3), rapid.Float64Range(1e-9, 1e-3),
		rapid.SampledFrom([]float64{0, math.NaN(), math.Inf(1), math.Inf(-1), 1, math.MaxFloat64, 5e-324, math.Copysign(0, -1)}))
}

// Any numbers make a drawing, on any axis.
func TestAnyNumbersDraw(t *testing.T) {
	units := []string{"s", "s/event", "B", "B/event", "1", "parsec", ""}
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom(units).Draw(t, "unit")
		vs := rapid.SliceOfN(anyFloat(), 0, 6).Draw(t, "values")
		var rows []row
		var crossings []crossing
		line := series{Name: "ws", Style: styleOf("ws")}
		var levels []level
		for i, v := range vs {
			one := spot{Value: v, Lo: anyFloat().Draw(t, "lo"), Hi: anyFloat().Draw(t, "hi")}
			rows = append(rows, row{Name: "ws", Words: "words", Style: styleOf("ws#twin"), spot: one, More: []spot{one}, Never: rapid.Bool().Draw(t, "never"),
				Held: anyFloat().Draw(t, "held"), Parts: []float64{v, anyFloat().Draw(t, "part")}})
			line.Points = append(line.Points, point{X: float64(i + 1), Y: v, Lo: one.Lo, Hi: one.Hi, XLo: one.Lo, XHi: one.Hi, Mark: true})
			levels = append(levels, level{"l", float64(i + 1)})
			crossings = append(crossings, crossing{X: anyFloat().Draw(t, "x"), Y: v, Words: "n = 1"})
		}
		lines := []series{line, {Style: styleOf("poll"), Points: line.Points, Loose: true}}
		of := &rowChart{Mark: "bars", Groups: []rowGroup{{"", rows}, {"a group", rows}, {"empty", nil}}, Level: anyFloat().Draw(t, "level"), Saving: -1}
		var ch chart = of
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			of.scale("bars", unit)
		case 1:
			of.Parts, of.Saving = []string{"a", "b"}, rapid.IntRange(-1, 1).Draw(t, "saving")
			of.scale("stack", unit)
		case 2:
			ch = &lineChart{X: levelAxis("x", levels, true), Y: logAxis("y", unit, vs), Series: lines, Crossings: crossings}
		case 3:
			ch = &lineChart{X: levelAxis("x", levels, false), Y: linearAxis("y", unit, vs), Series: lines}
		case 4:
			of.Mark, of.Held = "dots", "held"
			of.scale("dots", unit)
		default:
			ch = &lineChart{X: quantileAxis(anyFloat().Draw(t, "limit"), "deliveries"), Y: logAxis("y", unit, vs), Series: lines}
		}
		if _, err := (&figure{Name: "any", Title: "t", Height: figureHeight, Chart: ch}).SVG(); err != nil {
			t.Fatal(err)
		}
	})
}
