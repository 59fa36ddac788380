package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pushbench/results"
)

func TestTreatments(t *testing.T) {
	s := mustParse(t, `question: What?
factors:
  payload: [32B, 1KB]
  transport: [poll?interval=1s, ws#twin]
  payload-kind: [random, ticker]
fixed: {rate: 0.5/s, subscribers: 7, arrivals: constant, encoding: base64}
except: [{transport: poll?interval=1s, payload-kind: ticker}]
warmup: 1s
measure: 20s
blocks: 6
`)
	ts, dropped, err := s.Treatments()
	if err != nil {
		t.Fatal(err)
	}
	labels := func(transport, payload, kind string) results.Treatment {
		return results.Treatment{
			"transport": transport, "payload": payload, "payload-kind": kind,
			"rate": "0.5/s", "subscribers": "7", "arrivals": "constant", "encoding": "base64",
			"want": "every", "fault": "none", "uplink": "0/s", "uplink-payload": "64B",
			"network": "none", "rtt": "0ms", "jitter": "0ms", "reorder": "off", "loss": "0%", "bandwidth": "unlimited", "congestion": "cubic",
			"tls": "off", "http": "1.1", "headers": "minimal", "client": "go", "cpus": "host",
			"fleets": "1", "proxy": "none", "server": "ours",
		}
	}
	treatment := func(transport, label string, payload int, payloadText, kind string) Treatment {
		return Treatment{
			Labels: labels(transport+label, payloadText, kind), Transport: transport, Subscribers: 7, Rate: 0.5,
			Arrivals: "constant", Payload: payload, PayloadKind: kind, Encoding: "base64", HTTP: "1.1", Headers: "minimal", Client: "go",
			Want: "every", Fault: "none", Network: Network{Profile: NoNetwork, Congestion: "cubic"}, UplinkPayload: 64,
			Fleets: 1, Proxy: NoProxy, Server: OurServer,
		}
	}
	want := []Treatment{
		treatment("poll?interval=1s", "", 32, "32B", "random"),
		treatment("ws", "#twin", 32, "32B", "random"),
		treatment("poll?interval=1s", "", 1024, "1KB", "random"),
		treatment("ws", "#twin", 1024, "1KB", "random"),
		treatment("ws", "#twin", 1024, "1KB", "ticker"),
	}
	if diff := cmp.Diff(want, ts); diff != "" {
		t.Errorf("treatments (-want +got):\n%s", diff)
	}
	wantDropped := []results.Dropped{{
		Treatment: labels("ws#twin", "32B", "ticker"),
		Why:       "a ticker is JSON and needs a payload of at least 64B, not 32B",
	}}
	if diff := cmp.Diff(wantDropped, dropped); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}

	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	wantPlan := results.Planned{Seed: 1, Generator: Generator, Blocks: 6, Warmup: time.Second, Measure: 20 * time.Second, Dropped: wantDropped}
	for _, w := range want {
		wantPlan.Treatments = append(wantPlan.Treatments, w.Labels)
	}
	if diff := cmp.Diff(wantPlan, plan); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func TestTickerNeedsSixtyFourBytes(t *testing.T) {
	s := mustParse(t, spoil(t, "payload: 200B", "payload: 64B, payload-kind: ticker"))
	if ts, dropped, err := s.Treatments(); err != nil || len(ts) != 6 || dropped != nil {
		t.Errorf("64B: %d treatments, dropped %v, error %v; want 6, none, none", len(ts), dropped, err)
	}
}

// What cannot run over HTTP/2 is left out of the plan, with the reason.
func TestHTTP2(t *testing.T) {
	s := mustParse(t, `question: q
factors:
  transport: [poll?interval=1s, poll?interval=1s&keepalive=off, ws, raw#floor]
  http: [1.1, 2]
fixed: {tls: on, headers: browser+cookie=1024B}
warmup: 0s
measure: 5s
blocks: 6
`)
	ts, dropped, err := s.Treatments()
	if err != nil {
		t.Fatal(err)
	}
	if len(ts) != 5 || !ts[0].TLS || ts[0].HTTP != "1.1" || ts[1].HTTP != "2" || ts[1].Headers != "browser+cookie=1KB" {
		t.Errorf("treatments %+v", ts)
	}
	var why []string
	for _, d := range dropped {
		why = append(why, d.Treatment.Transport()+": "+d.Why)
	}
	want := []string{
		"poll?interval=1s&keepalive=off: HTTP/2 keeps its connection",
		"ws: ws begins with an upgrade, which HTTP/2 does not have",
		"raw#floor: raw begins with an upgrade, which HTTP/2 does not have",
	}
	if diff := cmp.Diff(want, why); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
}

// What is text cannot carry binary events: such a treatment is left out of the
// plan, with the reason.
func TestTextOnly(t *testing.T) {
	s := mustParse(t, `question: q
factors:
  transport: [sse?batch=on, ws]
  encoding: [text, binary, base64]
warmup: 0s
measure: 5s
blocks: 6
`)
	ts, dropped, err := s.Treatments()
	if err != nil {
		t.Fatal(err)
	}
	if len(ts) != 5 || len(dropped) != 1 {
		t.Fatalf("%d treatments, %d left out; want 5 and 1", len(ts), len(dropped))
	}
	if why := dropped[0].Why; why != "sse?batch=on carries text, which binary events are not; base64 ones are" {
		t.Error(why)
	}
}

