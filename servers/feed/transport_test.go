package feed

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// plain is an address.
var plain = &Address{Base: "http://feed.test", Path: "/plain", Cursor: "since"}

// table is one of transports with knobs of every kind.
var table = []*Transport{
	{Name: "plain"},
	{Name: "rich", Knobs: []Knob{
		{Name: "every", Default: "1s", Check: CheckDuration(time.Millisecond, time.Hour)},
		{Name: "hold", Default: "30s", Server: true, Check: CheckDuration(time.Millisecond, time.Hour)},
		{Name: "batch", Default: "on", Server: true, Check: CheckOneOf("on", "off")},
	}},
	{Name: "sized", Knobs: []Knob{
		{Name: "threshold", Default: "0B", Check: CheckSize(0, 1<<20)},
		{Name: "ping", Default: "off", Check: CheckDuration(time.Second, time.Hour, "off")},
		BatchKnob,
	}},
}

func TestSpecIsPrintedCanonically(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                               "plain",
		"plain?":                              "plain",
		"plain#twin":                          "plain#twin",
		"rich":                                "rich",
		"rich?every=1s":                       "rich",
		"rich?every=100ms":                    "rich?every=100ms",
		"rich?batch=off&every=100ms":          "rich?every=100ms&batch=off",
		"rich?batch=on&hold=30s&every=1s#b-2": "rich#b-2",
		"rich?batch=of%66":                    "rich?batch=off",
		"rich?hold=1h0m0s":                    "rich?hold=1h0m0s",
		"rich?hold=2000µs":                    "rich?hold=2000µs",
	} {
		spec, err := ParseSpec(table, text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if got := spec.String(); got != want {
			t.Errorf("%q is printed %q, not %q", text, got, want)
		}
	}
}

func TestSpecIsParsedAsItIsPrinted(t *testing.T) {
	duration := rapid.Custom(func(t *rapid.T) string {
		return (time.Duration(rapid.IntRange(1, 3_600_000).Draw(t, "ms")) * time.Millisecond).String()
	})
	rapid.Check(t, func(t *rapid.T) {
		text, sep := "rich", "?"
		for knob, values := range map[string]*rapid.Generator[string]{
			"every": duration, "hold": duration, "batch": rapid.SampledFrom([]string{"on", "off"}),
		} {
			if rapid.Bool().Draw(t, "with "+knob) {
				text += sep + knob + "=" + values.Draw(t, knob)
				sep = "&"
			}
		}
		if rapid.Bool().Draw(t, "with label") {
			text += "#" + rapid.StringMatching(`[A-Za-z0-9-]+`).Draw(t, "label")
		}
		spec, err := ParseSpec(table, text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseSpec(table, spec.String())
		if err != nil {
			t.Fatal(err)
		}
		if again.String() != spec.String() || again.Label != spec.Label || again.Options.ServerQuery() != spec.Options.ServerQuery() ||
			again.Options.Duration("every") != spec.Options.Duration("every") {
			t.Fatalf("%q is printed %q, which is parsed as %q", text, spec, again)
		}
	})
}

// An error says what is wrong and what there is.
func TestSpecErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                         `transport "" is not known; there are plain, rich, sized`,
		"Rich":                     `transport "Rich" is not known; there are plain, rich, sized`,
		" rich":                    `transport " rich" is not known; there are plain, rich, sized`,
		"rich#":                    `transport "rich#" ends in the label ""; write a word of letters, digits and hyphens after # or leave it out`,
		"rich#a b":                 `ends in the label "a b"`,
		"rich#a#b":                 `ends in the label "a#b"`,
		"rich#twin?every=1s":       `ends in the label "twin?every=1s"`,
		"plain?every=1s":           `plain has no option "every"; it has none`,
		"rich?colour=red":          `rich has no option "colour"; it has every, hold, batch`,
		"rich?since=0":             `rich has no option "since"; it has every, hold, batch`,
		"rich?every":               `rich: option every="": use a duration with its unit, from 1ms to 1h0m0s`,
		"rich?every=1":             `rich: option every="1": use a duration with its unit, from 1ms to 1h0m0s`,
		"rich?every=0s":            `use a duration with its unit, from 1ms to 1h0m0s`,
		"rich?every=999µs":         `use a duration with its unit, from 1ms to 1h0m0s`,
		"rich?every=61m":           `use a duration with its unit, from 1ms to 1h0m0s`,
		"rich?batch=yes":           `rich: option batch="yes": use on or off`,
		"rich?batch=on&batch=off":  `rich: option "batch" is given 2 times; give it once`,
		"rich?every=1s;batch=off":  `transport "rich?every=1s;batch=off": read its options: invalid semicolon`,
		"rich?every=%zz":           `transport "rich?every=%zz": read its options: invalid URL escape`,
		"rich?every=1s?batch=off":  `use a duration with its unit`,
		"rich?=1":                  `rich has no option ""`,
		"sized?threshold=512":      `sized: option threshold="512": use a size with its unit, from 0B to 1024KB`,
		"sized?threshold=":         `use a size with its unit`,
		"sized?threshold=-1B":      `use a size with its unit`,
		"sized?threshold=1025KB":   `use a size with its unit`,
		"sized?threshold=1048577B": `use a size with its unit`,
		"sized?ping=on":            `use off or a duration with its unit, from 1s to 1h0m0s`,
		"sized?ping=0s":            `use off or a duration with its unit`,
		"sized?ping=Off":           `use off or a duration with its unit`,
		"sized?batch=yes":          `use off or on or a duration with its unit, from 1ms to 10s`,
		"sized?batch=11s":          `use off or on or a duration with its unit`,
		"rich?every=1s\n&batch=on": `rich: option every="1s\n"`,
	} {
		_, err := ParseSpec(table, text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error of %q is\n%v, which does not say\n%s", text, err, want)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("the error of %q has more than a line: %q", text, err)
		}
	}
}

