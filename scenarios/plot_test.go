package scenarios

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each kind of plot as the README has it, and what is read from it.
func TestPlots(t *testing.T) {
	where := map[string]string{"rate": "10/s"}
	none := map[string]string{}
	for text, want := range map[string]Plot{
		"{kind: overhead, of: poll?interval=1s, to: ws, per: rate, model: {10/s: 108B+108B, 40/s: 909B}}": {
			Kind: "overhead", Of: "poll?interval=1s", To: "ws", Per: "rate", Where: none,
			Model: map[string]Headers{"10/s": {Total: 216, Response: 108}, "40/s": {Total: 909}},
		},
		"{kind: overhead, model: 0.5KB, of: poll?interval=1s, to: ws, where: {rate: 10/s}}": {
			Kind: "overhead", Of: "poll?interval=1s", To: "ws", Where: where, Model: map[string]Headers{"": {Total: 512}},
		},
		"{kind: breakeven, of: poll?interval=1s, to: ws, over: rate, model: 716B + 193B}": {
			Kind: "breakeven", Of: "poll?interval=1s", To: "ws", Over: "rate", Where: none, Model: map[string]Headers{"": {Total: 909, Response: 193}},
		},
		"{kind: amortised, of: server-cpu, where: {rate: 10/s}}": {Kind: "amortised", Of: "server-cpu", Per: "transport", Where: where},
		"{kind: memory, where: {rate: 10/s}}":                    {Kind: "memory", Per: "transport", Where: where},
		"{kind: fit, of: host/cpu, over: rate}":                  {Kind: "fit", Of: "host/cpu", Over: "rate", Per: "transport", Where: none},
		"{kind: bandwidth, where: {rate: 10/s}}":                 {Kind: "bandwidth", Per: "transport", Where: where},
		"{kind: bandwidth, of: lubbers2010, where: {rate: 10/s}}": {
			Kind: "bandwidth", Of: "lubbers2010", Per: "transport", Where: where,
		},
		"{kind: bars, of: \"bytes/total/{down,up}\", where: {rate: 10/s}}": {
			Kind: "bars", Of: "bytes/total/{down,up}", Per: "transport", Where: where,
		},
		"{kind: curve, of: \"bytes/total/{down,up}\", over: rate}": {
			Kind: "curve", Of: "bytes/total/{down,up}", Over: "rate", Per: "transport", Where: none,
		},
	} {
		s := mustParse(t, strings.Replace(sound, "{kind: curve, of: staleness/p50, over: rate}", text, 1))
		want.Line = 11
		if diff := cmp.Diff([]Plot{want}, s.Plots); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