// What subscribers want and send is part of a treatment, each level in one
// spelling.
func TestWantAndUplink(t *testing.T) {
	s := mustParse(t, `question: q
factors:
  want: [every, latest]
  uplink: [0/s, 2.50/s]
fixed: {transport: ws, uplink-payload: 1024B}
warmup: 0s
measure: 5s
blocks: 6
`)
	ts, _, err := s.Treatments()
	if err != nil || len(ts) != 4 {
		t.Fatalf("%d treatments, error %v", len(ts), err)
	}
	last := ts[3]
	if last.Want != "latest" || last.Uplink != 2.5 || last.UplinkPayload != 1024 || last.Labels["uplink"] != "2.5/s" || last.Labels["uplink-payload"] != "1KB" {
		t.Errorf("treatment %+v", last)
	}
	if first := ts[0]; first.Want != "every" || first.Uplink != 0 || first.Labels["uplink"] != "0/s" {
		t.Errorf("treatment %+v", first)
	}
}

// A scenario of memory has a quiet feed, and as many subscribers as its last
// step.
func TestIdle(t *testing.T) {
	s := mustParse(t, `question: q
factors: {transport: [longpoll, ws]}
idle: [10, 20, 40]
warmup: 0s
measure: 5s
blocks: 6
`)
	ts, _, err := s.Treatments()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{10, 20, 40}, s.Idle); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if len(ts) != 2 || ts[0].Subscribers != 40 || ts[0].Rate != 0 || ts[0].Labels["rate"] != "0/s" {
		t.Errorf("treatments %+v", ts)
	}
	if w := s.Warnings(); w != nil {
		t.Errorf("warnings %v", w)
	}
}

// TestHandMadeScenario: what Parse would have refused is an error, not a panic.
func TestHandMadeScenario(t *testing.T) {
	s := mustParse(t, sound)
	s.Factors[1].Levels = []string{"fast"}
	if _, _, err := s.Treatments(); err == nil || !strings.Contains(err.Error(), `rate "fast"`) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Plan(); err == nil {
		t.Error("a plan without a sound treatment")
	}
	if order := s.Order(1, 1); order != nil {
		t.Errorf("order %v of nothing", order)
	}
	if w := s.Warnings(); w != nil {
		t.Errorf("warnings %v of nothing", w)
	}
}

// drawn is a scenario with factors of any size.
func drawn(t *rapid.T) *Scenario {
	s := &Scenario{
		Fixed: map[string]string{},
		Seed:  rapid.Uint64().Draw(t, "seed"),
	}
	for _, k := range treatmentKeys {
		s.Fixed[k.name] = k.level
	}
	numbered := func(format string, most int) (levels []string) {
		for i := range rapid.IntRange(1, most).Draw(t, "levels of "+format) {
			levels = append(levels, fmt.Sprintf(format, i+1))
		}
		return levels
	}
	s.Factors = []Factor{
		{"transport", numbered("poll?interval=%ds", 5)},
		{"rate", numbered("%d/s", 4)},
		{"payload", numbered("%dB", 3)},
	}
	for _, f := range s.Factors {
		delete(s.Fixed, f.Key)
	}
	return s
}

func TestOrderIsAPermutation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t)
		seed, block := rapid.Uint64().Draw(t, "seed of the order"), rapid.IntRange(1, 1000).Draw(t, "block")
		ts, _, err := s.Treatments()
		if err != nil {
			t.Fatal(err)
		}
		order := s.Order(seed, block)
		sorted := slices.Sorted(slices.Values(order))
		for i := range ts {
			if len(sorted) != len(ts) || sorted[i] != i {
				t.Fatalf("order %v is no permutation of %d treatments", order, len(ts))
			}
		}
		if again := s.Order(seed, block); !slices.Equal(order, again) {
			t.Fatalf("order %v, then %v", order, again)
		}
	})
}

// TestOrderDependsOnBlockAndSeed: with ten treatments, two of a hundred blocks
// agree by chance once in a thousand runs of this test; the seeds are fixed.
func TestOrderDependsOnBlockAndSeed(t *testing.T) {
	s := mustParse(t, spoil(t, "[10/s, 40/s]", "[10/s, 20/s, 40/s, 80/s]"))
	seen := map[string]string{}
	for seed := range uint64(10) {
		for block := 1; block <= 10; block++ {
			order, here := fmt.Sprint(s.Order(seed, block)), fmt.Sprintf("seed %d block %d", seed, block)
			if there, twice := seen[order]; twice {
				t.Errorf("%s and %s have the order %s", there, here, order)
			}
			seen[order] = here
		}
	}
}

// TestOrderIsBalanced: over many blocks each treatment stands in each place
// equally often, or drift within a block would favour one.
func TestOrderIsBalanced(t *testing.T) {
	s := mustParse(t, sound)
	const blocks, n = 6000, 6
	var times [n][n]int
	for block := 1; block <= blocks; block++ {
		for place, i := range s.Order(1, block) {
			times[place][i]++
		}
	}
	// 1000 ± 5 standard deviations of a binomial count with p = 1/6.
	for place := range times {
		for i, k := range times[place] {
			if k < 855 || k > 1145 {
				t.Errorf("treatment %d stands in place %d in %d of %d blocks", i, place, k, blocks)
			}
		}
	}
}

// TestOrderStaysTheSame pins the order of a seed, which -resume takes from the
// record.
func TestOrderStaysTheSame(t *testing.T) {
	s := mustParse(t, sound)
	var got [][]int
	for block := 1; block <= 3; block++ {
		got = append(got, s.Order(1, block))
	}
	want := [][]int{{5, 4, 3, 1, 0, 2}, {5, 4, 2, 1, 0, 3}, {0, 1, 2, 5, 3, 4}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
