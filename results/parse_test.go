package results

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseExpectCanonical(t *testing.T) {
	for in, want := range map[string]string{
		"staleness/p50[ws] < staleness/p50[poll?interval=1s]":                  "",
		"staleness/mean[poll?interval=1s] − staleness/mean[ws] ≈ 500ms ± 3%":   "",
		"staleness/mean[poll?interval=1s] - staleness/mean[ws] ~ 500ms +/- 3%": "staleness/mean[poll?interval=1s] − staleness/mean[ws] ≈ 500ms ± 3%",
		"publish-lag/p99[ws] < 1ms":                                            "",
		"  publish-lag/p99 [ ws ]<1 ms ":                                       "publish-lag/p99[ws] < 1ms",
		"0.5*interval[poll?interval=1s] > staleness/p50[poll?interval=1s]":     "0.5 × interval[poll?interval=1s] > staleness/p50[poll?interval=1s]",
		"staleness/p50[ws#twin] ≈ staleness/p50[ws]":                           "",
		"server/rss[ws, subscribers=2000] > server/rss[ws, subscribers=10]":    "",
		"requests[ws,rate=40/s ,payload=16KB] < 0":                             "requests[ws, payload=16KB, rate=40/s] < 0",
		"server/cpu[ws] < 5us/event":                                           "server/cpu[ws] < 5µs/event",
		"server/cpu[ws] < 5μs/event":                                           "server/cpu[ws] < 5µs/event",
		"host/steal[ws] < 5 %":                                                 "host/steal[ws] < 5%",
		"(requests[ws]) < ((2))":                                               "requests[ws] < 2",
		"requests[ws] − (1 − 2) < 3":                                           "",
		"requests[ws] − 1 − 2 < 3":                                             "",
		"(requests[ws] − 1) − 2 < 3":                                           "requests[ws] − 1 − 2 < 3",
		"(requests[ws] + 1) × 2 < 3":                                           "",
		"requests[ws] × (1 × 2) < 3":                                           "",
		"requests[ws] + 1 × 2 < 3":                                             "",
		"2 × rate[ws] × window[ws] > events/expected[ws]":                      "",
		"staleness/p99.9[ws] ≈ 10ms ± 1.5e-3s":                                 "",
		"staleness/p50[ws] − staleness/p50[longpoll] ≈ 0 ± 2ms":                "",
		"bytes/total/down[ws] ≈ bytes/total/down[ws#twin] ± 0.5B/event":        "",
	} {
		if want == "" {
			want = in
		}
		e, err := ParseExpect(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if got := e.String(); got != want {
			t.Errorf("%q\nprints %q\n  want %q", in, got, want)
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

// anyExpect draws a comparison of metrics in s, in canonical form.
var anyExpect = rapid.Custom(func(t *rapid.T) string {
	var sum func(depth int) string
	transport := rapid.SampledFrom([]string{"ws", "ws#twin", "poll?interval=1s", "longpoll?hold=30s&batch=off"})
	operand := func(depth int) string {
		switch rapid.IntRange(0, 4).Draw(t, "operand") {
		case 0:
			return rapid.StringMatching(`[0-9]{1,4}(\.[0-9]{1,3})?(ms|s|µs|min)`).Draw(t, "number")
		case 1:
			if depth > 0 {
				return "(" + sum(depth-1) + ")"
			}
		case 2:
			return "interval[" + transport.Draw(t, "transport") + "]"
		}
		name := rapid.SampledFrom([]string{"staleness/p50", "publish-lag/p99.9", "window", "ttfe/max"}).Draw(t, "name")
		levels := rapid.SampledFrom([]string{"", ", rate=40/s", ",subscribers=10 , rate=1/s"}).Draw(t, "levels")
		return name + "[" + transport.Draw(t, "transport") + levels + "]"
	}
	sum = func(depth int) string {
		var b strings.Builder
		for i := range rapid.IntRange(1, 3).Draw(t, "terms") {
			if i > 0 {
				b.WriteString(rapid.SampledFrom([]string{" + ", "+", " - ", "−", " − "}).Draw(t, "sign"))
			}
			if rapid.Bool().Draw(t, "factor") {
				b.WriteString(rapid.SampledFrom([]string{"2 × ", "0.5*", "50% × "}).Draw(t, "by"))
			}
			b.WriteString(operand(depth))
		}
		return b.String()
	}
	text := "staleness/p50[ws] + " + sum(3) + rapid.SampledFrom([]string{" < ", ">", " ~ "}).Draw(t, "operator") + sum(3)
	if strings.Contains(text, "~") {
		text += rapid.SampledFrom([]string{"", " ± 3%", "+/-2ms"}).Draw(t, "tolerance")
	}
	return text
})

// What parses prints in a form that parses to the same, printed and reckoned.
func TestExpectPrintsAsItParses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anyExpect.Draw(t, "expect")
		e, err := ParseExpect(text)
		if err != nil {
			t.Fatal(err)
		}
		sameExpect(t, e)
	})
}

func sameExpect(t rapid.TB, e *Expect) {
	printed := e.String()
	again, err := ParseExpect(printed)
	if err != nil {
		t.Fatalf("%q prints as %q: %v", e.text, printed, err)
	}
	if again.String() != printed {
		t.Fatalf("%q prints as %q, and that as %q", e.text, printed, again)
	}
	valueOf := func(term *Term) float64 { return float64(len(term.String())) }
	if l, r := e.left.value(valueOf), again.left.value(valueOf); l != r && l == l {
		t.Fatalf("%q: left is %v, printed and parsed %v", e.text, l, r)
	}
	if l, r := e.right.value(valueOf), again.right.value(valueOf); l != r && l == l {
		t.Fatalf("%q: right is %v, printed and parsed %v", e.text, l, r)
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
		case err == nil:
			sameExpect(t, e)
		case !errors.As(err, &expr):
			t.Fatalf("error of type %T", err)
		case expr.Column < 1 || expr.Msg == "":
			t.Fatalf("%+v", expr)
		}
	})
}
