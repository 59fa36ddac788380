package scenarios

import (
	"errors"
	"fmt"
	"net/url"
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
	query := knobs(m[1] + m[2])
	for _, knob := range sortedNames(query) {
		if len(query[knob]) > 1 {
			return "", "", fmt.Errorf("sets the knob %s twice; keep one", knob)
		}
	}
	return m[1] + m[2], m[3], nil
}

// knobs are those written in a transport.
func knobs(base string) url.Values {
	_, query, _ := strings.Cut(base, "?")
	values, _ := url.ParseQuery(query) // whose shape leaves nothing to escape
	return values
}

// knob is the value written for a knob, "" where the transport does not say.
func knob(base, name string) string { return knobs(base).Get(name) }
