package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// A poll shares its headers and segments among the events that it brings, so
// that above some number of them it takes fewer bytes for an event than a push.

// step is both transports at one level of the factor.
type step struct {
	level            level
	pair             pair
	events, poll, to quantity // events in a poll; bytes of an event by each
}

func (r *report) breakeven(p scenarios.Plot) (*drawing, error) {
	steps, missing := r.breakEvenSteps(p)
	if len(steps) == 0 {
		return nil, errNoData
	}
	of := series{Name: p.Of, Style: styleOf(p.Of)}
	to := series{Name: p.To, Style: styleOf(p.To)}
	found := exhibit{
		Title: r.caption(p, "IP bytes for each event by events in a poll, both directions"),
		Head:  []string{p.Over, "events a poll", overKnobs(p.Of), overKnobs(p.To), "ratio"}, Words: 1,
	}
	var marks footnotes
	var xs, ys []float64
	var shown []results.Treatment
	for _, s := range steps {
		k, poll, push := s.events.summary(), s.poll.summary(), s.to.summary()
		of.reach(point{X: k.Center, Y: poll.Center, Lo: poll.Lo, Hi: poll.Hi, Mark: true})
		to.reach(point{X: k.Center, Y: push.Center, Lo: push.Lo, Hi: push.Hi, Mark: true})
		xs = append(xs, k.Center)
		ys = append(ys, poll.Center, poll.Lo, poll.Hi, push.Center, push.Lo, push.Hi)
		shown = append(shown, s.pair.of)
		ratio := blockwise("1", func(v []float64) float64 { return v[0] / v[1] }, s.poll, s.to).reading()
		found.Rows = append(found.Rows, []string{s.level.Text, s.events.reading().value(&marks), s.poll.reading().value(&marks), s.to.reading().value(&marks), "×" + ratio.value(&marks)})
	}
	ch := &lineChart{Series: []series{of, to}}
	told := []string{"Events a poll: delivered events ÷ requests, empty answers included. " + r.intervalNote(shown, "bands and upright lines", "bytes/total/down")}
	at, y := crossingOf(steps)
	switch s := at.summary(); {
	case s.N*2 > len(steps[0].poll.blocks) && finite(s.Center):
		words := valueWithInterval(s.Center, s.Lo, s.Hi, "1")
		ch.Crossings = []crossing{{X: s.Center, Y: y.summary().Center, Words: "k = " + units.Format(s.Center, "1")}}
		told = append(told, fmt.Sprintf("The lines cross at k = %s events a poll, found between neighbours in each block, along lines straight in 1/k: above it %s takes fewer bytes.", words, p.Of))
		found.Notes = append(found.Notes, fmt.Sprintf("Break-even, found between neighbours in each block: %s events a poll.", words))
	default:
		none := fmt.Sprintf("The lines do not cross between %s and %s events a poll.", units.Format(slices.Min(xs), "1"), units.Format(slices.Max(xs), "1"))
		told, found.Notes = append(told, none), append(found.Notes, none)
	}
	if h, ok := headersOf(p, ""); ok {
		m := closedForm{Headers: h, PerPoll: 1, Event: r.eventBytes(steps[0].pair.of), TLS: r.hasTLS(steps[0].pair.of)}
		ch.Series = append(ch.Series, m.lines(p, slices.Min(xs), slices.Max(xs))...)
		words := fmt.Sprintf("closed form: k = %s, with %s of headers; %s.", units.Format(m.breakEven(), "1"), units.Format(h.Total, "B"), modelInWords())
		told, found.Notes = append(told, "Dotted, the "+words), append(found.Notes, "The "+words)
		for _, s := range ch.Series[2:] {
			for _, pt := range s.Points {
				ys = append(ys, pt.Y)
			}
		}
	}
	ch.X = logAxis("k, events in a poll (logarithmic scale)", "1", xs)
	ch.Y = logAxis("IP bytes for each event, both directions (logarithmic scale)", "B/event", ys)
	found.Notes = append([]string{"Means over blocks with their " + confidence() + "."}, append(found.Notes, marks.paragraphs()...)...)
	return &drawing{
		chart: ch, notes: append(told, brief(missing.list)...), tables: []exhibit{found},
		about: fmt.Sprintf("bytes that the network carries for an event, headers of TCP and IP included, by %s and by %s", p.Of, p.To),
	}, nil
}

