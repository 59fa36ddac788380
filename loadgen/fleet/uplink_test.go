package fleet

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"pushbench/servers/feed"
)

func TestSlots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := slots{
			period: 1e9 / rapid.Float64Range(0.001, 1e6).Draw(t, "rate"),
			phase:  rapid.Float64Range(0, 0.999999).Draw(t, "phase"),
		}
		at := time.Duration(rapid.Float64Range(0, 1000).Draw(t, "periods") * s.period)
		n := s.before(at)
		if n < 0 || n > 0 && s.due(n-1) >= at || s.due(n) < at {
			t.Fatalf("%d slots before %v; the last of them is due at %v, the next at %v", n, at, s.due(n-1), s.due(n))
		}
		if gap := s.due(n+1) - s.due(n); gap < time.Duration(s.period)-1 || gap > time.Duration(s.period)+1 {
			t.Fatalf("slots %v apart, not %v", gap, time.Duration(s.period))
		}
	})
	if s := (slots{period: 1e6, phase: 0.5}); s.before(-time.Second) != 0 {
		t.Error("there are slots before trial time")
	}
}

// Whatever the rate, at any moment of trial time at all, the next slot is due then or
// later, or at the end of time.
func TestSlotsAtAnyMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := slots{
			period: math.Pow(10, rapid.Float64Range(0, 30).Draw(t, "period, power of ten")),
			phase:  rapid.Float64Range(0, 0.999999).Draw(t, "phase"),
		}
		at := time.Duration(rapid.Int64().Draw(t, "at"))
		n := s.before(at)
		if n < 0 || n > 0 && s.due(n-1) >= at || s.due(n) < at || n == 0 && s.due(0) < 0 {
			t.Fatalf("%d slots before %d; the last of them is due at %d, the next at %d", n, at, s.due(n-1), s.due(n))
		}
	})
}

// talk is a fleet of uplinks without a server, in a bubble, on hosts of each age.
func talk(t *testing.T, c Config, f func(t *testing.T, fl *fleet, ups []*uplink)) {
	for _, at := range ages {
		talkAt(t, at, c, f)
	}
}

func talkAt(t *testing.T, at int64, c Config, f func(t *testing.T, fl *fleet, ups []*uplink)) {
	synctest.Test(t, func(t *testing.T) {
		clock := feed.ClockAt(at)
		fl := &fleet{clock: clock, timeline: feed.NewTimeline(clock), seen: newRecorder(clock)}
		sends, err := newUplinks(c, feed.Codec(c.Encoding))
		if err != nil {
			t.Fatal(err)
		}
		var ups []*uplink
		for i := range c.Subscribers {
			up, err := sends.join(i, fl)
			if err != nil {
				t.Fatal(err)
			}
			ups = append(ups, up)
		}
		f(t, fl, ups)
		for _, up := range ups {
			up.leave()
		}
	})
}

func talkConfig() Config {
	return Config{Encoding: "text", Subscribers: 4, Uplink: 100, UplinkPayload: 64, Seed: 1, Block: 1}
}

// Messages are due at a constant rate from phases of their own, have the size
// that they were given, and begin with the mark.
func TestUplinkSchedule(t *testing.T) {
	for _, encoding := range []string{"text", "base64", "binary"} {
		for _, size := range []int{1, 2, 64} {
			c := talkConfig()
			c.Encoding, c.UplinkPayload = encoding, size
			talk(t, c, func(t *testing.T, fl *fleet, ups []*uplink) {
				origin := fl.clock.Now()
				fl.seen.open(window{from: origin, until: origin + 1000*ms, origin: origin})
				fl.timeline.Run(origin, time.Second)
				var firsts []time.Duration
				for _, up := range ups {
					var last []byte
					for n := range 3 {
						message, err := up.send(t.Context())
						if err != nil {
							t.Fatal(err)
						}
						if n == 0 {
							firsts = append(firsts, up.slots.due(0))
						}
						if len(message) != size || !feed.IsUplink(message, feed.Codec(encoding)) {
							t.Errorf("message %q in %s, want %d bytes with the mark", message, encoding, size)
						}
						if encoding != "binary" && bytes.IndexFunc(message, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
							t.Errorf("message %q is no plain text", message)
						}
						if size == 64 && bytes.Equal(message, last) {
							t.Errorf("message %q again", message)
						}
						last = bytes.Clone(message)
					}
				}
				slices.Sort(firsts) // one in each quarter of 10 ms, all turned by the same
				for i, first := range firsts {
					next := firsts[(i+1)%len(firsts)] + time.Duration((i+1)/len(firsts))*10*time.Millisecond
					if gap := next - first; first < 0 || gap > 5*time.Millisecond {
						t.Errorf("first messages at %v, which are not spread over 10ms", firsts)
					}
				}
			})
		}
	}
}

