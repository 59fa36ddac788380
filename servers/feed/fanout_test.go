package feed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// testSocket is a connection to try writes on, that keeps what a test lets it keep.
type testSocket struct {
	net.Conn
	busy    bool // somebody waits to write
	kept    int  // at the end of a try
	drained chan struct{}
	drains  int
}

func (s *testSocket) Tries() bool { return true }
func (s *testSocket) Try() bool   { return !s.busy }
func (s *testSocket) Tried() int  { return s.kept }

// Drain waits for the test where there is something to drain.
func (s *testSocket) Drain() error {
	if s.kept > 0 || s.busy {
		<-s.drained
		s.kept, s.busy = 0, false
		s.drains++
	}
	return nil
}

// party is a subscriber in the loop.
type party struct {
	*testSocket
	d    *Delivery
	got  []uint64
	err  error
	over chan struct{}
	gone context.CancelFunc
	sent func(*party) error // called for each record; may be nil
}

func parked(log *Log, since uint64) *party {
	p := &party{testSocket: &testSocket{drained: make(chan struct{})}, over: make(chan struct{})}
	ctx, gone := context.WithCancel(context.Background())
	p.gone = func() {
		gone()
		p.d.Leave()
	}
	p.d = Request{Since: since}.Begin(ctx, log, Pusher{Conn: p.testSocket, Send: func(records []Record) error {
		for _, r := range records {
			p.got = append(p.got, r.Event.Cursor())
		}
		if p.sent != nil {
			return p.sent(p)
		}
		return nil
	}}, func(err error) {
		p.err = err
		close(p.over)
	})
	return p
}

func upTo(n uint64) (all []uint64) {
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

// Whoever has all events is sent the next ones by the loop; whoever comes later catches up
// by itself before that.
func TestFanout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog(100)
		log.Publish(1, nil)
		first := parked(log, 0)
		synctest.Wait()
		if c := log.Fanout(); c.Delivered != 0 {
			t.Errorf("before anything was published since, the loop has delivered %d", c.Delivered)
		}
		log.Publish(1, nil)
		synctest.Wait()
		second := parked(log, 1)
		synctest.Wait()
		log.Publish(1, nil)
		synctest.Wait()
		if c := log.Fanout(); c.Delivered != 3 || c.Fallbacks != 0 {
			t.Errorf("the loop's counts are %+v", c)
		}
		log.Close()
		for _, p := range []*party{first, second} {
			if <-p.over; !errors.Is(p.err, ErrClosed) {
				t.Errorf("it ended with %v", p.err)
			}
		}
		if !slices.Equal(first.got, upTo(3)) || !slices.Equal(second.got, []uint64{2, 3}) {
			t.Errorf("they got %v and %v", first.got, second.got)
		}
	})
}

// Whoever cannot take an event whole holds up nobody, and goes on by itself: first the
// rest, then what was missed, a gap told. Then the loop has it again.
func TestFallback(t *testing.T) {
	for name, hold := range map[string]func(*testSocket){
		"a rest":               func(s *testSocket) { s.kept = 1 },
		"somebody who waits":   func(s *testSocket) { s.busy = true },
		"a rest, and a writer": func(s *testSocket) { s.kept, s.busy = 1, true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newLog(4)
				slow, quick := parked(log, 0), parked(log, 0)
				synctest.Wait()
				hold(slow.testSocket)
				for range 9 {
					log.Publish(1, nil)
					synctest.Wait()
				}
				if !slices.Equal(quick.got, upTo(9)) || len(slow.got) > 1 {
					t.Fatalf("meanwhile the others got %v, and it %v", quick.got, slow.got)
				}
				before := len(slow.got)
				close(slow.drained)
				synctest.Wait()
				if want := append(upTo(uint64(before)), 5, 6, 7, 8, 9); !slices.Equal(slow.got, want) {
					t.Errorf("it got %v, not %v", slow.got, want)
				}
				log.Publish(1, nil)
				synctest.Wait()
				if c := log.Fanout(); c.Fallbacks != 1 || c.Delivered != int64(10+before+1) || slow.drains != 1 {
					t.Errorf("the loop's counts are %+v", c)
				}
				slow.gone()
				quick.gone()
			})
		})
	}
}

// A subscriber leaves at once, whatever the loop is at, and is sent nothing more; the loop
// ends with the last, and keeps nothing of those that have left while nothing came.
func TestLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog(100)
		stays := parked(log, 0)
		for range 10 {
			var all []*party
			for range 50 {
				all = append(all, parked(log, log.Newest()))
			}
			synctest.Wait()
			for _, p := range all {
				if p.gone(); !errors.Is(p.err, context.Canceled) {
					t.Fatalf("it ended with %v", p.err)
				}
			}
			synctest.Wait()
		}
		if slots := len(log.fan.parked) + len(log.fan.joining); slots > 2*staleSlots {
			t.Errorf("of a subscriber who stays and 500 who have left, %d slots are kept", slots)
		}
		failed := parked(log, 0)
		failed.sent = func(*party) error { return errors.New("reset") }
		synctest.Wait()
		log.Publish(1, nil)
		if <-failed.over; failed.err == nil || failed.err.Error() != "reset" {
			t.Errorf("it ended with %v", failed.err)
		}
		stays.gone()
		synctest.Wait()
		log.mu.Lock()
		defer log.mu.Unlock()
		if log.fan.running || log.fan.live.Load() != 0 || log.fan.stale.Load() != 0 {
			t.Errorf("nobody is there, and the loop runs %v for %d and %d", log.fan.running, log.fan.live.Load(), log.fan.stale.Load())
		}
	})
}

