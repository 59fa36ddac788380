package trial

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pushbench/loadgen/internal/capture"
	"pushbench/loadgen/internal/need"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/all"
)

// Every byte that a trial counts is held against the packets of the same trial,
// layer by layer, from the first SYN to the second mark.
func TestBytesAgainstCapture(t *testing.T) {
	probe, err := capture.Start(9, capture.Headers)
	var lacks *capture.UnavailableError
	if errors.As(err, &lacks) {
		need.That(t, false, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := probe.Stop(); err != nil {
		t.Fatal(err)
	}

	configs := truthConfigs(t)
	rows := make([][]row, len(configs))
	t.Cleanup(func() { writeRows(t.Output(), slices.Concat(rows...)) })
	t.Parallel()
	for i, c := range configs {
		t.Run(treatmentName(c), func(t *testing.T) {
			t.Parallel()
			rows[i] = undisturbed(t, c)
			for _, r := range rows[i] {
				if !r.holds() {
					t.Errorf("%s %s: counted %d, captured %d", r.layer, r.direction, r.counted, r.captured)
				}
			}
		})
	}
}

// truthConfigs is every transport over each version of HTTP that it has, in
// clear and under TLS; then what changes the bytes of some of them.
func truthConfigs(t *testing.T) []Config {
	var configs []Config
	add := func(transport, version string, change func(*scenarios.Treatment)) {
		for _, tls := range []bool{false, true} {
			c := truthConfig(t, transport, version, tls)
			if change != nil {
				change(&c.Treatment)
			}
			configs = append(configs, c)
		}
	}
	for _, transport := range all.Transports {
		add(transport.Name, "1.1", nil)
		if !transport.Upgrades {
			add(transport.Name, "2", nil)
		}
	}
	compressible := func(treatment *scenarios.Treatment) {
		treatment.PayloadKind, treatment.Payload = "ticker", 400
	}
	talking := func(treatment *scenarios.Treatment) {
		treatment.Uplink, treatment.UplinkPayload = 20, 300
	}
	both := func(treatment *scenarios.Treatment) {
		compressible(treatment)
		talking(treatment)
	}
	add("ws?compress=no-takeover", "1.1", compressible)
	add("ws?compress=takeover", "1.1", both)
	add("wsbare?compress=takeover", "1.1", both)
	add("raw", "1.1", talking)
	add("longpoll", "1.1", talking)
	add("sse", "1.1", talking)
	add("stream", "2", talking)
	add("sse?batch=on", "2", nil)
	return configs
}

// wholeFrames is a snap length that no packet of these trials reaches; were one
// longer, its stream could not be read, and the test would say so.
const wholeFrames = 16<<10 - 128

func truthConfig(t *testing.T, transport, version string, tls bool) Config {
	if transport == "poll" {
		transport += "?interval=100ms"
	}
	c := config(t, transport)
	c.ServerPath = servers(t)
	c.Treatment.Subscribers, c.Treatment.Rate = 5, 40
	c.Treatment.HTTP, c.Treatment.TLS, c.Treatment.Headers = version, tls, "minimal"
	c.Warmup, c.Measure = 100*time.Millisecond, 300*time.Millisecond
	c.Still = 300 * time.Millisecond
	return c
}

func treatmentName(c Config) string {
	name := strings.TrimSuffix(c.Treatment.Transport, "?interval=100ms") + " http=" + c.Treatment.HTTP
	if c.Treatment.Uplink > 0 {
		name += " uplink"
	}
	if c.Treatment.TLS {
		return name + " tls=on"
	}
	return name + " tls=off"
}

// undisturbed compares trials until one is over in which no byte was sent again,
// as a stalled host makes TCP do, or three were tried.
func undisturbed(t *testing.T, c Config) []row {
	t.Helper()
	for attempt := 1; ; attempt++ {
		rows, resent, err := compare(captureTrial(t, c))
		if err != nil {
			t.Fatal(err)
		}
		if resent == 0 || attempt == 3 {
			return rows
		}
		t.Logf("attempt %d: %d B were sent again on loopback, as happens where the host is busy; once more", attempt, resent)
		writeRows(t.Output(), rows)
	}
}

// captureTrial runs a trial and records its packets until the second mark.
func captureTrial(t *testing.T, c Config) (*observation, *capture.Capture) {
	t.Helper()
	var recording *capture.Recording
	var captured *capture.Capture
	var failed error
	stop := func() {
		if recording != nil {
			captured, failed = recording.Stop()
			recording = nil
		}
	}
	defer stop() // of a trial that did not come to its mark
	c.Listening = func(addr string) {
		server, err := netip.ParseAddrPort(addr)
		if err == nil {
			recording, err = capture.Start(server.Port(), wholeFrames)
		}
		failed = err
	}
	c.Marked = stop
	record := &results.Trial{}
	o, err := observe(t.Context(), c, record)
	if err = errors.Join(err, failed); err != nil {
		t.Fatalf("%v\n%s", err, record.Log)
	}
	if captured == nil {
		t.Fatal("the trial did not tell of its second mark")
	}
	return o, captured
}
