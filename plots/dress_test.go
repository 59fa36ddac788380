package main

import (
	"math"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"pushbench/results"
	"pushbench/scenarios"
)

// What transports, knobs and keys that are not in every scenario add to a trial
// that was never run.

// dress adds what the treatment asks for beyond delivering every event.
func dress(trial *results.Trial, tr scenarios.Treatment, r *rand.Rand) {
	name, query, _ := strings.Cut(tr.Transport, "?")
	knobs, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	about := func(v float64) float64 { return v * math.Exp(0.03*r.NormFloat64()) }
	scale := func(factor float64, names ...string) {
		for _, n := range names {
			m := trial.Metrics[n]
			m.Value *= factor
			trial.Metrics[n] = m
		}
	}
	put := func(name string, v float64, unit string) { trial.Metrics[name] = results.Metric{Value: v, Unit: unit} }
	protocol := func(v float64) { // bytes of framing for an event from the server
		old := trial.Metrics["bytes/protocol/down"].Value
		put("bytes/protocol/down", v, "B/event")
		put("bytes/total/down", trial.Metrics["bytes/total/down"].Value-old+v, "B/event")
	}
	switch name {
	case "sse":
		protocol(17)
		scale(1.15, "server/cpu", "host/cpu", "server/rss")
	case "stream":
		protocol(7)
		scale(1.1, "server/cpu", "host/cpu", "server/rss")
	case "wsbare":
		scale(0.68, "server/cpu", "host/cpu", "server/rss")
	}
	if tr.Encoding == "base64" {
		third := float64(tr.Payload) / 3
		put("bytes/envelope/down", trial.Metrics["bytes/envelope/down"].Value+third, "B/event")
		put("bytes/total/down", trial.Metrics["bytes/total/down"].Value+third, "B/event")
		scale(1.2, "server/cpu", "host/cpu")
	}
	wait := 0.0
	switch batch := knobs.Get("batch"); batch {
	case "on":
		scale(1/(1+tr.Rate/400), "server/cpu", "host/cpu")
	case "", "off":
	default:
		d, err := time.ParseDuration(batch)
		if err != nil {
			panic(err)
		}
		wait = d.Seconds()
		scale(1/(1+tr.Rate*wait), "server/cpu", "host/cpu")
	}
	if wait > 0 {
		trial.Hists["staleness"] = histOf(1000, func() float64 { return about(150e-6) + wait*r.Float64() })
	}
	if knobs.Has("compress") {
		size := float64(tr.Payload) + trial.Metrics["bytes/envelope/down"].Value
		kept := map[string]float64{"random": 1.02, "ticker": 0.75, "identical": 0.62}[tr.PayloadKind]
		cpu, memory := 2.4, 1.0
		switch knobs.Get("compress") {
		case "takeover":
			kept *= map[string]float64{"random": 1, "ticker": 0.45, "identical": 0.12}[tr.PayloadKind]
			cpu, memory = 1.9, 6.5
		case "off":
			kept, cpu = 1, 1
		}
		added := math.Round(size * (kept - 1))
		put("bytes/compression/down", added, "B/event")
		put("bytes/compression/up", 0, "B/event")
		put("bytes/total/down", trial.Metrics["bytes/total/down"].Value+added, "B/event")
		scale(about(cpu), "server/cpu", "host/cpu")
		scale(about(memory), "server/rss")
		put("server/heap", 0.6*trial.Metrics["server/rss"].Value, "B")
	}
	n := float64(tr.Subscribers)
	events := trial.Metrics["events/distinct"].Value * n
	put("events/delivered", events, "1")
	put("events-per-response", math.Max(1, tr.Rate/200), "1")
	if tr.Want == "latest" {
		skipped := 0.0
		if strings.HasPrefix(name, "poll") {
			skipped = 0.3 * tr.Rate / 10
		}
		put("events/skipped", math.Round(events*skipped/(1+skipped)), "1")
		put("events/delivered", math.Round(events/(1+skipped)), "1")
		put("age/mean", about(0.5/tr.Rate+trial.Hists["staleness"].Mean()/1e9), "s")
		put("age/peak", about(1/tr.Rate+trial.Hists["staleness"].Mean()/1e9), "s")
	}
	if tr.Uplink > 0 {
		sockets, back := 1.0, 260e-6
		if !strings.HasPrefix(name, "ws") {
			sockets, back = 2, 540e-6
		}
		sent := math.Round(tr.Uplink * n * 5)
		put("conn/count", sockets*n, "1")
		put("uplink/sent", sent, "1")
		put("uplink/echoed", sent, "1")
		put("uplink/lost", 0, "1")
		put("server/cpu-per-message", trial.Metrics["server/cpu"].Value*(0.6+0.4*sockets), "s")
		trial.Hists["roundtrip"] = histOf(min(int(sent), 1000), func() float64 { return back * math.Exp(0.3*r.NormFloat64()) })
	}
	beat, _ := time.ParseDuration(knobs.Get("ping") + knobs.Get("heartbeat"))
	quiet := map[string][]string{
		scenarios.ServerStops: {"fleet"}, scenarios.FleetStops: {"server"},
		scenarios.Cut: {"fleet", "server"}, scenarios.CutDown: {"fleet", "server"}, scenarios.CutUp: {"fleet", "server"}, scenarios.AddressChange: {"fleet", "server"},
	}
	for _, end := range quiet[tr.Fault] {
		share, took := 0.0, results.NewHist()
		if beat > 0 {
			share = 1
			if beat > 10*time.Second { // the watch ends before the last of them
				share = 0.4
			}
			took = histOf(min(int(share*n), 1000), func() float64 { return beat.Seconds()*(1+r.Float64()) + 0.1 })
		}
		put("notice/"+end+"-share", share, "1")
		trial.Hists["notice/"+end] = took
		beats := 0.0
		if beat > 0 {
			beats = 1 / beat.Seconds()
		}
		put("idle/bytes/down", 2*beats, "B/s")
		put("idle/bytes/up", 6*beats, "B/s")
		put("idle/total/down", 106*beats, "B/s")
		put("idle/total/up", 110*beats, "B/s")
		put("idle/server-cpu", about(20e-6*beats+1e-7), "s/s")
	}
	if tr.Emulated() {
		travel(trial, tr, r)
	}
	if tr.Rate == 0 { // a feed that publishes nothing has no event to divide by
		for name, m := range trial.Metrics {
			if m.Unit == "B/event" || m.Unit == "s/event" || strings.HasPrefix(name, "requests") {
				delete(trial.Metrics, name)
			}
		}
		put("server/cpu-util", 0.01, "1")
		put("fleet/load", 0, "1")
		delete(trial.Hists, "staleness")
		delete(trial.Hists, "delivery")
	}
}

