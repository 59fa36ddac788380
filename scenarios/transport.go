package scenarios

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// transportShape is name[?knob=value&knob=value][#label]. What a knob's value
// may not hold are the characters that the file around it, a claim, or a query
// string gives a meaning of their own: it is read here as it stands, and by both
// ends of the transport as a query string is.
var transportShape = regexp.MustCompile(`^([a-z][a-z0-9]*)(\?[a-z][a-z0-9-]*=[^\s\[\](){},&=#?"'%+;]+(?:&[a-z][a-z0-9-]*=[^\s\[\](){},&=#?"'%+;]+)*)?(?:#([a-z0-9][a-z0-9-]*))?$`)

// splitTransport takes a transport apart: "ws?batch=on#twin" is "ws?batch=on"
// with the label "twin". A label only makes a second treatment of the same
// transport, for an A/A comparison.
func splitTransport(spec string) (base, label string, err error) {
	m := transportShape.FindStringSubmatch(spec)
	if m == nil {
		return "", "", errors.New("is not name?knob=value&knob=value#label; write such as ws, poll?interval=1s or ws#twin")
	}
	seen := map[string]bool{}
	for knob := range knobs(m[2]) {
		if seen[knob] {
			return "", "", fmt.Errorf("sets the knob %s twice; keep one", knob)
		}
		seen[knob] = true
	}
	return m[1] + m[2], m[3], nil
}

// knobs yields the knobs written in a transport, in order.
func knobs(base string) func(yield func(knob, value string) bool) {
	return func(yield func(string, string) bool) {
		_, query, _ := strings.Cut(base, "?")
		for pair := range strings.SplitSeq(query, "&") {
			if k, v, ok := strings.Cut(pair, "="); ok && !yield(k, v) {
				return
			}
		}
	}
}

// knob is the value written for a knob, "" where the transport does not say.
func knob(base, name string) string {
	for k, v := range knobs(base) {
		if k == name {
			return v
		}
	}
	return ""
}
