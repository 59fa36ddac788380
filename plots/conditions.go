package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// Every table and figure says under which conditions and on which host it was
// made; here are the words.

// key is what is said of a key of treatments.
type key struct {
	name  string
	says  string            // of a level, its number apart from its unit; "" for the name and the level
	words map[string]string // of levels that have words of their own

	former   string // the only level that there was for records that lack the key
	silent   bool   // former goes without saying where nothing else was run
	path     bool   // it shapes the path between the ends, on which former does nothing
	ofEvents bool   // it says nothing where no event is published

	axis string // what an axis over it is called, "" for its name
	unit string // of all levels along the axis, which its name has
}

// keys in the order in which conditions are told; others follow.
var keys = []key{
	{name: "transport"},
	{name: "subscribers", says: "%s subscribers", words: map[string]string{"1": "1 subscriber"}},
	{name: "rate", says: "%s events/s", words: map[string]string{nothing: "a quiet feed", "1/s": "1 event/s"},
		axis: "rate: events published a second"},
	{name: "arrivals", says: "%s arrivals", words: map[string]string{"poisson": "Poisson arrivals"}, ofEvents: true},
	{name: "payload", says: "%s payload", ofEvents: true},
	{name: "payload-kind", says: "%s data", ofEvents: true},
	{name: "encoding", says: "%s encoding", ofEvents: true},
	{name: "want", former: "every", silent: true,
		words: map[string]string{"every": "every event", "latest": "newest state only"}},
	{name: "uplink", former: nothing, silent: true, says: "each subscriber sends %s messages/s",
		words: map[string]string{nothing: "subscribers send nothing", "1/s": "each subscriber sends 1 message/s"}},
	{name: "uplink-payload", former: "64B", says: "uplink messages of %s"},
	{name: "tls", former: "off", words: map[string]string{"off": "no TLS", "on": "TLS"}},
	{name: "http", former: "1.1", says: "HTTP/%s"},
	{name: "headers", former: "minimal", says: "%s headers"},
	{name: "network", former: "none", silent: true, path: true, words: map[string]string{"none": "no network profile"}},
	{name: "rtt", former: "0ms", silent: true, path: true, says: "RTT %s", words: map[string]string{"0ms": "RTT 0 (loopback)"},
		axis: "rtt: round trip of the path (ms)", unit: "ms"},
	{name: "jitter", former: "0ms", silent: true, path: true, says: "jitter %s",
		axis: "jitter: by how much a round trip varies (ms)", unit: "ms"},
	{name: "reorder", former: "off", silent: true, path: true,
		words: map[string]string{"off": "packets in order", "on": "packets out of order"}},
	{name: "loss", former: "0%", silent: true, path: true, says: "%s of packets lost",
		axis: "loss: share of packets lost in each direction (%)", unit: "%"},
	{name: "bandwidth", former: unlimited, silent: true, path: true, says: "%s each way",
		words: map[string]string{unlimited: "unlimited bandwidth"}, axis: "bandwidth in each direction"},
	{name: "congestion", former: "cubic", says: "TCP %s on the path"},
	{name: "client", former: "go", silent: true,
		words: map[string]string{"go": "a fleet that records events as they come", "stamp": "a fleet that only stamps"}},
	{name: "cpus", former: "host", silent: true,
		words: map[string]string{"host": "CPUs that sleep as the host has them", "awake": "CPUs kept awake"}},
	{name: "server", former: scenarios.OurServer, silent: true, says: "the server %s",
		words: map[string]string{scenarios.OurServer: "our own server"}},
	{name: "proxy", former: scenarios.NoProxy, silent: true, says: "through the proxy %s",
		words: map[string]string{scenarios.NoProxy: "no proxy"}},
	{name: "fleets", former: "1", silent: true, says: "%s fleets", words: map[string]string{"1": "one fleet"}},
	{name: "fault", former: scenarios.NoFault, silent: true, words: map[string]string{
		scenarios.NoFault:       "no fault",
		scenarios.ServerStops:   "the server stops answering",
		scenarios.FleetStops:    "the subscribers stop answering",
		scenarios.Cut:           "the network is cut",
		scenarios.CutDown:       "the network is cut towards the subscribers",
		scenarios.CutUp:         "the network is cut towards the server",
		scenarios.AddressChange: "the subscribers' address changes",
	}},
}

const (
	nothing   = "0/s"       // the rate of a quiet feed, and of an uplink that there is not
	unlimited = "unlimited" // the level of a bandwidth that is none
)

// keyOf is a key by its name; one without a row says its name and its level.
func keyOf(name string) key {
	if i := slices.IndexFunc(keys, func(k key) bool { return k.name == name }); i >= 0 {
		return keys[i]
	}
	return key{name: name}
}

func factorAxis(name string, levels []level, log bool) axis {
	k := keyOf(name)
	bare := slices.Clone(levels)
	for i := range bare {
		bare[i].Text = strings.TrimSuffix(bare[i].Text, k.unit)
	}
	return levelAxis(cmp.Or(k.axis, name), bare, log)
}

func plural(n, noun string) string {
	if n == "1" {
		return n + " " + noun
	}
	return n + " " + noun + "s"
}

// spaced sets a number apart from its unit: 200B is 200 B. A rate stays as it
// is.
func spaced(level string) string {
	if number, unit := units.Number(level); number != "" && unit != "" && unit[0] != '/' {
		return number + " " + unit
	}
	return level
}

