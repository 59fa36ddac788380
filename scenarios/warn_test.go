package scenarios

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWarnings(t *testing.T) {
	for _, tc := range []struct {
		name  string
		edits []string // pairs of old and new
		want  []string
	}{
		{"none", nil, nil},
		{"too few blocks", []string{"blocks: 10", "blocks: 2"}, []string{
			"blocks: 2 is too few for an interval; it takes 3 or more",
		}},
		{"events in step with polls", []string{"payload: 200B", "arrivals: constant", "[10/s, 40/s]", "[0.5/s, 1.5/s, 3/s]"}, []string{
			"poll?interval=1s at a constant 0.5/s: events and polls march in step, and a trial measures the phase it began with; use arrivals: poisson",
			"poll?interval=1s at a constant 3/s: events and polls march in step, and a trial measures the phase it began with; use arrivals: poisson",
			"rate: 0.5/s gives about 2.5 events in 5s; some trials may measure none",
			"staleness/p50 at 0.5/s: about 2 distinct events in a trial, 20 are needed to print it",
			"staleness/p50 at 1.5/s: about 8 distinct events in a trial, 20 are needed to print it",
			"staleness/p50 at 3/s: about 15 distinct events in a trial, 20 are needed to print it",
		}},
		{"window shorter than the interval", []string{"measure: 5s", "measure: 900ms"}, []string{
			"measure: 900ms is shorter than the interval of poll?interval=1s; not every subscriber polls within it",
			"staleness/p50 at 10/s: about 9 distinct events in a trial, 20 are needed to print it",
		}},
		{"no twin", []string{", ws#twin", ""}, []string{
			"no twin: without a transport such as ws#twin beside ws, nothing says how large a difference is noise",
		}},
		{"quantile of a plot", []string{"y: staleness/p50", "y: staleness/p99"}, []string{
			"staleness/p99 at 10/s: about 50 distinct events in a trial, 1000 are needed to print it",
			"staleness/p99 at 40/s: about 200 distinct events in a trial, 1000 are needed to print it",
		}},
		{"quantile of a plot elsewhere", []string{"{mark: line, x: rate, y: staleness/p50}", "{mark: bars, x: staleness/p90, where: {rate: 40/s}}"}, nil},
		{"quantile of a claim", []string{"staleness/p50[ws] <", "staleness/p1[ws] <"}, []string{
			"staleness/p1 at 10/s: about 50 distinct events in a trial, 1000 are needed to print it",
			"staleness/p1 at 40/s: about 200 distinct events in a trial, 1000 are needed to print it",
		}},
		{"quantile of round trips", []string{"y: staleness/p50}", "y: staleness/p50}\n  - {mark: bars, x: roundtrip/p99.9, where: {rate: 40/s}}", "payload: 200B", "uplink: 1/s", "staleness/p50[ws] <", "staleness/p50[ws] + roundtrip/p99[ws] <"}, []string{
			"roundtrip/p99.9 at an uplink of 1/s: about 250 messages in a trial, 10000 are needed to print it",
			"roundtrip/p99 at an uplink of 1/s: about 250 messages in a trial, 1000 are needed to print it",
		}},
		{"quantile of a claim elsewhere", []string{"staleness/p50[ws] <", "staleness/p90[ws, rate=40/s] <"}, nil},
	} {
		text := sound
		for i := 0; i < len(tc.edits); i += 2 {
			if !strings.Contains(text, tc.edits[i]) {
				t.Fatalf("%s: %q is not in the sound scenario", tc.name, tc.edits[i])
			}
			text = strings.Replace(text, tc.edits[i], tc.edits[i+1], 1)
		}
		if diff := cmp.Diff(tc.want, mustParse(t, text).Warnings()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}