// Who comes, goes or falls behind in the middle of a burst does not wait for its end.
func TestNobodyWaitsForABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog(100)
		var all []*party
		within, goOn := make(chan struct{}), make(chan struct{})
		once := sync.OnceFunc(func() { close(within); <-goOn })
		for range 10 {
			p := parked(log, 0)
			p.sent = func(*party) error { once(); return nil }
			all = append(all, p)
		}
		synctest.Wait()
		log.Publish(1, nil)
		<-within // the loop is stuck with one of them
		late := parked(log, 0)
		synctest.Wait()
		if !slices.Equal(late.got, upTo(1)) {
			t.Errorf("who came in the middle has %v", late.got)
		}
		left := 0
		for _, p := range all {
			if len(p.got) == 0 {
				p.gone()
				left++
			}
		}
		if left != 9 {
			t.Errorf("%d of 9 have left", left)
		}
		log.Publish(1, nil)
		close(goOn)
		synctest.Wait()
		for _, p := range append(all, late) {
			if p.err == nil && !slices.Equal(p.got, upTo(2)) || p.err != nil && len(p.got) > 0 {
				t.Errorf("it got %v and ended with %v", p.got, p.err)
			}
			if p.err == nil {
				p.gone()
			}
		}
	})
}

// Everybody is as early as everybody else: after 1,000 events no subscriber's mean place
// in the bursts is off by more than 5 % of a burst.
func TestServingRotates(t *testing.T) {
	for _, n := range []int{2, 3, 10, 100, 999, 1000, 1001, 10_000} {
		f := fanout{parked: make([]slot, n)}
		sum := make([]int, n)
		const events = 1000
		for range events {
			first := f.first()
			if first < 0 || first >= n {
				t.Fatalf("of %d the first is %d", n, first)
			}
			for i := range n {
				sum[(first+i)%n] += i
			}
		}
		mean := float64(n-1) / 2
		for i, s := range sum {
			if off := math.Abs(float64(s)/events-mean) / float64(n); off > 0.05 {
				t.Errorf("of %d subscribers, number %d is off by %.1f %% of a burst", n, i, 100*off)
				break
			}
		}
	}
}

// Whatever comes, goes, stalls, resumes and is published: everybody gets each event once
// and in order, or a gap told, and nobody is forgotten.
func TestFanoutOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			log := newLog(6)
			var here, left []*party
			pick := func() *party { return here[rapid.IntRange(0, len(here)-1).Draw(rt, "who")] }
			steps := rapid.SliceOfN(rapid.SampledFrom([]string{"publish", "publish", "come", "go", "stall", "resume", "rest"}), 1, 60).Draw(rt, "steps")
			resume := func(p *party) {
				select {
				case p.drained <- struct{}{}:
				default:
				}
			}
			for _, step := range steps {
				switch {
				case step == "publish":
					log.Publish(1, nil)
				case step == "come":
					here = append(here, parked(log, uint64(rapid.IntRange(0, int(log.Newest())).Draw(rt, "since"))))
				case step == "rest":
					synctest.Wait()
				case len(here) == 0:
				case step == "go":
					synctest.Wait()
					p := pick()
					resume(p)
					p.gone()
					<-p.over
					here = slices.DeleteFunc(here, func(q *party) bool { return q == p })
					left = append(left, p)
				case step == "stall":
					synctest.Wait() // so that nobody looks at it just now
					pick().busy = true
				case step == "resume":
					synctest.Wait()
					resume(pick())
				}
			}
			for range 2 {
				synctest.Wait()
				for _, p := range here {
					resume(p)
				}
			}
			log.Close()
			for range len(here) {
				synctest.Wait()
				for _, p := range here {
					resume(p)
				}
			}
			for _, p := range here {
				if <-p.over; len(p.got) > 0 && p.got[len(p.got)-1] != log.Newest() {
					t.Errorf("it got %v of %d events", p.got, log.Newest())
				}
			}
			for _, p := range append(here, left...) {
				if !slices.IsSorted(p.got) || len(slices.Compact(slices.Clone(p.got))) != len(p.got) {
					t.Errorf("it got %v", p.got)
				}
			}
			if t.Failed() {
				rt.Fatal(fmt.Sprint(steps))
			}
		})
	})
}
