package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pushbench/servers/units"
)

// Bounds beyond which a level is a slip of the pen rather than a plan.
const (
	maxSubscribers = 1_000_000
	minRate        = 0.001 // events per second
	maxRate        = 1e6
	maxPayload     = 16 << 20
	maxUplink      = 1 << 20 // bytes of a message, which servers refuse beyond
	maxCookie      = 64 << 10
)

// MinTicker is the smallest payload, in bytes, that the ticker's JSON fits in.
const MinTicker = 64

// treatmentKey is something that can be varied or held fixed.
type treatmentKey struct {
	name    string
	level   string // when the scenario does not say; "" if it must
	tacit   bool   // a plan says nothing of that level
	example string
	// read checks a level, sets its typed value in t, and returns the one
	// spelling that records and claims use for it.
	read reader
}

// treatmentKeys is the whole vocabulary of factors and fixed; a new factor is
// a new row and a field of Treatment.
var treatmentKeys = []treatmentKey{
	{name: "transport", example: "poll?interval=1s", read: readTransport},
	{name: "subscribers", level: "50", example: "50", read: whole(func(t *Treatment) *int { return &t.Subscribers }, maxSubscribers, "50")},
	{name: "rate", level: "40/s", example: "40/s", read: rate(func(t *Treatment) *float64 { return &t.Rate }, "40/s")},
	{name: "arrivals", level: "poisson", example: "poisson", read: choice(func(t *Treatment) *string { return &t.Arrivals }, "constant", "poisson")},
	{name: "payload", level: "200B", example: "200B", read: size(func(t *Treatment) *int { return &t.Payload }, maxPayload, "200B")},
	{name: "payload-kind", level: "random", example: "random", read: choice(func(t *Treatment) *string { return &t.PayloadKind }, "random", "ticker", "identical")},
	{name: "encoding", level: "text", example: "text", read: choice(func(t *Treatment) *string { return &t.Encoding }, "text", "binary", "base64")},
	{name: "want", level: "every", example: "latest", read: choice(func(t *Treatment) *string { return &t.Want }, "every", "latest")},
	{name: "uplink", level: "0/s", example: "10/s", read: rate(func(t *Treatment) *float64 { return &t.Uplink }, "10/s")},
	{name: "uplink-payload", level: "64B", example: "64B", read: size(func(t *Treatment) *int { return &t.UplinkPayload }, maxUplink, "64B")},
	{name: "tls", level: "off", example: "on", read: either(func(t *Treatment) *bool { return &t.TLS }, "off", "on")},
	{name: "http", level: "1.1", example: "1.1", read: choice(func(t *Treatment) *string { return &t.HTTP }, "1.1", "2")},
	{name: "headers", level: "minimal", example: "browser", read: readHeaders},
	{name: "network", level: NoNetwork, example: "4g", read: choice(func(t *Treatment) *string { return &t.Network.Profile }, Networks...)},
	{name: "rtt", level: "0ms", example: "20ms", read: pathTime(func(t *Treatment) *time.Duration { return &t.Network.RTT }, "20ms")},
	{name: "jitter", level: "0ms", example: "5ms", read: pathTime(func(t *Treatment) *time.Duration { return &t.Network.Jitter }, "5ms")},
	{name: "reorder", level: "off", example: "on", read: either(func(t *Treatment) *bool { return &t.Network.Reorder }, "off", "on")},
	{name: "loss", level: "0%", example: "1%", read: readLoss},
	{name: "bandwidth", level: unlimited, example: "10Mbps", read: readBandwidth},
	{name: "congestion", level: Congestions[0], example: "bbr", read: choice(func(t *Treatment) *string { return &t.Network.Congestion }, Congestions...)},
	{name: "fault", level: NoFault, example: ServerStops, read: choice(func(t *Treatment) *string { return &t.Fault }, faults...)},
	{name: "client", level: "go", example: "stamp", read: choice(func(t *Treatment) *string { return &t.Client }, "go", "stamp")},
	{name: "cpus", level: "host", example: "awake", read: either(func(t *Treatment) *bool { return &t.Awake }, "host", "awake")},
	{name: "fleets", level: "1", tacit: true, example: "2", read: whole(func(t *Treatment) *int { return &t.Fleets }, maxFleets, "2")},
	{name: "proxy", level: NoProxy, tacit: true, example: "relay", read: choice(func(t *Treatment) *string { return &t.Proxy }, Proxies...)},
	{name: "server", level: OurServer, tacit: true, example: "list", read: choice(func(t *Treatment) *string { return &t.Server }, Servers...)},
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

// reader checks a level, and sets it in a treatment.
type reader = func(level string, t *Treatment) (string, error)

// whole reads a count from 1 on.
func whole(field func(*Treatment) *int, most uint64, example string) reader {
	return func(level string, t *Treatment) (string, error) {
		n, err := wholeNumber(level, 1, most, example)
		*field(t) = int(n)
		return strconv.FormatUint(n, 10), err
	}
}

// rate reads a number a second, which may be none at all: a quiet feed, for which
// checkIdle sees to it that there is a reason, or no uplink.
func rate(field func(*Treatment) *float64, example string) reader {
	return func(level string, t *Treatment) (string, error) {
		v, err := quantity(level, "1/s", 0, maxRate, example)
		if v > 0 && v < minRate {
			err = fmt.Errorf("is below %s, and not 0/s; write such as %s", units.Text(minRate, "1/s"), example)
		}
		*field(t) = v
		return units.Text(v, "1/s"), err
	}
}

// size reads a whole number of bytes.
func size(field func(*Treatment) *int, most int, example string) reader {
	return func(level string, t *Treatment) (string, error) {
		n, err := units.Size(level, 1, most)
		*field(t) = n
		return units.Text(float64(n), "B"), such(err, example)
	}
}

// readHeaders reads a header profile; its fields are the servers' business.
func readHeaders(level string, t *Treatment) (string, error) {
	const withCookie = "browser+cookie="
	if size, ok := strings.CutPrefix(level, withCookie); ok {
		n, err := units.Size(size, 1, maxCookie)
		if err != nil {
			return "", such(fmt.Errorf("asks for a cookie whose size %w", err), withCookie+"1KB")
		}
		t.Headers = withCookie + units.Text(float64(n), "B")
		return t.Headers, nil
	}
	return choice(func(t *Treatment) *string { return &t.Headers }, "minimal", "browser", "browser+cookie=1KB", "lubbers2010")(level, t)
}

// choice reads one word of a few.
func choice(field func(*Treatment) *string, words ...string) reader {
	return func(level string, t *Treatment) (string, error) {
		if !slices.Contains(words, level) {
			return "", fmt.Errorf("is none of its values; %s", among(level, "known values", words))
		}
		*field(t) = level
		return level, nil
	}
}

// either reads one of two words, of which the second is true.
func either(field func(*Treatment) *bool, no, yes string) reader {
	return func(level string, t *Treatment) (string, error) {
		*field(t) = level == yes
		return choice(func(*Treatment) *string { return new(string) }, no, yes)(level, t)
	}
}

// quantity reads a number of a unit between low and high, in base units.
func quantity(text, unit string, low, high float64, example string) (float64, error) {
	v, err := units.Within(text, unit, low, high)
	return v, such(err, example)
}

// such adds to what is wrong with a level how one is written.
func such(err error, example string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; write such as %s", err, example)
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
