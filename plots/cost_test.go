package main

import (
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pushbench/results"
	"pushbench/scenarios"
)

// The closed form at 21 B an event and one event a poll, as the literature's
// arithmetic has it.
func TestClosedFormKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		headers, response float64
		want              [6]string // protocol, data, TLS, TCP/IP, both, break-even
		fromServer        string
	}{
		{2000, 0, [6]string{"1000", "88", "46", "17", "15", "20"}, ""},
		{909, 193, [6]string{"454", "40", "22", "8.6", "7.6", "10"}, "3"},
		{871, 0, [6]string{"436", "39", "21", "8.3", "7.3", "9.7"}, ""},
		{219, 108, [6]string{"110", "10", "6.3", "3.1", "3", "3.5"}, "2.1"},
		{95, 0, [6]string{"48", "5", "3.6", "2.1", "2.1", "2.4"}, ""},
		{67, 0, [6]string{"34", "3.8", "2.9", "1.9", "1.9", "2.1"}, ""},
	} {
		plain := closedForm{Headers: scenarios.Headers{Total: c.headers, Response: c.response}, PerPoll: 1, Event: 21}
		sealed := plain
		sealed.TLS = true
		var got [6]string
		for i, at := range []struct {
			form  closedForm
			layer wireLayer
		}{{plain, framing}, {plain, withData}, {sealed, withTLS}, {plain, withTCPIP}, {sealed, withTCPIP}} {
			v, ok := at.form.ratio(at.layer)
			if !ok {
				t.Fatalf("H = %v: no ratio at layer %d", c.headers, at.layer)
			}
			got[i] = twoDigits(v)
		}
		got[5] = twoDigits(plain.breakEven())
		if got != c.want {
			t.Errorf("H = %v: %v, want %v", c.headers, got, c.want)
		}
		if v, ok := sealed.ratio(toClient); ok != (c.fromServer != "") || ok && twoDigits(v) != c.fromServer {
			t.Errorf("H = %v, from the server: %v %v, want %q", c.headers, v, ok, c.fromServer)
		}
	}
	poll, push, _ := closedForm{Headers: scenarios.Headers{Total: 909, Response: 193}, PerPoll: 1, Event: 21, TLS: true}.bytes(toClient)
	if poll != 288 || push != 97 {
		t.Errorf("from the server %v B and %v B, want 288 and 97", poll, push)
	}
}

// At the break-even both take the same, at whatever size and with or without
// TLS; frames have the header that RFC 6455 gives them.
func TestClosedFormBreakEven(t *testing.T) {
	for _, event := range []float64{1, 125, 126, 65535, 65536} {
		for _, tls := range []bool{false, true} {
			m := closedForm{Headers: scenarios.Headers{Total: 909}, Event: event, TLS: tls}
			m.PerPoll = m.breakEven()
			if poll, push, _ := m.bytes(withTCPIP); math.Abs(poll-push) > 1e-9*push {
				t.Errorf("%v B, TLS %v: %v against %v at k = %v", event, tls, poll, push, m.PerPoll)
			}
		}
		want := map[float64]float64{1: 2, 125: 2, 126: 4, 65535: 4, 65536: 10}[event]
		if got := frameBytes(event); got != want {
			t.Errorf("a frame of %v B has a header of %v, want %v", event, got, want)
		}
	}
}

// The tables below the last screen, for a terminal and for a README.
func TestExhibits(t *testing.T) {
	for _, name := range []string{"cost", "load", "lubbers"} {
		var screen, md strings.Builder
		for _, e := range inMemory(t, "testdata/"+name+".yaml").exhibits() {
			screen.WriteString(e.String() + "\n")
			md.WriteString(e.markdown())
		}
		golden(t, name+"-exhibits.txt", screen.String())
		golden(t, name+"-exhibits.md", md.String())
		narrow(t, screen.String())
	}
}

