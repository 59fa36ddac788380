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
		"{kind: curve, of: bytes/total/down, by: bytes/payload/down, over: rate, per: [transport, encoding]}": {
			Kind: "curve", Of: "bytes/total/down", By: "bytes/payload/down", Over: "rate", Per: "transport", And: "encoding", Where: none,
		},
		"{kind: tradeoff, of: staleness/p99, to: server/cpu, where: {rate: 10/s}, log: true}": {
			Kind: "tradeoff", Of: "staleness/p99", To: "server/cpu", Per: "transport", Where: where, Log: true,
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

// What a plot cannot be is said with what would be right.
func TestPlotMistakes(t *testing.T) {
	for text, says := range map[string]string{
		"{kind: tradeoff, of: staleness/p99, where: {rate: 10/s}}":                                          "does not say against which metric; write such as to: server/cpu",
		"{kind: tradeoff, of: server/cpu, to: server/cpu, where: {rate: 10/s}}":                             "sets server/cpu against itself",
		"{kind: tradeoff, of: server/cpu, to: ws, where: {rate: 10/s}}":                                     `"ws", which is no metric`,
		"{kind: tradeoff, of: server/cpu, to: \"staleness/{p50,p99}\", where: {rate: 10/s}}":                "quantiles have no sum",
		"{kind: tradeoff, of: server/cpu, to: staleness/p99, model: 909B, where: {rate: 10/s}}":             "has no model",
		"{kind: tradeoff, of: server/cpu, to: staleness/p99}":                                               "leaves open which rate",
		"{kind: bars, of: server/cpu, by: staleness/p50, where: {rate: 10/s}}":                              "choose a by in s/event",
		"{kind: bars, of: server/cpu, by: server/cpu, where: {rate: 10/s}}":                                 "divides server/cpu by itself",
		"{kind: bars, of: server/cpu, by: server/cpus, where: {rate: 10/s}}":                                "did you mean server/cpu",
		"{kind: stack, of: \"bytes/{payload,envelope}/down\", by: bytes/payload/down, where: {rate: 10/s}}": "has no by",
		"{kind: bars, of: server/cpu, per: [transport, colour], where: {rate: 10/s}}":                       "per colour, which is no key",
		"{kind: bars, of: server/cpu, per: [transport, transport], where: {rate: 10/s}}":                    "per transport twice",
		"{kind: bars, of: server/cpu, per: [transport, encoding, tls], where: {rate: 10/s}}":                "is a list of 3",
		"{kind: curve, of: server/cpu, over: rate, per: [transport, rate]}":                                 "over rate and per rate",
		"{kind: memory, per: [transport, encoding], where: {rate: 10/s}}":                                   "is per one factor",
		"{kind: bars, of: server/cpu, to: staleness/p99, where: {rate: 10/s}}":                              "has no to",
		"{kind: overhead, of: poll?interval=1s, to: ws, per: [rate, encoding], where: {transport: ws}}":     "is per one factor",
		"{kind: overhead, of: poll?interval=1s, to: ws, by: bytes/payload/down, per: rate}":                 "has no by",
	} {
		_, err := Parse("x.yaml", []byte(strings.Replace(sound, "{kind: curve, of: staleness/p50, over: rate}", text, 1)), nil)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}

// A bandwidth is an axis wherever it has levels that are numbers, be they in front
// of the one without limit or behind it.
func TestPlotOverBandwidth(t *testing.T) {
	for levels, over := range map[string]bool{
		"[1Mbps, 10Mbps]":            true,
		"[1Mbps, 10Mbps, unlimited]": true,
		"[unlimited, 10Mbps, 1Mbps]": true,
		"[unlimited]":                false,
	} {
		text := strings.Replace(sound, "{kind: curve, of: staleness/p50, over: rate}", "{kind: curve, of: staleness/p50, over: bandwidth, where: {rate: 10/s}}", 1)
		text = strings.Replace(text, "factors:\n", "factors:\n  bandwidth: "+levels+"\n", 1)
		_, err := Parse("x.yaml", []byte(text), nil)
		if refused := err != nil && strings.Contains(err.Error(), "over bandwidth"); refused == over || over && err != nil {
			t.Errorf("over %s: %v", levels, err)
		}
	}
}
