package trial

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pushbench/results"
	"pushbench/servers/all"
)

// sums holds the layers to being the whole, each direction.
func sums(t *testing.T, trial *results.Trial) {
	t.Helper()
	for _, way := range []string{"/down", "/up"} {
		sum := 0.0
		for _, layer := range []string{"payload", "envelope", "protocol", "compression", "tls", "tcpip"} {
			sum += value(t, trial, "bytes/"+layer+way)
		}
		if total := value(t, trial, "bytes/total"+way); math.Abs(sum-total) > 1e-9*total {
			t.Errorf("layers of %v B an event%s, %v in all", sum, way, total)
		}
	}
}

// Over the real servers, every transport carries messages upwards beside the
// feed, and the latest state alone.
func TestRealServersTalk(t *testing.T) {
	old := lead
	defer func() { lead = old }()
	lead = 200 * time.Millisecond
	for _, transport := range all.Transports {
		for _, version := range []string{"1.1", "2"} {
			if version == "2" && transport.Upgrades {
				continue
			}
			for _, want := range []string{"every", "latest"} {
				t.Run(fmt.Sprintf("%s http=%s want=%s", transport.Name, version, want), func(t *testing.T) {
					name := transport.Name
					if name == "poll" {
						name += "?interval=50ms"
					}
					c := config(t, name)
					c.ServerPath = servers(t)
					c.Treatment.HTTP, c.Treatment.Want = version, want
					c.Treatment.Uplink, c.Treatment.UplinkPayload = 50, 80
					trial := runTrial(t, c)
					wantBroken(t, trial)
					sums(t, trial)
					get := func(metric string) float64 { t.Helper(); return value(t, trial, metric) }
					if sent := get("uplink/sent"); sent < 36 || sent > 44 || get("uplink/echoed") != sent || get("uplink/lost") != 0 {
						t.Errorf("%v messages sent, %v echoed, %v lost; want 40 of 40", sent, get("uplink/echoed"), get("uplink/lost"))
					}
					if get("roundtrip/p50") <= 0 || get("bytes/payload/up") <= 0 || get("bytes/envelope/up") != 0 {
						t.Errorf("round trips of %v s, %v B of payload upwards", get("roundtrip/p50"), get("bytes/payload/up"))
					}
					if get("server/cpu-per-message") >= get("server/cpu") {
						t.Errorf("CPU of %v s a message, %v s an event", get("server/cpu-per-message"), get("server/cpu"))
					}
					conns := 8.0
					if transport.Upgrades {
						conns = 4
					}
					if got := get("conn/count"); got != conns {
						t.Errorf("%v connections, want %v", got, conns)
					}
					skipped, lost := get("events/skipped"), get("events/lost")
					if lost != 0 || want == "every" && skipped != 0 || want == "latest" && transport.Name == "poll" && skipped == 0 {
						t.Errorf("%v events skipped, %v lost", skipped, lost)
					}
				})
			}
		}
	}
}

// Compression saves bytes, and says how many.
func TestRealServersCompress(t *testing.T) {
	for _, transport := range []string{"ws?compress=takeover", "wsbare?compress=no-takeover"} {
		t.Run(transport, func(t *testing.T) {
			c := config(t, transport)
			c.ServerPath = servers(t)
			c.Treatment.PayloadKind, c.Treatment.Payload = "identical", 400
			trial := runTrial(t, c)
			wantBroken(t, trial)
			sums(t, trial)
			if saved := value(t, trial, "bytes/compression/down"); saved >= -100 || saved <= -461 {
				t.Errorf("compression of 461 B an event adds %v", saved)
			}
			if payload := value(t, trial, "bytes/payload/down"); payload != 400 {
				t.Errorf("payload of %v B, want it uncompressed", payload)
			}
		})
	}
}
