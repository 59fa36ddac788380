package feed

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"pushbench/servers/units"
)

// Knob is one option of a transport: a key of its query string.
type Knob struct {
	Name, Default, About string
	Server               bool // sent to the server where it differs from the default
	Check                func(value string) error
}

// Options are a transport's knobs with their values, defaults filled in and
// every value checked.
type Options struct {
	transport *Transport
	values    []string // of the transport's knobs, in their order
}

// Value is the value of a knob as it was written, empty where the transport has
// no such knob.
func (o Options) Value(knob string) string {
	for i, v := range o.values {
		if o.transport.Knobs[i].Name == knob {
			return v
		}
	}
	return ""
}

// Is reports whether the knob has this value.
func (o Options) Is(knob, value string) bool { return o.Value(knob) == value }

// Duration is the value of a knob checked by CheckDuration: 0 for a word.
func (o Options) Duration(knob string) time.Duration {
	v := o.Value(knob)
	if v == "" || v[0] > '9' {
		return 0 // not an error that has to be made of every word
	}
	d, _ := units.Duration(v, 0, math.MaxInt64)
	return d
}

// Size is the value of a knob checked by CheckSize (bytes).
func (o Options) Size(knob string) int {
	n, _ := units.Size(o.Value(knob), 0, math.MaxInt32)
	return n
}

// ServerQuery is what the client end sends of its knobs: those that the server
// has to know and that differ from their defaults, as "&key=value…".
func (o Options) ServerQuery() string {
	var b strings.Builder
	for i, v := range o.values {
		if k := &o.transport.Knobs[i]; k.Server && v != k.Default {
			b.WriteString("&" + url.QueryEscape(k.Name) + "=" + url.QueryEscape(v))
		}
	}
	return b.String()
}

// Parse checks a query string against the transport's knobs. Only server ends
// set serverOnly: to them a client's own knob is as unknown as any other.
func (t *Transport) Parse(query url.Values, serverOnly bool) (Options, error) {
	o := Options{transport: t, values: make([]string, len(t.Knobs))}
	for i := range t.Knobs {
		o.values[i] = t.Knobs[i].Default
	}
	for name, given := range query {
		i := slices.IndexFunc(t.Knobs, func(k Knob) bool { return k.Name == name && (k.Server || !serverOnly) })
		if i < 0 {
			return Options{}, fmt.Errorf("%s has no option %q; it has %s", t.Name, name, t.knobList(serverOnly))
		}
		if len(given) != 1 {
			return Options{}, fmt.Errorf("%s: option %q is given %d times; give it once", t.Name, name, len(given))
		}
		if err := t.Knobs[i].Check(given[0]); err != nil {
			return Options{}, fmt.Errorf("%s: option %s=%q: %w", t.Name, name, given[0], err)
		}
		o.values[i] = given[0]
	}
	return o, nil
}

func (t *Transport) knobList(serverOnly bool) string {
	var names []string
	if serverOnly {
		names = append(names, "since", "want")
	}
	for _, k := range t.Knobs {
		if k.Server || !serverOnly {
			names = append(names, k.Name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// CheckDuration accepts a duration with its unit between low and high, or one of the
// words, such as off.
func CheckDuration(low, high time.Duration, words ...string) func(string) error {
	return func(s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		if _, err := units.Duration(s, low, high); err != nil {
			want := fmt.Sprintf("a duration with its unit, from %v to %v", low, high)
			return errors.New("use " + strings.Join(append(slices.Clone(words), want), " or "))
		}
		return nil
	}
}

// CheckSize accepts a size with its unit, B or KB (1,024 B), between low and
// high (bytes).
func CheckSize(low, high int) func(string) error {
	return func(s string) error {
		if _, err := units.Size(s, low, high); err != nil {
			return fmt.Errorf("use a size with its unit, from %s to %s", units.Text(float64(low), "B"), units.Text(float64(high), "B"))
		}
		return nil
	}
}

// CheckOneOf accepts one of the given words.
func CheckOneOf(words ...string) func(string) error {
	return func(s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		return fmt.Errorf("use %s", strings.Join(words, " or "))
	}
}
