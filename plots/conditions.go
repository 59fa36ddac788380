package main

import (
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

// pathDefaults are the levels of a path that does nothing.
var pathDefaults = map[string]string{"rtt": "0ms", "jitter": "0ms", "reorder": "off", "loss": "0%", "bandwidth": unlimited, "network": "none"}

// unlimited is the level of a bandwidth that is none.
const unlimited = "unlimited"

// phrases say a level of a key in plain words.
var phrases = map[string]func(level string) string{
	"subscribers": func(l string) string { return plural(l, "subscriber") },
	"rate": func(l string) string {
		if l == quietFeed {
			return "a quiet feed"
		}
		return plural(strings.TrimSuffix(l, "/s"), "event") + "/s"
	},
	"arrivals": func(l string) string {
		return map[string]string{"poisson": "Poisson", "constant": "constant"}[l] + " arrivals"
	},
	"payload":      func(l string) string { return spaced(l) + " payload" },
	"payload-kind": func(l string) string { return l + " data" },
	"encoding":     func(l string) string { return l + " encoding" },
	"want": func(l string) string {
		return map[string]string{"every": "every event", "latest": "newest state only"}[l]
	},
	"uplink": func(l string) string {
		if l == noUplink {
			return "subscribers send nothing"
		}
		return "each subscriber sends " + plural(strings.TrimSuffix(l, "/s"), "message") + "/s"
	},
	"uplink-payload": func(l string) string { return "uplink messages of " + spaced(l) },
	"fault": func(l string) string {
		if said, ok := map[string]string{
			"none": "no fault", "server-stops": "the server stops answering", "fleet-stops": "the subscribers stop answering",
			"cut": "the network is cut", "cut-down": "the network is cut towards the subscribers", "cut-up": "the network is cut towards the server",
			"address-change": "the subscribers' address changes",
		}[l]; ok {
			return said
		}
		return "fault " + l
	},
	"tls": func(l string) string {
		if l == "off" {
			return "no TLS"
		}
		return "TLS"
	},
	"rtt": func(l string) string {
		if l == pathDefaults["rtt"] {
			return "RTT 0 (loopback)"
		}
		return "RTT " + spaced(l)
	},
	"jitter": func(l string) string { return "jitter " + spaced(l) },
	"reorder": func(l string) string {
		if l == pathDefaults["reorder"] {
			return "packets in order"
		}
		return "packets out of order"
	},
	"loss": func(l string) string { return spaced(l) + " of packets lost" },
	"bandwidth": func(l string) string {
		if l == unlimited {
			return "unlimited bandwidth"
		}
		return spaced(l) + " each way"
	},
	"congestion": func(l string) string { return "TCP " + l + " on the path" },
	"network": func(l string) string {
		if l == pathDefaults["network"] {
			return "no network profile"
		}
		return "network " + l
	},
	"http":    func(l string) string { return "HTTP/" + l },
	"headers": func(l string) string { return l + " headers" },
	"client": func(l string) string {
		if l == usualClient {
			return "a fleet that records events as they come"
		}
		return "a fleet that only stamps"
	},
	"cpus": func(l string) string {
		if l == usualCPUs {
			return "CPUs that sleep as the host has them"
		}
		return "CPUs kept awake"
	},
	"fleets": func(l string) string {
		if l == "1" {
			return "one fleet"
		}
		return l + " fleets"
	},
	"proxy": func(l string) string {
		if l == "none" {
			return "no proxy"
		}
		return "through the proxy " + l
	},
	"server": func(l string) string {
		if l == "ours" {
			return "our own server"
		}
		return "the server " + l
	},
}

// order in which conditions are told; other keys follow.
var phraseOrder = []string{"transport", "subscribers", "rate", "arrivals", "payload", "payload-kind", "encoding", "want", "uplink", "uplink-payload", "tls", "http", "headers",
	"network", "rtt", "jitter", "reorder", "loss", "bandwidth", "congestion", "client", "cpus", "server", "proxy", "fleets", "fault"}

// quietFeed is the rate of one that publishes nothing, of which the keys in
// ofEvents say nothing.
const quietFeed = "0/s"

var ofEvents = []string{"arrivals", "payload", "payload-kind", "encoding"}

// noUplink is the level of subscribers that send nothing.
const noUplink = "0/s"

// usualClient is the fleet's client where none is asked for.
const usualClient = "go"

// usualCPUs is what CPUs do that wait where nothing is asked of them.
const usualCPUs = "host"

// silent are the levels that go without saying where nothing else was run.
var silent = map[string]string{"want": "every", "uplink": noUplink, "fault": "none", "client": usualClient, "cpus": usualCPUs,
	"network": "none", "rtt": "0ms", "jitter": "0ms", "reorder": "off", "loss": "0%", "bandwidth": unlimited,
	"fleets": "1", "proxy": "none", "server": "ours"}

// factorAxes say what a factor is where it is the name of an axis, and the unit of
// its levels where they all have the same; others are called by their keys.
var factorAxes = map[string]struct{ name, unit string }{
	"rate":      {"rate: events published a second", ""},
	"rtt":       {"rtt: round trip of the path", "ms"},
	"jitter":    {"jitter: by how much a round trip varies", "ms"},
	"loss":      {"loss: share of packets lost in each direction", "%"},
	"bandwidth": {"bandwidth in each direction", ""},
}

// factorAxis is the axis of a factor.
func factorAxis(key string, levels []level, log bool) axis {
	said, ok := factorAxes[key]
	if !ok {
		return levelAxis(key, levels, log)
	}
	if said.unit == "" {
		return levelAxis(said.name, levels, log)
	}
	bare := slices.Clone(levels)
	for i := range bare {
		bare[i].Text = strings.TrimSuffix(bare[i].Text, said.unit)
	}
	return levelAxis(said.name+" ("+said.unit+")", bare, log)
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

func phrase(key, level string) string {
	if f, ok := phrases[key]; ok {
		return f(level)
	}
	return key + " " + level
}

// say tells levels in the order of keys. Of what an uplink carries it speaks
// where there is one, in the same breath.
func (r *report) say(levels map[string]string, keys []string) []string {
	var words []string
	for _, k := range keys {
		level, ok := levels[k]
		if !ok {
			continue
		}
		said := phrase(k, level)
		size, sized := levels["uplink-payload"]
		uplink, asked := levels["uplink"]
		switch {
		case k == "uplink" && sized && uplink != noUplink:
			said += " of " + spaced(size)
		case k == "uplink-payload" && (asked || !uplinked(r.ts)):
			continue
		case levels["rate"] == quietFeed && slices.Contains(ofEvents, k) && !slices.Contains(r.varying, k):
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
	return slices.ContainsFunc(ts, func(t results.Treatment) bool { return t["uplink"] != "" && t["uplink"] != noUplink })
}

// emulated reports whether a treatment had a path of its own, and did not stay on
// loopback.
func emulated(t results.Treatment) bool {
	for key, nothing := range pathDefaults {
		if level, said := t[key]; said && level != nothing {
			return true
		}
	}
	switch t["fault"] {
	case scenarios.Cut, scenarios.CutDown, scenarios.CutUp, scenarios.AddressChange:
		return true
	}
	return false
}

// given says what all treatments of a table or figure have in common: the keys
// that do not vary, and those that where holds still.
func (r *report) given(where map[string]string) []string {
	if len(r.ts) == 0 {
		return nil
	}
	keys := slices.Clone(phraseOrder)
	for _, k := range sortedKeys(r.ts[0]) {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	levels := map[string]string{}
	for _, k := range keys {
		level, held := where[k]
		varies := slices.Contains(r.varying, k)
		if !held && !varies {
			level = r.ts[0][k]
		}
		if level != "" && (varies || silent[k] != level) {
			levels[k] = level
		}
	}
	return r.say(levels, keys)
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

// host is the machine and the build in one line.
func (r *report) host() string {
	return strings.TrimSuffix(r.machine()+", "+r.buildWords(), ", ")
}

// machine is what a run was made on.
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
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	return strings.Join(words, ", ")
}

// buildWords is the Go and the revision that a run was built from.
func (r *report) buildWords() string {
	b := r.run.Header.Build
	words := []string{b.Go}
	if b.Revision != "" {
		revision, dirty, _ := strings.Cut(b.Revision, "+")
		if len(revision) > 12 {
			revision = revision[:12]
		}
		if dirty != "" {
			revision += "+" + dirty
		}
		words = append(words, "revision "+revision)
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), ", ")
}

// when is the day of the run.
func (r *report) when() string { return r.run.Header.Started.UTC().Format("2006-01-02 15:04 UTC") }

// list writes core numbers: 0–2 or 0, 4.
func list(ns []int) string {
	var parts []string
	for i := 0; i < len(ns); {
		j := i
		for j+1 < len(ns) && ns[j+1] == ns[j]+1 {
			j++
		}
		if j > i {
			parts = append(parts, fmt.Sprintf("%d–%d", ns[i], ns[j]))
		} else {
			parts = append(parts, fmt.Sprint(ns[i]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
