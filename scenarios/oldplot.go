package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"pushbench/servers/units"
)

// Records carry the plots of their scenario in the words of their time. Here is each
// kind of those days as a sentence of today, under the file name that it had.

var oldKeys = []string{"kind", "of", "by", "to", "over", "per", "where", "model", "title", "log"}

func isOldPlot(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && slices.ContainsFunc(pairs(n), func(e entry) bool { return e.key == "kind" })
}

func (p *parser) oldPlot(n *yaml.Node) Plot {
	plot := Plot{Where: map[string]string{}, Line: n.Line}
	said, model, log := map[string]string{}, Choice{}, false
	for _, e := range mapping(n, "a plot", oldKeys, &p.problems) {
		switch e.key {
		case "per":
			plot.Per = p.words(e.value, "a plot's per", "transport")
		case "where":
			plot.Where, _ = p.where(e.value, "a plot's where")
		case "model":
			model = p.choice(e.value, "a plot's model")
		default:
			said[e.key], _ = scalar(e.value, "a plot's "+e.key, "one value", &p.problems)
		}
	}
	kind, of, to, over := said["kind"], said["of"], said["to"], said["over"]
	plot.Title, log = said["title"], said["log"] == "true"
	plot.Name = oldName(said, plot)
	if plot.Per == nil && kind != "overhead" && kind != "breakeven" {
		plot.Per = []string{"transport"}
	}
	tls := slices.Equal(p.held(plot, "tls"), []string{"on"})
	switch kind {
	case "quantiles":
		plot.Mark, plot.Y, plot.LogY = "spectrum", one(of), true
	case "curve", "bars":
		values := of
		if said["by"] != "" {
			values += " ÷ " + said["by"]
		}
		plot.Mark, plot.X = "bars", one(values)
		if kind == "curve" {
			plot.Mark, plot.X, plot.Y, plot.LogX, plot.LogY = "line", Axis{Factor: over}, one(values), log, log
			path := !slices.Equal(p.held(plot, "rtt"), []string{"0ms"}) && p.levels("rtt") != nil
			if of == "staleness/mean" && said["by"] == "" && (over == "rtt" || over == "rate" && path) {
				plot.Mark, plot.Reference = "points", Choice{Expr: "model/staleness"}
			}
		}
	case "stack":
		plot.Mark, plot.X = "bars", stacked(of)
	case "tradeoff":
		plot.Mark, plot.X, plot.Y, plot.LogX, plot.LogY = "points", one(of), one(to), log, log
	case "fit":
		plot.Mark, plot.X, plot.Y = "points", Axis{Factor: over}, one("server/cpu-util")
		if of != "server/cpu" {
			plot.Y = one(of + " × server/cpu-util ÷ server/cpu")
		}
		plot.Reference, plot.Upwards = Choice{Expr: "fit(" + of + ")"}, "CPU (1 is a core)"
		plot.LogY = true
	case "overhead":
		plot.Mark, plot.Facet, plot.Per, plot.LogX = "dots", plot.Per, nil, true
		plot.X, plot.Y = one(fmt.Sprintf("y[%s] ÷ y[%s]", of, to)), Axis{Rows: wireRows(tls, true)}
		plot.Across = fmt.Sprintf("bytes of %s ÷ bytes of %s", of, to)
		p.oldModel(&plot, of, to, model, tls)
	case "breakeven":
		plot.Mark, plot.X, plot.Y = "line", one("1 ÷ requests["+of+"]"), one("wire/ip")
		plot.Per, plot.Along, plot.Only = []string{"transport"}, over, []string{of, to}
		plot.Join, plot.Cross, plot.LogX, plot.LogY = true, to, true, true
		plot.Across, plot.Upwards = "k: events in a poll", "IP bytes for each event, both directions"
		p.oldModel(&plot, of, to, model, tls)
	case "amortised":
		plot.Mark, plot.X, plot.LogX, plot.LogY, plot.Cross = "line", Axis{From: 1, To: 10_000}, true, true, "ws"
		plot.Across = "n: events that a connection lives for"
		plot.Upwards = map[string]string{"bytes": "IP bytes for each event", "server-cpu": "server CPU time for each event", "time": "set-up time for each event"}[of]
		setup, each, anew := "conn/{bytes,tcpip}/{down,up}", " + wire/ip", "wire/ip"
		switch of {
		case "server-cpu":
			setup, each, anew = "conn/server-cpu", " + server/cpu", "server/cpu"
		case "time":
			setup, each, anew = "connect/p50", "", "connect/p50 × requests"
		}
		plot.Y, plot.Instead = one(setup+" ÷ n"+each), map[string]string{}
		for _, t := range p.levels("transport") {
			if strings.Contains(t, "keepalive=off") {
				plot.Instead[t] = anew
			}
		}
	case "memory":
		plot.Mark, plot.X.Stacked, plot.Across = "bars", true, "memory for each connection"
		for _, state := range []struct{ prefix, words string }{{"idle", "no event yet"}, {"held", "after one event"}} {
			at := func(format string) string { return strings.ReplaceAll(format, "@", state.prefix) }
			plot.X.Rows = append(plot.X.Rows, Row{state.words, []Part{{"heap", at("@/server-heap")}, {"stacks", at("@/server-stacks")},
				{"rest of resident memory", at("@/server-rss − @/server-heap − @/server-stacks")}, {"kernel, both ends", at("@/kernel")}}})
		}
	case "bandwidth":
		plot.Mark, plot.Facet, plot.Per, plot.LogX = "dots", []string{"transport", "subscribers"}, nil, true
		plot.X, plot.Y, plot.Unit = one("8 × y × rate × subscribers"), Axis{Rows: wireRows(tls, false)}, "bit/s"
		plot.Across = "bits per second"
		if of == "lubbers2010" {
			plot.Also = map[string]string{"subscribers": "100000"}
			plot.Says = "Lubbers and Greco (2010), 871 or 2 bytes × clients"
			plot.Reference = p.lubbers2010()
		}
	default:
		p.add(n.Line, "unknown kind of plot %q; today a plot has a mark; %s", kind, listing("marks", marks))
	}
	return plot
}

