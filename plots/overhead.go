package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// How much more one transport sends than another depends on where one looks:
// among headers alone it is a hundredfold and more, in what the network carries
// a few times. The figure takes one comparison down through the layers.

// wireLayers are the layers from the top down, with the metrics that add up to
// each.
var wireLayers = []struct {
	layer   wireLayer
	name    string
	metrics []string
}{
	{framing, "protocol alone", bothWays("protocol")},
	{withData, "with the data", bothWays("payload", "envelope", "protocol")},
	{withTLS, "with TLS", bothWays("payload", "envelope", "protocol", "tls")},
	{withTCPIP, "with TCP and IP", bothWays("total")},
	{toClient, "from the server alone", []string{"bytes/total/down"}},
}

func bothWays(layers ...string) []string {
	var ms []string
	for _, l := range layers {
		ms = append(ms, "bytes/"+l+"/down", "bytes/"+l+"/up")
	}
	return ms
}

// wireBytes are the bytes of an event down to a layer.
func (r *report) wireBytes(t results.Treatment, l wireLayer) (q quantity, why string) {
	if l >= withTCPIP && !r.countsTCPIP() {
		return quantity{}, oldRecord
	}
	ms := wireLayers[l].metrics
	if compression := bothWays("compression"); (l == withData || l == withTLS) && r.records(column{Metrics: compression}) {
		ms = slices.Concat(ms, compression)
	}
	return r.sum(t, ms...)
}

// compressed reports whether compression changed the bytes of a treatment.
func (r *report) compressed(t results.Treatment) bool {
	q, why := r.sum(t, bothWays("compression")...)
	return why == "" && !allZero(q.blocks)
}

// hasTLS reports whether any byte of TLS was counted for t.
func (r *report) hasTLS(t results.Treatment) bool {
	q, why := r.sum(t, bothWays("tls")...)
	return why == "" && slices.ContainsFunc(byBlock(q.blocks), func(v float64) bool { return v > 0 })
}

// pair is two treatments that differ in nothing but their transport.
type pair struct {
	level  string // of the plot's per
	of, to results.Treatment
}

// pairs are those that a plot compares, in planned order.
func (r *report) pairs(p scenarios.Plot) []pair {
	var ps []pair
	for _, t := range r.under(p.Where) {
		if t.Transport() != p.Of {
			continue
		}
		if to, ok := r.find(with(t, "transport", p.To)); ok {
			ps = append(ps, pair{t[p.Per], t, to})
		}
	}
	return ps
}

// with is t with another level of one key.
func with(t results.Treatment, key, level string) results.Treatment {
	o := results.Treatment{}
	for k, v := range t {
		o[k] = v
	}
	o[key] = level
	return o
}

// headersOf is what the plot's model says of a level.
func headersOf(p scenarios.Plot, level string) (scenarios.Headers, bool) {
	if h, ok := p.Model[level]; ok {
		return h, true
	}
	h, ok := p.Model[""]
	return h, ok
}

// modelled evaluates the closed form for a pair in each block, at the size of
// event and the number of events per poll that the block had.
func (r *report) modelled(p pair, h scenarios.Headers, f func(closedForm) (float64, bool)) (q quantity, why string) {
	event, why := r.sum(p.of, "bytes/payload/down", "bytes/envelope/down")
	if why != "" {
		return quantity{}, why
	}
	requests, why := r.sum(p.of, "requests")
	if why != "" {
		return quantity{}, why
	}
	tls := r.hasTLS(p.of)
	return blockwise("1", func(v []float64) float64 {
		if m, ok := f(closedForm{Headers: h, Event: v[0], PerPoll: 1 / v[1], TLS: tls}); ok {
			return m
		}
		return math.NaN()
	}, event, requests), ""
}

