package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pushbench/results"
	"pushbench/scenarios"
)

// What a scenario asks for beyond delivering every event is said where it is
// asked for, and nowhere else.
func TestConditionsInPlainWords(t *testing.T) {
	sends := func(uplink, size string) results.Treatment {
		return results.Treatment{"transport": "ws", "want": "every", "uplink": uplink, "uplink-payload": size, "fault": "none"}
	}
	for name, c := range map[string]struct {
		ts    []results.Treatment
		where map[string]string
		want  string
	}{
		"defaults":              {[]results.Treatment{sends("0/s", "64B")}, nil, ""},
		"an older record":       {[]results.Treatment{{"transport": "ws", "tls": "off"}}, nil, "no TLS"},
		"an uplink":             {[]results.Treatment{sends("40/s", "64B")}, nil, "each subscriber sends 40 messages/s of 64 B"},
		"one message":           {[]results.Treatment{sends("1/s", "1KB")}, nil, "each subscriber sends 1 message/s of 1 KB"},
		"with and without":      {[]results.Treatment{sends("0/s", "64B"), sends("40/s", "64B")}, nil, "uplink messages of 64 B"},
		"held at none":          {[]results.Treatment{sends("0/s", "64B"), sends("40/s", "64B")}, map[string]string{"uplink": "0/s"}, "subscribers send nothing"},
		"held at some":          {[]results.Treatment{sends("0/s", "64B"), sends("40/s", "64B")}, map[string]string{"uplink": "40/s"}, "each subscriber sends 40 messages/s of 64 B"},
		"two sizes":             {[]results.Treatment{sends("40/s", "64B"), sends("40/s", "1KB")}, nil, "each subscriber sends 40 messages/s"},
		"the newest":            {[]results.Treatment{{"transport": "ws", "want": "latest"}}, nil, "newest state only"},
		"every event, of two":   {[]results.Treatment{{"want": "every"}, {"want": "latest"}}, map[string]string{"want": "every"}, "every event"},
		"a server that stops":   {[]results.Treatment{{"fault": "server-stops"}}, nil, "the server stops answering"},
		"a fleet that stops":    {[]results.Treatment{{"fault": "fleet-stops"}}, nil, "the subscribers stop answering"},
		"some other fault":      {[]results.Treatment{{"fault": "lost-route"}}, nil, "fault lost-route"},
		"a network that is cut": {[]results.Treatment{{"fault": "cut-down", "congestion": "cubic"}}, nil, "TCP cubic on the path · the network is cut towards the subscribers"},
		"loopback":              {[]results.Treatment{{"rtt": "0ms", "jitter": "0ms", "loss": "0%", "bandwidth": "unlimited", "network": "none", "congestion": "cubic"}}, nil, ""},
		"a path":                {[]results.Treatment{{"rtt": "50ms", "jitter": "5ms", "loss": "0.5%", "bandwidth": "10Mbps", "congestion": "bbr"}}, nil, "RTT 50 ms · jitter 5 ms · 0.5 % of packets lost · 10 Mbps each way · TCP bbr on the path"},
		"a named path":          {[]results.Treatment{{"rtt": "0ms", "network": "4g", "congestion": "cubic"}}, nil, "network 4g · TCP cubic on the path"},
		"of several paths":      {[]results.Treatment{{"rtt": "0ms", "loss": "0%"}, {"rtt": "50ms", "loss": "1%"}}, map[string]string{"rtt": "0ms", "loss": "0%"}, "RTT 0 (loopback) · 0 % of packets lost"},
		"others take part":      {[]results.Treatment{{"fleets": "2", "proxy": "relay", "server": "list"}}, nil, "the server list · through the proxy relay · 2 fleets"},
		"nobody else, of two":   {[]results.Treatment{{"fleets": "1", "proxy": "none", "server": "ours"}, {"fleets": "2", "proxy": "relay", "server": "list"}}, map[string]string{"fleets": "1", "proxy": "none", "server": "ours"}, "our own server · no proxy · one fleet"},
		"no fault, of two":      {[]results.Treatment{{"fault": "none"}, {"fault": "fleet-stops"}}, map[string]string{"fault": "none"}, "no fault"},
	} {
		for _, tr := range c.ts {
			delete(tr, "transport")
		}
		r := newReport("x.jsonl", &results.Run{Header: results.Header{Plan: results.Planned{Treatments: c.ts}}}, &scenarios.Scenario{})
		if got := strings.Join(r.given(c.where), " · "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// The last screens of what is asked for, for a terminal, within its width.
func TestLastScreens(t *testing.T) {
	for _, path := range testScenarios[5:] {
		var b strings.Builder
		if err := lastScreen(&b, inMemory(t, path), drawn{dir: "figures"}); err != nil {
			t.Fatal(err)
		}
		golden(t, strings.TrimSuffix(filepath.Base(path), ".yaml")+".stdout", b.String())
		narrow(t, b.String())
	}
}

// The table has the columns that its treatments call for, and no more than fit.
func TestColumns(t *testing.T) {
	for path, want := range map[string][]string{
		"testdata/feed.yaml":        {"staleness/p50", "staleness/p90", "bytes/total/down", "bytes/total/up", "server/cpu", "requests", "connect/p50", "conn/{bytes,tcpip}/{down,up}"},
		"testdata/compression.yaml": {"staleness/p50", "staleness/p90", "bytes/total/down", "bytes/compression/down", "bytes/total/up", "server/cpu", "connect/p50", "conn/{bytes,tcpip}/{down,up}"},
		"testdata/duplex.yaml":      {"staleness/p50", "roundtrip/p50", "roundtrip/p99", "bytes/total/down", "bytes/total/up", "server/cpu-per-message", "conn/count ÷ subscribers", "conn/{bytes,tcpip}/{down,up}"},
		"testdata/latest.yaml":      {"age/mean", "events/skipped ÷ events/delivered", "roundtrip/p50", "roundtrip/p90", "bytes/total/down", "bytes/total/up", "server/cpu-per-message", "conn/count ÷ subscribers"},
		"testdata/heartbeat.yaml":   {"notice/fleet/p50", "notice/fleet-share", "notice/server/p50", "notice/server-share", "idle/total/{down,up}", "idle/server-cpu", "connect/p50", "conn/{bytes,tcpip}/{down,up}"},
	} {
		r := inMemory(t, path)
		var got []string
		for _, c := range r.columns(r.ts) {
			got = append(got, c.Expr)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: columns\n%q, want\n%q", path, got, want)
		}
	}
}

// Where the events of a trial are too few for its quantiles to be quoted, table and
// answer have the mean.
func TestMeanOfFewEvents(t *testing.T) {
	s := scenarioAt(t, "testdata/bare.yaml")
	s.Measure = 400 * time.Millisecond // 16 events, of which 8 lie beyond the median
	r := newReport("few.jsonl", syntheticRun(t, s), s)
	var got []string
	for _, c := range r.columns(r.ts) {
		got = append(got, c.Expr)
	}
	if len(got) < 2 || got[0] != "staleness/mean" || strings.Contains(got[1], "staleness") {
		t.Errorf("columns %q: want the mean staleness and no quantile of it", got)
	}
	if _, sentences := r.answer(); len(sentences) == 0 || !strings.Contains(sentences[0], "old on average") {
		t.Errorf("the answer %q does not speak of the mean", sentences)
	}
}

// A column divided by subscribers or by a metric is so in every block.
func TestDividedColumns(t *testing.T) {
	r := inMemory(t, "testdata/latest.yaml")
	for _, c := range []struct {
		transport string
		col       column
		want      float64
	}{
		{"ws", column{Expr: "conn/count ÷ subscribers"}, 1},
		{"sse", column{Expr: "conn/count ÷ subscribers"}, 2},
		{"ws", column{Expr: "events/skipped ÷ events/delivered"}, 0},
	} {
		tr, _ := r.named(c.transport, nil)
		q, why := r.quote(tr, c.col)
		if s := q.summary(); why != "" || s.N != 4 || s.Center != c.want {
			t.Errorf("%s of %s: %+v (%s), want %v in each of 4 blocks", c.col.Expr, c.transport, s, why, c.want)
		}
	}
}

// Where nobody noticed there is no time, and nothing that looks like a short one.
func TestNotNoticed(t *testing.T) {
	r := inMemory(t, "testdata/heartbeat.yaml")
	d, err := r.bars(r.scenario.Plots[0])
	if err != nil {
		t.Fatal(err)
	}
	d.chart.(*rowChart).each(nil, func(b row, _ float64) {
		silent := b.Name == "ws" || b.Name == "sse"
		if b.Never != silent || silent && (finite(b.Value) || b.Words != "not noticed by any in 20 s") {
			t.Errorf("%s: never %v, value %v, %q", b.Name, b.Never, b.Value, b.Words)
		}
		share := map[string]string{"ws?ping=15s": ", by 40 %", "ws?ping=1s": ", by all"}[b.Name]
		if !strings.HasSuffix(b.Words, share) {
			t.Errorf("%s: %q does not say %q", b.Name, b.Words, share)
		}
	})
	if tr, _ := r.named("ws", map[string]string{"fault": "fleet-stops"}); r.cell(tr, nil, column{Expr: "notice/server/p50"}).Value != never {
		t.Error("the table does not say that the server never notices")
	}
}

// A part below zero lies left of zero, and the sum is what is left.
func TestStackBelowZero(t *testing.T) {
	r := inMemory(t, "testdata/compression.yaml")
	for i, saves := range []bool{true, false} { // random data grows when it is compressed
		d, err := r.bars(r.scenario.Plots[i])
		if err != nil {
			t.Fatal(err)
		}
		ch := d.chart.(*rowChart)
		if ch.saves() != saves || (ch.X.Min < 0) != saves || strings.Contains(d.notes[0], "hatched") != saves {
			t.Errorf("plot %d: saves %v, axis from %v, note %q", i, ch.saves(), ch.X.Min, d.notes[0])
		}
		ch.each(nil, func(s row, _ float64) {
			sum := 0.0
			for _, part := range s.Parts {
				sum += part
			}
			if diff := sum - s.Value; diff > 1 || diff < -1 { // medians of parts, and of the sum
				t.Errorf("%s: parts %v, sum %v", s.Name, s.Parts, s.Value)
			}
			if saved := ch.saved(s); saved > 0 && (-saved < ch.X.Min || s.end() <= s.Value) {
				t.Errorf("%s: saved %v, axis from %v; what there was to carry ends at %v, the sum at %v", s.Name, saved, ch.X.Min, s.end(), s.Value)
			}
		})
	}
}

// Two factors may tell lines apart: colour and marker are the transport's, dashes
// the other's, and no two look the same.
func TestPerTwo(t *testing.T) {
	r := inMemory(t, "testdata/binary.yaml")
	lines := r.lines(r.scenario.Plots[0])
	looks := map[string]string{}
	for _, l := range lines {
		transport, encoding, _ := strings.Cut(l.name, ", ")
		look := fmt.Sprint(l.style)
		if other, ok := looks[look]; ok {
			t.Errorf("%s looks like %s", l.name, other)
		}
		looks[look] = l.name
		if own := styleOf(transport); l.style.Color != own.Color || l.style.Marker != own.Marker || (l.style.Dashes == nil) != (encoding == "binary") {
			t.Errorf("%s: %+v", l.name, l.style)
		}
		if len(l.ts) != 5 {
			t.Errorf("%s has %d levels, want 5", l.name, len(l.ts))
		}
	}
	if len(lines) != 5 {
		t.Errorf("%d lines, want 5: sse carries no binary", len(lines))
	}
}