// lubbers2010 is the table of "HTML5 Web Sockets: A Quantum Leap in Scalability for the
// Web", as far as a scenario runs it: products of 871 characters a second by poll, or of
// 2 bytes by WebSocket, with the number of clients.
func (p *parser) lubbers2010() Choice {
	of := map[string]Choice{}
	for _, printed := range []struct{ transport, clients, rate string }{
		{"poll?interval=1s", "1000", "6.968Mbps"}, {"poll?interval=1s", "10000", "69.68Mbps"}, {"poll?interval=1s", "100000", "696.8Mbps"},
		{"ws", "1000", "16kbps"}, {"ws", "10000", "160kbps"}, {"ws", "100000", "1.6Mbps"},
	} {
		if !slices.Contains(p.levels("transport"), printed.transport) || printed.clients != "100000" && !slices.Contains(p.levels("subscribers"), printed.clients) {
			continue
		}
		if of[printed.transport].Of == nil {
			of[printed.transport] = Choice{Of: map[string]Choice{}}
		}
		of[printed.transport].Of[printed.clients] = Choice{Expr: printed.rate}
	}
	return Choice{Of: map[string]Choice{"protocol alone": {Of: of}}}
}

func wireRows(tls, alone bool) (rows []Row) {
	for _, r := range [][2]string{{"protocol alone", "wire/protocol"}, {"with the data", "wire/data"}, {"with TLS", "wire/tls"},
		{"with TCP and IP", "wire/ip"}, {"from the server alone", "wire/ip/down"}} {
		if (tls || r[1] != "wire/tls") && (alone || r[1] != "wire/ip/down") {
			rows = append(rows, Row{r[0], []Part{{Expr: r[1]}}})
		}
	}
	return rows
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
	return p.levels(key)
}

func oldName(said map[string]string, plot Plot) string {
	parts := []string{said["kind"], said["of"]}
	for _, key := range []string{"by", "to", "over"} {
		if said[key] != "" {
			parts = append(parts, key, said[key])
		}
	}
	if len(plot.Per) > 0 && !slices.Equal(plot.Per, []string{"transport"}) {
		parts = append(append(parts, "per"), plot.Per...)
	}
	for _, k := range sortedNames(plot.Where) {
		parts = append(parts, k, plot.Where[k])
	}
	return strings.Join(parts, "-")
}
