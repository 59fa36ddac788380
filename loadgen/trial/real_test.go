package trial

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"pushbench/results"
	"pushbench/servers/all"
	"pushbench/servers/feed"
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

// near holds a metric to a value.
func near(t *testing.T, trial *results.Trial, metric string, want float64) {
	t.Helper()
	if got := value(t, trial, metric); math.Abs(got-want) > 1e-9*math.Abs(want) {
		t.Errorf("%s is %v, want %v", metric, got, want)
	}
}

// scheduled is the instants of trial time, from the beginning of the window, at which
// events of a trial's schedule are due in it.
func scheduled(t *testing.T, c Config, p plan) (due []time.Duration) {
	t.Helper()
	rng := feed.Rand(c.Seed, c.Block, "arrivals")
	if c.Treatment.Arrivals != "poisson" {
		rng = nil
	}
	schedule, err := feed.NewSchedule(c.Treatment.Rate, rng)
	if err != nil {
		t.Fatal(err)
	}
	for at := schedule.Next(); at < (p.Mark1 + p.Window); at = schedule.Next() {
		if at >= p.Mark1 {
			due = append(due, at-p.Mark1)
		}
	}
	return due
}

// inWindow is the same as the trial's server told it.
func (o *run) inWindow() (due []time.Duration) {
	for _, at := range o.seen.Published.Due {
		if at >= o.seen.From && at < o.seen.Until {
			due = append(due, time.Duration(at-o.seen.From))
		}
	}
	return due
}

// The real servers, over each transport. All are trials of one block, and the same
// events are due in the window of each.
func TestRealServers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		transport  string
		framing    float64 // B/event, down, where it is all that the protocol adds
		responses  bool    // there are requests and responses within the window
		perConn    bool    // a connection for each poll
		envelope   float64
		encoding   string
		tls, http2 bool
	}{
		{transport: "poll?interval=150ms", responses: true, envelope: 61, encoding: "text"},
		{transport: "poll?interval=50ms", responses: true, envelope: 61, encoding: "text", http2: true},
		{transport: "poll?interval=50ms", responses: true, envelope: 61, encoding: "text", tls: true, http2: true},
		{transport: "poll?interval=50ms&keepalive=off", responses: true, perConn: true, envelope: 32, encoding: "binary"},
		{transport: "poll?interval=50ms&keepalive=off", responses: true, perConn: true, envelope: 32, encoding: "binary", tls: true},
		{transport: "longpoll", responses: true, envelope: 61 + 36, encoding: "base64"},
		{transport: "longpoll", responses: true, envelope: 61, encoding: "text", tls: true, http2: true},
		{transport: "stream", envelope: 61, encoding: "text"},
		{transport: "stream", envelope: 32, encoding: "binary", tls: true, http2: true},
		{transport: "sse", envelope: 61, encoding: "text", tls: true},
		{transport: "sse", envelope: 61 + 36, encoding: "base64", http2: true},
		{transport: "wsbare", framing: 4, envelope: 61, encoding: "text"},
		{transport: "wsbare", framing: 4, envelope: 32, encoding: "binary", tls: true},
		{transport: "raw", framing: 4, envelope: 32, encoding: "binary"},
		{transport: "ws", framing: 4, envelope: 61, encoding: "text"},
		{transport: "ws", framing: 4, envelope: 32, encoding: "binary", tls: true},
	}
	var block []Config
	for _, test := range tests {
		c := realConfig(t, test.transport)
		c.Treatment.Encoding, c.Treatment.TLS, c.Treatment.Arrivals = test.encoding, test.tls, "poisson"
		if test.http2 {
			c.Treatment.HTTP = "2"
		}
		block = append(block, c)
	}
	lead := Lead(block...)
	for i, test := range tests {
		t.Run(fmt.Sprintf("%s %s tls=%t http2=%t", test.transport, test.encoding, test.tls, test.http2), func(t *testing.T) {
			t.Parallel()
			c := block[i]
			c.Lead = lead
			o, trial := observeTrial(t, c)
			if got, want := o.inWindow(), scheduled(t, c, o.plan); !slices.Equal(got, want) || o.plan.Mark1 != 150*time.Millisecond {
				t.Errorf("from %v on, events are due at %v; want %v from 150ms on", o.plan.Mark1, got, want)
			}
			if lasted := o.seen.Ended.Monotonic - o.seen.Began.Monotonic; runtime.GOOS == "linux" && lasted < int64(o.plan.Mark2) {
				t.Errorf("it lasted %v by the clocks, less than the trial time of %v", time.Duration(lasted), o.plan.Mark2)
			}
			get := func(metric string) float64 { t.Helper(); return value(t, trial, metric) }
			near(t, trial, "bytes/payload/down", 100)
			near(t, trial, "bytes/envelope/down", test.envelope)
			sums(t, trial)
			rtts, handshakes := 2., 0.
			if test.tls {
				rtts, handshakes = 3, 4
			}
			if has := get("bytes/tls/down") > 0; has != test.tls {
				t.Errorf("%v bytes of TLS per event", get("bytes/tls/down"))
			}
			near(t, trial, "conn/tls-full", handshakes)
			if has := get("conn/tls-resumed") > 0; has != (test.tls && test.perConn) {
				t.Errorf("%v resumed handshakes", get("conn/tls-resumed"))
			}
			near(t, trial, "conn/rtts", rtts)
			near(t, trial, "window", 0.2)
			near(t, trial, "events/delivered", 4*get("events/distinct"))
			if test.framing > 0 {
				near(t, trial, "bytes/protocol/down", test.framing)
			}
			loop := 0.
			if pushed := !test.responses; pushed && !test.tls && !test.http2 && runtime.GOOS == "linux" {
				loop = 1
			}
			near(t, trial, "client-loop", loop)
			if share := get("fanout/loop"); share < 0 || share > 1 || (share > 0) != (loop > 0) {
				t.Errorf("a share of %v was sent by the server's loop", share)
			}
			if has := get("requests") > 0; has != test.responses {
				t.Errorf("%v requests per event", get("requests"))
			}
			if !test.perConn {
				near(t, trial, "conn/count", 4)
			} else if get("conn/count") <= 4 {
				t.Errorf("%v connections, want one for each poll", get("conn/count"))
			}
			for _, metric := range []string{
				"server/cpu", "fleet/cpu", "fleet/reads", "server/rss", "server/heap", "server/stacks", "server/goroutines",
				"fleet/rss", "conn/bytes/up", "conn/bytes/down", "publisher/cpu", "events-per-response",
				"age/mean", "staleness/p50", "delivery/p50", "publish-lag/p50", "connect/p50", "ttfe/p50",
				"staleness-mean-by-subscriber/mean", "staleness-max-by-subscriber/max",
			} {
				if get(metric) <= 0 {
					t.Errorf("%s is %v, want it above 0", metric, get(metric))
				}
			}
			if get("staleness/mean") < get("delivery/mean") {
				t.Errorf("staleness %v s, delivery %v s: an event is due before it is sent", get("staleness/mean"), get("delivery/mean"))
			}
		})
	}
}