// What is sent late has its round trip from when it was due.
func TestRoundTripFromDue(t *testing.T) {
	c := talkConfig()
	c.Subscribers = 1
	talk(t, c, func(t *testing.T, fl *fleet, ups []*uplink) {
		up, origin := ups[0], fl.clock.Now()
		fl.seen.open(window{from: origin, until: origin + 1000*ms, origin: origin})
		fl.timeline.Run(origin, time.Second)
		first := up.slots.due(0)
		for range 3 { // the transport is busy with each for 25 ms; they are due every 10
			message, err := up.send(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			<-time.After(25 * time.Millisecond)
			up.echo(message)
		}
		got, err := fl.seen.collect(0)
		if err != nil {
			t.Fatal(err)
		}
		h := got.Hists[roundtrip]
		if want := float64(25+40+55) * 1e6; h.N() != 3 || h.Sum() != want || h.Min() != 25*ms {
			t.Errorf("%d round trips of %v ns in all, the least %v; want 25, 40 and 55 ms, from %v on", h.N(), h.Sum(), time.Duration(h.Min()), first)
		}
		// Of a hundred messages due by the end of the window three were sent.
		if got.Uplink != (Uplink{Sent: 3, Echoed: 3, Lost: up.slots.before(time.Second) - 3}) {
			t.Errorf("%+v", got.Uplink)
		}
	})
}

// Echoes are matched in order: what one overtakes is lost, and what matches none
// is wrong.
func TestEchoes(t *testing.T) {
	for _, test := range []struct {
		name   string
		echoes string // of messages a b c d, x for another
		want   Uplink
		trips  int64
	}{
		{"all", "abcd", Uplink{Sent: 4, Echoed: 4}, 4},
		{"none", "", Uplink{Sent: 4, Lost: 4}, 0},
		{"one missing", "acd", Uplink{Sent: 4, Echoed: 3, Lost: 1}, 3},
		{"the last missing", "abc", Uplink{Sent: 4, Echoed: 3, Lost: 1}, 3},
		{"one changed", "abxd", Uplink{Sent: 4, Echoed: 3, Lost: 1, Wrong: 1}, 3},
		{"one twice", "abbcd", Uplink{Sent: 4, Echoed: 4, Wrong: 1}, 4},
		{"two swapped", "acbd", Uplink{Sent: 4, Echoed: 3, Lost: 1, Wrong: 1}, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := talkConfig()
			c.Subscribers = 1
			talk(t, c, func(t *testing.T, fl *fleet, ups []*uplink) {
				up, origin := ups[0], fl.clock.Now()
				fl.seen.open(window{from: origin, until: origin + 40*ms, origin: origin})
				fl.timeline.Run(origin, 40*time.Millisecond)
				messages := map[rune][]byte{'x': []byte(">something else")}
				for _, name := range "abcd" {
					message, err := up.send(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					messages[name] = bytes.Clone(message)
				}
				for _, name := range test.echoes {
					up.echo(messages[name])
				}
				got, err := fl.seen.collect(0)
				if err != nil {
					t.Fatal(err)
				}
				if got.Uplink != test.want || got.Hists[roundtrip].N() != test.trips {
					t.Errorf("%+v and %d round trips, want %+v and %d", got.Uplink, got.Hists[roundtrip].N(), test.want, test.trips)
				}
			})
		})
	}
}

// Trial time is not at rest while a message is under way, and does not wait for
// ever for one that does not come back.
func TestAtRestWaitsForEchoes(t *testing.T) {
	c := talkConfig()
	c.Subscribers = 1
	talk(t, c, func(t *testing.T, fl *fleet, ups []*uplink) {
		up := ups[0]
		run := RunArgs{}
		run.Origin, run.To = fl.clock.Now(), 15*time.Millisecond
		rested := func() <-chan error {
			done := make(chan error, 1)
			go func() {
				_, err := fl.run(t.Context(), run)
				done <- err
			}()
			synctest.Wait()
			return done
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		messages := make(chan []byte, 10)
		ended := make(chan error, 1)
		go func() {
			for {
				message, err := up.send(ctx)
				if err != nil {
					ended <- err
					return
				}
				messages <- bytes.Clone(message)
			}
		}()
		done := rested()
		<-time.After(500 * time.Millisecond)
		synctest.Wait()
		if len(done) > 0 || len(messages) == 0 {
			t.Fatalf("at rest with %d messages under way", len(messages))
		}
		sent := len(messages)
		for range sent {
			up.echo(<-messages)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}

		start := time.Now()
		run.Origin, run.To = fl.clock.Now()-int64(run.To), run.To+10*time.Millisecond
		if err := <-rested(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < echoTime || took > echoTime+20*time.Millisecond {
			t.Errorf("waited %v for an echo that does not come, want %v", took, echoTime)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// What a subscription that failed had under way is not waited for.
func TestLeaveGivesUp(t *testing.T) {
	c := talkConfig()
	c.Subscribers = 2
	talk(t, c, func(t *testing.T, fl *fleet, ups []*uplink) {
		origin := fl.clock.Now()
		fl.seen.open(window{from: origin, until: origin + 10*ms, origin: origin})
		fl.timeline.Run(origin, 10*time.Millisecond)
		for _, up := range ups {
			if _, err := up.send(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ups[0].leave()
		waiting := make(chan error, 1)
		go func() { waiting <- fl.seen.allEchoed(t.Context()) }()
		synctest.Wait()
		if len(waiting) > 0 {
			t.Fatal("the other's message is not waited for")
		}
		ups[1].leave()
		if err := <-waiting; err != nil {
			t.Fatal(err)
		}
		if got, err := fl.seen.collect(0); err != nil || got.Uplink.Lost != 2 {
			t.Errorf("%+v, error %v; want both lost", got.Uplink, err)
		}
	})
}

// An uplink that has no period, or one below what trial time can tell, is refused, as
// is one without a message.
func TestUplinksRefused(t *testing.T) {
	for _, c := range []Config{
		{Uplink: -1, UplinkPayload: 64}, {Uplink: 1e10, UplinkPayload: 64}, {Uplink: math.Inf(1), UplinkPayload: 64}, {Uplink: math.NaN(), UplinkPayload: 64},
		{Uplink: 1}, {Uplink: 1, UplinkPayload: -1},
	} {
		if _, err := newUplinks(c, feed.Text); err == nil || !strings.Contains(err.Error(), "make no uplink") {
			t.Errorf("%v/s of %d bytes: error %v", c.Uplink, c.UplinkPayload, err)
		}
	}
	if u, err := newUplinks(Config{UplinkPayload: 64}, feed.Text); u != nil || err != nil {
		t.Errorf("%v, %v without an uplink", u, err)
	}
}
