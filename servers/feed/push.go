package feed

import (
	"context"
	"math"
	"sync"
	"time"
)

// Pusher is the server end of one subscriber's connection, as Push drives it:
// one call at a time.
type Pusher struct {
	// Send sends records: one at a time, or with batching all that are ready,
	// up to 1 MB of their encodings. They are valid until it returns.
	Send func([]Record) error

	Every time.Duration // between heartbeats; 0: there are none
	Beat  func() error  // sends one
}

// BatchKnob is the knob by which a transport that pushes may batch. Push reads
// it; one whose Knobs lack it never does.
var BatchKnob = Knob{
	Name: "batch", Default: "off", Server: true,
	About: "off: each event goes by itself; on: all that are ready go together; 10ms: all that are ready so long after the first",
	Check: CheckDuration(time.Millisecond, 10*time.Second, "off", "on"),
}

const (
	// burst is how many records are taken from the log at a time where each is
	// sent by itself.
	burst = 32
	// maxBatch bounds the encodings that are sent together (bytes), unless a
	// single record is larger.
	maxBatch = 1 << 20
)

// Push sends what the request, once checked, asks for as it is published, and heartbeats,
// until ctx ends, the feed ends (ErrClosed, after all of it was sent) or sending fails;
// it returns which of these it was.
//
// A server holds thousands of these, nearly all of them waiting, so what waits
// holds next to nothing: its delivery and, where there are heartbeats or a
// batching time, their timer. The rest is stack. A stack begins with 2 KB, and once
// it has grown no collection shrinks it to that again. So the stack must not grow
// between this function and the system call that writes: the functions on that way
// have few variables and no defers, and call others for what takes room.
func (r Request) Push(ctx context.Context, log *Log, p Pusher) error {
	d := newDelivery()
	d.log, d.ctx, d.hand, d.beat = log, ctx, p.Send, p.Beat
	d.cursor, d.latest = r.Since, r.Latest
	d.begin(r.Options, p.Every)
	err := d.run()
	if d.ticker != nil {
		d.ticker.Stop()
	}
	return err
}

// delivery is the course of one Push.
type delivery struct {
	log      *Log
	ctx      context.Context
	hand     func([]Record) error
	beat     func() error
	cursor   uint64
	latest   bool
	together bool
	window   time.Duration // from the first event ready to the sending; 0: at once
	over     *time.Timer   // of the window; nil before the first
	ticker   *time.Ticker  // nil: no heartbeats
	beats    <-chan time.Time
}

// newDelivery makes one on the heap, where it takes 96 bytes instead of as much
// of every stack.
//
//go:noinline
func newDelivery() *delivery { return new(delivery) }

// begin makes out what is asked for.
//
//go:noinline
func (d *delivery) begin(o Options, every time.Duration) {
	d.ctx.Done() // makes its channel when it is first asked, which had better be here
	d.window = o.Duration(BatchKnob.Name)
	d.together = d.window > 0 || o.Is(BatchKnob.Name, "on")
	if every > 0 {
		d.ticker = time.NewTicker(every)
		d.beats = d.ticker.C
	}
}

// run waits for the next thing to do and does it, again and again.
func (d *delivery) run() (err error) {
	for err == nil {
		// Neither end nor heartbeat may have to wait until a busy feed has a quiet
		// moment.
		if err := d.ctx.Err(); err != nil {
			return err
		}
		select {
		case <-d.beats:
			err = d.beat()
			continue
		default:
		}
		var newest uint64
		if newest, err = d.log.await(d.ctx, d.cursor, d.beats); err != nil {
			return err
		}
		if newest == d.cursor {
			err = d.beat()
			continue
		}
		if d.window > 0 {
			if newest, err = d.gather(); err != nil {
				return err
			}
		}
		err = d.send(newest)
	}
	return err
}

// gather waits until the first event that is ready has been so for the window,
// and returns the newest event's number by then. The end of the feed ends the
// window too. It does not look at the log meanwhile: not to be woken for each
// event is what batching saves.
func (d *delivery) gather() (newest uint64, err error) {
	left := Between(d.log.clock.Now(), After(d.log.readySince(d.cursor), d.window))
	if left <= 0 { // it became ready while something was sent, or before the subscriber came
		return d.log.Newest(), nil
	}
	if d.over == nil {
		d.over = time.NewTimer(left)
	} else {
		d.over.Reset(left)
	}
	defer d.over.Stop()
	for {
		select {
		case <-d.over.C:
			return d.log.Newest(), nil
		case <-d.log.life.Done():
			return d.log.Newest(), nil
		case <-d.beats:
			if err := d.beat(); err != nil {
				return 0, err
			}
		case <-d.ctx.Done():
			return 0, d.ctx.Err()
		}
	}
}

// scratch is what send needs while it is at work. All subscribers share a few.
type scratch struct{ records []Record }

var scratches = sync.Pool{New: func() any { return &scratch{make([]Record, 0, burst)} }}

// send sends what is ready up to the newest event, and whatever is by the time
// it gets there.
func (d *delivery) send(newest uint64) (err error) {
	s := scratches.Get().(*scratch)
	for err == nil && d.cursor < newest {
		if err = d.take(s); err != nil {
			break
		}
		if d.together {
			err = d.hand(s.records)
			continue
		}
		for i := 0; i < len(s.records) && err == nil; i++ {
			err = d.hand(s.records[i : i+1])
		}
	}
	clear(s.records) // the log may let go of the events
	scratches.Put(s)
	return err
}

// take reads what is to be sent next.
func (d *delivery) take(s *scratch) (err error) {
	switch {
	case d.latest:
		s.records, d.cursor, err = d.log.latest(d.cursor, s.records[:0])
	case d.together:
		s.records, d.cursor, err = d.log.since(d.cursor, math.MaxInt, maxBatch, s.records[:0])
	default:
		s.records, d.cursor, err = d.log.since(d.cursor, burst, math.MaxInt, s.records[:0])
	}
	return err
}