// travel takes what a trial did on loopback over a path: each way takes half the
// round trip, a long poll is away for a whole one, and a lost packet is sent again
// after the time-out of TCP.
func travel(trial *results.Trial, tr scenarios.Treatment, r *rand.Rand) {
	rtt := map[string]float64{"lan": 0.001, "fibre": 0.02, "4g": 0.06, "3g": 0.15, "intercontinental": 0.18, "lossy-wifi": 0.03}[tr.Network.Profile]
	if rtt == 0 {
		rtt = tr.Network.RTT.Seconds()
	}
	put := func(name string, v float64, unit string) { trial.Metrics[name] = results.Metric{Value: v, Unit: unit} }
	again := func(name string, n int, one func() float64) { trial.Hists[name] = histOf(n, one) }
	late := func() float64 { // what is lost comes after a retransmission's time-out (RFC 6298)
		if r.Float64() < tr.Network.Loss {
			return 0.2 + rtt
		}
		return 0
	}
	name, query, _ := strings.Cut(tr.Transport, "?")
	window := trial.Metrics["events/distinct"].Value
	mean, ruled := meanStaleness(name, query, rtt, tr.Rate, window, tr.Arrivals == "constant")
	if math.IsNaN(mean) { // a queue for as long as the window is
		mean = rtt/2 + window/2*(rtt-1/tr.Rate)
	}
	queued := 0.0
	if b := tr.Network.Bandwidth; b > 0 {
		queued = 8 * (trial.Metrics["bytes/total/down"].Value + 100) * float64(tr.Subscribers) / b
	}
	processing := 250e-6 * math.Exp(0.1*r.NormFloat64())
	whole := mean * (1 + 0.012*r.NormFloat64())
	at := func() float64 {
		wait := whole - rtt/2
		if name == "poll" || strings.HasPrefix(name, "longpoll") {
			wait *= 2 * r.Float64()
		}
		return rtt/2 + max(wait, 0) + processing + queued*r.Float64() + late()
	}
	if tr.Rate > 0 {
		again("staleness", 1000, at)
		trial.Hists["delivery"] = trial.Hists["staleness"]
	}
	if ruled && tr.Network.Steady() && rtt > 0 {
		put("model/staleness", whole, "s")
	}
	trips := 2.0
	if tr.TLS {
		trips++
	}
	again("connect", min(tr.Subscribers, 200), func() float64 { return trips*rtt + 0.5e-3*math.Exp(0.2*r.NormFloat64()) + late() })
	again("connect-tcp", min(tr.Subscribers, 200), func() float64 { return rtt + 0.2e-3*math.Exp(0.2*r.NormFloat64()) + late() })
	again("ttfe", min(tr.Subscribers, 200), func() float64 { return (trips+0.01)*rtt + 0.9e-3*math.Exp(0.2*r.NormFloat64()) + late() })
	again("link-late", 200, func() float64 { return 60e-6 * math.Exp(0.5*r.NormFloat64()) })
	put("conn/rtts", trips, "1")
	packets := [2]float64{1.1, 1.05}
	if strings.Contains(query, "keepalive=off") || name == "poll" {
		packets = [2]float64{1.4, 2.1}
	}
	for i, way := range []string{"down", "up"} {
		put("link/packets/"+way, packets[i], "1")
		put("link/bytes/"+way, trial.Metrics["bytes/total/"+way].Value*(1+tr.Network.Loss), "B/event")
		put("link/lost/"+way, math.Round(tr.Network.Loss*packets[i]*window*float64(tr.Subscribers)), "1")
		put("link/overflowed/"+way, 0, "1")
		put("tcp/resent/"+way, math.Round(1.1*tr.Network.Loss*packets[i]*window*float64(tr.Subscribers)), "1")
	}
	put("tcp/retransmitted", 261*tr.Network.Loss*window*float64(tr.Subscribers), "B")
	put("link/cpu", 9e-6*(packets[0]+packets[1])*math.Exp(0.03*r.NormFloat64()), "s/event")
	put("link/cpu-util", 9e-6*(packets[0]+packets[1])*tr.Rate*float64(tr.Subscribers), "1")
}

