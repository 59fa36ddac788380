package scenarios

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"pushbench/results"
)

// Bounds beyond which a level is a slip of the pen rather than a plan.
const (
	maxSubscribers = 1_000_000
	minRate        = 0.001 // events per second
	maxRate        = 1e6
	maxPayload     = 16 << 20
	maxCookie      = 64 << 10
)

// MinTicker is the smallest payload, in bytes, that the ticker's JSON fits in.
const MinTicker = 64

// treatmentKey is something that can be varied or held fixed.
type treatmentKey struct {
	name    string
	level   string // when the scenario does not say; "" if it must
	example string
	// read checks a level, sets its typed value in t, and returns the one
	// spelling that records and claims use for it.
	read func(level string, t *Treatment) (string, error)
}

// treatmentKeys is the whole vocabulary of factors and fixed; a new factor is
// a new row and a field of Treatment.
var treatmentKeys = []treatmentKey{
	{name: "transport", example: "poll?interval=1s", read: readTransport},
	{name: "subscribers", level: "50", example: "50", read: readSubscribers},
	{name: "rate", level: "40/s", example: "40/s", read: readRate},
	{name: "arrivals", level: "poisson", example: "poisson", read: choice(func(t *Treatment) *string { return &t.Arrivals }, "constant", "poisson")},
	{name: "payload", level: "200B", example: "200B", read: readPayload},
	{name: "payload-kind", level: "random", example: "random", read: choice(func(t *Treatment) *string { return &t.PayloadKind }, "random", "ticker")},
	{name: "encoding", level: "text", example: "text", read: choice(func(t *Treatment) *string { return &t.Encoding }, "text", "binary", "base64")},
	{name: "tls", level: "off", example: "on", read: readTLS},
	{name: "http", level: "1.1", example: "1.1", read: choice(func(t *Treatment) *string { return &t.HTTP }, "1.1", "2")},
	{name: "headers", level: "minimal", example: "browser", read: readHeaders},
	{name: "client", level: "go", example: "stamp", read: choice(func(t *Treatment) *string { return &t.Client }, "go", "stamp")},
}

func keyNames() []string {
	names := make([]string, len(treatmentKeys))
	for i, k := range treatmentKeys {
		names[i] = k.name
	}
	return names
}

// keyNamed finds a key by one of keyNames.
func keyNamed(name string) treatmentKey {
	return treatmentKeys[slices.Index(keyNames(), name)]
}

func readTransport(level string, t *Treatment) (string, error) {
	base, _, err := splitTransport(level)
	if err != nil {
		return "", err
	}
	t.Transport = base
	return level, nil
}

func readSubscribers(level string, t *Treatment) (string, error) {
	n, err := wholeNumber(level, 1, maxSubscribers, "50")
	if err != nil {
		return "", err
	}
	t.Subscribers = int(n)
	return strconv.FormatUint(n, 10), nil
}

func readRate(level string, t *Treatment) (string, error) {
	v, err := quantity(level, "1/s", "40/s")
	if err != nil {
		return "", err
	}
	switch {
	case v < 0:
		return "", errors.New("must be above zero; write such as 40/s or 0.5/s")
	case v == 0: // a quiet feed; checkIdle sees to it that there is a reason
	case v < minRate || v > maxRate:
		return "", errors.New("is outside 0.001/s to 1000000/s; write such as 40/s")
	}
	t.Rate = v
	return strconv.FormatFloat(v, 'f', -1, 64) + "/s", nil
}

func readPayload(level string, t *Treatment) (string, error) {
	v, err := quantity(level, "B", "200B")
	if err != nil {
		return "", err
	}
	switch {
	case v != math.Trunc(v):
		return "", errors.New("is not a whole number of bytes; write such as 200B")
	case v < 1:
		return "", errors.New("must be at least 1B; write such as 200B")
	case v > maxPayload:
		return "", errors.New("is above 16384KB, the largest event; write such as 16KB")
	}
	t.Payload = int(v)
	return sizeLevel(t.Payload), nil
}

func readTLS(level string, t *Treatment) (string, error) {
	var word string
	level, err := choice(func(*Treatment) *string { return &word }, "off", "on")(level, t)
	t.TLS = word == "on"
	return level, err
}

// readHeaders reads a header profile; its fields are the servers' business.
func readHeaders(level string, t *Treatment) (string, error) {
	const withCookie = "browser+cookie="
	if size, ok := strings.CutPrefix(level, withCookie); ok {
		v, err := quantity(size, "B", withCookie+"1KB")
		switch {
		case err != nil:
			return "", err
		case v != math.Trunc(v) || v < 1 || v > maxCookie:
			return "", fmt.Errorf("asks for a cookie outside 1B to %dKB; write such as %s1KB", maxCookie>>10, withCookie)
		}
		t.Headers = withCookie + sizeLevel(int(v))
		return t.Headers, nil
	}
	return choice(func(t *Treatment) *string { return &t.Headers }, "minimal", "browser", "browser+cookie=1KB", "lubbers2010")(level, t)
}

// sizeLevel is the one spelling of a size.
func sizeLevel(n int) string {
	if n%1024 == 0 {
		return strconv.Itoa(n/1024) + "KB"
	}
	return strconv.Itoa(n) + "B"
}

// choice reads one word of a few.
func choice(field func(*Treatment) *string, words ...string) func(string, *Treatment) (string, error) {
	return func(level string, t *Treatment) (string, error) {
		if !slices.Contains(words, level) {
			return "", fmt.Errorf("is none of its values; %s", among(level, "known values", words))
		}
		*field(t) = level
		return level, nil
	}
}

// quantity reads a number with the unit that its key needs.
func quantity(text, unit, example string) (float64, error) {
	v, got, err := results.ParseQuantity(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("is not a number with a known unit; write such as %s", example)
	case got == "1":
		return 0, fmt.Errorf("has no unit; write such as %s", example)
	case got != unit:
		return 0, fmt.Errorf("has the wrong unit; write such as %s", example)
	}
	return v, nil
}

// wholeNumber reads a plain count between least and most.
func wholeNumber(text string, least, most uint64, example string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("is not a plain whole number; write such as %s", example)
	}
	if n < least || n > most {
		return 0, fmt.Errorf("is outside %d to %d; write such as %s", least, most, example)
	}
	return n, nil
}