// A server is told what it has to know and does not assume, and nothing of what
// is the client's own.
func TestServerQuery(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                       "since=0000000000000000042",
		"rich":                        "since=0000000000000000042",
		"rich?every=5ms":              "since=0000000000000000042",
		"rich?hold=5ms":               "since=0000000000000000042&hold=5ms",
		"rich?batch=off&hold=2000µs":  "since=0000000000000000042&hold=2000%C2%B5s&batch=off",
		"rich?batch=on&hold=30s#twin": "since=0000000000000000042",
	} {
		spec, err := ParseSpec(table, text)
		if err != nil {
			t.Fatal(err)
		}
		query := spec.Address("http://feed.test", false).query(42)
		if query != want {
			t.Errorf("%s asks %q, not %q", text, query, want)
		}
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		delete(values, "since")
		got, err := spec.Transport.Parse(values, true)
		if err != nil {
			t.Errorf("the server end refuses %q: %v", query, err)
		}
		for _, k := range spec.Transport.Knobs {
			if k.Server && !got.Is(k.Name, spec.Options.Value(k.Name)) {
				t.Errorf("of %s the server end takes %s for %q", text, k.Name, got.Value(k.Name))
			}
		}
	}
}

func TestOptions(t *testing.T) {
	spec, err := ParseSpec(table, "rich?hold=90s")
	if err != nil {
		t.Fatal(err)
	}
	o := spec.Options
	if o.Value("hold") != "90s" || o.Value("colour") != "" || o.Is("colour", "red") || (Options{}).Value("hold") != "" {
		t.Errorf("the options of %s are %v", spec, o.values)
	}
	if o.Duration("hold") != 90*time.Second || o.Duration("every") != time.Second || !o.Is("batch", "on") || o.Is("batch", "off") {
		t.Errorf("the options of %s are %v", spec, o.values)
	}
}

// Sizes are in bytes, and a word in a duration's place is none.
func TestSizesAndWords(t *testing.T) {
	for text, want := range map[string]int{"0B": 0, "00B": 0, "1B": 1, "512B": 512, "0KB": 0, "1KB": 1024, "1024KB": 1 << 20} {
		spec, err := ParseSpec(table, "sized?threshold="+text)
		if err != nil || spec.Options.Size("threshold") != want {
			t.Errorf("%s is %d, %v; not %d", text, spec.Options.Size("threshold"), err, want)
		}
	}
	for text, want := range map[string]time.Duration{"off": 0, "15s": 15 * time.Second, "1h": time.Hour} {
		spec, err := ParseSpec(table, "sized?ping="+text)
		if err != nil || spec.Options.Duration("ping") != want {
			t.Errorf("%s is %v, %v; not %v", text, spec.Options.Duration("ping"), err, want)
		}
	}
	for text, want := range map[string]time.Duration{"off": 0, "on": 0, "10ms": 10 * time.Millisecond} {
		spec, err := ParseSpec(table, "sized?batch="+text)
		if err != nil || spec.Options.Duration("batch") != want || !spec.Options.Is("batch", text) {
			t.Errorf("%s is %v, %v; not %v", text, spec.Options.Duration("batch"), err, want)
		}
	}
}

// Who wants the newest event only says so, behind the cursor and before the
// transport's own.
func TestQueryOfLatest(t *testing.T) {
	spec, err := ParseSpec(table, "rich?hold=5ms")
	if err != nil {
		t.Fatal(err)
	}
	got := spec.Address("http://feed.test", true).URL(42)
	if want := "http://feed.test/rich?since=0000000000000000042&want=latest&hold=5ms"; got != want {
		t.Errorf("it asks %q, not %q", got, want)
	}
}
