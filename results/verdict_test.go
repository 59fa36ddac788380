package results

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pairs is a run of ws and poll whose log-ratios are given, block by block.
func pairs(metric string, logs ...float64) *Run {
	return runOf(len(logs), func(transport string, _ Treatment, block int) values {
		v := 1e-3
		if transport == "poll" {
			v *= math.Exp(logs[block-1])
		}
		return values{metric: v}
	}, "ws", "poll")
}

// At three to five blocks only a ratio beyond two is told of times and CPU. Bytes
// have no such noise.
func TestFewBlocksTellOnlyLargeRatios(t *testing.T) {
	for _, tc := range []struct {
		metric string
		ratio  float64
		blocks int
		want   Outcome
	}{
		{"server/cpu", 1.9, 5, CannotTell}, {"server/cpu", 2.2, 5, Holds}, {"server/cpu", 1.9, 6, Holds},
		{"staleness/p50", 1.9, 3, CannotTell}, {"staleness/p50", 2.2, 3, Holds},
		{"bytes/total/down", 1.1, 3, Holds}, {"server/rss", 1.1, 3, Holds},
	} {
		logs := make([]float64, tc.blocks)
		for i := range logs {
			logs[i] = math.Log(tc.ratio) * (1 + 0.001*float64(i%3))
		}
		v, err := judgeOne(pairs(tc.metric, logs...), Claim{Expect: tc.metric + "[ws] < " + tc.metric + "[poll]"})
		if err != nil || v.Outcome != tc.want {
			t.Errorf("%s, ratio %g, %d blocks: %s, %v", tc.metric, tc.ratio, tc.blocks, v.Sentence(), err)
		}
		if tc.want == CannotTell && v.Takes.Blocks != fewBlocks+1-tc.blocks {
			t.Errorf("%s: takes %d blocks more", v.Sentence(), v.Takes.Blocks)
		}
	}
}

// A claim that stands out alone does not among many that do not.
func TestManyClaims(t *testing.T) {
	r := runOf(8, func(transport string, _ Treatment, block int) values {
		wave := float64(block%2)*0.4 - 0.2
		v := map[string]float64{"ws": 0, "poll": 0.19 + wave}[transport] // p is about 0.04
		return values{"server/cpu": 1e-5 * math.Exp(v), "server/rss": 1e7 * math.Exp(wave), "bytes/envelope/down": 5}
	}, "ws", "poll")
	claim := Claim{ID: "C", Expect: "server/cpu[ws] < server/cpu[poll]"}
	v := r.Judge([]Claim{claim})[0]
	if v.Outcome != Holds || v.Cells[0].P > 0.05 || v.Cells[0].P < 0.005 {
		t.Fatalf("alone, p = %v: %s", v.Cells[0].P, v.Sentence())
	}
	many := []Claim{claim}
	for range 19 {
		many = append(many, Claim{Expect: "server/rss[ws] < server/rss[poll]"})
	}
	if v := r.Judge(many)[0]; v.Outcome != CannotTell || !strings.Contains(v.Sentence(), "among so many claims") || v.Takes.Blocks == 0 {
		t.Errorf("among twenty: %s", v.Sentence())
	}
	// Exact claims cost nothing.
	many = []Claim{claim}
	for range 19 {
		many = append(many, Claim{Expect: "bytes/envelope/down[ws] < 10B/event"})
	}
	vs := r.Judge(many)
	if vs[0].Outcome != Holds || vs[1].Outcome != Holds || !vs[1].Cells[0].Certain {
		t.Errorf("among exact ones: %s; %s", vs[0].Sentence(), vs[1].Sentence())
	}
}

// One false cell of many does not turn a claim into one that holds only somewhere,
// and one open cell is named.
func TestOneCellOfMany(t *testing.T) {
	run := func(odd float64) *Run {
		var treatments []string
		for i := range 15 {
			treatments = append(treatments, fmt.Sprintf("ws, rate=%d/s", i+1), fmt.Sprintf("poll, rate=%d/s", i+1))
		}
		return runOf(8, func(transport string, t Treatment, block int) values {
			noise := 0.1 * (float64(block%2) - 0.5)
			v := 0.7 + noise
			if t["rate"] == "7/s" {
				v = odd + noise
			}
			if transport == "ws" {
				v = 0
			}
			return values{"server/cpu": 1e-5 * math.Exp(v)}
		}, treatments...)
	}
	claim := Claim{Expect: "server/cpu[ws] < server/cpu[poll]"}
	for _, tc := range []struct {
		odd  float64
		want Outcome
		says string
	}{
		{0.7, Holds, "holds in all 15 cases"},
		{-0.03, CannotTell, "cannot tell: holds in 14 of 15: cannot tell where rate=7/s"}, // p is 0.13
		{-0.7, HoldsOnlyWhere, "fails where rate=7/s"},
	} {
		v, err := judgeOne(run(tc.odd), claim)
		if err != nil || v.Outcome != tc.want || !strings.Contains(v.Sentence(), tc.says) {
			t.Errorf("odd one at %g: %s, %v", tc.odd, v.Sentence(), err)
		}
	}
}

