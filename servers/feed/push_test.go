package feed

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// course is a Push from beginning to end: what happens when, and what comes of it.
type course struct {
	batch   string // the knob; "" is its default
	since   uint64
	latest  bool
	every   time.Duration
	ring    int             // default 100
	before  int             // events of long ago
	publish []time.Duration // when events are published, from the start of the Push
	takes   time.Duration   // each Send
	end     time.Duration   // when the feed ends; 0: a minute after the last event
	body    int             // bytes of each event
}

// run runs the course in a bubble and returns Push's calls and the error that it
// ended with.
func (c course) run(t *testing.T) (calls []call, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if c.ring == 0 {
			c.ring = 100
		}
		log := newLog(c.ring)
		body := make([]byte, c.body)
		for range c.before {
			log.Publish(1, body)
		}
		<-time.After(time.Hour)
		start := time.Now()
		var pushed sync.WaitGroup
		pushed.Go(func() {
			busy := false
			begin := func() {
				if busy {
					t.Error("two calls at a time")
				}
				busy = true
			}
			err = c.request(t).Push(t.Context(), log, Pusher{
				Send: func(records []Record) error {
					begin()
					calls = append(calls, newCall(t, time.Since(start), records))
					<-time.After(c.takes)
					busy = false
					return nil
				},
				Every: c.every,
				Beat: func() error {
					begin()
					calls = append(calls, call{at: time.Since(start), beat: true})
					busy = false
					return nil
				},
			})
		})
		synctest.Wait()
		for _, at := range c.publish {
			<-time.After(at - time.Since(start))
			log.Publish(1, body)
			synctest.Wait() // so that what happens at one instant has an order
		}
		if c.end == 0 {
			c.end = time.Since(start) + time.Minute
		}
		<-time.After(c.end - time.Since(start))
		log.Close()
		pushed.Wait()
	})
	return calls, err
}

func (c course) request(t *testing.T) Request {
	t.Helper()
	return pushRequest(t, c.batch, c.since, c.latest)
}

func pushRequest(t *testing.T, batch string, since uint64, latest bool) Request {
	t.Helper()
	tr := &Transport{Name: "pushing", Knobs: []Knob{BatchKnob}}
	query := url.Values{}
	if batch != "" {
		query.Set(BatchKnob.Name, batch)
	}
	options, err := tr.Parse(query, true)
	if err != nil {
		t.Fatal(err)
	}
	return Request{Since: since, Latest: latest, Options: options}
}

// call is one of Push's to its Pusher.
type call struct {
	at     time.Duration
	beat   bool
	events []uint64 // gaps by the cursor that they lead to
	size   int      // bytes
	text   string
}

func newCall(t *testing.T, at time.Duration, records []Record) call {
	c := call{at: at}
	for _, r := range records {
		e, rest, err := Text.Decode(r.Wire)
		if err != nil || len(rest) > 0 || e.Seq != r.Seq {
			t.Errorf("record %d has the encoding of %+v, and %v", r.Seq, e, err)
		}
		c.events = append(c.events, e.Cursor())
		c.size += len(r.Wire)
		if gap, ok := e.Gap(); ok {
			c.text += " " + gap.String()
		} else {
			c.text += fmt.Sprintf(" %d", e.Seq)
		}
	}
	return c
}

func (c call) String() string {
	if c.beat {
		return fmt.Sprintf("%v: beat", c.at)
	}
	return fmt.Sprintf("%v:%s", c.at, c.text)
}

func tell(calls []call) string {
	var lines []string
	for _, c := range calls {
		lines = append(lines, c.String())
	}
	return strings.Join(lines, "; ")
}

func after(n ...int) (instants []time.Duration) {
	for _, n := range n {
		instants = append(instants, time.Duration(n)*ms)
	}
	return instants
}

