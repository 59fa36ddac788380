package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// Bits per second for all subscribers together are what the literature compares.
// They are the bytes counted for an event, times the events that a subscriber
// gets in a second, times the subscribers.

// lubbers2010 is the table of Lubbers and Greco, "HTML5 Web Sockets: A Quantum
// Leap in Scalability for the Web" (2010): products of 871 characters of headers
// a second by poll, or of 2 bytes by frame, with the number of clients. Nothing
// of it was measured at scale, and its "Mbps" are 2^20 bits.
var lubbers2010 = []struct {
	family      string
	subscribers float64
	bits        float64 // per second
	printed     string  // "Mbps"
}{
	{"poll", 1_000, 6_968_000, "6.6"},
	{"poll", 10_000, 69_680_000, "66"},
	{"poll", 100_000, 696_800_000, "665"},
	{"ws", 1_000, 16_000, "0.015"},
	{"ws", 10_000, 160_000, "0.153"},
	{"ws", 100_000, 1_600_000, "1.526"},
}

// derivedSubscribers is the largest case of that table, which is derived here
// too: bytes per client are counted, and do not depend on their number.
const derivedSubscribers = 100_000

// load is a treatment at a number of subscribers.
type load struct {
	t           results.Treatment
	subscribers float64
	derived     bool
}

func (r *report) bandwidth(p scenarios.Plot) (*drawing, error) {
	found := exhibit{
		Title: r.caption(p, "Bits per second, both directions, all subscribers together"),
		Head:  []string{"transport", "subscribers", "protocol\nalone", "with\nthe data", "with\nTLS", "with\nTCP/IP", "published,\nheaders only", "printed as\n“Mbps”", "protocol ÷\npublished"}, Words: 1,
	}
	published := p.Of == "lubbers2010"
	loads := r.loads(p, published)
	tls := slices.ContainsFunc(loads, func(l load) bool { return r.hasTLS(l.t) })
	var groups []dotGroup
	var shown []results.Treatment
	var notes footnotes
	for _, l := range loads {
		g := dotGroup{Name: r.loadName(l)}
		row := []string{l.t.Transport(), count(l.subscribers), "", "", "", "", "", "", ""}
		if l.derived {
			row[1] += "\n(derived)"
		}
		bits, printed, ok := l.published()
		for _, w := range wireLayers[:withTCPIP+1] {
			if w.layer == withTLS && !tls {
				continue
			}
			q, why := r.bits(l, w.layer)
			v := q.reading()
			if why != "" {
				v = reading{why: why}
			}
			d := dot{Name: w.name, Style: styleOf(l.t.Transport()), Value: math.NaN(), Lo: math.Inf(-1), Hi: math.Inf(1), Beside: math.NaN(), Note: v.why}
			d.Style.Hollow = d.Style.Hollow || l.derived
			row[2+w.layer] = "– " + notes.mark(v.why)
			if v.why == "" {
				shown = append(shown, l.t)
				d.Value, d.Lo, d.Hi, d.Words = v.Center, v.Lo, v.Hi, units.Format(v.Center, "bit/s")
				row[2+w.layer] = units.Format(v.Center, "bit/s")
			}
			if w.layer == framing && published && ok {
				d.Beside = bits
				d.Words += ", published " + units.Format(bits, "bit/s")
				row[6], row[7] = units.Format(bits, "bit/s"), printed
				if v.why == "" {
					row[8] = "×" + units.Format(v.Center/bits, "1")
				}
			}
			g.Dots = append(g.Dots, d)
		}
		groups, found.Rows = append(groups, g), append(found.Rows, row)
	}
	if len(shown) == 0 {
		return nil, errNoData
	}
	ch := newDotChart("bits per second", "bit/s", groups)
	ch.Found = "bytes for an event, as counted, × events/s × subscribers"
	told := r.intervalNote(shown, "bars", "bytes/total/down")
	found.Notes = append([]string{"Means over blocks of the bytes for an event × events per second × subscribers, in thousands and millions of bits."}, notes.paragraphs()...)
	var drop []int
	if !tls {
		drop = append(drop, 4)
	}
	if published {
		ch.Held = "published"
		told += " Published: " + lubbersInWords()
		found.Notes = append(found.Notes, "Published: "+lubbersInWords())
		if slices.ContainsFunc(loads, func(l load) bool { return l.derived }) {
			about := "Derived: from the bytes that a client of the largest number run was counted to take; not run."
			told, found.Notes = told+" "+about, append(found.Notes, about)
		}
	} else {
		drop = append(drop, 6, 7, 8)
	}
	found.drop(drop)
	return &drawing{
		chart: ch, height: ch.height(), notes: []string{told}, tables: []exhibit{found},
		about: "bits per second in both directions for all subscribers together, by what is counted",
	}, nil
}

