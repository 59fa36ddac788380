package feed

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Pusher is the server end of one subscriber's connection, as it is driven: one call
// at a time.
type Pusher struct {
	// Send sends records: one at a time, or with batching all that are ready,
	// up to 1 MB of their encodings. They are valid until it returns.
	Send func([]Record) error

	// Conn is the connection that Send writes to, where a write on it can be tried: then
	// whoever has all events is sent the next one without a goroutine of its own. It may
	// be nil.
	Conn Trier

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
// it returns which of these it was. By then nothing is sent any more.
func (r Request) Push(ctx context.Context, log *Log, p Pusher) error {
	d := r.delivery(ctx, log, p)
	var beats <-chan time.Time
	if p.Every > 0 {
		ticker := time.NewTicker(p.Every)
		defer ticker.Stop()
		beats = ticker.C
	}
	if d.conn == nil {
		d.beats = beats
		return d.run()
	}
	// What waits here does not send, so that its stack remains as it is.
	ended := make(chan error, 1)
	d.end = func(err error) { ended <- err }
	go d.carryOn()
	for {
		select {
		case err := <-ended:
			return err
		case <-beats:
			d.owe()
		case <-ctx.Done():
			d.Leave()
			return <-ended
		}
	}
}

// Begin is Push for a connection that has left HTTP: it does not wait, and there are no
// heartbeats. End is called with what Push would return, and is the last call. Once ctx
// has ended, Leave has to be called.
func (r Request) Begin(ctx context.Context, log *Log, p Pusher, end func(error)) *Delivery {
	d := r.delivery(ctx, log, p)
	d.end = end
	go d.carryOn()
	return d
}

// Delivery is the course of what one subscriber is sent.
//
// A server holds thousands of these, nearly all of them parked, so what is parked holds
// next to nothing. Where it has a goroutine none the less, most of that is stack. A stack
// begins with 2 KB, and once it has grown no collection shrinks it to that again. So it
// must not grow between here and the system call that writes: the functions on that way
// have few variables and no defers, and call others for what takes room.
type Delivery struct {
	log      *Log
	ctx      context.Context
	end      func(error) // of carryOn
	hand     func([]Record) error
	conn     Trier // nil: it has a goroutine
	beat     func() error
	latest   bool
	together bool
	window   time.Duration    // from the first event ready to the sending; 0: at once
	over     *time.Timer      // of the window; nil before the first
	beats    <-chan time.Time // of a delivery that is never parked
	owed     atomic.Bool      // a heartbeat of one that may be is due

	// mu is held by who sends from the loop, and for what takes no time. Whoever is not
	// parked is its goroutine's alone.
	mu     sync.Mutex
	parked bool
	stay   uint64 // counts how often it has been in the loop, and left it
	failed error  // in the loop
	cursor uint64
}

// errParked says that a delivery is the loop's, until it is handed over.
var errParked = errors.New("feed: parked")

// delivery makes one, on the heap, where it takes less than as much of every stack.
//
//go:noinline
func (r Request) delivery(ctx context.Context, log *Log, p Pusher) *Delivery {
	d := &Delivery{log: log, ctx: ctx, hand: p.Send, beat: p.Beat, cursor: r.Since, latest: r.Latest}
	ctx.Done() // makes its channel when it is first asked, which had better be here
	d.window = r.Options.Duration(BatchKnob.Name)
	d.together = d.window > 0 || r.Options.Is(BatchKnob.Name, "on")
	if d.window == 0 { // what waits for its window has a timer to wait for
		d.conn = p.Conn
	}
	return d
}

// carryOn is the goroutine of a delivery that may be parked, for as long as it is not.
func (d *Delivery) carryOn() {
	if err := d.run(); err != errParked {
		d.end(err)
	}
}

// owe has a heartbeat sent.
func (d *Delivery) owe() {
	d.owed.Store(true) // first, so that who parks just now is seen to be, or sees this
	if d.withdraw() {
		go d.carryOn()
	}
}

// Leave ends a delivery that may be parked, after its ctx.
func (d *Delivery) Leave() {
	if d.withdraw() {
		d.end(d.ctx.Err())
	}
}

// park gives the delivery to the loop if it has all there is, and else returns the newest
// event's number.
func (d *Delivery) park() (newest uint64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	switch newest = d.log.newest; {
	case d.ctx.Err() != nil: // under the lock, so that Leave sees that it is parked or this sees that it has left
		return newest, d.ctx.Err()
	case newest > d.cursor || d.owed.Load():
		return newest, nil
	case d.log.closed:
		return newest, ErrClosed
	}
	d.parked = true
	d.stay++
	d.log.fan.join(slot{d, d.stay})
	return newest, errParked
}

// withdraw takes the delivery out of the loop, and reports whether it was there.
func (d *Delivery) withdraw() bool {
	d.mu.Lock()
	was := d.parked
	if was {
		d.parked = false
		d.stay++
	}
	d.mu.Unlock()
	if was {
		d.log.fan.left()
	}
	return was
}

// handOver gives the delivery back to a goroutine, for an error or because it could not
// take an event whole. It is locked.
func (d *Delivery) handOver(err error) {
	if err == nil {
		d.log.fan.fallbacks.Add(1)
	}
	d.log.fan.live.Add(-1)
	d.parked, d.failed = false, err
	d.stay++
	go d.carryOn()
}

// run waits for the next thing to do and does it, again and again.
func (d *Delivery) run() (err error) {
	if err = d.failed; err == nil && d.conn != nil {
		err = d.conn.Drain()
	}
	for err == nil {
		// Neither end nor heartbeat may have to wait until a busy feed has a quiet
		// moment.
		if err := d.ctx.Err(); err != nil {
			return err
		}
		select {
		case <-d.beats:
			d.owed.Store(true)
		default:
		}
		if d.owed.Swap(false) {
			err = d.beat()
			continue
		}
		var newest uint64
		if newest, err = d.await(); err != nil {
			return err
		}
		if newest == d.cursor {
			d.owed.Store(true)
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

// await returns the newest event's number once there is something to send, or the cursor
// where a heartbeat is due before.
func (d *Delivery) await() (uint64, error) {
	if d.conn != nil {
		return d.park()
	}
	return d.log.await(d.ctx, d.cursor, d.beats)
}

// gather waits until the first event that is ready has been so for the window,
// and returns the newest event's number by then. The end of the feed ends the
// window too. It does not look at the log meanwhile: not to be woken for each
// event is what batching saves.
func (d *Delivery) gather() (newest uint64, err error) {
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
func (d *Delivery) send(newest uint64) (err error) {
	s := scratches.Get().(*scratch)
	for err == nil && d.cursor < newest {
		if err = d.take(s, burst); err != nil {
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

// sendNext sends what is next, from the loop.
func (d *Delivery) sendNext(s *scratch) error {
	err := d.take(s, 1)
	if err == nil {
		d.log.fan.delivered.Add(int64(len(s.records)))
		err = d.hand(s.records)
	}
	return err
}

// take reads what is to be sent next: at most limit records, where each is sent by itself.
func (d *Delivery) take(s *scratch, limit int) (err error) {
	switch {
	case d.latest:
		s.records, d.cursor, err = d.log.latest(d.cursor, s.records[:0])
	case d.together:
		s.records, d.cursor, err = d.log.since(d.cursor, math.MaxInt, maxBatch, s.records[:0])
	default:
		s.records, d.cursor, err = d.log.since(d.cursor, limit, math.MaxInt, s.records[:0])
	}
	return err
}