// breakEvenSteps reads both transports at each level, from the fewest events in
// a poll to the most.
func (r *report) breakEvenSteps(p scenarios.Plot) (steps []step, missing footnotes) {
	levels := r.numericLevels(p.Over)
	for _, pair := range r.pairs(p) {
		i := slices.IndexFunc(levels, func(l level) bool { return l.Text == pair.of[p.Over] })
		if i < 0 {
			continue
		}
		s := step{level: levels[i], pair: pair}
		requests, why := r.sum(pair.of, "requests")
		var whyOf, whyTo string
		s.poll, whyOf = r.wireBytes(pair.of, withTCPIP)
		s.to, whyTo = r.wireBytes(pair.to, withTCPIP)
		s.events = blockwise("1", func(v []float64) float64 { return 1 / v[0] }, requests)
		if why == "" && len(s.events.blocks) == 0 {
			why = p.Of + " makes no requests"
		}
		if why = cmp.Or(why, whyOf, whyTo); why != "" {
			missing.mark(fmt.Sprintf("Not drawn: %s %s: %s.", p.Over, s.level.Text, why))
			continue
		}
		steps = append(steps, s)
	}
	slices.SortStableFunc(steps, func(a, b step) int {
		return cmp.Compare(a.events.summary().Center, b.events.summary().Center)
	})
	return steps, missing
}

// reach draws the line on to its next point, straight in 1/k: whatever a poll
// costs, its events share.
func (s *series) reach(to point) {
	if n := len(s.Points); n > 0 {
		from, inf := s.Points[n-1], math.Inf(1)
		const steps = 12
		for i := 1; i < steps; i++ {
			x := from.X * math.Pow(to.X/from.X, float64(i)/steps)
			f := (1/x - 1/from.X) / (1/to.X - 1/from.X)
			mix := func(a, b float64) float64 { return a + f*(b-a) }
			pt := point{X: x, Y: mix(from.Y, to.Y), Lo: -inf, Hi: inf}
			if finite(from.Lo) && finite(from.Hi) && finite(to.Lo) && finite(to.Hi) {
				pt.Lo, pt.Hi = mix(from.Lo, to.Lo), mix(from.Hi, to.Hi)
			}
			s.Points = append(s.Points, pt)
		}
	}
	s.Points = append(s.Points, to)
}

// crossingOf finds in each block where the two lines meet, as they are drawn:
// straight in 1/k between neighbours. Where they meet more than once it is the
// last.
func crossingOf(steps []step) (k, y quantity) {
	k, y = quantity{unit: "1", blocks: map[int]float64{}}, quantity{unit: "B/event", blocks: map[int]float64{}}
	for i := 1; i < len(steps); i++ {
		a, b := steps[i-1], steps[i]
		for block := range a.poll.blocks {
			var v [6]float64
			whole := true
			for j, q := range []quantity{a.events, b.events, a.poll, b.poll, a.to, b.to} {
				x, ok := q.blocks[block]
				whole = whole && ok && x >= least && finite(x)
				v[j] = x
			}
			before, after := v[2]-v[4], v[3]-v[5]
			if !whole || before == after || (before > 0) == (after > 0) {
				continue
			}
			f := before / (before - after)
			k.blocks[block] = 1 / (1/v[0] + f*(1/v[1]-1/v[0]))
			y.blocks[block] = v[2] + f*(v[3]-v[2])
		}
	}
	return k, y
}

// eventBytes is an event with its envelope.
func (r *report) eventBytes(t results.Treatment) float64 {
	q, _ := r.sum(t, "bytes/payload/down", "bytes/envelope/down")
	return q.summary().Center
}

// lines are the closed form of both transports, dotted and without names.
func (m closedForm) lines(p scenarios.Plot, from, to float64) []series {
	of, push := series{Style: styleOf(p.Of)}, series{Style: styleOf(p.To)}
	for _, s := range []*series{&of, &push} { // dark, since it lies upon what was counted
		s.Style.Color, s.Style.Dashes = mix(s.Style.Color, rgb(0), 0.6), dotted
	}
	const points = 60
	for i := range points + 1 {
		m.PerPoll = from * math.Pow(to/from, float64(i)/points)
		a, b, _ := m.bytes(withTCPIP)
		inf := math.Inf(1)
		of.Points = append(of.Points, point{X: m.PerPoll, Y: a, Lo: -inf, Hi: inf})
		push.Points = append(push.Points, point{X: m.PerPoll, Y: b, Lo: -inf, Hi: inf})
	}
	return []series{of, push}
}
