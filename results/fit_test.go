package results

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"
	"pgregory.net/rapid"
)

// NoInt1 and NoInt2 are of NIST's Statistical Reference Datasets, with its
// certified slope and residual standard deviation; the cubic is in the manner of
// its Wampler1, whose coefficients are all 1.
func TestLeastSquaresKnownAnswers(t *testing.T) {
	var sixties, thirties []float64
	for i := range 11 {
		sixties, thirties = append(sixties, 60+float64(i)), append(thirties, 130+float64(i))
	}
	cubic := make([][]float64, 4)
	var ofCubic []float64
	for x := range 21 {
		sum := 0.0
		for power := range cubic {
			v := math.Pow(float64(x), float64(power))
			cubic[power] = append(cubic[power], v)
			sum += v
		}
		ofCubic = append(ofCubic, sum)
	}
	for _, c := range []struct {
		name     string
		columns  [][]float64
		y        []float64
		want     []float64
		residual float64
	}{
		{"NoInt1", [][]float64{sixties}, thirties, []float64{2.07438016528926}, 3.56753034006338 * math.Sqrt(10)},
		{"NoInt2", [][]float64{{4, 5, 6}}, []float64{3, 4, 4}, []float64{0.727272727272727}, 0.369274472937998 * math.Sqrt(2)},
		{"cubic", cubic, ofCubic, []float64{1, 1, 1, 1}, 0},
		{"no column", nil, []float64{3, 4}, nil, 5},
	} {
		got, residual, ok := leastSquares(c.columns, c.y)
		if !ok || !near(residual, c.residual) {
			t.Errorf("%s: residual %v, %v; want %v", c.name, residual, ok, c.residual)
		}
		for i, want := range c.want {
			if !near(got[i], want) {
				t.Errorf("%s: coefficient %d is %v, want %v", c.name, i, got[i], want)
			}
		}
	}
}

func TestLeastSquaresRefuses(t *testing.T) {
	for name, columns := range map[string][][]float64{
		"a column twice":    {{1, 2, 3}, {2, 4, 6}},
		"a column of zeros": {{0, 0, 0}},
		"not a number":      {{1, math.NaN(), 3}},
		"infinite":          {{1, math.Inf(1), 3}},
		"more than values":  {{1, 2, 3}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	} {
		if c, _, ok := leastSquares(columns, []float64{1, 2, 3}); ok {
			t.Errorf("%s: solved as %v", name, c)
		}
	}
	if _, _, ok := leastSquares([][]float64{{1, 2}}, []float64{math.NaN(), 1}); ok {
		t.Error("a y that is not a number is solved")
	}
}

func independent(columns [][]float64) bool {
	_, _, ok := leastSquares(columns, columns[0])
	return ok
}

// Whatever the numbers, the solution meets the conditions of Karush, Kuhn and
// Tucker: no coefficient below 0, no slope along those above it, and along those
// at 0 none that leads down.
func TestNonNegativeIsBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(4, 12).Draw(t, "rows")
		value := rapid.Float64Range(-10, 10)
		draw := func(name string) []float64 { return rapid.SliceOfN(value, rows, rows).Draw(t, name) }
		var columns [][]float64
		for i := range rapid.IntRange(1, 4).Draw(t, "columns") {
			column := draw(fmt.Sprint("column ", i))
			columns = append(columns, column)
			for row := 0; !independent(columns); row++ { // some row is one in which those before cannot follow
				column[row] += 100
			}
		}
		y := draw("y")
		c, ok := nonNegative(columns, y)
		if !ok {
			t.Fatal("no solution, where all coefficients 0 are one")
		}
		rest := append([]float64{}, y...)
		for j := range columns {
			floats.AddScaled(rest, -c[j], columns[j])
		}
		for j := range columns {
			slope := floats.Dot(columns[j], rest) // of the squared residual downwards, along c[j]
			scale := 1e-6 * (1 + floats.Norm(columns[j], 2)*floats.Norm(y, 2))
			if c[j] < 0 || slope > scale || c[j] > 0 && slope < -scale {
				t.Fatalf("coefficient %d is %v, with a slope of %v", j, c[j], slope)
			}
		}
	})
}

// costRun is a run whose CPU follows the model exactly, but for a factor of each
// block and what noise adds.
func costRun(transport string, blocks int, cpu func(Load) float64, noise func(block, i int) float64) (*Run, []Treatment) {
	run := &Run{}
	var ts []Treatment
	for _, subscribers := range []float64{10, 100, 1000} {
		for _, rate := range []float64{1, 10, 40} {
			tr := Treatment{"transport": transport, "subscribers": fmt.Sprint(subscribers), "rate": fmt.Sprintf("%v/s", rate)}
			load := Load{Connections: subscribers, Published: rate, Delivered: rate * subscribers}
			switch {
			case strings.HasPrefix(transport, "poll"):
				load.Requests = 10 * subscribers
			case transport == "longpoll":
				load.Requests = 0.98 * load.Delivered
			}
			for block := 1; block <= blocks; block++ {
				y := cpu(load) * noise(block, len(ts))
				run.Trials = append(run.Trials, &Trial{Treatment: tr, Block: block, Metrics: map[string]Metric{
					"server/cpu": {y / load.Delivered, "s/event"}, "server/cpu-util": {y, "1"},
					"host/cpu": {2 * y / load.Delivered, "s/event"}, "requests": {load.Requests / load.Delivered, "1"},
				}})
			}
			ts = append(ts, tr)
		}
	}
	return run, ts
}