func lubbersInWords() string {
	return "Lubbers and Greco (2010), 871 characters of headers for a poll and 2 bytes for a frame, once a second, multiplied by the clients. Their “Mbps” are 2^20 bits."
}

// loads are the treatments of a plot, and behind the largest of each transport
// the case that is derived from it.
func (r *report) loads(p scenarios.Plot, derive bool) []load {
	var ls []load
	for _, t := range r.under(p.Where) {
		if n, _, err := units.Parse(t["subscribers"]); err == nil && n > 0 {
			ls = append(ls, load{t: t, subscribers: n})
		}
	}
	if !derive {
		return ls
	}
	var largest []load
	for _, l := range ls {
		alike := func(o load) bool { return with(o.t, "subscribers", "").Key() == with(l.t, "subscribers", "").Key() }
		i := slices.IndexFunc(largest, alike)
		switch {
		case i < 0:
			largest = append(largest, l)
		case largest[i].subscribers < l.subscribers:
			largest[i] = l
		}
	}
	for _, l := range largest {
		if _, _, ok := (load{t: l.t, subscribers: derivedSubscribers}).published(); ok && l.subscribers < derivedSubscribers {
			ls = append(ls, load{t: l.t, subscribers: derivedSubscribers, derived: true})
		}
	}
	return ls
}

func (r *report) loadName(l load) string {
	name := l.t.Transport() + ", " + plural(count(l.subscribers), "subscriber")
	if l.derived {
		name += " (derived, not run)"
	}
	return name
}

// bits are a treatment's bits per second down to a layer.
func (r *report) bits(l load, w wireLayer) (quantity, string) {
	rate, _, err := units.Parse(l.t["rate"])
	if err != nil {
		return quantity{}, "its rate is no number"
	}
	bytes, why := r.wireBytes(l.t, w)
	return blockwise("bit/s", func(v []float64) float64 { return 8 * v[0] * rate * l.subscribers }, bytes), why
}

// published is what was printed of this load. It is false where the conditions
// differ: an event and a poll a second, with those headers.
func (l load) published() (bits float64, printed string, ok bool) {
	name, query, _ := strings.Cut(l.t.Transport(), "?")
	if l.t["rate"] != "1/s" || name == "poll" && (l.t["headers"] != "lubbers2010" || query != "interval=1s") {
		return 0, "", false
	}
	for _, p := range lubbers2010 {
		if p.family == name && p.subscribers == l.subscribers {
			return p.bits, p.printed, true
		}
	}
	return 0, "", false
}

// drop leaves columns out, given from left to right.
func (e *exhibit) drop(columns []int) {
	for _, i := range slices.Backward(columns) {
		e.Head = slices.Delete(slices.Clone(e.Head), i, i+1)
		for n := range e.Rows {
			e.Rows[n] = slices.Delete(slices.Clone(e.Rows[n]), i, i+1)
		}
	}
}

// count writes a whole number in groups of three: 10,000.
func count(n float64) string {
	s := strconv.FormatFloat(n, 'f', -1, 64)
	whole, rest, point := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if point {
		whole += "." + rest
	}
	return whole
}

// lubbers prints the bandwidth of every run beside what was published.
func lubbers(r *report) (exhibit, error) {
	for _, p := range r.scenario.Plots {
		if p.Kind == "bandwidth" && p.Of == "lubbers2010" {
			return r.bandwidthTable(p)
		}
	}
	return r.bandwidthTable(scenarios.Plot{Kind: "bandwidth", Of: "lubbers2010"})
}

func (r *report) bandwidthTable(p scenarios.Plot) (exhibit, error) {
	d, err := r.bandwidth(p)
	if err != nil {
		return exhibit{}, fmt.Errorf("%s: no table of bandwidth: %w", r.path, err)
	}
	return d.tables[0], nil
}
