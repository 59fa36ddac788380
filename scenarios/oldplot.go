package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"pushbench/servers/units"
)

// Records carry the plots of their scenario in the words of their time. Here is each
// kind of those days as a sentence of today, under the file name that it had.

// oldKinds are the sentences, with the old plot's own words for what begins with $. Of
// some kinds there is one for each of what they are of.
var oldKinds = map[string]string{
	"quantiles": `mark: spectrum, y: "$of", log: y`,
	"bars":      `mark: bars, x: "$values"`,
	"curve":     `mark: line, x: $over, y: "$values"`,
	"stack":     `mark: bars, x: ["$of"]`,
	"tradeoff":  `mark: points, x: "$of", y: "$to"`,

	"fit server/cpu": `mark: points, x: $over, y: server/cpu-util, reference: fit(server/cpu), upwards: CPU (1 is a core), log: y`,
	"fit host/cpu": `mark: points, x: $over, y: host/cpu × server/cpu-util ÷ server/cpu, reference: fit(host/cpu),
		upwards: CPU (1 is a core), log: y`,

	"overhead": `mark: dots, x: "y[$of] ÷ y[$to]", y: {` + wireRows + `, from the server alone: wire/ip/down},
		across: "bytes of $of ÷ bytes of $to", log: x`,
	"bandwidth": `mark: dots, ` + bandwidth,
	// The table of "HTML5 Web Sockets: A Quantum Leap in Scalability for the Web".
	"bandwidth lubbers2010": `mark: dots, also: {subscribers: 100000}, reference: {
			says: "Lubbers and Greco (2010), 871 or 2 bytes × clients", protocol alone: {
				poll?interval=1s: {1000: 6.968Mbps, 10000: 69.68Mbps, 100000: 696.8Mbps},
				ws: {1000: 16kbps, 10000: 160kbps, 100000: 1.6Mbps}}}, ` + bandwidth,
	"breakeven": `mark: line, x: "1 ÷ requests[$of]", y: wire/ip, along: $over, only: ["$of", "$to"], join: 1/x, cross: "$to",
		across: "k: events in a poll", upwards: "IP bytes for each event, both directions", log: xy`,

	"amortised bytes": `y: "conn/{bytes,tcpip}/{down,up} ÷ n + wire/ip", instead: {keepalive=off: wire/ip},
		upwards: IP bytes for each event, ` + lifetime,
	"amortised server-cpu": `y: conn/server-cpu ÷ n + server/cpu, instead: {keepalive=off: server/cpu},
		upwards: server CPU time for each event, ` + lifetime,
	"amortised time": `y: connect/p50 ÷ n, instead: {keepalive=off: connect/p50 × requests},
		upwards: set-up time for each event, ` + lifetime,

	"memory": `mark: bars, across: memory for each connection, x: {
		no event yet: {heap: idle/server-heap, stacks: idle/server-stacks,
			rest of resident memory: idle/server-rss − idle/server-heap − idle/server-stacks, "kernel, both ends": idle/kernel},
		after one event: {heap: held/server-heap, stacks: held/server-stacks,
			rest of resident memory: held/server-rss − held/server-heap − held/server-stacks, "kernel, both ends": held/kernel}}`,
}

const (
	wireRows  = `protocol alone: wire/protocol, with the data: wire/data, with TLS: wire/tls, with TCP and IP: wire/ip`
	bandwidth = `x: 8 × y × rate × subscribers, y: {` + wireRows + `}, facet: [transport, subscribers],
		unit: bit/s, across: bits per second, log: x`
	lifetime = `mark: line, x: {n: 1..10000}, cross: ws, across: "n: events that a connection lives for", log: xy`
)

var oldKeys = []string{"kind", "of", "by", "to", "over", "per", "where", "model", "title", "log"}

func isOldPlot(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && slices.ContainsFunc(pairs(n), func(e entry) bool { return e.key == "kind" })
}