func exactly(int, int) float64 { return 1 }

func TestFitCPUKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		transport string
		cpu       func(Load) float64
		want      map[string]float64
		leftOut   string
	}{
		{"ws", func(l Load) float64 { return 2e-6*l.Connections + 30e-6*l.Published + 9e-6*l.Delivered },
			map[string]float64{"connections": 2e-6, "published": 30e-6, "delivered": 9e-6}, ""},
		{"ws", func(l Load) float64 { return 30e-6*l.Published + 9e-6*l.Delivered },
			map[string]float64{"connections": 0, "published": 30e-6, "delivered": 9e-6}, ""},
		{"poll?interval=100ms", func(l Load) float64 { return 20e-6*l.Requests + 3e-6*l.Delivered },
			map[string]float64{"requests": 20e-6, "published": 0, "delivered": 3e-6}, "connections: in proportion to requests"},
		{"longpoll", func(l Load) float64 { return 20e-6*l.Requests + 3e-6*l.Delivered },
			map[string]float64{"connections": 0, "published": 0, "delivered": 3e-6 + 0.98*20e-6}, "requests: in proportion to delivered"},
	} {
		run, ts := costRun(c.transport, 7, c.cpu, exactly)
		fit, err := run.FitCPU(ts, "server/cpu")
		if err != nil {
			t.Fatal(err)
		}
		if fit.Treatments != 9 || fit.Blocks != 7 || fit.Within.Largest > 1e-9 || fit.Without.Largest > 1e-9 {
			t.Errorf("%s: %+v", c.transport, fit)
		}
		if len(fit.Terms) != len(c.want) {
			t.Errorf("%s: terms %v, want %v", c.transport, fit, c.want)
		}
		for _, term := range fit.Terms {
			want := c.want[term.Name]
			if math.Abs(term.Center-want) > 1e-12 || want > 0 && !term.FromZero() {
				t.Errorf("%s: %s costs %v (%v–%v), want %v", c.transport, term.Name, term.Center, term.Lo, term.Hi, want)
			}
		}
		if got := strings.Join(fit.LeftOut, "; "); !strings.HasPrefix(got, c.leftOut) || (c.leftOut == "") != (got == "") {
			t.Errorf("%s: left out %q, want %q", c.transport, got, c.leftOut)
		}
		load := Load{Connections: 50, Published: 5, Delivered: 250, Requests: 500}
		if c.transport == "longpoll" {
			load.Requests = 0.98 * 250
		}
		if got := fit.Predict(load); !near(got, c.cpu(load)) {
			t.Errorf("%s: predicts %v, want %v", c.transport, got, c.cpu(load))
		}
		host, err := run.FitCPU(ts, "host/cpu")
		if err != nil || !near(host.Predict(load), 2*c.cpu(load)) {
			t.Errorf("%s: of the host %v, %v", c.transport, host, err)
		}
	}
}

// What the host does to a whole block comes out in the coefficients; what it does
// to one treatment comes out in the errors, larger where that one is left out.
func TestFitCPUErrors(t *testing.T) {
	cpu := func(l Load) float64 { return 2e-6*l.Connections + 30e-6*l.Published + 9e-6*l.Delivered }
	run, ts := costRun("ws", 7, cpu, func(block, i int) float64 {
		if i == 8 {
			return 1.2
		}
		return 1 + 0.01*float64(block)
	})
	fit, err := run.FitCPU(ts, "server/cpu")
	if err != nil {
		t.Fatal(err)
	}
	if fit.Within.Largest < 0.01 || fit.Without.Largest <= fit.Within.Largest || fit.Without.Median <= 0 {
		t.Errorf("errors within %+v, without %+v", fit.Within, fit.Without)
	}
	for _, term := range fit.Terms {
		if term.Lo >= term.Hi {
			t.Errorf("%s has no interval: %+v", term.Name, term.Summary)
		}
	}
}

func TestFitCPURefuses(t *testing.T) {
	cpu := func(l Load) float64 { return 9e-6 * l.Delivered }
	run, ts := costRun("ws", 2, cpu, exactly)
	if _, err := run.FitCPU(ts[:1], "server/cpu"); err == nil {
		t.Error("one treatment is fitted")
	}
	if _, err := run.FitCPU(nil, "server/cpu"); err == nil {
		t.Error("no treatment is fitted")
	}
	var missing *NoMetricError
	if _, err := run.FitCPU(ts, "server/syscalls"); !errors.As(err, &missing) {
		t.Errorf("a metric that is not there: %v", err)
	}
	for name, spoil := range map[string]float64{"zero": 0, "not a number": math.NaN(), "infinite": math.Inf(1), "negative": -1} {
		run, ts := costRun("ws", 2, cpu, func(int, int) float64 { return spoil })
		if fit, err := run.FitCPU(ts, "server/cpu"); err == nil {
			t.Errorf("CPU times that are %s are fitted: %v", name, fit)
		}
	}
	// One bad trial takes its block's point with it, no more.
	run.Trials[0].Metrics["server/cpu"] = Metric{0, "s/event"}
	if fit, err := run.FitCPU(ts, "server/cpu"); err != nil || !near(fit.Terms[0].Center, 9e-6) {
		t.Errorf("%v, %v", fit, err)
	}
}
