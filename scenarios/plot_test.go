package scenarios

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Sentences, what is read from them, and each kind of old that says the same.
func TestPlots(t *testing.T) {
	where := map[string]string{"rate": "10/s"}
	none := map[string]string{}
	transport := []string{"transport"}
	rows := func(names ...string) (a Axis) {
		for i := 0; i < len(names); i += 2 {
			a.Rows = append(a.Rows, Row{names[i], []Part{{Expr: names[i+1]}}})
		}
		return a
	}
	expr := func(text string) Choice { return Choice{Expr: text} }
	for _, c := range []struct {
		sentence, old string
		want          Plot
	}{
		{"{mark: spectrum, y: staleness, where: {rate: 10/s}, log: y}", "{kind: quantiles, of: staleness, where: {rate: 10/s}, log: true}",
			Plot{Mark: "spectrum", Y: one("staleness"), Per: transport, Where: where, LogY: true}},
		{"{mark: bars, x: \"bytes/total/{down,up}\", where: {rate: 10/s}}", "{kind: bars, of: \"bytes/total/{down,up}\", where: {rate: 10/s}}",
			Plot{Mark: "bars", X: one("bytes/total/{down,up}"), Per: transport, Where: where}},
		{"{mark: line, x: rate, y: bytes/total/down ÷ bytes/payload/down, per: [transport, encoding]}", "{kind: curve, of: bytes/total/down, by: bytes/payload/down, over: rate, per: [transport, encoding]}",
			Plot{Mark: "line", X: Axis{Factor: "rate"}, Y: one("bytes/total/down ÷ bytes/payload/down"), Per: []string{"transport", "encoding"}, Where: none}},
		{"{mark: bars, x: [\"bytes/{payload,envelope}/up\"], where: {rate: 10/s}}", "{kind: stack, of: \"bytes/{payload,envelope}/up\", where: {rate: 10/s}}",
			Plot{Mark: "bars", X: Axis{Rows: []Row{{Parts: []Part{{"payload", "bytes/payload/up"}, {"envelope", "bytes/envelope/up"}}}}, Stacked: true, Text: "bytes/{payload,envelope}/up"}, Per: transport, Where: where}},
		{"{mark: points, x: staleness/p50, y: server/cpu, where: {rate: 10/s}, log: xy}", "{kind: tradeoff, of: staleness/p50, to: server/cpu, where: {rate: 10/s}, log: true}",
			Plot{Mark: "points", X: one("staleness/p50"), Y: one("server/cpu"), Per: transport, Where: where, LogX: true, LogY: true}},
		{"{mark: points, x: rate, y: server/cpu-util, reference: fit(server/cpu), upwards: CPU (1 is a core), log: y}", "{kind: fit, of: server/cpu, over: rate}",
			Plot{Mark: "points", X: Axis{Factor: "rate"}, Y: one("server/cpu-util"), Reference: expr("fit(server/cpu)"), Upwards: "CPU (1 is a core)", Per: transport, Where: none, LogY: true}},
		{`{mark: dots, x: "y[poll?interval=1s] ÷ y[ws]", y: {protocol alone: wire/protocol, with the data: wire/data, with TCP and IP: wire/ip, from the server alone: wire/ip/down}, facet: rate,
    let: {request: {10/s: 108B, 40/s: 909B}, answer: {10/s: 108B, 40/s: 0B}, k: "requests[poll?interval=1s]", e: "bytes/{payload,envelope}/down[ws]"},
    reference: {protocol alone: (request + answer) × k ÷ 4B, with the data: ((request + answer) × k + e) ÷ (4B + e), with TCP and IP: ((request + answer + 156B) × k + e) ÷ (108B + e)},
    across: bytes of poll?interval=1s ÷ bytes of ws, log: x}`, "{kind: overhead, of: poll?interval=1s, to: ws, per: rate, model: {10/s: 108B+108B, 40/s: 909B}}",
			Plot{Mark: "dots", X: one("y[poll?interval=1s] ÷ y[ws]"), Y: rows("protocol alone", "wire/protocol", "with the data", "wire/data", "with TCP and IP", "wire/ip", "from the server alone", "wire/ip/down"),
				Facet: []string{"rate"}, Where: none, Across: "bytes of poll?interval=1s ÷ bytes of ws", LogX: true,
				Let: map[string]Choice{"k": expr("requests[poll?interval=1s]"), "e": expr("bytes/{payload,envelope}/down[ws]"),
					"request": {Of: map[string]Choice{"10/s": expr("108B"), "40/s": expr("909B")}}, "answer": {Of: map[string]Choice{"10/s": expr("108B"), "40/s": expr("0B")}}},
				Reference: Choice{Of: map[string]Choice{"protocol alone": expr("(request + answer) × k ÷ 4B"), "with the data": expr("((request + answer) × k + e) ÷ (4B + e)"),
					"with TCP and IP": expr("((request + answer + 156B) × k + e) ÷ (108B + e)")}}}},
	} {
		for _, text := range []string{c.sentence, c.old} {
			s := mustParse(t, strings.Replace(sound, "{mark: line, x: rate, y: staleness/p50}", text, 1))
			c.want.Line = 11
			got := s.Plots[0]
			if (got.Name == "") != (text == c.sentence) {
				t.Errorf("%s: the file is called %q", text, got.Name)
			}
			got.Name = ""
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", text, diff)
			}
		}
	}
}