// meanStaleness is that of a feed over a round trip by the transport's rule:
// half a trip for a push, half an interval more for a poll, and for a long poll what is
// left of the trip that its request is away.
func meanStaleness(name, query string, rtt, perSecond, n float64, constant bool) (mean float64, ruled bool) {
	knobs, _ := url.ParseQuery(query)
	d, l := rtt/2, rtt*perSecond
	switch {
	case strings.HasPrefix(name, "poll"):
		interval := 1.0
		if v, err := time.ParseDuration(knobs.Get("interval")); err == nil {
			interval = v.Seconds()
		}
		return d + interval*(math.Floor(rtt/interval*(1+1e-12))+1)/2, true
	case strings.HasPrefix(name, "longpoll") && constant && l <= 1:
		return d, true
	case strings.HasPrefix(name, "longpoll") && constant && knobs.Get("batch") == "off":
		return d + (n-1)/2*(rtt-1/perSecond), true
	case strings.HasPrefix(name, "longpoll") && constant:
		wait := 0.0
		for j := range int(n) {
			trips := float64(j) / l
			wait += (math.Ceil(trips*(1-1e-12)) - trips) * rtt
		}
		return d + wait/n, true
	case strings.HasPrefix(name, "longpoll") && knobs.Get("batch") == "off" && l >= 1:
		return math.NaN(), true
	case strings.HasPrefix(name, "longpoll") && knobs.Get("batch") == "off":
		return d + l/(1-l)*d, true
	case strings.HasPrefix(name, "longpoll") && !knobs.Has("hold"):
		return d + (1-math.Exp(-l)/(l+math.Exp(-l)))*d, true
	}
	return d, !knobs.Has("hold")
}