func narrow(t *testing.T, screen string) {
	t.Helper()
	for line := range strings.Lines(screen) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > screenWidth {
			t.Errorf("a line of %d columns, more than %d:\n%s", n, screenWidth, line)
		}
	}
}

// Where raw was run every ratio that it bears on stands beside that to ws.
func TestFloor(t *testing.T) {
	r := inMemory(t, "testdata/floor.yaml")
	var b strings.Builder
	if err := lastScreen(&b, r, drawn{dir: "figures"}); err != nil {
		t.Fatal(err)
	}
	golden(t, "floor.stdout", b.String())
	narrow(t, b.String())
	for _, g := range r.groups() {
		for i, cells := range g.Cells {
			for j, c := range cells {
				if g.Columns[j].Floor != strings.HasSuffix(c.Floor, " raw") {
					t.Errorf("%s, %q: floor %q", g.Names[i], g.Columns[j].Head, c.Floor)
				}
			}
		}
	}
}

func TestFitAndLubbersCommands(t *testing.T) {
	home, dir := here(t), t.TempDir()
	for _, name := range []string{"load", "lubbers", "feed"} {
		write(t, filepath.Join(dir, name+".jsonl"), syntheticRun(t, scenarioAt(t, "testdata/"+name+".yaml")))
	}
	got := map[string]string{}
	for name, args := range map[string][]string{
		"fit.stdout": {"fit", "load.jsonl"}, "fit-host.md": {"fit", "-of", "host/cpu", "-markdown", "load.jsonl"},
		"lubbers.stdout": {"lubbers", "lubbers.jsonl"}, "lubbers.md": {"lubbers", "-markdown", "lubbers.jsonl"},
	} {
		r := cli(t, dir, "", args...)
		if r.code != exitOK || r.stderr != "" {
			t.Errorf("plots %q: exit %d, %s", args, r.code, r.stderr)
		}
		got[name] = r.stdout
	}
	// A run at one rate and one number of subscribers fits nothing, and says why.
	one := cli(t, dir, "", "fit", "feed.jsonl")
	if one.code != exitOK || !strings.Contains(one.stdout, "vary subscribers and rate") {
		t.Errorf("exit %d:\n%s", one.code, one.stdout)
	}
	// Bandwidth is there for any run; what was published is not.
	other := cli(t, dir, "", "lubbers", "feed.jsonl")
	if other.code != exitOK || !strings.Contains(other.stdout, "bit/s") || strings.Contains(other.stdout, "derived") {
		t.Errorf("exit %d:\n%s", other.code, other.stdout)
	}
	if r := cli(t, dir, "", "fit", "-of", "cpu", "load.jsonl"); r.code != exitUsage || !strings.Contains(r.stderr, "host/cpu") {
		t.Errorf("exit %d: %s", r.code, r.stderr)
	}
	t.Chdir(home)
	for name, text := range got {
		golden(t, name, text)
		if strings.HasSuffix(name, ".stdout") {
			narrow(t, text)
		}
	}
}

// older takes from a run what its record would have lacked before TCP and IP
// were counted.
func older(run *results.Run) *results.Run {
	each(run, func(trial *results.Trial) {
		sum := map[string]float64{}
		for name, m := range trial.Metrics {
			layer, way, ok := strings.Cut(strings.TrimPrefix(name, "bytes/"), "/")
			if ok && strings.HasPrefix(name, "bytes/") && slices.Contains([]string{"payload", "envelope", "protocol"}, layer) {
				sum[way] += m.Value
			}
			if strings.Contains(name, "tcpip") || strings.Contains(name, "tls") {
				delete(trial.Metrics, name)
			}
		}
		for way, v := range sum {
			trial.Metrics["bytes/total/"+way] = results.Metric{Value: v, Unit: "B/event"}
		}
	})
	return run
}

