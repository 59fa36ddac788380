package fleet

import (
	"container/heap"
	"context"
	"math"
	"sync"

	"pushbench/servers/feed"
)

// bell wakes any number of subscribers at instants of their own, on one alarm. A
// sleep of the runtime's ends up to a millisecond late in a process that has
// nothing else to do: beside a poll's interval that is little, beside a round
// trip on loopback it is most of it.
type bell struct {
	clock feed.Clock

	mu       sync.Mutex
	sleepers sleepers
	sooner   chan struct{} // closed when one comes who is due before all others
}

// newBell is a bell that rings until ctx ends.
func newBell(ctx context.Context, clock feed.Clock) *bell {
	b := &bell{clock: clock, sooner: make(chan struct{})}
	go b.run(ctx)
	return b
}

func (b *bell) run(ctx context.Context) {
	alarm := feed.NewAlarm(b.clock)
	defer alarm.Close()
	for {
		next, sooner := b.ring()
		if err := alarm.Wait(ctx, next, sooner); err != nil {
			return
		}
	}
}

// ring wakes everybody whose time has come, and returns when the next is due.
func (b *bell) ring() (next int64, sooner <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for now := b.clock.Now(); len(b.sleepers) > 0; {
		first := b.sleepers[0]
		if first.due > now {
			return first.due, b.sooner
		}
		heap.Pop(&b.sleepers)
		first.rung <- struct{}{} // it has room, and nobody is woken twice
	}
	return math.MaxInt64, b.sooner
}

// sleeper is one subscriber's use of a bell, a feed.Waiter.
type sleeper struct {
	bell  *bell
	due   int64 // ns on the clock
	place int   // among those who sleep, from 0; -1: it does not
	rung  chan struct{}
}

func (b *bell) sleeper() *sleeper {
	return &sleeper{bell: b, place: -1, rung: make(chan struct{}, 1)}
}

// Wait implements feed.Waiter.
func (s *sleeper) Wait(ctx context.Context, due int64, interrupt <-chan struct{}) error {
	s.arm(due)
	select {
	case <-s.rung:
		return ctx.Err()
	case <-interrupt:
	case <-ctx.Done():
	}
	s.disarm()
	return ctx.Err()
}

func (s *sleeper) arm(due int64) {
	b := s.bell
	b.mu.Lock()
	defer b.mu.Unlock()
	s.due = due
	heap.Push(&b.sleepers, s)
	if s.place == 0 {
		close(b.sooner)
		b.sooner = make(chan struct{})
	}
}

// disarm ends a sleep before its time, or just at it.
func (s *sleeper) disarm() {
	s.bell.mu.Lock()
	defer s.bell.mu.Unlock()
	if s.place >= 0 {
		heap.Remove(&s.bell.sleepers, s.place)
		return
	}
	<-s.rung
}

// sleepers is a heap.Interface, whose first is due first.
type sleepers []*sleeper

func (q sleepers) Len() int           { return len(q) }
func (q sleepers) Less(i, j int) bool { return q[i].due < q[j].due }

func (q sleepers) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q *sleepers) Push(x any) {
	s := x.(*sleeper)
	s.place = len(*q)
	*q = append(*q, s)
}

func (q *sleepers) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	s.place = -1
	return s
}
