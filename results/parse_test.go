package results

import (
	"errors"
	"strings"
	"testing"
)

// What is read comes to what it says: every metric is 10 and every knob is 3.
func TestParseExpect(t *testing.T) {
	for _, tc := range []struct {
		in          string
		left, right float64
		tolerance   float64
		share       bool
	}{
		{in: "staleness/p50[ws] < staleness/p50[poll?interval=1s]", left: 10, right: 10},
		{"staleness/mean[poll?interval=1s] − staleness/mean[ws] ≈ 500ms ± 3%", 0, 0.5, 0.03, true},
		{"staleness/mean[poll?interval=1s] - staleness/mean[ws] ~ 500ms +/- 3 %", 0, 0.5, 0.03, true},
		{in: "  publish-lag/p99 [ ws ]<1 ms ", left: 10, right: 0.001},
		{in: "0.5*interval[poll?interval=1s] > staleness/p50[poll?interval=1s]", left: 1.5, right: 10},
		{in: "server/cpu[ws] < 5us/event", left: 10, right: 5e-6},
		{in: "server/cpu[ws] < 5μs/event", left: 10, right: 5e-6},
		{in: "host/steal[ws] < 5 %", left: 10, right: 0.05},
		{in: "(requests[ws]) < ((2))", left: 10, right: 2},
		{in: "requests[ws] − (1 − 2) < 3", left: 11, right: 3},
		{in: "requests[ws] − 1 − 2 < 3", left: 7, right: 3},
		{in: "(requests[ws] + 1) × 2 < 3", left: 22, right: 3},
		{in: "requests[ws] + 1 × 2 < 3", left: 12, right: 3},
		{in: "2 × interval[ws] × window[ws] > 7s", left: 60, right: 7},
		{"staleness/p99.9[ws] ≈ 10ms ± 1.5e-3s", 10, 0.01, 0.0015, false},
		{"staleness/p50[ws] − staleness/p50[longpoll] ≈ 0 ± 2ms", 0, 0, 0.002, false},
		{"bytes/total/down[ws] ≈ bytes/total/down[ws#twin] ± 0.5B/event", 10, 10, 0.5, false},
	} {
		e, err := ParseExpect(tc.in)
		if err != nil {
			t.Errorf("%q: %v", tc.in, err)
			continue
		}
		valueOf := func(term *Term) float64 {
			if term.measured() {
				return 10
			}
			return 3
		}
		if l, r := e.left.value(valueOf), e.right.value(valueOf); l != tc.left || r != tc.right {
			t.Errorf("%q: %g and %g, want %g and %g", tc.in, l, r, tc.left, tc.right)
		}
		if got := e.tolerance; (got == nil) != (tc.tolerance == 0) || got != nil && (got.v != tc.tolerance || e.relative() != tc.share) {
			t.Errorf("%q: tolerance %+v, want %g", tc.in, got, tc.tolerance)
		}
	}
}

