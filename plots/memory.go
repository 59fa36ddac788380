package main

import (
	"fmt"
	"math"

	"pushbench/results"
	"pushbench/scenarios"
)

// What a connection holds of memory: Go's heap, stacks, the rest of what the
// server's process has resident, and what the kernel keeps. Each is a slope over
// several numbers of connections, so that what a server takes without any does
// not count.

// memoryStates are before and after the first event, when buffers appear.
var memoryStates = []struct{ prefix, words string }{
	{"idle/", "no event yet"},
	{"held/", "after one event"},
}

// memoryParts are those of a stack, the last of both ends of a connection.
var memoryParts = []string{"heap", "stacks", "rest of resident memory", "kernel, both ends"}

// memoryOf reads the parts of a state; all is their sum.
func (r *report) memoryOf(t results.Treatment, prefix string) (parts []quantity, all quantity, why string) {
	rss, why := r.sum(t, prefix+"server-rss")
	if why != "" {
		return nil, all, why
	}
	heap, why := r.sum(t, prefix+"server-heap")
	if why != "" {
		return nil, all, why
	}
	stacks, why := r.sum(t, prefix+"server-stacks")
	if why != "" {
		return nil, all, why
	}
	kernel, why := r.sum(t, prefix+"kernel")
	if why != "" {
		return nil, all, why
	}
	rest := blockwise("B", func(v []float64) float64 { return v[0] - v[1] - v[2] }, rss, heap, stacks)
	all = blockwise("B", func(v []float64) float64 { return v[0] + v[1] }, rss, kernel)
	return []quantity{heap, stacks, rest, kernel}, all, ""
}

func (r *report) memory(p scenarios.Plot) (*drawing, error) {
	found := exhibit{
		Title: r.caption(p, "Memory for each connection"),
		Head:  []string{p.Per, "state", "heap", "stacks", "rest of\nresident", "kernel,\nboth ends", "all"}, Words: 2, Ruled: true,
	}
	var stacks []stack
	var shown []results.Treatment
	var notes footnotes
	below := false
	for _, l := range r.lines(p) {
		name := l.name
		for _, state := range memoryStates {
			parts, all, why := r.memoryOf(l.ts[0], state.prefix)
			v := all.reading()
			if why != "" {
				v = reading{why: why}
			}
			s := stack{bar: rowOf(l, v)}
			s.Name = fmt.Sprintf("%s, %s", l.name, state.words)
			row := []string{name, state.words, "", "", "", "", v.stacked(&notes)}
			name = ""
			for i, q := range parts {
				part := q.reading()
				row[2+i] = part.stacked(&notes)
				if part.why != "" {
					part.Center = math.NaN()
				}
				below = below || part.Center < 0
				s.Parts = append(s.Parts, part.Center)
			}
			if v.why == "" {
				shown = append(shown, l.ts[0])
			}
			stacks, found.Rows = append(stacks, s), append(found.Rows, row)
		}
	}
	if len(shown) == 0 {
		return nil, errNoData
	}
	told := "Beside each bar: resident memory of the server and memory of the kernel together. Every part is a slope over several numbers of connections, after garbage collection; the kernel's is of both ends of a connection, which are on one host here. "
	if below {
		told += "A part below zero is not drawn: memory that was set aside and never touched, or noise of the slopes. "
	}
	found.Notes = append([]string{"Slopes over several numbers of connections; means over blocks with their " + confidence() + ". The kernel's memory is of both ends of a connection."}, notes.paragraphs()...)
	return &drawing{
		chart:  newStackChart("memory for each connection", "B", memoryParts, -1, stacks),
		about:  "memory for each connection: the server's Go heap, goroutine stacks, what else its process has resident, and the kernel",
		notes:  []string{told + r.intervalNote(shown, "whiskers and brackets", "idle/server-rss", "idle/kernel")},
		rows:   len(stacks),
		tables: []exhibit{found},
	}, nil
}
