package trial

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/host"
	"pushbench/servers/all"
	"pushbench/servers/wire"
)

// Each case breaks one rule, and only that is said.
func TestValidity(t *testing.T) {
	counts := func(o *observation) *fleet.Order { return &o.collected.Order }
	lateBy := func(o *observation, lag time.Duration, n int) {
		for i := range n {
			o.after.server.Lag[i] = int64(lag)
		}
	}
	// thousand makes it a trial of so many publishes that a p99 is one.
	thousand := func(o *observation) {
		o.after.server.Due, o.after.server.Lag = nil, nil
		for i := range int64(1000) {
			o.after.server.Due = append(o.after.server.Due, o.from+i*1e6)
			o.after.server.Lag = append(o.after.server.Lag, 100_000)
		}
		o.measured(2000)
	}
	for _, test := range []struct {
		name  string
		spoil func(*observation)
		want  string // "" where the trial stays valid
	}{
		{"clean", func(*observation) {}, ""},
		{"a subscriber failed", func(o *observation) { o.collected.Failed, o.collected.Errors = 2, []string{"refused", "too"} }, "2 subscribers failed, the first with: refused"},
		{"failed without a word", func(o *observation) { o.collected.Failed = 1 }, "1 subscribers failed, the first with: unknown"},
		{"events not as ordered", func(o *observation) { o.collected.Errors = []string{"event 3 has a body of 1 bytes, not 100"} }, "events were not as ordered: event 3 has a body of 1 bytes, not 100"},
		{"lost", func(o *observation) { counts(o).Lost, o.undelivered = 3, 1 }, "3 events lost, 1 subscribers without the newest"},
		{"duplicated", func(o *observation) { counts(o).Duplicated = 1 }, "1 events duplicated"},
		{"reordered", func(o *observation) { counts(o).Reordered = 2 }, "2 events reordered"},
		{"gap", func(o *observation) { counts(o).Gaps, counts(o).Skipped = 1, 7 }, "1 gaps, in which 7 events were left out"},
		{"negative time", func(o *observation) { o.collected.Dropped = 1 }, "1 samples outside 0 to 3600 s"},
		{"too few measured", func(o *observation) { o.measured(79) }, "79 of 80 events of the window were measured"},
		{"too many measured", func(o *observation) { o.measured(81) }, "81 of 80 events of the window were measured"},
		{"no event", func(o *observation) { o.after.server.Due, o.after.server.Lag = nil, nil; o.measured(0) }, "no event was due in the window of 1s"},
		{"published early", func(o *observation) { lateBy(o, -1, 1) }, "1 events were published before they were due"},

		{"some skipped, of subscribers that want every event", func(o *observation) { counts(o).Skipped = 1 }, ""}, // the gap that said so counts
		{"some skipped, of those that want the latest", func(o *observation) {
			o.config.Treatment.Want = "latest"
			counts(o).Skipped, o.collected.Events = 60, 32
			o.measured(30)
		}, ""},
		{"some neither delivered nor skipped", func(o *observation) {
			o.config.Treatment.Want = "latest"
			counts(o).Skipped, o.collected.Events = 59, 32
		}, "91 events were delivered or left out for a newer one, of 92"},
		{"an event that was never published", func(o *observation) {
			o.config.Treatment.Want = "latest"
			o.collected.Events++
		}, "93 events were delivered or left out for a newer one, of 92"},
		{"one delivered twice, of the latest", func(o *observation) {
			o.config.Treatment.Want = "latest"
			counts(o).Duplicated, o.collected.Events = 1, 93
		}, "1 events duplicated"},
		{"the newest lost", func(o *observation) {
			o.config.Treatment.Want = "latest"
			counts(o).Lost, o.collected.Events, o.undelivered = 1, 91, 1
		}, "1 events lost, 1 subscribers without the newest"},
		{"more of the window than was due", func(o *observation) {
			o.config.Treatment.Want = "latest"
			o.measured(81)
		}, "81 events of the window were measured, of which 80 were due"},
		{"an uplink", (*observation).talks, ""},
		{"a message lost", func(o *observation) { o.talks(); o.collected.Uplink.Lost = 2 }, "2 messages were not echoed"},
		{"a wrong echo", func(o *observation) { o.talks(); o.collected.Uplink.Wrong = 1 }, "1 messages came that are no echo of one that was sent"},
		{"a connection too few for an uplink", func(o *observation) { o.talks(); o.after.server.Counts.Conns = 3 }, "3 connections, not 4"},
		{"a connection too many for an uplink", func(o *observation) {
			o.talks()
			o.config.Treatment.Transport = "ws"
			o.plan.spec, _ = all.Parse("ws")
		}, "4 connections, not 2"},
		{"polls that close their connection, and an uplink that does not", func(o *observation) {
			o.talks()
			o.plan.spec, _ = all.Parse("poll?interval=100ms&keepalive=off")
			o.after.server.Counts.Conns = 76
		}, ""},
		{"one late of forty", func(o *observation) { lateBy(o, time.Second, 1) }, ""},
		{"two late of forty", func(o *observation) { lateBy(o, time.Millisecond, 2) }, "2 of 40 events published 1ms late or more, limit 1"},
		{"all a little late", func(o *observation) { lateBy(o, time.Millisecond-1, 44) }, ""},
		{"late outside the window", func(o *observation) {
			for i := 40; i < 44; i++ {
				o.after.server.Lag[i] = int64(time.Second)
			}
		}, ""},
		{"ten late of a thousand", func(o *observation) { thousand(o); lateBy(o, time.Second, 10) }, ""},
		{"eleven late of a thousand", func(o *observation) { thousand(o); lateBy(o, 2*time.Millisecond, 11) }, "publisher lag p99 2ms, limit 1ms"},

		{"tallies down differ", func(o *observation) { o.after.server.Counts.BytesWritten++ },
			"tallies differ: the server has read 11600 and written 29449 bytes, the fleet has written 11600 and read 29448"},
		{"tallies up differ", func(o *observation) { o.after.server.Counts.BytesRead-- },
			"tallies differ: the server has read 11599 and written 29448 bytes, the fleet has written 11600 and read 29448"},
		{"tallies differ before", func(o *observation) { o.before.server.Counts.BytesRead++ },
			"tallies differ: the server has read 5001 and written 10000 bytes, the fleet has written 5000 and read 10000"},
		{"a byte in no layer", func(o *observation) { o.after.fleet.HeadersDown-- },
			"layers do not add up: {down:19447 up:6600}, at the socket {down:19448 up:6600}"},
		{"a byte in two layers", func(o *observation) { o.after.fleet.FramingUp++ },
			"layers do not add up: {down:19448 up:6601}, at the socket {down:19448 up:6600}"},
		{"a record of TLS in clear", func(o *observation) { o.after.server.Counts.TLS += 22 },
			"layers do not add up: {down:19470 up:6600}, at the socket {down:19448 up:6600}"},
		{"the kernel has sent more", func(o *observation) { o.after.fleet.TCP.BytesSent++ },
			"tallies differ from the kernel's: {down:19448 up:6600}, the kernel's {down:19448 up:6601}"},
		{"the kernel has received less", func(o *observation) { o.after.fleet.TCP.BytesReceived-- },
			"tallies differ from the kernel's: {down:19448 up:6600}, the kernel's {down:19447 up:6600}"},
		{"the kernel tells nothing", func(o *observation) { o.after.fleet.TCP, o.after.fleet.NoTCP = wire.TCP{}, "it takes Linux" }, ""},
		{"a third connection", func(o *observation) { o.after.server.Counts.Conns++ }, "3 connections, not 2"},
		{"a connection too few for polls that close it", func(o *observation) {
			o.config.Treatment.Transport = "poll?interval=100ms&keepalive=off"
			o.plan, _ = o.config.plan()
			o.after.server.Counts.Conns = 73
		}, "73 connections, not 74"},
		{"a connection for each poll that closes it", func(o *observation) {
			o.config.Treatment.Transport = "poll?interval=100ms&keepalive=off"
			o.plan, _ = o.config.plan()
			o.after.server.Counts.Conns = 74
		}, ""},
		{"fleet busy", func(o *observation) { o.after.fleet.Usage.User = 3 + 0.89 }, "fleet used 81 % of its core, limit 80 %"},
		{"fleet nearly busy", func(o *observation) { o.after.fleet.Usage.User = 3 + 0.86 }, ""},
		{"server saturated", func(o *observation) { o.after.server.Usage.User = 1 + 1.05 }, "server used 96 % of its core, limit 95 %"},
		{"server nearly saturated", func(o *observation) { o.after.server.Usage.User = 1 + 1.02 }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := clean(t)
			test.spoil(o)
			var want []string
			if test.want != "" {
				want = []string{test.want}
			}
			if diff := cmp.Diff(want, o.invalid()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A late publisher is the host's doing only where the server had time.
func TestDisturbance(t *testing.T) {
	late := func(o *observation) { o.after.server.Lag[0], o.after.server.Lag[1] = 2e6, 3e6 }
	busy := func(o *observation) { o.after.server.Usage.User = o.before.server.Usage.User + 0.5 }
	for _, test := range []struct {
		name  string
		spoil []func(*observation)
		want  []string
	}{
		{"clean", nil, nil},
		{"late and idle", []func(*observation){late}, []string{"the host stalled: the publisher was late while the server used 2 % of its core"}},
		{"late and busy", []func(*observation){late, busy}, nil},
		{"busy", []func(*observation){busy}, nil},
	} {
		o := clean(t)
		for _, spoil := range test.spoil {
			spoil(o)
		}
		if got := o.disturbance(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// Whatever the layers are, they must be the whole.
func TestLayersAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := clean(t)
		bytes := rapid.Int64Range(0, 1<<40)
		draw := func(name string, into *int64) int64 {
			n := bytes.Draw(rt, name)
			*into += n
			return n
		}
		saved := func(name string, into *int64) int64 {
			n := rapid.Int64Range(0, 1000).Draw(rt, name)
			*into -= n
			return n
		}
		f := &o.after.fleet
		down := draw("payload", &f.Payload) + draw("envelope", &f.Envelope) + draw("headers down", &f.HeadersDown) + draw("framing down", &f.FramingDown) +
			draw("echoes down", &f.EchoesDown) + draw("compression down", &f.CompressionDown) +
			draw("TLS down", &o.after.server.Counts.TLS)
		up := draw("headers up", &f.HeadersUp) + draw("framing up", &f.FramingUp) + draw("TLS up", &f.Counts.TLS) +
			draw("messages", &f.EchoesUp) - saved("compression up", &f.CompressionUp)
		offDown, offUp := rapid.Int64Range(-2, 2).Draw(rt, "off down"), rapid.Int64Range(-2, 2).Draw(rt, "off up")
		for _, c := range []*int64{&f.Counts.BytesRead, &o.after.server.Counts.BytesWritten, &f.TCP.BytesReceived} {
			*c += down + offDown
		}
		for _, c := range []*int64{&f.Counts.BytesWritten, &o.after.server.Counts.BytesRead, &f.TCP.BytesSent} {
			*c += up + offUp
		}
		said := strings.Contains(fmt.Sprint(o.invalid()), "layers do not add up")
		if said != (offDown != 0 || offUp != 0) {
			rt.Errorf("off by %d down and %d up: %q", offDown, offUp, o.invalid())
		}
	})
}

func TestWarnings(t *testing.T) {
	many := func(o *observation) { o.config.Treatment.Subscribers = 100 }
	for _, test := range []struct {
		name  string
		spoil func(*observation)
		want  []string
	}{
		{"clean", func(*observation) {}, nil},
		{"a burst to many, and a light fleet", many, nil},
		{"a burst to many, and a fleet as dear as the server", func(o *observation) { many(o); o.after.fleet.Usage.User += 0.011 },
			[]string{"fleet-bound: the fleet's CPU per event is 1 × the server's, and an event goes to 100 subscribers at once"}},
		{"a dear fleet of few", func(o *observation) { o.after.fleet.Usage.User += 0.011 }, nil},
		{"no host CPU", func(o *observation) { o.hostUnreadable = errors.New("no /proc/stat") },
			[]string{"host CPU and steal were not measured: no /proc/stat"}},
		{"no exact host CPU", func(o *observation) { o.after.cpu.Source = host.Idle }, []string{host.Idle.Inexact()}},
		{"polls left out", func(o *observation) { o.after.fleet.Skipped = 4 },
			[]string{"3 polls were left out because the one before was outstanding"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := clean(t)
			test.spoil(o)
			if diff := cmp.Diff(test.want, o.warnings()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