// phrase says a level of a key in plain words.
func phrase(name, level string) string {
	k := keyOf(name)
	if words, ok := k.words[level]; ok {
		return words
	}
	if k.says == "" {
		return name + " " + level
	}
	return fmt.Sprintf(k.says, strings.TrimSuffix(spaced(level), "/s"))
}

// say tells levels in the order of the names. Of what an uplink carries it speaks
// where there is one, in the same breath.
func (r *report) say(levels map[string]string, names []string) []string {
	var words []string
	for _, k := range names {
		level, ok := levels[k]
		if !ok {
			continue
		}
		said := phrase(k, level)
		size, sized := levels["uplink-payload"]
		uplink, asked := levels["uplink"]
		switch {
		case k == "uplink" && sized && uplink != nothing:
			said += " of " + spaced(size)
		case k == "uplink-payload" && (asked || !uplinked(r.ts)):
			continue
		case levels["rate"] == nothing && keyOf(k).ofEvents && !slices.Contains(r.varying, k):
			continue
		case k == "congestion" && !slices.ContainsFunc(r.ts, emulated):
			continue // the host's own, which the host is told with
		}
		words = append(words, said)
	}
	return words
}

// uplinked reports whether subscribers send anything in some of the treatments.
func uplinked(ts []results.Treatment) bool {
	return slices.ContainsFunc(ts, func(t results.Treatment) bool { return t["uplink"] != "" && t["uplink"] != nothing })
}

// emulated reports whether a treatment had a path of its own, and did not stay on
// loopback.
func emulated(t results.Treatment) bool {
	for name, level := range t {
		if k := keyOf(name); k.path && level != k.former {
			return true
		}
	}
	return slices.Contains([]string{scenarios.Cut, scenarios.CutDown, scenarios.CutUp, scenarios.AddressChange}, t["fault"])
}

// given says what all treatments of a table or figure have in common: the keys
// that do not vary, and those that where holds still.
func (r *report) given(where map[string]string) []string {
	if len(r.ts) == 0 {
		return nil
	}
	var names []string
	for _, k := range keys {
		names = append(names, k.name)
	}
	for _, name := range sortedKeys(r.ts[0]) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	levels := map[string]string{}
	for _, name := range names {
		level, held := where[name]
		varies := slices.Contains(r.varying, name)
		if !held && !varies {
			level = r.ts[0][name]
		}
		if k := keyOf(name); level != "" && (varies || !k.silent || level != k.former) {
			levels[name] = level
		}
	}
	return r.say(levels, names)
}

// window says how long was measured, and how often.
func (r *report) window() []string {
	p := r.run.Header.Plan
	blocks := p.Blocks
	if p.For > 0 { // as many as the time allowed
		blocks = 0
		for _, t := range r.ts {
			_, tried := r.run.SoundBlocks(t)
			blocks = max(blocks, tried)
		}
	}
	words := []string{fmt.Sprintf("%s measured, %s warm-up", seconds(p.Measure), seconds(p.Warmup)), plural(fmt.Sprint(blocks), "block")}
	if p.Short {
		words = append(words, "a smoke run: windows too short to quote")
	}
	return words
}

func seconds(d time.Duration) string { return units.Format(d.Seconds(), "s") }

func (r *report) host() string {
	return joined(", ", r.machine(), r.buildWords())
}

func (r *report) machine() string {
	h := r.run.Header.Host
	words := []string{h.CPU, plural(fmt.Sprint(h.Cores), "core")}
	if h.Virtual {
		words[1] += " (virtual)"
	}
	if h.Memory > 0 {
		words = append(words, units.Format(float64(h.Memory), "B"))
	}
	words = append(words, strings.TrimSpace(h.OS+" "+h.Kernel))
	switch loopback := func(t results.Treatment) bool { return !emulated(t) }; {
	case h.Congestion == "":
	case !slices.ContainsFunc(r.ts, emulated):
		words = append(words, "TCP "+h.Congestion)
	case slices.ContainsFunc(r.ts, loopback):
		words = append(words, "TCP "+h.Congestion+" on loopback")
	}
	if len(h.ServerCPUs) > 0 && len(h.FleetCPUs) > 0 {
		words = append(words, fmt.Sprintf("server on core %s, fleet on core %s", list(h.ServerCPUs), list(h.FleetCPUs)))
	}
	return joined(", ", words...)
}

// buildWords is the Go and the revision that a run was built from.
func (r *report) buildWords() string {
	b := r.run.Header.Build
	if b.Revision == "" {
		return b.Go
	}
	revision, dirty, _ := strings.Cut(b.Revision, "+")
	return joined(", ", b.Go, "revision "+joined("+", revision[:min(12, len(revision))], dirty))
}

func (r *report) when() string { return r.run.Header.Started.UTC().Format("2006-01-02 15:04 UTC") }

// list writes core numbers: 0–2 or 0, 4.
func list(ns []int) string {
	var parts []string
	first := 0 // of the range that n is in
	for i, n := range ns {
		if i > 0 && n == ns[i-1]+1 {
			parts[len(parts)-1] = fmt.Sprintf("%d–%d", first, n)
			continue
		}
		first = n
		parts = append(parts, fmt.Sprint(n))
	}
	return strings.Join(parts, ", ")
}
