package feed

import (
	"math/bits"
	"runtime"
	"slices"
	"sync/atomic"
)

// fanout sends events to the subscribers that have all events before, one after the
// other from one goroutine, so that none of them has to be woken. Whoever cannot take
// an event whole is handed back to a goroutine of its own, as is everybody at the end
// of the feed.
//
//	run: up to date ─▶ park ─▶ round, round … ─▶ handOver ─▶ run: the rest, then what was missed
//
// It is no goroutine of the publisher's: an event for 10,000 subscribers takes 100 ms,
// for which the next must not wait to be published.
type fanout struct {
	log *Log

	// Guarded by the log's lock.
	joining []slot // since the last round began
	running bool
	wake    chan struct{} // something has been published, the feed has ended, or many have left

	live      atomic.Int64 // subscribers that are parked
	stale     atomic.Int64 // slots of subscribers that no longer are
	delivered atomic.Int64 // events, by the loop
	fallbacks atomic.Int64 // subscribers handed back because they could not take one

	// The loop's own.
	parked  []slot
	rounds  uint64
	scratch scratch
}

// slot is a place in the loop. A subscriber that leaves it and parks again has a new
// one, and the number of its stay tells which is which.
type slot struct {
	d    *Delivery
	stay uint64
}

// FanoutCounts is what the loop has done so far.
type FanoutCounts struct {
	Delivered int64 // events, each to one subscriber
	Fallbacks int64 // times that a subscriber could not take one whole
}

// Fanout reads the counts.
func (l *Log) Fanout() FanoutCounts {
	return FanoutCounts{Delivered: l.fan.delivered.Load(), Fallbacks: l.fan.fallbacks.Load()}
}

// Parked is how many subscribers are the loop's, to be sent the next event.
func (l *Log) Parked() int64 { return l.fan.live.Load() }

const (
	// yieldAfter is how many subscribers are served before others have their turn on
	// this core, the publisher first of all: some 200 µs.
	yieldAfter = 16
	// staleSlots is how many slots that are left may wait for the next event.
	staleSlots = 64
)

// join adds a subscriber that has all events. The log is locked.
func (f *fanout) join(s slot) {
	f.joining = append(f.joining, s)
	f.live.Add(1)
	if !f.running {
		f.running = true
		f.wake = make(chan struct{}, 1)
		go f.run()
	}
}

// left says that a slot is no longer its subscriber's, which may be seen only with the
// next event: so where many are, they are looked for at once.
func (f *fanout) left() {
	live := f.live.Add(-1)
	if stale := f.stale.Add(1); live > 0 && stale < live+staleSlots {
		return
	}
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	f.signal()
}

// signal wakes the loop. The log is locked.
func (f *fanout) signal() {
	if f.running {
		select {
		case f.wake <- struct{}{}:
		default: // it is to wake already
		}
	}
}

// run is the loop, for as long as somebody is parked.
func (f *fanout) run() {
	for range f.wake {
		f.round()
		if f.over() {
			return
		}
	}
}

// over reports whether nobody is parked, and then the loop is to end.
func (f *fanout) over() bool {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	if len(f.parked)+len(f.joining) > 0 {
		return false
	}
	f.running, f.parked, f.joining = false, nil, nil
	return true
}

// round serves everybody once.
func (f *fanout) round() {
	f.log.mu.Lock()
	f.parked = append(f.parked, f.joining...)
	clear(f.joining)
	f.joining = f.joining[:0]
	f.log.mu.Unlock()
	if len(f.parked) == 0 {
		return
	}
	first := f.first()
	gone := 0
	for i := range f.parked {
		if i%yieldAfter == yieldAfter-1 {
			runtime.Gosched()
		}
		s := &f.parked[(first+i)%len(f.parked)]
		if !f.serve(*s) {
			s.d = nil
			gone++
		}
	}
	if gone > 0 {
		f.parked = slices.DeleteFunc(f.parked, func(s slot) bool { return s.d == nil })
	}
	clear(f.scratch.records) // the log may let go of the events
}

// first is whom a round begins with. The golden ratio's multiples are spread evenly
// over the subscribers however few rounds there are (Knuth, The Art of Computer
// Programming, vol. 3, §6.4), so that nobody is always late.
func (f *fanout) first() int {
	const golden = 0x9e3779b97f4a7c15 // 2⁶⁴ divided by it
	f.rounds++
	first, _ := bits.Mul64(f.rounds*golden, uint64(len(f.parked)))
	return int(first)
}

// serve sends a subscriber what it lacks by now, and reports whether it stays.
func (f *fanout) serve(s slot) bool {
	d := s.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stay != s.stay {
		f.stale.Add(-1)
		return false
	}
	for {
		newest, closed := f.log.state()
		if d.cursor == newest {
			if closed {
				d.handOver(ErrClosed)
			}
			return !closed
		}
		if !d.conn.Try() {
			d.handOver(nil)
			return false
		}
		err := d.sendNext(&f.scratch)
		rest := d.conn.Tried()
		if err != nil || rest > 0 {
			d.handOver(err)
			return false
		}
	}
}
