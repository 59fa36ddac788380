package trial

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pushbench/scenarios"
	"pushbench/servers/all"
	"pushbench/servers/feed"
)

// factor is what differs between rows of the table of truth, and its levels.
type factor struct {
	name   string
	levels []string
}

// knobLevels are the values that a knob has in the table. A beat of 1 s passes in
// every trial, and leaves a mark the quiet that it needs.
var knobLevels = map[string][]string{
	"interval":    {"100ms"},
	"keepalive":   {"on", "off"},
	"pace":        {"grid", "after"},
	"conditional": {"off", "on"},
	"hold":        {"30s", "1s"},
	"heartbeat":   {"off", "1s"},
	"ping":        {"off", "1s"},
	"pong":        {"10s", "5s"},
	"compress":    {"off", "no-takeover", "takeover"},
	"threshold":   {"0B", "1KB"},
	"subprotocol": {"none", "feed.v1"},
	"batch":       {"off", "on", "10ms"},
}

// levelsOf are the values of a transport's knob in the table.
func levelsOf(t *testing.T, tr *feed.Transport, k feed.Knob) []string {
	t.Helper()
	var levels []string
	for _, v := range knobLevels[k.Name] {
		if k.Check(v) == nil { // a long poll's batch has no time
			levels = append(levels, v)
		}
	}
	if len(levels) == 0 {
		t.Fatalf("knob %s of %s is in no row of the table; give it levels in knobLevels", k.Name, tr.Name)
	}
	return levels
}

// truthConfigs is the table of transports × their knobs × TLS × versions of HTTP ×
// uplink × encodings: not all of it, but so much that any two levels of different
// factors stand together in a row, where they can. What depends on three at once is
// left to chance.
func truthConfigs(t *testing.T) []Config {
	t.Helper()
	var configs []Config
	for _, tr := range all.Transports {
		factors := []factor{{"tls", []string{"off", "on"}}, {"http", []string{"1.1", "2"}}, {"uplink", []string{"off", "on"}}, {"encoding", []string{"text", "binary", "base64"}}}
		for _, k := range tr.Knobs {
			factors = append(factors, factor{k.Name, levelsOf(t, tr, k)})
		}
		for _, row := range pairwise(factors, func(level map[string]string) bool { return possible(tr, level) }) {
			configs = append(configs, truthConfig(t, tr, row))
		}
	}
	return configs
}

// possible says whether levels can stand together, as a plan has it; some may not
// be chosen yet.
func possible(tr *feed.Transport, level map[string]string) bool {
	binary, version2 := level["encoding"] == "binary", level["http"] == "2"
	knobs := url.Values{}
	for _, k := range tr.Knobs {
		if v, chosen := level[k.Name]; chosen {
			knobs.Set(k.Name, v)
		}
	}
	options, err := tr.Parse(knobs, false)
	r := tr.Rhythm(options)
	return err == nil && !(version2 && (tr.Upgrades || r.FreshConns) || binary && r.TextOnly)
}

