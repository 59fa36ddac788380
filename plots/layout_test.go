package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"pushbench/results"
)

// words is a piece of text of a drawing, with the box that it fills.
type words struct {
	text           string
	x0, y0, x1, y1 vg.Length // y upwards
}

var fontSize = regexp.MustCompile(`font-size:([0-9.]+)px`)

// wordsOf reads the text of an SVG.
func wordsOf(t *testing.T, svg []byte) []words {
	t.Helper()
	var all []words
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		start, ok := tok.(xml.StartElement)
		if !ok || start.Name.Local != "text" {
			continue
		}
		attrs := map[string]string{}
		for _, a := range start.Attr {
			attrs[a.Name.Local] = a.Value
		}
		var content string
		if err := d.DecodeElement(&content, &start); err != nil {
			t.Fatal(err)
		}
		num := func(s string) vg.Length {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatalf("text %q: %v", content, err)
			}
			return vg.Length(v)
		}
		size := vg.Length(12) // "medium", which is what a size of 12 is written as
		if m := fontSize.FindStringSubmatch(attrs["style"]); m != nil {
			size = num(m[1])
		}
		sty := letters(size, 0, inkColor)
		if strings.Contains(attrs["style"], "font-weight:bold") {
			sty = letters(size, titleText.Font.Weight, inkColor)
		}
		// Whatever typeface a reader has, it takes the room that the layout gave it.
		if asked := num(attrs["textLength"]); asked <= 0 || math.Abs(float64(asked/sty.Width(content)-1)) > 0.002 {
			t.Errorf("%q is asked to be %v wide, and the layout has it %v", content, asked, sty.Width(content))
		}
		x, y := num(attrs["x"]), -num(attrs["y"])
		all = append(all, words{content, x, y, x + sty.Width(content), y + size*0.7})
	}
}

// testScenarios have every kind of figure between them.
var testScenarios = []string{"testdata/feed.yaml", "testdata/rate.yaml", "testdata/cost.yaml", "testdata/load.yaml", "testdata/lubbers.yaml",
	"testdata/transports.yaml", "testdata/batching.yaml", "testdata/compression.yaml", "testdata/binary.yaml",
	"testdata/duplex.yaml", "testdata/latest.yaml", "testdata/heartbeat.yaml",
	"testdata/rtt.yaml", "testdata/knee.yaml", "testdata/path.yaml"}

// legibleWords holds that everything written in a figure lies on its canvas, and nothing upon
// something else, and that all that is to be said of it is there.
func legibleWords(t *testing.T, f *figure, svg []byte) []words {
	t.Helper()
	w, h := figureWidth, f.Height
	ws := wordsOf(t, svg)
	for i, a := range ws {
		if a.x0 < 0 || a.y0 < 0 || a.x1 > w || a.y1 > h {
			t.Errorf("%s: %q leaves the canvas: %.0f–%.0f × %.0f–%.0f of %.0f × %.0f", f.Name, a.text, a.x0, a.x1, a.y0, a.y1, w, h)
		}
		for _, b := range ws[:i] {
			if a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1 {
				t.Errorf("%s: %q is written over %q", f.Name, a.text, b.text)
			}
		}
	}
	var all strings.Builder
	for _, a := range ws {
		all.WriteString(a.text + " ")
	}
	for _, part := range []string{f.Title, f.Subtitle, f.Conditions, f.Caption[0], f.Caption[1]} {
		for word := range strings.FieldsSeq(strings.ReplaceAll(part, nbsp, " ")) {
			if word != "·" && !strings.Contains(all.String(), word) {
				t.Errorf("%s: the word %q is missing", f.Name, word)
			}
		}
	}
	return ws
}

// figuresOf draws every plot of a scenario.
func figuresOf(t *testing.T, r *report) []*figure {
	t.Helper()
	fs, skipped := r.figures()
	if len(skipped) > 0 {
		t.Errorf("%s: not drawn: %q", r.path, skipped)
	}
	return fs
}

func svgOf(t *testing.T, f *figure) []byte {
	t.Helper()
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	return svg
}

// The words of a figure of each kind, in the order they are drawn: title,
// conditions, caption, axes with units, labels.
func TestFigureWords(t *testing.T) {
	kinds := map[string]bool{}
	for _, path := range testScenarios {
		var b strings.Builder
		for _, f := range figuresOf(t, inMemory(t, path)) {
			kinds[fmt.Sprintf("%T", f.Chart)] = true
			fmt.Fprintf(&b, "== %s\n", f.Name)
			for _, w := range legibleWords(t, f, svgOf(t, f)) {
				b.WriteString(w.text + "\n")
			}
		}
		golden(t, strings.TrimSuffix(filepath.Base(path), ".yaml")+"-figures.txt", b.String())
	}
	if len(kinds) != 3 {
		t.Errorf("kinds of chart drawn: %v", kinds)
	}
}

// What the project's scenarios ask for can be drawn, and read. Those with a reference
// run are drawn from that, where the figures are held to what is committed.
func TestScenariosFigures(t *testing.T) {
	paths, err := filepath.Glob("../scenarios/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, path := range paths {
		s := scenarioAt(t, path)
		if _, err := os.Stat(filepath.Join(reference, s.Name+".jsonl")); err == nil {
			continue
		}
		s.Blocks = results.MinBlocks
		for _, f := range figuresOf(t, newReport(s.Name+".jsonl", syntheticRun(t, s), s)) {
			legibleWords(t, f, svgOf(t, f))
		}
	}
}

func TestFileName(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"staleness/p99.9", "staleness-p99.9"},
		{"bytes/{payload,envelope}/down", "bytes-payload-envelope-down"},
		{"poll?interval=1s&keepalive=off", "poll-interval-1s-keepalive-off"},
		{"../../etc", "etc"},
		{"ws#twin", "ws-twin"},
	} {
		if got := fileName(c.in); got != c.want {
			t.Errorf("fileName(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
