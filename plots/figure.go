package main

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// figure is a chart between its words, so that it can be read far from the
// text it was made for: above it the question, what is drawn and under which
// conditions; below it how many, what the interval means, and on which host.
type figure struct {
	Name       string // file name without its ending
	Title      string
	Subtitle   string
	Conditions string
	Caption    []string // a line each, or more where they are long
	Height     vg.Length
	Chart      chart
}

// chart draws itself into the canvas it is given, and tells what it draws.
type chart interface {
	draw(c draw.Canvas)
	values() []value
}

// draw sets the words and gives the chart what is left between them.
func (f *figure) draw(c draw.Canvas) {
	c.SetColor(color.White) // readers with a dark page would see dark words on it
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, margin, -margin, margin, -margin)
	width := c.Max.X - c.Min.X
	y := c.Max.Y
	paragraph := func(sty text.Style, s string) {
		sty = aligned(sty, text.XLeft, text.YTop)
		for _, line := range wrapped(sty, s, width) {
			c.FillText(sty, vg.Point{X: c.Min.X, Y: y}, line)
			y -= leading(sty)
		}
	}
	paragraph(titleText, f.Title)
	y -= 1.5
	paragraph(subtitleText, f.Subtitle)
	y -= 0.5
	paragraph(conditionText, f.Conditions)
	top := y - 7

	lines := 0
	for _, s := range f.Caption {
		lines += len(wrapped(captionText, s, width))
	}
	y = c.Min.Y + leading(captionText)*vg.Length(lines)
	rule := y + 3
	for _, s := range f.Caption {
		paragraph(captionText, s)
	}
	c.StrokeLine2(draw.LineStyle{Color: gridColor, Width: 0.7}, c.Min.X, rule, c.Max.X, rule)

	f.Chart.draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
		Min: vg.Point{X: c.Min.X, Y: rule + 7},
		Max: vg.Point{X: c.Max.X, Y: top},
	}})
}

// SVG is the figure as a vector drawing.
func (f *figure) SVG() ([]byte, error) {
	canvas := &widthCanvas{Canvas: vgsvg.New(figureWidth, f.Height)}
	f.draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("draw %s.svg: %w", f.Name, err)
	}
	return portable(b.Bytes(), canvas.widths, f.Title), nil
}

// widthCanvas remembers how wide the layout takes each text to be.
type widthCanvas struct {
	*vgsvg.Canvas
	widths []vg.Length // in the order in which they are drawn
}

func (c *widthCanvas) FillString(face font.Face, at vg.Point, text string) {
	c.widths = append(c.widths, face.Width(text))
	c.Canvas.FillString(face, at, text)
}

// portable names typefaces with the same widths for readers that lack the one
// the layout was made with, and asks for these widths where a reader has none of
// them (textLength, SVG 1.1 §10.4); and it gives the drawing a title for screen
// readers.
func portable(svg []byte, widths []vg.Length, title string) []byte {
	svg = bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	texts := bytes.Split(svg, []byte("<text "))
	svg = texts[0]
	for i, text := range texts[1:] {
		svg = fmt.Appendf(svg, "<text textLength=\"%.4g\" lengthAdjust=\"spacingAndGlyphs\" %s", widths[i].Points(), text)
	}
	return svgTag.ReplaceAllFunc(svg, func(tag []byte) []byte {
		return fmt.Appendf(nil, "%s\n<title>%s</title>", tag, html.EscapeString(title))
	})
}

var svgTag = regexp.MustCompile(`<svg[^>]*>`)

// PNG is the figure as an image.
func (f *figure) PNG() ([]byte, error) {
	canvas := vgimg.NewWith(vgimg.UseWH(figureWidth, f.Height), vgimg.UseDPI(pngDPI))
	f.draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(&b); err != nil {
		return nil, fmt.Errorf("draw %s.png: %w", f.Name, err)
	}
	return b.Bytes(), nil
}

// save writes the figure to dir as SVG, and as PNG too where that was asked for. It
// returns how many files it wrote.
func (f *figure) save(dir string, png bool) (files int, err error) {
	data, err := f.SVG()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, f.Name+".svg"), data, 0o666)
	}
	if err != nil || !png {
		return 1, err
	}
	if data, err = f.PNG(); err == nil {
		err = os.WriteFile(filepath.Join(dir, f.Name+".png"), data, 0o666)
	}
	return 2, err
}

// fileName makes words fit for a file name: "staleness/p99" becomes
// "staleness-p99".
func fileName(parts ...string) string {
	return strings.Trim(unfit.ReplaceAllString(strings.ToLower(strings.Join(parts, "-")), "-"), "-.")
}

var unfit = regexp.MustCompile(`[^a-z0-9._]+`)