// A record from before TCP and IP were counted prints what it has, and nobody
// is led to think that it has more.
func TestOlderRecord(t *testing.T) {
	s := scenarioAt(t, "testdata/cost.yaml")
	r := newReport("cost.jsonl", older(syntheticRun(t, s)), s)
	fs, skipped := r.figures()
	if len(skipped) > 0 || len(fs) != len(s.Plots) {
		t.Errorf("%d figures of %d, skipped %q", len(fs), len(s.Plots), skipped)
	}
	for _, f := range fs {
		caption := strings.Join(f.Caption, " ")
		if total := strings.Contains(f.Name, "total") || strings.Contains(f.Name, "amortised-bytes"); total != strings.Contains(caption, oldRecord) {
			t.Errorf("%s: the caption says %q", f.Name, caption)
		}
		if strings.Contains(f.Subtitle, "IP bytes") {
			t.Errorf("%s speaks of IP bytes: %s", f.Name, f.Subtitle)
		}
	}
	for _, text := range []string{markdown(r), r.exhibits()[0].String()} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), oldRecord) || strings.Contains(text, "IP bytes") || strings.Contains(text, "IP down") {
			t.Errorf("it does not say that TCP and IP are missing, or says that they are there:\n%s", text)
		}
	}
}

// Bytes of an old and a new record are compared as far as both count.
func TestCompareWithOlderRecord(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "new.jsonl"), syntheticRun(t, scenarioAt(t, "testdata/bare.yaml")))
	old := older(syntheticRun(t, scenarioAt(t, "testdata/bare.yaml")))
	forget := func(tr results.Treatment) {
		maps.DeleteFunc(tr, func(key, _ string) bool { return formerly[key] != "" || pathDefaults[key] != "" })
	}
	for _, tr := range old.Header.Plan.Treatments {
		forget(tr)
	}
	each(old, func(trial *results.Trial) { forget(trial.Treatment) })
	write(t, filepath.Join(dir, "old.jsonl"), old)
	for _, args := range [][]string{{"compare", "old.jsonl", "new.jsonl"}, {"compare", "new.jsonl", "old.jsonl"}} {
		got := cli(t, dir, "", args...)
		if got.code != exitOK || strings.Contains(got.stdout, "×") || !strings.Contains(got.stdout, "counts TCP and IP headers") {
			t.Errorf("exit %d:\n%s", got.code, got.stdout)
		}
	}
}

// of makes a quantity of one value a block.
func of(vs ...float64) quantity {
	q := quantity{blocks: map[int]float64{}}
	for i, v := range vs {
		q.blocks[i+1] = v
	}
	return q
}

func sixTimes(v float64) quantity { return of(v, v, v, v, v, v) }

func TestLifelong(t *testing.T) {
	ws := lifelong{setup: sixTimes(1000), each: sixTimes(100)}
	for _, c := range []struct {
		name        string
		other       lifelong
		meets       float64 // NaN for nowhere
		first, last int
	}{
		{"cheap to set up, dear to use", lifelong{sixTimes(400), sixTimes(300)}, 3, -1, 1},
		{"a connection for each request", lifelong{sixTimes(0), sixTimes(600)}, 2, -1, 1},
		{"dear both ways", lifelong{sixTimes(1200), sixTimes(300)}, math.NaN(), 1, 1},
		{"the same", ws, math.NaN(), 0, 0},
		{"noise", lifelong{of(990, 1010, 980, 1020, 1000, 1001), of(99, 101, 98, 102, 100, 101)}, 0, 0, 0},
	} {
		if first, last := c.other.dearer(ws, 1), c.other.dearer(ws, longest); first != c.first || last != c.last {
			t.Errorf("%s: dearer at first %d, in the end %d; want %d, %d", c.name, first, last, c.first, c.last)
		}
		n := ws.meets(c.other)
		switch {
		case math.IsNaN(c.meets) && len(n.blocks) > 0, c.meets > 0 && math.Abs(n.summary().Center-c.meets) > 1e-9:
			t.Errorf("%s: meets at %v, want %v", c.name, n.blocks, c.meets)
		}
	}
}