func TestParseExpectPointsAtTheMistake(t *testing.T) {
	deep := strings.Repeat("(", 60) + "requests[ws]" + strings.Repeat(")", 60) + " < 1"
	for _, tc := range []struct {
		in     string
		column int
		want   string
	}{
		{"", 1, "found the end"},
		{"   ", 4, "found the end"},
		{"staleness/p50[ws]", 18, "one of < > ≈, found the end"},
		{"staleness/p50[ws] <", 20, "found the end"},
		{"staleness/p50[ws] < 500", 19, "cannot compare 1 with s"},
		{"staleness/p50[ws] < 5 parsecs", 21, "unknown unit"},
		{"staleness/p50[ws] < 1s extra", 24, `found "extra"`},
		{"staleness/p50[ws] < 1s ± 3%", 24, "a tolerance goes with ≈, not with <"},
		{"staleness/p50[ws] ≈ 1s ±", 25, "want a tolerance"},
		{"staleness/p50[ws] ≈ 1s ± requests[ws]", 26, "want a tolerance"},
		{"staleness/p50[ws] ≈ 1s ± 3B", 19, "cannot allow ± B on s"},
		{"staleness/p50[ws] ≈ 1s ± 0%", 24, "must be above 0"},
		{"staleness/p50[ws] ≈ 1s ± 3% ± 3%", 29, `found "±"`},
		{"staleness/p50[ws] + requests[ws] < 1s", 19, "cannot add 1 to s"},
		{"staleness/p50[ws] − bytes/total/up[ws] < 1s", 19, "cannot subtract B/event from s"},
		{"staleness/p50[ws] × requests[ws] < 1B", 34, "cannot compare B with s"},
		{"staleness/p50[ws] × 1s < 1s", 24, "cannot compare s with s·s"},
		{"staleness[ws] < 1s", 1, "pick a number of it, such as staleness/p50"},
		{"stalenes/p50[ws] < 1s", 1, "did you mean staleness/p50?"},
		{"bytes/all/down[ws] < 1s", 1, "bytes/all/down is no metric; did you mean bytes/"},
		{"unheard/of[ws] < 1s", 1, "unheard/of is no metric; they begin with age, bytes"},
		{"stalenes[ws] < 1s", 1, "stalenes is no metric; did you mean staleness"},
		{"bytes/total[ws] < 1B", 1, "did you mean bytes/total/down, bytes/total/up?"},
		{"server/nothing/at/all[ws] < 1s", 1, "those of server are server/"},
		{"staleness/p50 < 1s", 15, "want [treatment] after staleness/p50"},
		{"staleness/p50[ws < 1s", 14, "never closed"},
		{"staleness/p50[] < 1s", 14, "begins with its transport"},
		{"staleness/p50[rate=1/s] < 1s", 14, "begins with its transport"},
		{"staleness/p50[w s] < 1s", 14, "begins with its transport"},
		{"staleness/p50[ws, rate] < 1s", 14, `want key=level behind the transport, found "rate"`},
		{"staleness/p50[ws, ] < 1s", 14, "want key=level"},
		{"staleness/p50[ws, rate=1/s, rate=2/s] < 1s", 14, "rate is given twice"},
		{"staleness/p50[ws, transport=poll] < 1s", 14, "transport is given twice"},
		{"staleness/p50[ws\x00] < 1s", 14, "no level has"},
		{"staleness/p50[ws] -3ms < 1s", 19, "a minus needs a blank"},
		{"staleness/p50[ws]- 3ms < 1s", 18, "a minus needs a blank"},
		{"-3ms < staleness/p50[ws]", 1, "a minus needs a blank"},
		{"− 3ms < staleness/p50[ws]", 1, `found "−"`},
		{"(staleness/p50[ws] < 1s", 20, "or ) to close column 1"},
		{"staleness/p50[ws]) < 1s", 18, `found ")"`},
		{"1s < 2s", 1, "nothing here is measured"},
		{"interval[poll?interval=1s] < 2s", 1, "nothing here is measured"},
		{"staleness/p50[ws] <= 1s", 20, `'=' means nothing here`},
		{"staleness/p50[ws] < > 1s", 21, `found ">"`},
		{"staleness/p50[ws] < 1s < 2s", 24, `found "<"`},
		{"staleness/p50[ws] / 2 < 1s", 19, `'/' means nothing here`},
		{"staleness/p50[ws] < .", 21, "want a digit"},
		{"staleness/p50[ws] < 1e999s", 21, "out of range"},
		{"π[ws] < 1s", 1, "means nothing here"},
		{"staleness/p50[ws] < \xff", 21, "means nothing here"},
		{deep, 51, "more than 50 parentheses"},
		{strings.Repeat("é", 2000), 1, "longer than"},
	} {
		e, err := ParseExpect(tc.in)
		var expr *ExprError
		if !errors.As(err, &expr) {
			t.Errorf("%q: %v, error %v; want an *ExprError", tc.in, e, err)
			continue
		}
		if expr.Column != tc.column || !strings.Contains(expr.Msg, tc.want) || expr.Text == "" && tc.in != "" {
			t.Errorf("%q:\n got %v\nwant column %d: … %s", tc.in, expr, tc.column, tc.want)
		}
	}
}

func TestTerms(t *testing.T) {
	e, err := ParseExpect("0.5 × interval[poll?interval=1s&pace=after] + staleness/p50[ws, rate=40/s] < 2 × staleness/p99[longpoll]")
	if err != nil {
		t.Fatal(err)
	}
	got := e.Terms()
	if len(got) != 3 || got[0].Name != "interval" || got[0].Transport != "poll?interval=1s&pace=after" || got[0].Levels != nil || got[0].Column != 7 ||
		got[1].Levels["rate"] != "40/s" || got[2].Transport != "longpoll" {
		t.Errorf("%+v", got)
	}
}

func FuzzParseExpect(f *testing.F) {
	for _, seed := range []string{
		"staleness/p50[ws] < staleness/p50[poll?interval=1s]",
		"staleness/mean[poll?interval=1s] − staleness/mean[ws] ≈ 500ms ± 3%",
		"a[b] - 0.5 * interval[poll?interval=1s&pace=after#x, rate=40/s] ~ 5us/event +/- 3 %",
		"((requests[ws] + 1) × 2 − 3) > 0",
		"server/rss[ws, subscribers=2000] > 16KB",
		"x[", "[", "]", "±", "1e", "1e9999", "−", "- -", "(((", "\xff", "a\x00b", "０", "x[y,z=]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseExpect(text)
		var expr *ExprError
		switch {
		case err == nil && len(e.Terms()) == 0:
			t.Fatalf("%q compares nothing that is measured", text)
		case err == nil:
		case !errors.As(err, &expr):
			t.Fatalf("error of type %T", err)
		case expr.Column < 1 || expr.Msg == "":
			t.Fatalf("%+v", expr)
		}
	})
}