// A sentence is added to a scenario that was read, under the same rules.
func TestAddPlot(t *testing.T) {
	s := mustParse(t, sound)
	for sentence, says := range map[string]string{
		"{mark: points, x: order, y: [server/cpu, host/steal]}": "",
		"{mark: dots, x: claims}":                               "",
		"{mark: bars, x: claims}":                               "claims are shown by dots",
		"{mark: points, x: order, y: server/cpu}":               "a panel each",
		"{mark: points, x: order, y: [server/cpus]}":            "did you mean server/cpu?",
		"{mark: bars, x: server/cpu}":                           "leaves open which rate",
		"bars":                                                  "takes key: value pairs",
	} {
		before := len(s.Plots)
		err := s.AddPlot(sentence)
		if says == "" && (err != nil || len(s.Plots) != before+1) || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v, want %q", sentence, err, says)
		}
	}
}

// The other kinds of old are read too, under the names that their files had.
func TestOldPlots(t *testing.T) {
	for text, name := range map[string]string{
		"{kind: breakeven, of: poll?interval=1s, to: ws, over: rate, model: 716B + 193B}": "breakeven-poll?interval=1s-to-ws-over-rate",
		"{kind: amortised, of: server-cpu, where: {rate: 10/s}}":                          "amortised-server-cpu-rate-10/s",
		"{kind: memory, where: {rate: 10/s}}":                                             "memory--rate-10/s",
		"{kind: fit, of: host/cpu, over: rate}":                                           "fit-host/cpu-over-rate",
		"{kind: bandwidth, where: {rate: 10/s}}":                                          "bandwidth--rate-10/s",
	} {
		s := mustParse(t, strings.Replace(sound, "{mark: line, x: rate, y: staleness/p50}", text, 1))
		if len(s.Plots) != 1 || s.Plots[0].Name != name {
			t.Errorf("%s: %+v, want the name %q", text, s.Plots, name)
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
		text := strings.Replace(sound, "{mark: line, x: rate, y: staleness/p50}", "{mark: line, x: bandwidth, y: staleness/p50, where: {rate: 10/s}}", 1)
		text = strings.Replace(text, "factors:\n", "factors:\n  bandwidth: "+levels+"\n", 1)
		_, err := Parse("x.yaml", []byte(text), nil)
		if refused := err != nil && strings.Contains(err.Error(), "over bandwidth"); refused == over || over && err != nil {
			t.Errorf("over %s: %v", levels, err)
		}
	}
}
