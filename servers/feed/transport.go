package feed

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Transport is one way to carry the feed, both ends together. Its seams are
// types of the standard library, so that accounting, TLS or an emulated
// network wrap any transport without it knowing.
type Transport struct {
	Name  string // path on the server and name in a scenario
	About string // one line for people
	Knobs []Knob

	// Upgrades says that the transport leaves HTTP by an upgrade, which HTTP/2
	// has not (RFC 9113 §8.6).
	Upgrades bool

	// Serve is the server end: it answers a request that Handler has read and
	// found good.
	Serve func(log *Log, req Request, w http.ResponseWriter, r *http.Request)

	// Subscribe is the client end. It emits what the delivery contract says
	// until ctx ends, when it returns nil, or until the connection is cut or
	// the server refuses, when it returns the reason; the caller may then
	// subscribe anew from the last event it got. All requests go through
	// client; url is the server's address without a path.
	Subscribe func(ctx context.Context, client *http.Client, url string, s Subscription) error
}

// Subscription is what a subscriber asks for, and what it is given to do so.
type Subscription struct {
	Since    uint64
	Options  Options
	Codec    Codec
	Clock    Clock
	Timeline *Timeline   // trial time, by which polls are due
	Phase    float64     // of the polls, as a share of their interval, in [0, 1)
	Emit     func(Event) // the event's body is valid until Emit returns
	Meter    *Meter
}

// Meter counts what a transport's client ends did. Several subscribers may
// share one.
type Meter struct {
	Requests atomic.Int64 // requests sent, upgrades included
	Answers  atomic.Int64 // responses or messages that carried events
	Empty    atomic.Int64 // responses that carried none
	Skipped  atomic.Int64 // polls left out because the one before was outstanding

	// Framing is what the client end knows of its protocol's own bytes beyond
	// HTTP headers, which the connection counts: WebSocket frame headers and
	// control frames.
	FramingDown, FramingUp atomic.Int64
}

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
	values    map[string]string
}

// Duration is the value of a knob checked by CheckDuration.
func (o Options) Duration(knob string) time.Duration {
	d, _ := time.ParseDuration(o.values[knob])
	return d
}

// Is reports whether the knob has this value.
func (o Options) Is(knob, value string) bool { return o.values[knob] == value }

// ServerQuery is what the client end sends of its knobs: those that the server
// has to know and that differ from their defaults, as "&key=value…".
func (o Options) ServerQuery() string {
	var b strings.Builder
	for _, k := range o.transport.Knobs {
		if v := o.values[k.Name]; k.Server && v != k.Default {
			b.WriteString("&" + url.QueryEscape(k.Name) + "=" + url.QueryEscape(v))
		}
	}
	return b.String()
}

// Parse checks a query string against the transport's knobs. Only server ends
// set serverOnly: to them a client's own knob is as unknown as any other.
func (t *Transport) Parse(query url.Values, serverOnly bool) (Options, error) {
	o := Options{transport: t, values: make(map[string]string)}
	for _, k := range t.Knobs {
		o.values[k.Name] = k.Default
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
		o.values[name] = given[0]
	}
	return o, nil
}

func (t *Transport) knobList(serverOnly bool) string {
	var names []string
	if serverOnly {
		names = append(names, "since")
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

// CheckDuration accepts a duration with its unit between low and high.
func CheckDuration(low, high time.Duration) func(string) error {
	return func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d < low || d > high {
			return fmt.Errorf("use a duration with its unit, from %v to %v", low, high)
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

// Spec is a transport as a scenario names it: name?knob=value&knob=value#label.
// The label only tells treatments apart that are otherwise the same.
type Spec struct {
	Transport *Transport
	Options   Options
	Label     string
}

// ParseSpec reads a transport's name, knobs and label against a table.
func ParseSpec(table []*Transport, text string) (Spec, error) {
	rest, label, labelled := strings.Cut(text, "#")
	if labelled && !isLabel(label) {
		// Not least where options follow the label, which would have no effect.
		return Spec{}, fmt.Errorf("transport %q ends in the label %q; write a word of letters, digits and hyphens after # or leave it out", text, label)
	}
	name, query, _ := strings.Cut(rest, "?")
	i := slices.IndexFunc(table, func(t *Transport) bool { return t.Name == name })
	if i < 0 {
		var names []string
		for _, t := range table {
			names = append(names, t.Name)
		}
		return Spec{}, fmt.Errorf("transport %q is not known; there are %s", name, strings.Join(names, ", "))
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return Spec{}, fmt.Errorf("transport %q: read its options: %w", text, err)
	}
	options, err := table[i].Parse(values, false)
	if err != nil {
		return Spec{}, err
	}
	return Spec{Transport: table[i], Options: options, Label: label}, nil
}

func isLabel(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// String is the canonical text of the spec: knobs in the transport's order,
// defaults left out.
func (s Spec) String() string {
	text, sep := s.Transport.Name, "?"
	for _, k := range s.Transport.Knobs {
		if v := s.Options.values[k.Name]; v != k.Default {
			text += sep + k.Name + "=" + v
			sep = "&"
		}
	}
	if s.Label != "" {
		text += "#" + s.Label
	}
	return text
}
