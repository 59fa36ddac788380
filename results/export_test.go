package results

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"

	"pushbench/servers/test/golden"
)

// small is a run of two treatments and two blocks that shows what exports must
// cope with: an invalid trial, an awkward level, quantiles without enough
// events, and metrics in every unit.
func small() *Run {
	r := runOf(2, func(transport string, _ Treatment, block int) values {
		return values{
			"requests":           1.5,
			"bytes/total/down":   219,
			"conn/bytes/up":      165,
			"bytes/payload/down": 256,
			"server/cpu":         1.2e-5,
			"events/delivered":   2000,
			"events/distinct":    40,
		}
	}, "poll?interval=1s, rate=40/s, payload=256B", "ws, rate=40/s, payload=256B", "ws, rate=1/s, payload=256B")
	r.Header.Scenario.Name = "known-answers"
	r.Header.Host = Host{OS: "linux (Some Distribution 12)", CPU: "Some  CPU @ 2.50GHz\n", Kernel: "6.18.5"}
	for i, trial := range r.Trials {
		staleness := histOf(int64(3_000_000 + i))
		for ms := range int64(20) {
			if err := staleness.Record(ms * 100_000); err != nil {
				panic(err)
			}
		}
		trial.Hists = map[string]*Hist{"staleness": staleness, "ttfe": NewHist()}
	}
	bad := r.listed("ws, rate=1/s, payload=256B")[1]
	breaks(bad, Sound)
	bad.Metrics = map[string]Metric{"odd, \"metric\"": {Value: 1e-9, Unit: "furlong"}}
	return r
}

func TestExportBench(t *testing.T) {
	var out strings.Builder
	if err := ExportBench(&out, small()); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/export.bench.golden", out.String())

	// benchstat's own reader has the last word.
	in := benchfmt.NewReader(strings.NewReader(out.String()), "export")
	results := 0
	for in.Scan() {
		switch record := in.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Error(record)
		case *benchfmt.Result:
			results++
			if v, ok := record.Value("server-cpu-sec/event"); !ok || v != 1.2e-5 || record.GetConfig("scenario") != "known-answers" {
				t.Errorf("%s: server-cpu-sec/event %v, scenario %q", record.Name, v, record.GetConfig("scenario"))
			}
		}
	}
	if in.Err() != nil || results != 5 {
		t.Errorf("%d results, want the 5 sound trials; %v", results, in.Err())
	}
	if units := in.Units(); units.GetBetter("staleness-p50-sec") != -1 || units.GetAssumption("bytes-payload-down-B/event") != benchmath.AssumeExact {
		t.Error("the units say neither that less staleness is better nor that a payload is exact")
	}
}

func TestExportCSV(t *testing.T) {
	var out strings.Builder
	if err := ExportCSV(&out, small()); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/export.csv.golden", out.String())
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, row := range rows[1:] {
		if row[6] == "true" {
			count++
		}
	}
	if len(rows) < 30 || count == 0 || count == len(rows)-1 {
		t.Errorf("%d rows, of which %d count", len(rows), count)
	}
}

func TestExportOfShortRunSaysSo(t *testing.T) {
	r := small()
	r.Header.Plan.Short = true
	var out strings.Builder
	if err := ExportBench(&out, r); err != nil || !strings.Contains(out.String(), "\nshort: true\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestExportOfNothing(t *testing.T) {
	for name, export := range map[string]func(io.Writer, *Run) error{"bench": ExportBench, "csv": ExportCSV} {
		if err := export(io.Discard, &Run{}); err != nil {
			t.Errorf("%s of an empty run: %v", name, err)
		}
		if err := export(brokenPipe{}, small()); !errors.Is(err, errPipe) {
			t.Errorf("%s to a broken pipe: %v", name, err)
		}
	}
}

var errPipe = errors.New("broken pipe")

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

func TestBenchNames(t *testing.T) {
	for in, want := range map[string]string{"headline": "BenchmarkHeadline", "known-answers": "BenchmarkKnownAnswers", "": "Benchmark", "öl 2": "BenchmarkÖl2"} {
		if got := benchName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for _, tc := range []struct{ name, unit, want string }{
		{"staleness/p99.9", "s", "staleness-p99.9-sec"},
		{"server/cpu", "s/event", "server-cpu-sec/event"},
		{"bytes/total/down", "B/event", "bytes-total-down-B/event"},
		{"requests/empty", "1", "requests-empty"},
		{"some thing", "light year", "some_thing-light_year"},
	} {
		if got := benchUnit(tc.name, tc.unit); got != tc.want {
			t.Errorf("%s in %s: %q, want %q", tc.name, tc.unit, got, tc.want)
		}
	}
	if got := benchWord("40/s a\tb"); got != "40-per-s_a_b" {
		t.Errorf("%q", got)
	}
}