func TestPush(t *testing.T) {
	for _, c := range []struct {
		name string
		course
		want string
	}{
		{"nothing", course{}, ""},
		{"each by itself", course{before: 3, publish: after(5, 7)}, "0s: 1; 0s: 2; 0s: 3; 5ms: 4; 7ms: 5"},
		{"from a cursor", course{before: 3, since: 2, publish: after(5)}, "0s: 3; 5ms: 4"},
		{"gap", course{before: 6, ring: 4, since: 1}, "0s: gap 2–2; 0s: 3; 0s: 4; 0s: 5; 0s: 6"},
		{"gap while slow", course{ring: 2, publish: after(1, 2, 3, 4, 5), takes: 10 * ms}, "1ms: 1; 11ms: gap 2–3; 21ms: 4; 31ms: 5"},

		{"batch", course{batch: "on", before: 3, publish: after(5, 7)}, "0s: 1 2 3; 5ms: 4; 7ms: 5"},
		{"batch while slow", course{batch: "on", publish: after(1, 2, 3, 4, 15), takes: 10 * ms}, "1ms: 1; 11ms: 2 3 4; 21ms: 5"},
		{"batch with a gap", course{batch: "on", before: 6, ring: 4}, "0s: gap 1–2 3 4 5 6"},
		{"a batch is at most 1 MB", course{batch: "on", before: 7, body: 1<<18 - textHead - 1}, "0s: 1 2 3 4; 0s: 5 6 7"},
		{"but an event may be more", course{batch: "on", before: 3, body: 1 << 20}, "0s: 1; 0s: 2; 0s: 3"},

		{"window", course{batch: "10ms", publish: after(2, 5, 11, 13, 40)}, "12ms: 1 2 3; 23ms: 4; 50ms: 5"},
		{"window of what is long over", course{batch: "10ms", before: 3, publish: after(5)}, "0s: 1 2 3; 15ms: 4"},
		{"window while slow", course{batch: "10ms", publish: after(1, 12, 15, 24), takes: 6 * ms}, "11ms: 1; 22ms: 2 3; 34ms: 4"},
		{"window over while slow", course{batch: "10ms", publish: after(1, 12, 15), takes: 30 * ms}, "11ms: 1; 41ms: 2 3"},
		{"window with a gap", course{batch: "10ms", ring: 2, publish: after(1, 2, 3)}, "11ms: gap 1–1 2 3"},
		{"end of the feed ends a window", course{batch: "10s", publish: after(1, 2), end: 5 * ms}, "5ms: 1 2"},
		{"end of the feed while slow", course{publish: after(1, 2, 3), takes: 10 * ms, end: 5 * ms}, "1ms: 1; 11ms: 2; 21ms: 3"},

		{"latest", course{latest: true, before: 3, publish: after(5, 7)}, "0s: 3; 5ms: 4; 7ms: 5"},
		{"latest from a cursor", course{latest: true, before: 3, since: 3, publish: after(5)}, "5ms: 4"},
		{"latest beyond the ring", course{latest: true, before: 9, ring: 2, since: 1}, "0s: 9"},
		{"latest while slow", course{latest: true, publish: after(1, 2, 3, 4, 15), takes: 10 * ms}, "1ms: 1; 11ms: 4; 21ms: 5"},
		{"latest in batches", course{latest: true, batch: "on", publish: after(1, 2, 3, 4, 15), takes: 10 * ms}, "1ms: 1; 11ms: 4; 21ms: 5"},
		{"latest of a window", course{latest: true, batch: "10ms", publish: after(1, 2, 3, 20)}, "11ms: 3; 30ms: 4"},

		{"heartbeats", course{every: 15 * time.Second, publish: after(1, 20_000), end: 50 * time.Second}, "1ms: 1; 15s: beat; 20s: 2; 30s: beat; 45s: beat"},
		{"heartbeats in a window", course{batch: "10ms", every: 4 * ms, publish: after(1, 3), end: 15 * ms}, "4ms: beat; 8ms: beat; 11ms: 1 2; 12ms: beat"},
		{"heartbeat after a slow event", course{every: 15 * ms, publish: after(10), takes: 53 * ms, end: 70 * ms}, "10ms: 1; 63ms: beat"},
		{"heartbeats after a burst", course{every: 15 * ms, publish: after(1, 2, 3, 4), takes: 10 * ms, end: 50 * ms},
			"1ms: 1; 11ms: 2; 21ms: 3; 31ms: 4; 41ms: beat; 45ms: beat"},
		{"heartbeats of a feed that never rests", course{every: 15 * ms, batch: "on", publish: after(1, 7, 13, 19, 25), takes: 10 * ms, end: 44 * ms},
			"1ms: 1; 11ms: 2; 21ms: beat; 21ms: 3 4; 31ms: beat; 31ms: 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls, err := c.run(t)
			if got := tell(calls); got != c.want {
				t.Errorf("pushed %s\nnot    %s", got, c.want)
			}
			if !errors.Is(err, ErrClosed) {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}

// However events come and a subscriber takes them, it is told of each exactly
// once and in order, by itself or in batches that are as they should be.
func TestPushDeliversOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := course{
			batch:  rapid.SampledFrom([]string{"off", "on", "1ms", "10ms"}).Draw(rt, "batch"),
			ring:   rapid.IntRange(1, 20).Draw(rt, "ring"),
			before: rapid.IntRange(0, 30).Draw(rt, "before"),
			takes:  time.Duration(rapid.IntRange(0, 20).Draw(rt, "takes")) * ms,
			every:  rapid.SampledFrom([]time.Duration{0, 7 * ms}).Draw(rt, "every"),
			body:   rapid.SampledFrom([]int{0, 100, 400_000}).Draw(rt, "body"),
			latest: rapid.Bool().Draw(rt, "latest"),
		}
		c.since = uint64(rapid.IntRange(0, c.before).Draw(rt, "since"))
		at := time.Duration(0)
		for _, gap := range rapid.SliceOfN(rapid.IntRange(0, 30), 0, 30).Draw(rt, "gaps") {
			at += time.Duration(gap) * ms
			c.publish = append(c.publish, at)
		}
		c.end = at + time.Millisecond
		calls, err := c.run(t)
		if !errors.Is(err, ErrClosed) {
			rt.Fatalf("it ended with %v", err)
		}
		cursor := c.since
		for _, call := range calls {
			if call.beat {
				continue
			}
			if n := len(call.events); n == 0 || n > 1 && (c.batch == "off" || c.latest || call.size > maxBatch) {
				rt.Fatalf("%d events of %d bytes together", n, call.size)
			}
			for _, next := range call.events {
				if next <= cursor || !c.latest && next != cursor+1 && !strings.Contains(call.text, "gap") {
					rt.Fatalf("after event %d came %v", cursor, call)
				}
				cursor = next
			}
		}
		if newest := uint64(c.before + len(c.publish)); cursor != newest {
			rt.Fatalf("it got events up to %d of %d: %s", cursor, newest, tell(calls))
		}
	})
}