// Over the real servers, every transport carries messages upwards beside the
// feed, and the latest state alone.
func TestRealServersTalk(t *testing.T) {
	t.Parallel()
	for i, transport := range all.Transports {
		for j, version := range []string{"1.1", "2"} {
			for k, want := range []string{"every", "latest"} {
				// Over HTTP each transport has both, and each version of it.
				if transport.Upgrades && version == "2" || !transport.Upgrades && (i+j+k)%2 > 0 {
					continue
				}
				t.Run(fmt.Sprintf("%s http=%s want=%s", transport.Name, version, want), func(t *testing.T) {
					t.Parallel()
					talk(t, transport, version, want)
				})
			}
		}
	}
}

func talk(t *testing.T, transport *feed.Transport, version, want string) {
	name := transport.Name
	if name == "poll" {
		name += "?interval=50ms"
	}
	c := realConfig(t, name)
	c.Treatment.HTTP, c.Treatment.Want = version, want
	c.Treatment.Uplink, c.Treatment.UplinkPayload = 50, 80
	trial := runTrial(t, c)
	sound(t, trial)
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
	near(t, trial, "conn/count", conns)
	skipped, lost := get("events/skipped"), get("events/lost")
	if lost != 0 || want == "every" && skipped != 0 || want == "latest" && transport.Name == "poll" && skipped == 0 {
		t.Errorf("%v events skipped, %v lost", skipped, lost)
	}
}

// Compression saves bytes, and says how many.
func TestRealServersCompress(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"ws?compress=takeover", "wsbare?compress=no-takeover"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			c := realConfig(t, transport)
			c.Treatment.PayloadKind, c.Treatment.Payload = "identical", 400
			trial := runTrial(t, c)
			sound(t, trial)
			sums(t, trial)
			if saved := value(t, trial, "bytes/compression/down"); saved >= -100 || saved <= -461 {
				t.Errorf("compression of 461 B an event adds %v", saved)
			}
			near(t, trial, "bytes/payload/down", 400)
		})
	}
}

// More than an end can take still arrives, each event once and in order, and the
// record says that it was asked for.
func TestSaturatedTrial(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"longpoll", "ws"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			c := realConfig(t, transport)
			c.Saturate, c.Treatment.Rate = true, 30_000
			o, got := observeTrial(t, c)
			due := len(scheduled(t, c, o.plan)) * 4
			near(t, got, "events/expected", float64(due))
			near(t, got, "events/delivered", float64(due))
			if most := c.Treatment.Rate * 4 * 1.01; !(got.Metrics["throughput"].Value > 0) || got.Metrics["throughput"].Value > most {
				t.Errorf("%v events a second of %v", got.Metrics["throughput"].Value, most)
			}
			if got.Saturated == "" {
				t.Error("the record does not say which end was saturated")
			}
		})
	}
}
