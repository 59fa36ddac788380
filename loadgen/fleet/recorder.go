package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"pushbench/results"
	"pushbench/servers/count"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// recorder keeps what all subscribers of a fleet have seen. One lock serves
// them: a fleet has one core, so that it is hardly ever contended.
type recorder struct {
	clock feed.Clock

	mu        sync.Mutex
	codec     feed.Codec
	size      int // bytes of every event's body
	win       window
	subs      []*subscriber
	hists     map[string]*results.Hist
	stale     *results.Hist // of them, what each event needs
	delay     *results.Hist
	events    int64
	last      int64 // when the last of them came (ns on the clock), where there are any
	payload   int64
	envelope  int64
	stampOnly bool // subscribers only stamp while a window is open
	stamping  bool // and one is
	stamps    []stamp
	setups    Setups
	failed    int
	looped    int // subscribers whose connection an event loop reads
	errs      []error
	target    uint64    // event that await asks for
	behind    countdown // subscribers that do not have it and may yet get it
	echo      echoes
}

// subscriber is the recorder's part for one of them. What each event needs stands in
// its first 128 bytes, since none of it is in the processor's cache when one comes.
type subscriber struct {
	r       *recorder
	age     sawtooth
	n       uint32 // events of the window, with the sum and maximum of their staleness (ns)
	failed  bool
	sum     float64
	max     int64
	seq     sequence
	dialled int64 // ns on the clock, of the dial of its newest connection
}

// Names of the fleet's histograms, as the record has them.
const (
	staleness = "staleness"
	delivery  = "delivery"
	connect   = "connect"
	toTCP     = "connect-tcp"
	toTLS     = "connect-tls"
	toResumed = "connect-tls-resumed"
	ttfe      = "ttfe"
	roundtrip = "roundtrip"
	uplinkLag = "uplink-lag"
	meanBySub = "staleness-mean-by-subscriber"
	maxBySub  = "staleness-max-by-subscriber"
)

func newRecorder(clock feed.Clock) *recorder {
	r := &recorder{clock: clock, hists: make(map[string]*results.Hist)}
	for _, name := range []string{staleness, delivery, connect, toTCP, toTLS, toResumed, ttfe, roundtrip, uplinkLag, meanBySub, maxBySub} {
		r.hists[name] = results.NewHist()
	}
	r.stale, r.delay = r.hists[staleness], r.hists[delivery]
	return r
}

// start makes room for subscribers up to n in all, of events with bodies of
// size bytes. Those that it adds have the event since already, and want every
// one after it or the latest. It returns how many there were.
func (r *recorder) start(n int, codec feed.Codec, size int, since uint64, latest bool) (before int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.codec, r.size = codec, size
	before = len(r.subs)
	added := make([]subscriber, max(0, n-before)) // at once, so that they lie one behind the other
	for i := range added {
		added[i] = subscriber{r: r, seq: newSequence(since, latest)}
		r.subs = append(r.subs, &added[i])
	}
	return before
}

// subscriber is the i-th.
func (r *recorder) subscriber(i int) *subscriber {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.subs[i]
}

// open says what is measured: events and messages due in the window, and the
// age within it.
func (r *recorder) open(w window) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.win = w
	r.stamping = r.stampOnly && w.from < w.until
}

// ready takes what a connection's set-up took.
func (s *subscriber) ready(setup wire.Setup) {
	now := s.r.clock.Now()
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.record(connect, setup.Took)
	s.r.record(toTCP, setup.TCP)
	switch {
	case setup.TLS == 0:
	case setup.Resumed:
		s.r.record(toResumed, setup.TLS)
	default:
		s.r.record(toTLS, setup.TLS)
	}
	s.dialled = feed.After(now, -setup.Took)
	s.r.setups.add(setup)
}

// emit takes an event as the transport's client end delivers it.
func (s *subscriber) emit(e feed.Event) {
	now := s.r.clock.Now()
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	if s.r.stamping {
		s.keep(e, now)
		return
	}
	s.take(e, len(e.Body), now)
}