// Shares, and what must not happen at all, are judged by whether each block complies.
func TestShares(t *testing.T) {
	const share, lost = "notice/server-share[ws] ≈ 1 ± 1%", "events/lost[ws] + events/lost[ws] < 1"
	for _, tc := range []struct {
		expect string
		blocks []float64
		want   Outcome
	}{
		{share, []float64{1, 1, 1, 1}, Holds}, {share, []float64{0, 0.5, 0}, Fails},
		{share, []float64{1, 1, 0.9, 1}, CannotTell}, {share, []float64{1, 1}, CannotTell},
		{lost, []float64{0, 0, 0}, Holds}, {lost, []float64{0, 2, 0}, CannotTell}, {lost, []float64{1, 2, 1}, Fails},
	} {
		r := runOf(len(tc.blocks), func(_ string, _ Treatment, block int) values {
			return values{"notice/server-share": tc.blocks[block-1], "events/lost": tc.blocks[block-1]}
		}, "ws")
		if v, err := judgeOne(r, Claim{Expect: tc.expect}); err != nil || v.Outcome != tc.want {
			t.Errorf("%v: %s, want %s, %v", tc.blocks, v.Sentence(), tc.want, err)
		}
	}
}

// A generator that was late is told of where the verdict rests on it, and nowhere
// else.
func TestLateGenerator(t *testing.T) {
	run := func(poll, ws, late, wait float64) *Run {
		return runOf(8, func(transport string, _ Treatment, block int) values {
			noise := 1 + 0.02*float64(block%3)
			v := values{"staleness/p50": poll * noise, "server/wait": 20e-6, "fleet/wait": 20e-6}
			if transport == "ws" {
				v["staleness/p50"], v["server/wait"] = (ws+late+wait)*noise, wait
			}
			v["delivery/p50"] = v["staleness/p50"]
			if transport == "ws" {
				v["delivery/p50"] -= late
			}
			return v
		}, "ws", "poll")
	}
	claim := Claim{Expect: "staleness/p50[ws] < staleness/p50[poll]"}
	for _, tc := range []struct {
		name string
		run  *Run
		want Outcome
		says string
	}{
		{"500 ms against 1 ms on a host that stalls for 5", run(0.5, 0.001, 0.005, 0.005), Holds, ""},
		{"0.6 ms against 0.5 ms", run(0.0006, 0.0005, 0, 0), Holds, ""},
		{"the same, the publisher of one 0.3 ms late", run(0.0006, 0.0005, 0.0003, 0), CannotTell, "the publisher's lateness"},
		{"the same, the server of one kept waiting", run(0.0006, 0.0005, 0, 0.0003), CannotTell, "waited for a core"},
	} {
		v, err := judgeOne(tc.run, claim)
		if err != nil || v.Outcome != tc.want || !strings.Contains(v.Reason, tc.says) {
			t.Errorf("%s: %s, %v", tc.name, v.Sentence(), err)
		}
	}
	// At its limit a server's publisher is late by its own doing.
	for end, want := range map[string]Outcome{"server": Fails, "both": Fails, "fleet": CannotTell, "neither": CannotTell} {
		busy := run(0.0006, 0.0005, 0.0003, 0)
		for _, trial := range busy.Trials {
			trial.Saturated = end
		}
		if v, err := judgeOne(busy, claim); err != nil || v.Outcome != want {
			t.Errorf("saturated is %s: %s, %v; want %s", end, v.Sentence(), err, want)
		}
	}
}

