package lab

import (
	"math"
	"math/rand/v2"
	"time"

	"pushbench/servers/feed"
)

// direction is one way of the path: which packets it loses, and when it hands
// on the others. It is pure: time is an argument, in ns on any clock that does
// not go back, and nothing is read or written.
//
//	arrive ─ cut? ─ lost? ─▶ queue ─ 8b/rate ─▶ delay ± jitter ─▶ next, leave
//
// Loss comes before the queue, as in the kernel's netem: a lost packet takes
// neither room nor time of the packets after it.
type direction struct {
	rate    float64 // bits per second; 0: no limit
	room    int     // bytes that may wait for it
	delay   time.Duration
	jitter  time.Duration // each way
	reorder bool          // by jitter
	loss    float64

	// One draw of each for every packet that arrives, whatever becomes of it: the
	// n-th packet's fate is the seed's alone.
	losses, jitters *rand.Rand

	cut     bool
	queue   fifo    // what waits for the bandwidth, in the order in which it came
	waiting int     // its bytes
	free    int64   // when all that came is sent; the least number there is: nothing came
	rest    float64 // ns below one that free leaves out
	flight  fifo    // what is under way, the queue included, in the order in which it is due
	last    int64   // due of the packet before, which none may overtake if order is kept
	flow    Flow
}

// newDirections makes both ways of a path, which are idle.
func newDirections(a OpenArgs) (down, up direction) {
	half := func(d time.Duration) (time.Duration, time.Duration) { return d / 2, d - d/2 }
	one := func(name string, rate float64) direction {
		return direction{
			rate:    rate,
			room:    a.QueueOf(rate),
			reorder: a.Reorder,
			loss:    a.Loss,
			losses:  feed.Rand(a.Seed, a.Block, "loss/"+name),
			jitters: feed.Rand(a.Seed, a.Block, "jitter/"+name),
			free:    math.MinInt64, // before anything that the clock may read
			last:    math.MinInt64,
		}
	}
	down, up = one("down", a.Down), one("up", a.Up)
	down.delay, up.delay = half(a.RTT)
	down.jitter, up.jitter = half(a.Jitter)
	return down, up
}

// arrive decides on a packet that the sender hands over now; a stray one is
// from or to an address that is no more. A packet that is not kept goes no
// further, and its buffer is the caller's again.
func (d *direction) arrive(now int64, p packet, stray bool) (kept bool) {
	d.flow.Packets++
	d.flow.Bytes += int64(p.size)
	lost := d.loss > 0 && d.losses.Float64() < d.loss
	shift := time.Duration(0)
	if d.jitter > 0 {
		shift = time.Duration((2*d.jitters.Float64() - 1) * float64(d.jitter))
	}
	switch {
	case d.cut || stray:
		d.flow.Cut++
		return false
	case lost:
		d.flow.Lost++
		return false
	case !d.enqueue(now, &p):
		d.flow.Overflowed++
		return false
	}
	p.due = feed.After(feed.After(d.free, d.delay), shift)
	if !d.reorder {
		p.due = max(p.due, d.last)
		d.last = p.due
	}
	d.flight.insert(p)
	return true
}

// enqueue lets a packet wait for the bandwidth, if there is room, and sets when
// it begins to be sent and when it is sent (free).
func (d *direction) enqueue(now int64, p *packet) bool {
	if d.rate == 0 {
		p.start, d.free = now, now
		return true
	}
	d.advance(now)
	if d.free <= now { // the line is idle
		d.free, d.rest = now, 0
	} else if d.waiting+p.size > d.room {
		return false
	}
	p.start = d.free
	d.queue.push(packet{size: p.size, start: p.start})
	d.waiting += p.size
	took := d.rest + float64(p.size)*8/d.rate*1e9
	whole := feed.Nanoseconds(took)
	d.free = feed.After(d.free, whole)
	d.rest = took - float64(whole)
	return true
}

// advance takes what has begun to be sent out of the queue.
func (d *direction) advance(now int64) {
	for d.queue.n > 0 && d.queue.at(0).start <= now {
		d.waiting -= d.queue.pop().size
	}
}

// next is when the first packet under way is to be handed on.
func (d *direction) next() (due int64, ok bool) {
	if d.flight.n == 0 {
		return 0, false
	}
	return d.flight.at(0).due, true
}

// leave takes the first packet under way, which is due, as delivered.
func (d *direction) leave() packet {
	p := d.flight.pop()
	d.flow.Delivered++
	d.flow.DeliveredBytes += int64(p.size)
	return p
}

// clear lets everything under way vanish.
func (d *direction) clear(free func(*[mtu]byte)) {
	for d.flight.n > 0 {
		d.flow.Cut++
		free(d.flight.pop().data)
	}
	d.advance(math.MaxInt64)
	d.free, d.rest, d.last = math.MinInt64, 0, math.MinInt64
}
