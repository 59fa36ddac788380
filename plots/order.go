package main

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"pushbench/results"
	"pushbench/scenarios"
)

// The run in its order: each trial is a point, from the first to the last, in a panel
// for each number. What the host did is below what was measured, so that two speeds of
// a host are seen at once.

// panel is one number over the trials.
type panel struct {
	Y      axis
	Points []trialPoint
}

// trialPoint is one trial.
type trialPoint struct {
	at, v float64
	line
}

// orderChart is panels above each other over one axis.
type orderChart struct {
	X      axis
	Panels []panel
	Lines  []line // named in a column
}

// inOrder draws a sentence over the order of the run.
func (r *report) inOrder(p scenarios.Plot) (*drawing, error) {
	ch := &orderChart{Lines: r.lines(p)}
	byKey := map[string]line{}
	for _, l := range ch.Lines {
		for _, t := range l.ts {
			byKey[t.Key()] = l
		}
	}
	last := r.run.LastPasses()
	var trials []*results.Trial
	var ticks []plot.Tick
	for _, trial := range r.run.Trials {
		if _, drawn := byKey[trial.Treatment.Key()]; !drawn || !slices.Contains(last[trial.Block], trial) {
			continue
		}
		if n := len(trials); n == 0 || trials[n-1].Block != trial.Block {
			ticks = append(ticks, plot.Tick{Value: float64(n) + 0.5, Label: round(float64(trial.Block))})
		}
		trials = append(trials, trial)
	}
	shown := 0
	for _, part := range p.Y.Rows[0].Parts {
		pl := panel{}
		info, _ := results.Describe(part.Expr)
		var vs []float64
		for i, trial := range trials {
			q, why := r.scope(p).eval(part.Expr, trial.Treatment)
			if why != "" {
				continue
			}
			v, has := q.blocks[trial.Block]
			if info.Better != "" { // treatments differ; against its own mean each shows the host
				v /= q.summary().Center
			}
			if !has || !finite(v) {
				continue
			}
			pl.Points = append(pl.Points, trialPoint{float64(i + 1), v, byKey[trial.Treatment.Key()]})
			vs = append(vs, v)
		}
		shown += len(vs)
		pl.Y = placeAxis(part.Expr, info.Unit, vs)
		if info.Better != "" {
			pl.Y = placeAxis(part.Expr+ownMean, "1", vs)
		}
		ch.Panels = append(ch.Panels, pl)
	}
	if shown == 0 {
		return nil, r.noData(p)
	}
	ch.X = axis{Name: orderWord, Min: 0, Max: float64(len(trials)) + 1, Ticks: ticks}
	return &drawing{chart: ch, notes: []string{orderNote}, height: vg.Length(2.3+1.35*float64(len(ch.Panels))) * vg.Inch}, nil
}

func (ch *orderChart) draw(c draw.Canvas) {
	var widest vg.Length
	for _, l := range ch.Lines {
		widest = max(widest, labelText.Width(l.name))
	}
	for i, l := range ch.Lines {
		at := vg.Point{X: c.Max.X - widest, Y: c.Max.Y - leading(labelText)*vg.Length(i+1)}
		drawMarker(c, l.style, vg.Point{X: at.X - 9, Y: at.Y})
		beside(c, colored(labelText, l.style.ink()), at, l.name)
	}
	head, foot := leading(axisText)+7, leading(axisText)+2
	inner := draw.Crop(c, 0, -widest-26, foot, 0)
	plots := make([][]*plot.Plot, len(ch.Panels))
	for i := range ch.Panels {
		p, x, lines := newPlot(), ch.X, grid{both: true}
		if i < len(ch.Panels)-1 { // the last has the labels
			lines.below, x.Ticks = x.Ticks, nil
		}
		p.Add(lines, &ch.Panels[i])
		x.apply(&p.X)
		ch.Panels[i].Y.apply(&p.Y)
		plots[i] = []*plot.Plot{p}
	}
	for i, tile := range plot.Align(plots, draw.Tiles{Rows: len(plots), Cols: 1, PadTop: head, PadY: head}, inner) {
		plots[i][0].Draw(tile[0])
		data := plots[i][0].DataCanvas(tile[0])
		c.FillText(aligned(axisText, text.XLeft, text.YBottom), vg.Point{X: c.Min.X, Y: data.Max.Y + 4}, ch.Panels[i].Y.Name)
		if i == len(plots)-1 {
			c.FillText(aligned(axisText, text.XCenter, text.YBottom), vg.Point{X: data.Center().X, Y: c.Min.Y}, ch.X.Name)
		}
	}
}

// Plot implements plot.Plotter.
func (pl *panel) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, pt := range pl.Points {
		at := vg.Point{X: x(pt.at), Y: y(math.Min(math.Max(pt.v, p.Y.Min), p.Y.Max))}
		if pt.style.Hollow {
			ring(c, pt.style.Marker, at, markRadius*0.6, draw.LineStyle{Color: pt.style.Color, Width: 0.8})
			continue
		}
		c.SetColor(pt.style.Color)
		c.Fill(outline(pt.style.Marker, at, markRadius*0.6))
	}
}

func (ch *orderChart) values() (vs []value) {
	for _, pl := range ch.Panels {
		for _, pt := range pl.Points {
			vs = append(vs, value{mark: "point", row: pl.Y.Name + ": " + pt.name, x: pt.at, y: pt.v, low: none, high: none})
		}
	}
	return vs
}
