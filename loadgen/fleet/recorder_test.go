package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

const bodySize = 10

// Whether an event is measured depends on when it was due, not on when it came.
func TestWindowIsByDue(t *testing.T) {
	inBubble(t, func(t *testing.T, r *recorder) {
		dialled(r, 1, feed.Text, bodySize)
		now := r.clock.Now()
		r.open(window{from: now + 100, until: now + 200})
		<-time.After(time.Microsecond) // all of it comes after the window
		for i, due := range []int64{99, 100, 150, 199, 200} {
			r.subscriber(0).emit(event(uint64(i+1), now+due))
		}
		h := collect(t, r, 5).Hists[staleness]
		if h.N() != 3 || h.Min() != 1000-199 || h.Max() != 1000-100 || h.Sum() != 3*1000-100-150-199 {
			t.Errorf("%d events of staleness %d to %d ns, %v in all", h.N(), h.Min(), h.Max(), h.Sum())
		}
		var m Mark
		if r.delivered(&m); m.Delivered != 5 || m.Payload != 5*bodySize || m.Envelope != 5*61 || m.Last != now+1000 {
			t.Errorf("delivered %d events of %d and %d bytes, the last %d ns after the start; those outside the window count too", m.Delivered, m.Payload, m.Envelope, m.Last-now)
		}
	})
}

func TestStalenessAndDelivery(t *testing.T) {
	inBubble(t, func(t *testing.T, r *recorder) {
		dialled(r, 2, feed.Text, bodySize)
		start := r.clock.Now()
		r.open(window{from: start, until: start + int64(time.Minute)})
		<-time.After(5 * time.Millisecond)
		e := event(1, start)
		e.Sent = start + int64(2*time.Millisecond) // published late
		r.subscriber(0).emit(e)
		<-time.After(2 * time.Millisecond)
		r.subscriber(1).emit(e)
		r.subscriber(1).emit(event(2, start+int64(6*time.Millisecond)))

		c := collect(t, r, 2)
		for _, want := range []struct {
			name          string
			n             int64
			sum, min, max time.Duration
		}{
			{staleness, 3, 13 * time.Millisecond, time.Millisecond, 7 * time.Millisecond},
			{delivery, 3, 9 * time.Millisecond, time.Millisecond, 5 * time.Millisecond},
			{meanBySub, 2, 9 * time.Millisecond, 4 * time.Millisecond, 5 * time.Millisecond},
			{maxBySub, 2, 12 * time.Millisecond, 5 * time.Millisecond, 7 * time.Millisecond},
		} {
			h := c.Hists[want.name]
			if h.N() != want.n || h.Sum() != float64(want.sum) || h.Min() != int64(want.min) || h.Max() != int64(want.max) {
				t.Errorf("%s: n %d, sum %v, %v to %v; want %+v", want.name, h.N(), h.Sum(), time.Duration(h.Min()), time.Duration(h.Max()), want)
			}
		}
		if c.Order != (Order{Lost: 1}) || c.Dropped != 0 {
			t.Errorf("%+v, %d samples dropped", c.Order, c.Dropped)
		}
	})
}

// An event that came before it was due is a clock or a feed gone wrong. It is
// counted and never made to fit.
func TestNegativeStalenessIsDropped(t *testing.T) {
	inBubble(t, func(t *testing.T, r *recorder) {
		dialled(r, 1, feed.Text, bodySize)
		now := r.clock.Now()
		r.open(window{from: now, until: now + int64(time.Second)})
		early := event(1, now+1)
		early.Sent = now // so that only its Due is wrong
		r.subscriber(0).emit(early)
		r.subscriber(0).emit(event(2, now))
		c := collect(t, r, 2)
		if c.Dropped != 1 || c.Hists[staleness].N() != 1 || c.Hists[delivery].N() != 2 {
			t.Errorf("%d samples dropped, staleness of %d and delivery of %d events; want 1, 1, 2", c.Dropped, c.Hists[staleness].N(), c.Hists[delivery].N())
		}
		if h := c.Hists[meanBySub]; h.N() != 1 || h.Sum() != 0 {
			t.Errorf("the mean by subscriber is %v ns of %d, so that what was dropped is in it", h.Sum(), h.N())
		}
	})
}