// What a Pusher fails with ends the Push.
func TestPushEndsWithFailure(t *testing.T) {
	failure := errors.New("no connection")
	succeed := func() error { return nil }
	fail := func() error { return failure }
	for _, c := range []struct {
		name       string
		batch      string
		send, beat func() error
	}{
		{"in an event", "off", fail, succeed},
		{"in a batch", "on", fail, succeed},
		{"in a heartbeat", "off", succeed, fail},
		{"in a heartbeat within a window", "10s", succeed, fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newLog(4)
				publish(log, 2)
				err := pushRequest(t, c.batch, 0, false).Push(t.Context(), log, Pusher{
					Send:  func([]Record) error { return c.send() },
					Every: time.Second,
					Beat:  c.beat,
				})
				if err != failure {
					t.Errorf("it ended with %v", err)
				}
			})
		})
	}
}

// The end of the context ends a Push that waits, gathers or has always something
// to send.
func TestPushEndsWithContext(t *testing.T) {
	for _, c := range []struct {
		name, batch string
		goOn        bool
	}{
		{"waiting", "off", false},
		{"gathering", "10s", false},
		{"sending", "off", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newLog(4)
				publish(log, 1)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err := pushRequest(t, c.batch, 0, false).Push(ctx, log, Pusher{Send: func([]Record) error {
					if c.goOn {
						<-time.After(time.Millisecond)
						publish(log, 1)
					}
					return nil
				}})
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("it ended with %v", err)
				}
			})
		})
	}
}

// A transport that has no knob for batching does not batch.
func TestPushWithoutKnob(t *testing.T) {
	log := newLog(4)
	publish(log, 3)
	log.Close()
	var sends []int
	err := Request{}.Push(t.Context(), log, Pusher{Send: func(records []Record) error {
		sends = append(sends, len(records))
		return nil
	}})
	if !errors.Is(err, ErrClosed) || len(sends) != 3 {
		t.Errorf("three events went in sends of %v, and it ended with %v", sends, err)
	}
}