// pairwise is rows with a level of each factor, in which any two possible levels of
// different factors stand together at least once. Each row takes the first pair
// that is missing, and of each other factor the level by which most others come in.
func pairwise(factors []factor, possible func(map[string]string) bool) (rows []map[string]string) {
	type pair struct{ f, of, g, og string }
	missing := map[pair]bool{}
	var order []pair
	for i, f := range factors {
		for _, g := range factors[i+1:] {
			for _, a := range f.levels {
				for _, b := range g.levels {
					if p := (pair{f.name, a, g.name, b}); possible(map[string]string{f.name: a, g.name: b}) {
						missing[p] = true
						order = append(order, p)
					}
				}
			}
		}
	}
	// gained is how many missing pairs a level brings into a row.
	gained := func(row map[string]string, name, level string) (n int) {
		for other, at := range row {
			if missing[pair{name, level, other, at}] || missing[pair{other, at, name, level}] {
				n++
			}
		}
		return n
	}
	for _, first := range order {
		if !missing[first] {
			continue
		}
		row := map[string]string{first.f: first.of, first.g: first.og}
		for _, f := range factors {
			if row[f.name] != "" {
				continue
			}
			best, most := "", -1
			for _, level := range f.levels {
				row[f.name] = level
				ok := possible(row)
				delete(row, f.name)
				if n := gained(row, f.name, level); ok && n > most {
					best, most = level, n
				}
			}
			row[f.name] = best
		}
		for _, p := range order {
			if row[p.f] == p.of && row[p.g] == p.og {
				delete(missing, p)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// truthConfig is the trial of a row.
func truthConfig(t *testing.T, tr *feed.Transport, level map[string]string) Config {
	t.Helper()
	var knobs []string
	for _, k := range tr.Knobs {
		if v := level[k.Name]; v != k.Default {
			knobs = append(knobs, k.Name+"="+v)
		}
	}
	transport := tr.Name
	if len(knobs) > 0 {
		transport += "?" + strings.Join(knobs, "&")
	}
	c := config(t, transport)
	c.ServerPath = servers(t)
	c.Treatment.Subscribers, c.Treatment.Rate = 5, 40
	c.Treatment.HTTP, c.Treatment.TLS, c.Treatment.Headers, c.Treatment.Encoding = level["http"], level["tls"] == "on", "minimal", level["encoding"]
	c.Warmup, c.Measure = 100*time.Millisecond, 300*time.Millisecond
	c.still = 300 * time.Millisecond
	if level["compress"] != "" && level["compress"] != "off" {
		c.Treatment.PayloadKind, c.Treatment.Payload = "ticker", 400 // which compresses
	}
	if level["uplink"] == "on" {
		c.Treatment.Uplink, c.Treatment.UplinkPayload = 20, 300
	}
	spec, err := all.Parse(transport)
	if err != nil {
		t.Fatal(err)
	}
	switch r := spec.Rhythm(); {
	case r.Beat == 0 || r.Beat >= 10*time.Second:
	case r.Hold > 0:
		// Events are so far apart that a request is parked for all of its time.
		c.Treatment.Rate, c.Measure = 0.625, 3200*time.Millisecond
	default:
		c.Measure = 1200 * time.Millisecond
	}
	return c
}

// treatmentName tells a row's trial from the others.
func treatmentName(t scenarios.Treatment) string {
	name := strings.Replace(t.Transport, "?interval=100ms&", "?", 1)
	name = strings.TrimSuffix(name, "?interval=100ms") + " http=" + t.HTTP + " " + t.Encoding
	if t.Uplink > 0 {
		name += " uplink"
	}
	if t.TLS {
		return name + " tls=on"
	}
	return name + " tls=off"
}

// Any two levels that can stand together do, and no row is one that cannot be.
func TestPairwise(t *testing.T) {
	for _, tr := range all.Transports {
		factors := []factor{{"tls", []string{"off", "on"}}, {"http", []string{"1.1", "2"}}, {"encoding", []string{"text", "binary"}}}
		for _, k := range tr.Knobs {
			factors = append(factors, factor{k.Name, levelsOf(t, tr, k)})
		}
		can := func(level map[string]string) bool { return possible(tr, level) }
		rows := pairwise(factors, can)
		for _, row := range rows {
			if len(row) != len(factors) || !can(row) {
				t.Errorf("%s: the row %v cannot be", tr.Name, row)
			}
		}
		for i, f := range factors {
			for _, g := range factors[i+1:] {
				for _, a := range f.levels {
					for _, b := range g.levels {
						stands := slices.ContainsFunc(rows, func(row map[string]string) bool { return row[f.name] == a && row[g.name] == b })
						if want := can(map[string]string{f.name: a, g.name: b}); stands != want {
							t.Errorf("%s: %s=%s stands with %s=%s in a row: %v, not %v", tr.Name, f.name, a, g.name, b, stands, want)
						}
					}
				}
			}
		}
	}
}
