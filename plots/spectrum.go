package main

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"pushbench/results"
	"pushbench/scenarios"
)

// The quantile spectrum shows a whole distribution with its tail stretched:
// x = 1/(1−q), so that every further nine takes the same width (as in
// HdrHistogram's plots). The line is all blocks pooled; the band spans
// the blocks' own quantiles, between which the pooled one always lies.

func (r *report) spectrum(p scenarios.Plot) (*drawing, error) {
	hist := p.Y.Expr()
	ch := &lineChart{}
	var ys []float64
	var shown []results.Treatment
	var notes []string
	right := 1.0
	for _, l := range r.lines(p) {
		t := l.ts[0]
		limit := r.supported(t, hist)
		pool, err := r.run.Pooled(t, hist)
		if err != nil || pool.N() == 0 || limit <= 2 {
			why := "too few values"
			if r.noneNoticed(t, []string{hist}) {
				why = noneNoticed
			}
			notes = append(notes, missingNote(l.name, why))
			continue
		}
		s := series{Name: l.name, Style: l.style, Points: spectrumPoints(pool, r.run.Hists(t, hist), limit)}
		if share, ok := r.noticed(t, []string{hist}); ok {
			s.Name += shareInWords(share)
		}
		for _, pt := range s.Points {
			ys = append(ys, pt.Y, pt.Lo, pt.Hi)
		}
		ch.Series = append(ch.Series, s)
		shown = append(shown, t)
		right = math.Max(right, limit)
	}
	if len(ch.Series) == 0 {
		return nil, errNoData
	}
	ch.X = quantileAxis(right, samplesOf(hist))
	ch.Y = scaled(hist, "s", p.LogY, ys)
	return &drawing{chart: ch, notes: append([]string{r.spectrumNote(shown, hist)}, notes...)}, nil
}

// samplesOf is what one value of a histogram is about.
func samplesOf(hist string) string {
	return cmp.Or(map[string]string{
		"connect": "subscribers", "ttfe": "subscribers", "staleness-mean-by-subscriber": "subscribers", "staleness-max-by-subscriber": "subscribers",
		"publish-lag": "events", "roundtrip": "messages", "uplink-lag": "messages",
		"notice/server": "connections whose end the server noticed", "notice/fleet": "subscribers that noticed",
	}[hist], "deliveries")
}

// supported is the greatest 1/(1−q) at which the quantile q may be quoted, by
// the same rule that holds for numbers in tables.
func (r *report) supported(t results.Treatment, hist string) float64 {
	ok := func(x float64) bool {
		// The rule counts values on both sides; 0.5 and up asks for the tail.
		metric := hist + "/p" + strconv.FormatFloat(100*(1-1/x), 'f', 9, 64)
		printable, _ := r.run.Printable(t, metric)
		return printable
	}
	lo, hi := 2.0, 1e9
	if !ok(lo) {
		return 1
	}
	for hi/lo > 1.0005 {
		if mid := math.Sqrt(lo * hi); ok(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// marked are the quantiles that carry a marker.
var marked = []float64{0.5, 0.9, 0.99, 0.999, 0.9999}

// spectrumPoints samples the quantile function evenly along the axis, from the
// quantile that has ten values below it to the one that has ten beyond.
func spectrumPoints(pool *results.Hist, blocks []*results.Hist, limit float64) []point {
	const steps = 240
	var pts []point
	add := func(x, q float64, mark bool) {
		pt := point{X: x, Y: float64(pool.Quantile(q)) / 1e9, Lo: math.Inf(1), Hi: math.Inf(-1), Mark: mark}
		for _, h := range blocks {
			v := float64(h.Quantile(q)) / 1e9
			pt.Lo, pt.Hi = math.Min(pt.Lo, v), math.Max(pt.Hi, v)
		}
		pts = append(pts, pt)
	}
	first := 1 / (1 - 1/limit)
	for _, q := range marked {
		if x := 1 / (1 - q); x >= first && x <= limit {
			add(x, q, true)
		}
	}
	for i := range steps + 1 {
		x := first * math.Pow(limit/first, float64(i)/steps)
		add(x, 1-1/x, false)
	}
	slices.SortStableFunc(pts, func(a, b point) int { return cmp.Compare(a.X, b.X) })
	return pts
}