// take looks at an event with a body of so many bytes that came at now (ns on
// the clock).
func (s *subscriber) take(e feed.Event, size int, now int64) {
	r := s.r
	before := s.seq.newest
	s.seq.see(e)
	if before < r.target && s.seq.newest >= r.target {
		r.behind.less(1)
	}
	if _, gap := e.Gap(); gap {
		r.envelope += int64(r.codec.Envelope(0)) // no event, but bytes
		return
	}
	if r.events++; r.events == 1 || now > r.last {
		r.last = now
	}
	r.payload += int64(size)
	r.envelope += int64(r.codec.Envelope(size))
	if size != r.size {
		r.note(fmt.Errorf("event %d has a body of %d bytes, not %d", e.Seq, size, r.size))
	}
	if !s.age.begun {
		r.record(ttfe, feed.Between(s.dialled, now))
	}
	if e.Seq > before {
		s.age.fall(e.Due, now, r.win)
	}
	if !r.win.has(e.Due) {
		return
	}
	r.delay.Record(int64(feed.Between(e.Sent, now)))
	stale := feed.Between(e.Due, now)
	if r.stale.Record(int64(stale)) != nil {
		return
	}
	s.n++
	s.sum += float64(stale)
	s.max = max(s.max, int64(stale))
}

// fail takes the error that ended a subscription.
func (s *subscriber) fail(err error) {
	r := s.r
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed++
	r.note(err)
	if s.seq.newest < r.target && !s.failed {
		r.behind.less(1) // as far as it ever will
	}
	s.failed = true
}

// record adds to a histogram. What that did not take it has counted, and collect tells.
func (r *recorder) record(name string, took time.Duration) { r.hists[name].Record(int64(took)) }

// note keeps the first few errors.
func (r *recorder) note(err error) {
	if len(r.errs) < 5 {
		r.errs = append(r.errs, err)
	}
}

// await returns once every subscriber that has not failed has the event newest,
// or ctx has ended, with the number of those that do not have it, failed ones
// included.
func (r *recorder) await(ctx context.Context, newest uint64) (missing int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.target, r.behind.left = newest, 0
	for _, s := range r.subs {
		if s.seq.newest < newest && !s.failed {
			r.behind.left++
		}
	}
	r.behind.wait(ctx, &r.mu)
	for _, s := range r.subs {
		if s.seq.newest < newest {
			missing++
		}
	}
	return missing
}

// failure is what went wrong with subscribers, of which some are missing.
func (r *recorder) failure(missing int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.errs) == 0 && missing > 0 {
		return fmt.Errorf("%d of %d subscribers have no event", missing, len(r.subs))
	}
	return errors.Join(r.errs...)
}

// delivered puts into a mark what has been delivered so far.
func (r *recorder) delivered(m *Mark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.Delivered, m.Last = r.events, r.last
	m.Payload, m.Envelope, m.Echoes = r.payload, r.envelope, r.echo.came
}

// collect is everything that was seen, given the feed's newest event. What it
// returns is a copy: polls go on meanwhile, and with them their connections'
// set-up times.
func (r *recorder) collect(newest uint64) (Collected, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := Collected{
		Hists:  make(map[string]*results.Hist),
		Events: r.events,
		Uplink: r.uplink(),
		Failed: r.failed,
		Looped: r.looped,
		Setups: r.setups,
	}
	for name, h := range r.hists {
		c.Hists[name] = results.NewHist()
		if err := c.Hists[name].Merge(h); err != nil {
			return Collected{}, fmt.Errorf("copy the histogram of %s: %w", name, err)
		}
	}
	for _, err := range r.errs {
		c.Errors = append(c.Errors, err.Error())
	}
	now := r.clock.Now()
	for _, s := range r.subs {
		c.Order = count.Add(c.Order, s.seq.total(newest))
		c.Age = count.Add(c.Age, s.age.total(now, r.win))
		if s.n > 0 {
			c.Hists[meanBySub].Record(int64(s.sum / float64(s.n)))
			c.Hists[maxBySub].Record(s.max)
		}
	}
	for _, h := range c.Hists {
		c.Dropped += h.Dropped()
	}
	return c, nil
}