func (r *report) overhead(p scenarios.Plot) (*drawing, error) {
	found := exhibit{
		Title: r.caption(p, fmt.Sprintf("Bytes for each event, %s ÷ %s", p.Of, p.To)),
		Head:  []string{p.Per, "counted", overKnobs(p.Of), overKnobs(p.To), "ratio", "closed\nform", "off by"}, Words: 2,
	}
	var groups []dotGroup
	var shown []results.Treatment
	var notes footnotes
	look := styleOf(p.Of)
	for _, pair := range r.pairs(p) {
		g := dotGroup{}
		if p.Per != "" {
			g.Name = phrase(p.Per, pair.level)
		}
		for _, l := range wireLayers {
			if l.layer == withTLS && !r.hasTLS(pair.of) && !r.hasTLS(pair.to) {
				continue
			}
			d := dot{Name: l.name, Style: look, Value: math.NaN(), Lo: math.Inf(-1), Hi: math.Inf(1), Beside: math.NaN()}
			if l.layer == withData && (r.compressed(pair.of) || r.compressed(pair.to)) {
				d.Name += ", compressed"
			}
			row := []string{pair.level, d.Name, "", "", "", "", ""}
			if len(g.Dots) > 0 {
				row[0] = ""
			}
			of, why := r.wireBytes(pair.of, l.layer)
			to, whyTo := r.wireBytes(pair.to, l.layer)
			ratio := blockwise("1", func(v []float64) float64 { return v[0] / v[1] }, of, to)
			v := ratio.reading()
			switch {
			case why != "" || whyTo != "":
				v = reading{why: strings.TrimSpace(why + " " + strings.TrimPrefix(whyTo, why))}
			case v.why != "" && len(of.blocks) > 0 && allZero(to.blocks):
				v.why = p.To + " has none"
			}
			if v.why != "" {
				d.Note = v.why
				row[4] = v.value(&notes)
				g.Dots, found.Rows = append(g.Dots, d), append(found.Rows, row)
				continue
			}
			shown = append(shown, pair.of)
			d.Value, d.Lo, d.Hi = v.Center, v.Lo, v.Hi
			d.Words = "×" + valueWithInterval(v.Center, v.Lo, v.Hi, "1")
			row[2], row[3], row[4] = of.reading().short(), to.reading().short(), "×"+v.value(&notes)
			if h, ok := headersOf(p, pair.level); ok {
				form, _ := r.modelled(pair, h, func(m closedForm) (float64, bool) { return m.ratio(l.layer) })
				if s := form.summary(); len(form.blocks) > 0 {
					d.Beside = s.Center
					d.Words += ", closed form " + units.Format(s.Center, "1")
					row[5] = "×" + units.Format(s.Center, "1")
					row[6] = blockwise("%", func(v []float64) float64 { return tidy(v[0]/v[1] - 1) }, ratio, form).reading().short()
				}
			}
			g.Dots, found.Rows = append(g.Dots, d), append(found.Rows, row)
		}
		groups = append(groups, g)
	}
	if len(shown) == 0 {
		return nil, errNoData
	}
	ch := newDotChart(fmt.Sprintf("bytes of %s ÷ bytes of %s", p.Of, p.To), "1", groups)
	ch.Found = "counted, with its interval"
	told := []string{"Ratios are formed within blocks. " + r.intervalNote(shown, "bars and brackets", "bytes/total/down")}
	found.Notes = append([]string{"Means over blocks with their " + confidence() + "; ratios are formed within blocks."}, notes.paragraphs()...)
	drawn := &drawing{
		chart: ch, height: ch.height(), notes: told,
		about: fmt.Sprintf("bytes of %s for an event as a multiple of those of %s, by what is counted; at 1, dashed, both take the same", p.Of, p.To),
	}
	if len(p.Model) > 0 {
		found.Notes = append(found.Notes, "Off by: the ratio as counted against the closed form's.")
		ch.Held = "closed form"
		drawn.notes = append(drawn.notes, "Closed form: "+modelInWords()+".")
		found.Notes = append(found.Notes, "Closed form: "+modelInWords()+".")
		drawn.tables = []exhibit{found, atTwentyOne(p)}
	} else {
		found.drop([]int{5, 6})
		drawn.tables = []exhibit{found}
	}
	if p.Per == "" { // one group needs no name
		for i := range drawn.tables {
			drawn.tables[i].drop([]int{0})
			drawn.tables[i].Words = 1
		}
	}
	return drawn, nil
}

// overKnobs sets a transport's name above its knobs, as the head of a column.
func overKnobs(transport string) string { return strings.Replace(transport, "?", "\n?", 1) }

// tidy rounds a relative error to what is worth telling, a hundredth of a per
// cent.
func tidy(v float64) float64 { return math.Round(v*1e4) / 1e4 }

// modelInWords is what the closed form assumes.
func modelInWords() string {
	return fmt.Sprintf("at the event's size and the events per poll as measured, with %d B a TCP segment (%d a poll, %d a pushed event) and %d B a TLS record (%d and %d)",
		segmentBytes, pollSegments, pushSegments, recordBytes, pollRecords, pushRecords)
}

// atTwentyOne is the closed form where the literature has it: an event of 21 B
// in each poll.
func atTwentyOne(p scenarios.Plot) exhibit {
	e := exhibit{
		Title: "The closed form at 21 B an event and one event a poll, where nothing is measured",
		Head:  []string{p.Per, "bytes of\nheaders", "protocol", "with the\ndata", "with\nTLS", "with\nTCP/IP", "with TLS\nand TCP/IP", "break-even,\nevents a poll"}, Words: 1,
	}
	var levels []string
	for level := range p.Model {
		levels = append(levels, level)
	}
	slices.SortFunc(levels, func(a, b string) int {
		return cmp.Or(cmp.Compare(p.Model[b].Total, p.Model[a].Total), cmp.Compare(a, b))
	})
	for _, level := range levels {
		plain := closedForm{Headers: p.Model[level], PerPoll: 1, Event: 21}
		sealed := plain
		sealed.TLS = true
		row := []string{level, units.Format(plain.Headers.Total, "B")}
		for _, c := range []struct {
			form  closedForm
			layer wireLayer
		}{{plain, framing}, {plain, withData}, {sealed, withTLS}, {plain, withTCPIP}, {sealed, withTCPIP}} {
			v, _ := c.form.ratio(c.layer)
			row = append(row, "×"+twoDigits(v))
		}
		e.Rows = append(e.Rows, append(row, twoDigits(plain.breakEven())))
		if level == "lubbers2010" {
			e.Notes = []string{"Lubbers and Greco (2010) printed 871 : 2, or 435.5, for the headers against a frame: they counted characters without the line ends that are on the wire."}
		}
	}
	return e
}

// twoDigits rounds a ratio as one says it.
func twoDigits(v float64) string {
	if !(v > 0) || v >= 100 {
		return units.Format(v, "1")
	}
	step := math.Pow(10, math.Floor(math.Log10(v))-1)
	return units.Format(math.Round(v/step)*step, "1")
}
