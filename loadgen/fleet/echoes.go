package fleet

import (
	"context"
	"slices"
	"sync"

	"pushbench/servers/feed"
)

// Uplink is what the subscribers of a fleet sent and got back.
type Uplink struct {
	Sent   int64 `json:"sent"`   // messages due in the window
	Echoed int64 `json:"echoed"` // of those
	// Lost is messages without their echo, of all that were due before the
	// window's end, sent or not. Wrong is what came and was no echo.
	Lost  int64 `json:"lost"`
	Wrong int64 `json:"wrong"`
}

// echoes is the recorder's part for uplinks.
type echoes struct {
	uplinks []*uplink
	counts  Uplink    // Lost is counted in the end
	came    int64     // echoes, in the whole trial
	out     countdown // messages under way whose echoes may yet come
}

// flights is a subscriber's messages.
type flights struct {
	next      int64    // number of the next one's slot
	out       []flight // sent, without an echo yet, in order
	lost      int64    // that a later one's echo overtook
	abandoned bool     // nothing more will come
}

// flight is a message under way.
type flight struct {
	due int64  // ns on the clock
	sum uint64 // of its content
}

// enter takes an uplink in, whose first message is that of the given slot.
func (r *recorder) enter(u *uplink, first int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u.flights.next = first
	r.echo.uplinks = append(r.echo.uplinks, u)
}

// sends reports whether there is any uplink.
func (r *recorder) sends() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.echo.uplinks) > 0
}

// sent takes a message that is about to be sent.
func (r *recorder) sent(u *uplink, m flight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u.flights.next++
	u.flights.out = append(u.flights.out, m)
	r.echo.out.left++
	if r.win.has(m.due) {
		r.echo.counts.Sent++
		r.record(uplinkLag, feed.Between(m.due, r.clock.Now()))
	}
}

// echoed takes what came back at now. It comes in the order in which it was
// sent, so that what stood before it will not come any more.
func (r *recorder) echoed(u *uplink, sum uint64, now int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := &u.flights
	i := slices.IndexFunc(f.out, func(m flight) bool { return m.sum == sum })
	if i < 0 {
		r.echo.counts.Wrong++
		return
	}
	due := f.out[i].due
	f.out = slices.Delete(f.out, 0, i+1)
	f.lost += int64(i)
	r.echo.came++
	if r.win.has(due) {
		r.echo.counts.Echoed++
		r.record(roundtrip, feed.Between(due, now))
	}
	r.echo.out.less(i + 1)
}

// abandon gives up what a subscription that has ended had under way.
func (r *recorder) abandon(u *uplink) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !u.flights.abandoned {
		u.flights.abandoned = true
		r.echo.out.less(len(u.flights.out))
	}
}

// allEchoed returns once no message is under way, or ctx has ended.
func (r *recorder) allEchoed(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.echo.out.wait(ctx, &r.mu)
	return ctx.Err()
}

// countdown is how much is awaited yet, under the recorder's lock.
type countdown struct {
	left int
	none chan struct{} // closed when left falls to 0; nil: nobody waits for it
}

// less takes off what has come, or never will.
func (c *countdown) less(n int) {
	if c.left -= n; c.left == 0 && c.none != nil {
		close(c.none)
		c.none = nil
	}
}

// wait returns once nothing is left, or ctx has ended. The lock is free meanwhile.
func (c *countdown) wait(ctx context.Context, lock sync.Locker) {
	if c.left == 0 {
		return
	}
	if c.none == nil {
		c.none = make(chan struct{})
	}
	none := c.none
	lock.Unlock()
	defer lock.Lock()
	select {
	case <-none:
	case <-ctx.Done():
	}
}

// uplink sums up what was sent and what came back. It is called with the
// recorder locked.
func (r *recorder) uplink() Uplink {
	u := r.echo.counts
	for _, up := range r.echo.uplinks {
		u.Lost += up.flights.lost
		for _, m := range up.flights.out {
			if m.due < r.win.until {
				u.Lost++
			}
		}
		u.Lost += max(0, up.slots.before(r.win.end())-up.flights.next)
	}
	return u
}