func TestSetUp(t *testing.T) {
	inBubble(t, func(t *testing.T, r *recorder) {
		r.start(1, feed.Text, bodySize, 0, false)
		s := r.subscriber(0)
		<-time.After(3 * time.Millisecond)
		s.ready(wire.Setup{
			Took: 3 * time.Millisecond, TCP: time.Millisecond, TLS: 2 * time.Millisecond, Up: 70, Down: 90, TLSUp: 30, TLSDown: 22, Turns: 3,
			Kernel: wire.TCP{Opened: 1, SegmentsOut: 4, SegmentsIn: 3},
		})
		<-time.After(time.Millisecond)
		s.emit(event(1, 0))
		// Another connection: it has had its first event.
		s.ready(wire.Setup{
			Took: time.Millisecond, TLS: time.Millisecond, Resumed: true, Up: 70, Down: 92, TLSUp: 20, TLSDown: 22, Turns: 3,
			Kernel: wire.TCP{Opened: 1, SegmentsOut: 5, SegmentsIn: 3},
		})
		s.emit(event(2, 0))
		c := collect(t, r, 2)
		if h := c.Hists[connect]; h.N() != 2 || h.Max() != int64(3*time.Millisecond) || h.Min() != int64(time.Millisecond) {
			t.Errorf("connect: %d of %d to %d ns", h.N(), h.Min(), h.Max())
		}
		if h := c.Hists[ttfe]; h.N() != 1 || h.Max() != int64(4*time.Millisecond) {
			t.Errorf("ttfe: %d, the longest %v; want 4ms", h.N(), time.Duration(h.Max()))
		}
		for name, n := range map[string]int64{toTCP: 2, toTLS: 1, toResumed: 1} {
			if got := c.Hists[name].N(); got != n {
				t.Errorf("%s has %d values, not %d", name, got, n)
			}
		}
		want := Setups{
			Ready: 2, Up: 140, Down: 182, TLSUp: 50, TLSDown: 44, Turns: 6, Full: 1, Resumed: 1,
			Kernel: wire.TCP{Opened: 2, SegmentsOut: 9, SegmentsIn: 6},
		}
		if c.Setups != want {
			t.Errorf("set-ups %+v, not %+v", c.Setups, want)
		}
	})
}

// awaited is what an await in the background comes to.
func awaited(ctx context.Context, r *recorder, newest uint64) <-chan int {
	missing := make(chan int, 1)
	go func() { missing <- r.await(ctx, newest) }()
	synctest.Wait()
	return missing
}

func returned(t *testing.T, missing <-chan int, want int) {
	t.Helper()
	synctest.Wait()
	select {
	case got := <-missing:
		if got != want {
			t.Errorf("%d subscribers are missing, want %d", got, want)
		}
	default:
		t.Error("await has not returned")
	}
}

func pending(t *testing.T, missing <-chan int) {
	t.Helper()
	synctest.Wait()
	if len(missing) > 0 {
		t.Fatalf("await has returned %d", <-missing)
	}
}

func TestAwait(t *testing.T) {
	inBubble(t, func(t *testing.T, r *recorder) {
		dialled(r, 2, feed.Text, bodySize)
		returned(t, awaited(t.Context(), r, 0), 0)

		first := awaited(t.Context(), r, 1)
		r.subscriber(0).emit(event(1, 0))
		pending(t, first)
		r.subscriber(0).emit(event(2, 0)) // one of them being ahead is no news
		pending(t, first)
		r.subscriber(1).emit(event(1, 0))
		returned(t, first, 0)

		third := awaited(t.Context(), r, 3)
		r.subscriber(1).emit(event(5, 0)) // beyond it
		r.subscriber(1).emit(event(3, 0)) // late
		pending(t, third)
		r.subscriber(0).emit(gap(3, 4)) // told that it will not come
		returned(t, third, 0)

		returned(t, awaited(t.Context(), r, 4), 0) // there already

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ninth := awaited(ctx, r, 9)
		r.subscriber(0).emit(event(9, 0))
		pending(t, ninth)
		<-ctx.Done()
		returned(t, ninth, 1)
		r.subscriber(1).emit(event(9, 0)) // nobody waits any more
	})
}

