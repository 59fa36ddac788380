package feed

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

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
	for i, k := range s.Transport.Knobs {
		if v := s.Options.values[i]; v != k.Default {
			text += sep + k.Name + "=" + v
			sep = "&"
		}
	}
	if s.Label != "" {
		text += "#" + s.Label
	}
	return text
}

// Address is where a server has a feed for the client end of one transport, and
// how it is asked there for what follows a cursor. A server of somebody else has
// another one than ours, and the same client end.
type Address struct {
	Base   string `json:"base"`            // scheme and host, without a path
	Path   string `json:"path"`            // begins with /
	Query  string `json:"query,omitempty"` // what each request says behind its cursor, without & before it
	Cursor string `json:"cursor"`          // the parameter that has the cursor
}

// Address is where our own server has the feed, with the knobs that it has to
// know; latest asks for the newest event only.
func (s Spec) Address(base string, latest bool) *Address {
	query := s.Options.ServerQuery()
	if latest {
		query = "&want=latest" + query
	}
	return &Address{Base: base, Path: "/" + s.Transport.Name, Query: strings.TrimPrefix(query, "&"), Cursor: "since"}
}

// URL asks for what follows a cursor.
func (a *Address) URL(cursor uint64) string { return a.Base + a.Path + "?" + a.query(cursor) }

func (a *Address) query(cursor uint64) string {
	query := a.Cursor + "=" + string(AppendNumber(nil, int64(cursor)))
	if a.Query != "" {
		query += "&" + a.Query
	}
	return query
}