// The crossing is exact where a poll's cost is shared by its events, and each
// block has its own.
func TestCrossing(t *testing.T) {
	level := func(k float64) step {
		return step{events: of(k, k), poll: of(100+400/k, 100+600/k), to: of(200, 200)}
	}
	k, y := crossingOf([]step{level(0.5), level(2), level(20)})
	if math.Abs(k.blocks[1]-4) > 1e-9 || math.Abs(k.blocks[2]-6) > 1e-9 || math.Abs(y.blocks[1]-200) > 1e-9 {
		t.Errorf("lines cross at %v, %v; want k = 4 and 6 at 200 B", k.blocks, y.blocks)
	}
	if k, _ := crossingOf([]step{level(0.5), level(2)}); len(k.blocks) > 0 {
		t.Errorf("lines that do not meet cross at %v", k.blocks)
	}
	if k, _ := crossingOf(nil); len(k.blocks) > 0 {
		t.Errorf("no lines cross at %v", k.blocks)
	}
}

// What was printed in 2010 is shown beside its own conditions and no others.
func TestPublished(t *testing.T) {
	poll := results.Treatment{"transport": "poll?interval=1s", "rate": "1/s", "headers": "lubbers2010", "subscribers": "1000"}
	for _, c := range []struct {
		t    results.Treatment
		n    float64
		want float64
	}{
		{poll, 1000, 6_968_000}, {poll, 10_000, 69_680_000}, {poll, 100_000, 696_800_000}, {poll, 2000, 0},
		{with(poll, "headers", "minimal"), 1000, 0}, {with(poll, "rate", "2/s"), 1000, 0},
		{with(poll, "transport", "poll?interval=100ms"), 1000, 0}, {with(poll, "transport", "longpoll"), 1000, 0},
		{with(poll, "transport", "ws"), 10_000, 160_000}, {with(with(poll, "transport", "ws"), "headers", "browser"), 1000, 16_000},
	} {
		bits, _, ok := load{t: c.t, subscribers: c.n}.published()
		if bits != c.want || ok != (c.want > 0) {
			t.Errorf("%s, %v: published %v, %v; want %v", c.t.Key(), c.n, bits, ok, c.want)
		}
	}
	for _, p := range lubbers2010 { // 871 characters or 2 bytes by the clients
		each := map[string]float64{"poll": 871, "ws": 2}[p.family]
		if p.bits != 8*each*p.subscribers {
			t.Errorf("%s, %v: %v bit/s is not the product that it was", p.family, p.subscribers, p.bits)
		}
	}
}

func TestNumbersInWords(t *testing.T) {
	for v, want := range map[float64]string{1: "1", 999: "999", 1000: "1,000", 100_000: "100,000", 1_234_567: "1,234,567"} {
		if got := count(v); got != want {
			t.Errorf("count(%v) = %q, want %q", v, got, want)
		}
	}
}

// A sum is formed in each trial and then summarised, unlike a sum of medians.
func TestBarsOfASum(t *testing.T) {
	s := scenarioAt(t, "testdata/cost.yaml")
	r := newReport("cost.jsonl", syntheticRun(t, s), s)
	p := s.Plots[slices.IndexFunc(s.Plots, func(p scenarios.Plot) bool { return p.Kind == "bars" })]
	ts := r.under(p.Where)
	both := r.reading(ts[0], p.Metrics()...)
	var want []float64
	for _, trial := range r.run.Trials {
		if trial.Treatment.Key() == ts[0].Key() {
			want = append(want, trial.Metrics["bytes/total/down"].Value+trial.Metrics["bytes/total/up"].Value)
		}
	}
	if got := results.Summarize(want); math.Abs(both.Center-got.Center) > 1e-9 || both.N != 4 {
		t.Errorf("%+v, want %+v", both.Summary, got)
	}
}
