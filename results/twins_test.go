package results

import (
	"bufio"
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// committedTwins are the committed runs, of which only twins and their originals are
// read: whole they take ten times as long.
var committedTwins = sync.OnceValues(func() (runs []*Run, err error) {
	paths, err := filepath.Glob("reference/*.jsonl")
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		r, err := readTwins(path)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, nil
})

func readTwins(path string) (*Run, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	twinned := map[string]bool{}
	transport := func(line []byte) string {
		_, rest, _ := bytes.Cut(line, []byte(`"transport":"`))
		name, _, _ := bytes.Cut(rest, []byte(`"`))
		return string(name)
	}
	var kept bytes.Buffer
	for _, keep := range []func(line []byte) bool{
		func(line []byte) bool {
			if name, twin := strings.CutSuffix(transport(line), twinLabel); twin {
				twinned[name] = true
			}
			return false
		},
		func(line []byte) bool {
			return !bytes.HasPrefix(line, []byte(`{"type":"trial"`)) || twinned[strings.TrimSuffix(transport(line), twinLabel)]
		},
	} {
		in := bufio.NewReader(bytes.NewReader(text))
		for {
			line, err := in.ReadBytes('\n')
			if keep(line) {
				kept.Write(line)
			}
			if err == io.EOF {
				break
			}
		}
	}
	return ReadFrom(&kept, path)
}

// The metrics of the last screen's table, and those that claims are most often made of.
var comparedMetrics = []string{
	"staleness/p50", "staleness/p99", "staleness/mean", "roundtrip/p50", "connect/p50", "ttfe/p50",
	"bytes/total/down", "bytes/total/up", "requests", "conn/bytes/down", "conn/bytes/up", "throughput",
	"server/cpu", "server/cpu-per-message", "conn/server-cpu", "fleet/cpu", "server/rss", "server/heap", "idle/server-rss", "idle/kernel",
}

// Two of a kind are taken for different in 6 % of comparisons at most, over all twins of
// all committed runs and all that is compared; what is exact is equal.
func TestCommittedTwins(t *testing.T) {
	runs, err := committedTwins()
	if err != nil {
		t.Fatal(err)
	}
	type count struct{ pairs, differ, exact int }
	var all count
	byMetric := map[string]count{}
	for _, r := range runs {
		for _, pair := range r.Twins(comparedMetrics) {
			c := byMetric[pair.Metric]
			switch {
			case pair.Exact && pair.Differs():
				t.Errorf("%s: %s of %s and its twin is fixed, and differs", r.Path, pair.Metric, pair.Treatment.Key())
			case pair.Exact:
				c.exact++
				all.exact++
			case pair.Differs():
				c.differ++
				all.differ++
				fallthrough
			default:
				c.pairs++
				all.pairs++
			}
			byMetric[pair.Metric] = c
		}
	}
	for _, metric := range comparedMetrics {
		c := byMetric[metric]
		t.Logf("%-22s %3d pairs, of which %d differ; %d exact", metric, c.pairs, c.differ, c.exact)
		if p := 0.05; float64(c.differ) > p*float64(c.pairs)+4*math.Sqrt(p*(1-p)*float64(c.pairs)) {
			t.Errorf("%s: %d of %d pairs of twins differ", metric, c.differ, c.pairs)
		}
	}
	t.Logf("together %d of %d pairs differ, %.1f %%; %d are exact", all.differ, all.pairs, 100*float64(all.differ)/float64(all.pairs), all.exact)
	if all.pairs < 900 || float64(all.differ) > 0.06*float64(all.pairs) {
		t.Errorf("%d of %d pairs of twins differ, more than 6 %%", all.differ, all.pairs)
	}
	if first := byMetric["staleness/p50"]; first.pairs == 0 {
		t.Error("no twins were read")
	}
}

// The noise with which the simulations reckon is that of the committed runs.
func TestNoiseOfTheRecords(t *testing.T) {
	runs, err := committedTwins()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		metric        string
		noise         float64
		blocks, pairs int
	}{
		{"server/cpu", noiseCPU, 535, 80}, {"staleness/p50", noiseStaleness, 339, 50}, {"bytes/total/down", noiseBytes, 535, 80},
	} {
		var logs []float64
		pairs, apart := 0, 0
		for _, r := range runs {
			for _, pair := range r.Twins([]string{tc.metric}) {
				both, err := r.paired(pair.Treatment.twin(), pair.Treatment, tc.metric)
				if err != nil {
					t.Fatal(err)
				}
				for i, v := range both.left {
					logs = append(logs, math.Log(v/both.right[i]))
					if math.Abs(logs[len(logs)-1]) > math.Log(1.5) {
						apart++
					}
				}
				pairs++
			}
		}
		got := stat.StdDev(logs, nil)
		t.Logf("%s: %.4g in %d blocks of %d pairs; beyond 1.5 × in %d", tc.metric, got, len(logs), pairs, apart)
		if math.Abs(got-tc.noise) > 0.05*tc.noise || len(logs) != tc.blocks || pairs != tc.pairs {
			t.Errorf("%s: %.4g in %d blocks of %d pairs, the simulations have %g, %d and %d", tc.metric, got, len(logs), pairs, tc.noise, tc.blocks, tc.pairs)
		}
	}
}