// Lateness lets events share an answer: near its bound a verdict about requests
// says so.
func TestLatenessIsNotedWhereItMovesRequests(t *testing.T) {
	run := func(late, requests float64) *Run {
		r := runOf(6, func(transport string, _ Treatment, block int) values {
			return values{"requests": requests, "window": 5, "events/distinct": 200, "events/delivered": 10000}
		}, "longpoll")
		for _, trial := range r.Trials {
			trial.Hists = map[string]*Hist{"publish-lag": histOf(int64(late * 1e9))}
		}
		return r
	}
	claim := Claim{Expect: "requests[longpoll] > 0.9"}
	for _, tc := range []struct {
		late, requests float64
		noted          bool
	}{{0.002, 0.95, true}, {0.0001, 0.95, false}, {0.002, 2, false}} {
		v, err := judgeOne(run(tc.late, tc.requests), claim)
		if err != nil || v.Outcome != Holds || (len(v.Notes) == 1) != tc.noted {
			t.Errorf("%+v: %s, %q, %v", tc, v.Sentence(), v.Notes, err)
		}
	}
}

// What would tell, told as blocks and as time.
func TestWhatItTakes(t *testing.T) {
	r := pairs("server/cpu", 0.3, -0.25, 0.35, 0.05, 0.2, -0.1, 0.25, 0.0)
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i, trial := range r.Trials {
		trial.Started = start.Add(time.Duration(i) * 15 * time.Second)
	}
	v, err := judgeOne(r, Claim{Expect: "server/cpu[ws] < server/cpu[poll]"})
	if err != nil || v.Outcome != CannotTell || v.Takes.Blocks < 5 || v.Takes.Blocks > 60 {
		t.Fatalf("%s, %v", v.Sentence(), err)
	}
	if want := time.Duration(v.Takes.Blocks) * 30 * time.Second; v.Takes.Time != want {
		t.Errorf("%d blocks of 30 s take %v", v.Takes.Blocks, v.Takes.Time)
	}
	for _, says := range []string{"would have shown", fmt.Sprintf("about %d more blocks, ", v.Takes.Blocks), "as one planned look"} {
		if !strings.Contains(v.Sentence(), says) {
			t.Errorf("%q does not say %q", v.Sentence(), says)
		}
	}
	// With that many blocks of the same spread it does.
	var logs []float64
	for len(logs) < 8+v.Takes.Blocks {
		logs = append(logs, 0.3, -0.25, 0.35, 0.05, 0.2, -0.1, 0.25, 0.0)
	}
	if v, err := judgeOne(pairs("server/cpu", logs[:8+v.Takes.Blocks]...), Claim{Expect: "server/cpu[ws] < server/cpu[poll]"}); err != nil || v.Outcome != Holds {
		t.Errorf("with as many: %s, %v", v.Sentence(), err)
	}
}

// Records of schema 1 are judged by the rules of today.
func TestSchema1(t *testing.T) {
	header := `{"type":"header","schema":1,"plan":{"blocks":3,"treatments":[{"transport":"ws"}]}}`
	trial := func(more string) string {
		return `{"type":"trial","treatment":{"transport":"ws"},"block":1,"order":1,"metrics":{"host/cpu":{"value":1,"unit":"s/event"},"server/cpu":{"value":1,"unit":"s/event"}},"hists":{},` + more + `}`
	}
	for _, tc := range []struct {
		more          string
		trials        int
		sound, timely bool
	}{
		{`"valid":true,"invalid":[],"disturbed":false`, 1, true, true},
		{`"valid":true,"invalid":[],"disturbed":true,"disturbance":["steal 8 %"]`, 1, true, true},
		{`"valid":true,"invalid":[],"attempt":1`, 0, false, false},
		{`"valid":false,"invalid":["2 of 185 events published 1ms late or more, limit 1"]`, 1, true, true},
		{`"valid":false,"invalid":["the link was saturated: of 300 packets more than 3 were handed on 1ms late or more"]`, 1, true, true},
		{`"valid":false,"invalid":["fleet used 85 % of its core, limit 80 %"]`, 1, true, false},
		{`"valid":false,"invalid":["3 events lost, 1 subscribers without the newest"]`, 1, false, false},
		{`"valid":false,"invalid":["a reason that nobody knows"]`, 1, false, false},
	} {
		path := filepath.Join(t.TempDir(), "old.jsonl")
		if err := os.WriteFile(path, []byte(header+"\n"+trial(tc.more)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		run, err := Read(path)
		if err != nil || len(run.Trials) != tc.trials {
			t.Errorf("%s: %d trials, %v", tc.more, len(run.Trials), err)
			continue
		}
		if tc.trials == 0 {
			continue
		}
		got := run.Trials[0]
		if got.Sound() != tc.sound || got.Bears("staleness/p50") != tc.timely || got.Bears("host/cpu") {
			t.Errorf("%s: sound %v, bears staleness %v, host/cpu %v", tc.more, got.Sound(), got.Bears("staleness/p50"), got.Bears("host/cpu"))
		}
	}
}