func (p *parser) oldPlot(n *yaml.Node) Plot {
	var per []string
	where, said, model := map[string]string{}, map[string]string{}, Choice{}
	for _, e := range mapping(n, "a plot", oldKeys, &p.problems) {
		switch e.key {
		case "per":
			per = p.words(e.value, "a plot's per", "transport")
		case "where":
			where, _ = p.where(e.value, "a plot's where")
		case "model":
			model = p.choice(e.value, "a plot's model")
		default:
			said[e.key], _ = scalar(e.value, "a plot's "+e.key, "one value", &p.problems)
		}
	}
	kind, of, to := said["kind"], said["of"], said["to"]
	sentence := cmp.Or(oldKinds[kind+" "+of], oldKinds[kind])
	if sentence == "" {
		p.add(n.Line, "unknown kind of plot %q; today a plot has a mark; %s", kind, listing("marks", marks))
		return Plot{}
	}
	values := of
	if said["by"] != "" {
		values += " ÷ " + said["by"]
	}
	today := document([]byte("{"+strings.NewReplacer("$values", values, "$of", of, "$to", to, "$over", said["over"]).Replace(sentence)+"}"), &p.problems)
	if today == nil {
		return Plot{}
	}
	plot := p.plot(today)
	plot.Where, plot.Title, plot.Line = where, said["title"], n.Line
	plot.Name = oldName(said, per, where)
	tls := slices.Equal(p.held(plot, "tls"), []string{"on"})
	if !tls {
		plot.Y.Rows = slices.DeleteFunc(plot.Y.Rows, func(r Row) bool { return r.Name == "with TLS" })
	}
	switch kind {
	case "overhead":
		plot.Facet, per = per, nil
		p.oldModel(&plot, of, to, model, tls)
	case "breakeven":
		per = nil
		p.oldModel(&plot, of, to, model, tls)
	case "bandwidth":
		per = nil
	case "curve", "tradeoff":
		plot.LogX, plot.LogY = said["log"] == "true", said["log"] == "true"
		path := !slices.Equal(p.held(plot, "rtt"), []string{"0ms"}) && p.s.levels("rtt") != nil
		if kind == "curve" && values == "staleness/mean" && (said["over"] == "rtt" || said["over"] == "rate" && path) {
			plot.Mark, plot.Reference = "points", Choice{Expr: "model/staleness"}
		}
	case "amortised":
		anew := plot.Instead["keepalive=off"]
		plot.Instead = map[string]string{}
		for _, t := range p.s.levels("transport") {
			if strings.Contains(t, "keepalive=off") {
				plot.Instead[t] = anew
			}
		}
	}
	if per != nil {
		plot.Per = per
	}
	return plot
}

// oldModel is the closed form of the header bytes H of a poll: with k requests and e
// bytes for an event. A poll takes three segments and two TLS records. A pushed event
// takes two segments, one record and its frame header.
func (p *parser) oldModel(plot *Plot, of, to string, model Choice, tls bool) {
	if model.Expr == "" && model.Of == nil {
		return
	}
	request, answer := halves(model)
	frame := 2 // RFC 6455 §5.2; the feed's own encoding adds some sixty bytes to a payload
	if payload, _, err := units.Parse(p.held(*plot, "payload")[0]); err == nil && payload+61 > 125 {
		frame = 4
		if payload+61 > 65535 {
			frame = 10
		}
	}
	record := 0 // 22 B, RFC 8446 §5.2
	if tls {
		record = 22
	}
	plot.Let = map[string]Choice{"request": request, "answer": answer, "k": {Expr: "requests[" + of + "]"}, "e": {Expr: "bytes/{payload,envelope}/down[" + to + "]"}}
	form := func(poll, push int) string {
		text := fmt.Sprintf("((request + answer + %dB) × k + e) ÷ (%dB + e)", poll, frame+push)
		return strings.Replace(text, " + 0B", "", 1)
	}
	if plot.Mark == "line" {
		plot.Reference = Choice{Of: map[string]Choice{
			of: {Expr: fmt.Sprintf("(request + answer + %dB) ÷ x + e", 3*52+2*record)},
			to: {Expr: fmt.Sprintf("%dB + e", frame+2*52+record)},
		}}
		return
	}
	rows := map[string]Choice{
		"protocol alone":  {Expr: fmt.Sprintf("(request + answer) × k ÷ %dB", frame)},
		"with the data":   {Expr: form(0, 0)},
		"with TCP and IP": {Expr: form(3*52+2*record, 2*52+record)},
	}
	if tls {
		rows["with TLS"] = Choice{Expr: form(2*record, record)}
	}
	if !slices.Contains(answer.exprs(nil), "0B") {
		rows["from the server alone"] = Choice{Expr: fmt.Sprintf("((answer + %dB) × k + e) ÷ (%dB + e)", 52+record, frame+52+record)}
	}
	plot.Reference = Choice{Of: rows}
}

// halves splits 716B+193B, or 909B, into a request and its answer.
func halves(model Choice) (request, answer Choice) {
	if model.Of == nil {
		before, after, split := strings.Cut(model.Expr, "+")
		if !split {
			after = "0B"
		}
		return Choice{Expr: strings.TrimSpace(before)}, Choice{Expr: strings.TrimSpace(after)}
	}
	request, answer = Choice{Of: map[string]Choice{}}, Choice{Of: map[string]Choice{}}
	for level, c := range model.Of {
		request.Of[level], answer.Of[level] = halves(c)
	}
	return request, answer
}

// held are the levels of a key that a plot shows.
func (p *parser) held(plot Plot, key string) []string {
	if level, ok := plot.Where[key]; ok {
		return []string{level}
	}
	return p.s.levels(key)
}

func oldName(said map[string]string, per []string, where map[string]string) string {
	parts := []string{said["kind"], said["of"]}
	for _, key := range []string{"by", "to", "over"} {
		if said[key] != "" {
			parts = append(parts, key, said[key])
		}
	}
	if len(per) > 0 && !slices.Equal(per, []string{"transport"}) {
		parts = append(append(parts, "per"), per...)
	}
	for _, k := range sortedNames(where) {
		parts = append(parts, k, where[k])
	}
	return strings.Join(parts, "-")
}