// A subscriber that has failed is not waited for, and the others are.
func TestFailureWakesAwait(t *testing.T) {
	inBubble(t, func(t *testing.T, r *recorder) {
		dialled(r, 3, feed.Text, bodySize)
		first := awaited(t.Context(), r, 1)
		r.subscriber(0).emit(event(1, 0))
		r.subscriber(1).fail(errors.New("refused"))
		pending(t, first)
		r.subscriber(2).emit(event(1, 0))
		returned(t, first, 1)

		second := awaited(t.Context(), r, 2)
		r.subscriber(0).emit(event(2, 0))
		pending(t, second)
		r.subscriber(2).fail(errors.New("refused, too"))
		returned(t, second, 2)

		r.subscriber(0).fail(errors.New("refused at last"))
		returned(t, awaited(t.Context(), r, 2), 2)
		returned(t, awaited(t.Context(), r, 3), 3)
		if err := r.failure(2); err == nil || err.Error() != "refused\nrefused, too\nrefused at last" {
			t.Errorf("error %v, want the subscribers' own", err)
		}
		for range 9 {
			r.subscriber(2).fail(errors.New("again"))
		}
		if c := collect(t, r, 1); c.Failed != 12 || len(c.Errors) != 5 || c.Errors[0] != "refused" {
			t.Errorf("%d failed, with %q", c.Failed, c.Errors)
		}
	})
}

func TestFailureWithoutAnError(t *testing.T) {
	inBubble(t, func(t *testing.T, r *recorder) {
		dialled(r, 3, feed.Text, bodySize)
		if err := r.failure(0); err != nil {
			t.Errorf("error %v where none is missing", err)
		}
		if err := r.failure(2); err == nil || err.Error() != "2 of 3 subscribers have no event" {
			t.Errorf("error %v", err)
		}
	})
}

func TestWrongBodySize(t *testing.T) {
	inBubble(t, func(t *testing.T, r *recorder) {
		dialled(r, 1, feed.Text, bodySize+1)
		r.subscriber(0).emit(event(1, 0))
		second := awaited(t.Context(), r, 2)
		pending(t, second) // it may still come
		e := event(2, 0)
		e.Body = make([]byte, bodySize+1)
		r.subscriber(0).emit(e)
		returned(t, second, 0)
		c := collect(t, r, 2)
		if len(c.Errors) != 1 || c.Errors[0] != "event 1 has a body of 10 bytes, not 11" || c.Failed != 0 {
			t.Errorf("%d failed, with %q", c.Failed, c.Errors)
		}
	})
}

// A gap is no event, but its bytes have passed the socket.
func TestGapIsNoEvent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *recorder) {
		dialled(r, 1, feed.Text, bodySize)
		now := r.clock.Now()
		r.open(window{from: now, until: now + 1})
		r.subscriber(0).emit(gap(1, 3))
		c := collect(t, r, 3)
		var m Mark
		if r.delivered(&m); m.Delivered != 0 || m.Last != 0 || m.Payload != 0 || m.Envelope != 61 || c.Hists[staleness].N() != 0 || c.Errors != nil {
			t.Errorf("delivered %d events of %d and %d bytes, measured %d, errors %q", m.Delivered, m.Payload, m.Envelope, c.Hists[staleness].N(), c.Errors)
		}
	})
}

// Polls go on while a fleet is asked what it has seen, and with keepalive=off
// each of them sets up a connection.
func TestCollectIsACopy(t *testing.T) {
	r := newRecorder(feed.ClockAt(0))
	dialled(r, 1, feed.Text, bodySize)
	r.subscriber(0).emit(event(1, 0))
	c := collect(t, r, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 1000 {
			r.subscriber(0).ready(wire.Setup{Took: time.Millisecond})
		}
	}()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	<-done
	var back Collected
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if n := back.Hists[connect].N(); n != 1 {
		t.Errorf("what was collected holds %d connections, not the one made before", n)
	}
	if again := collect(t, r, 1); again.Hists[connect].N() != 1001 {
		t.Errorf("collected anew: %d connections, want 1001", again.Hists[connect].N())
	}
}

func TestCollectedSurvivesThePipe(t *testing.T) {
	inBubble(t, func(t *testing.T, r *recorder) {
		dialled(r, 3, feed.Binary, bodySize)
		now := r.clock.Now()
		r.open(window{from: now, until: now + 1})
		for i := range 3 {
			<-time.After(time.Millisecond)
			r.subscriber(i).emit(event(1, now))
		}
		r.subscriber(0).fail(fmt.Errorf("line one\nline %d", 2))
		c := collect(t, r, 2)
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back Collected
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if back.Order != c.Order || back.Failed != 1 || !strings.Contains(back.Errors[0], "line 2") {
			t.Errorf("%+v became %+v", c, back)
		}
		for name, h := range c.Hists {
			if b := back.Hists[name]; b.N() != h.N() || b.Sum() != h.Sum() || b.Quantile(0.5) != h.Quantile(0.5) {
				t.Errorf("%s: n %d, sum %v became n %d, sum %v", name, h.N(), h.Sum(), b.N(), b.Sum())
			}
		}
	})
}
