package main

import (
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot/vg"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// Closed forms of the mean staleness on a path that takes d each way and nothing
// else, for ends that take no time:
//
//	push       d
//	poll       T/2 + d, with T the time between two requests of a subscriber
//	long poll  d for an event that finds the request parked, and for one that does
//	           not, what is left of the round trip that the request is away
//
// They are means over all the feeds that might be, drawn beside those that were.

// freshForm is the mean staleness (s) of a transport over a round trip (s), for a
// feed of so many events a second; not a number where there is none, as of a queue
// that grows for ever.
type freshForm func(rtt, rate float64) float64

// freshForm is that of a treatment. It is nil where the transport waits by a rule
// of its own, and on a path of no fixed delay.
func (r *report) freshForm(t results.Treatment) freshForm {
	if !fixedDelay(t) || t["want"] == "latest" {
		return nil
	}
	knobs := knobsOf(t.Transport())
	name, _, _ := strings.Cut(t.Transport(), "?")
	name, _, _ = strings.Cut(name, "#")
	switch name {
	case "poll":
		return pollForm(knobs, t["tls"] == "on")
	case "longpoll":
		if knobs.Has("hold") {
			return nil
		}
		return longpollForm(knobs.Get("batch") != "off", t["arrivals"] == "constant", r.run.Header.Plan.Measure)
	case "stream", "sse", "ws", "wsbare", "raw":
		if batch := knobs.Get("batch"); batch != "" && batch != "on" && batch != "off" {
			return nil // it collects events on purpose
		}
		return func(rtt, _ float64) float64 { return rtt / 2 }
	}
	return nil
}

// fixedDelay reports whether every packet takes the same time on the path.
func fixedDelay(t results.Treatment) bool {
	for _, key := range []string{"jitter", "loss", "bandwidth", "network"} {
		if level, said := t[key]; said && level != pathDefaults[key] {
			return false
		}
	}
	return true
}

// pathDefaults are the levels of a path that does nothing.
var pathDefaults = map[string]string{"rtt": "0ms", "jitter": "0ms", "reorder": "off", "loss": "0%", "bandwidth": unlimited, "network": "none"}

// unlimited is the level of a bandwidth that is none.
const unlimited = "unlimited"

// pollForm asks at an interval from the last request on, or after its answer. On
// its grid it leaves out the slots that fall due until then.
func pollForm(knobs url.Values, tls bool) freshForm {
	interval := time.Second
	if d, err := time.ParseDuration(knobs.Get("interval")); err == nil && d > 0 {
		interval = d
	}
	trips := 1.0 // from a request to its answer
	if knobs.Get("keepalive") == "off" {
		trips++ // TCP's handshake
		if tls {
			trips++ // and that of TLS 1.3 (RFC 8446 §2)
		}
	}
	return func(rtt, _ float64) float64 {
		between := interval.Seconds()
		if knobs.Get("pace") == "after" {
			between += trips * rtt
		} else {
			between *= math.Floor(trips*rtt/between*(1+1e-12)) + 1
		}
		return between/2 + rtt/2
	}
}

// longpollForm is away for a round trip after each answer.
//
// Poisson arrivals, batched: of the L + q events of a round trip away and the time
// until the next one goes, with L = λ·RTT due meanwhile, q = e^(−L) is the mean
// number that finds the request parked, and the others wait for half a trip.
// One by one it is the queue M/D/1 with a service time of a round trip, which has
// no end from L = 1 on (Pollaczek 1930, Khinchine 1932).
//
// Constant arrivals find the request parked as long as RTT < P. From there on
// answers go out every RTT, at which event j has waited for −jP modulo RTT; one by
// one each waits for RTT − P more than the one before it, through the window.
func longpollForm(batch, constant bool, window time.Duration) freshForm {
	return func(rtt, rate float64) float64 {
		d, l := rtt/2, rtt*rate
		n := math.Floor(rate * window.Seconds() * (1 + 1e-12))
		switch {
		case constant && l <= 1:
			return d
		case constant && batch && n >= 1:
			wait := 0.0
			for j := range int(math.Min(n, 1e4)) {
				trips := float64(j) / l
				wait += (math.Ceil(trips*(1-1e-12)) - trips) * rtt
			}
			return d + wait/math.Min(n, 1e4)
		case constant:
			return d + (n-1)/2*(rtt-1/rate)
		case batch:
			q := math.Exp(-l)
			return d + (1-q/(l+q))*d
		case l < 1:
			return d + l/(1-l)*d
		}
		return math.NaN()
	}
}

// formDashes are those of closed forms, and formGrey the colour of one that is of
// several transports.
var (
	formDashes = []vg.Length{4, 2.5}
	formGrey   = rgb(0x4D4D4D)
)

// closedForms are the lines of the closed forms that a curve of the mean staleness
// has, without names: thin and dashed, in the colours of what was measured. They
// are drawn over the levels of a round trip, and over those of a rate on a path
// that has one.
func (r *report) closedForms(p scenarios.Plot, lines []line, x axis) []series {
	if p.Of != "staleness/mean" || p.By != "" || p.Over != "rtt" && p.Over != "rate" {
		return nil
	}
	var forms []series
	for _, l := range lines {
		t := l.ts[0]
		form := r.freshForm(t)
		if form == nil {
			continue
		}
		rtt, _, errRTT := units.Parse(t["rtt"])
		rate, _, errRate := units.Parse(t["rate"])
		if errRTT != nil || errRate != nil || p.Over == "rate" && rtt == 0 {
			continue
		}
		s := series{Style: style{Color: l.style.Color, Dashes: formDashes}, Thin: true}
		for _, at := range x.steps(480) {
			y := 0.0
			if p.Over == "rtt" {
				y = form(at, rate)
			} else {
				y = form(rtt, at)
			}
			s.Points = append(s.Points, point{X: at, Y: y, Lo: math.Inf(-1), Hi: math.Inf(1)})
		}
		// Dashes of several colours upon each other would be no line at all.
		if i := slices.IndexFunc(forms, func(o series) bool { return samePoints(o.Points, s.Points) }); i >= 0 {
			forms[i].Style.Color = formGrey
			continue
		}
		forms = append(forms, s)
	}
	return forms
}

// samePoints reports whether two lines lie upon each other.
func samePoints(a, b []point) bool {
	return slices.EqualFunc(a, b, func(a, b point) bool { return a.X == b.X && a.Y == b.Y })
}

// formNote says in words what the closed forms of some treatments are.
func (r *report) formNote(ts []results.Treatment) string {
	var said []string
	for _, t := range ts {
		if r.freshForm(t) == nil {
			continue
		}
		name, query, _ := strings.Cut(t.Transport(), "?")
		words := "push d"
		switch {
		case name == "poll":
			words = "poll T/2 + d, with T from one request to the next (longer where one is out past the interval)"
		case strings.HasPrefix(name, "longpoll") && t["arrivals"] == "constant":
			words = "long poll d as long as the request is back when the next event is due, else d and the mean wait of the window's events for it"
		case strings.HasPrefix(name, "longpoll") && strings.Contains(query, "batch=off"):
			words = "long poll one by one d/(1 − 2dλ), up to 2dλ = 1"
		case strings.HasPrefix(name, "longpoll"):
			words = "long poll d + (1 − f)d, with f the share of events that find the request parked"
		}
		if !slices.Contains(said, words) {
			said = append(said, words)
		}
	}
	return "Closed forms, for ends that take no time, with d half the round trip: " + strings.Join(said, "; ") + "."
}
