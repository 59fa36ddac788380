package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"pushbench/results"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// recorder keeps what all subscribers of a fleet have seen. One lock serves
// them: a fleet has one core, so that it is hardly ever contended.
type recorder struct {
	clock feed.Clock

	mu          sync.Mutex
	codec       feed.Codec
	size        int // bytes of every event's body
	from, until int64
	subs        []subscriber
	hists       map[string]*results.Hist
	events      int64
	payload     int64
	envelope    int64
	setups      int64
	setupUp     int64
	setupDown   int64
	failed      int
	errs        []error
	target      uint64        // event that await asks for
	behind      int           // subscribers that do not have it and may yet get it
	reached     chan struct{} // closed when behind falls to 0
}

// subscriber is the recorder's part for one of them.
type subscriber struct {
	r       *recorder
	seq     sequence
	failed  bool
	dialled int64 // ns on the clock, of the dial of its newest connection
	n       int64 // events of the window, with the sum and maximum of their staleness (ns)
	sum     float64
	max     int64
}

// Names of the fleet's histograms, as the record has them.
const (
	staleness = "staleness"
	delivery  = "delivery"
	connect   = "connect"
	ttfe      = "ttfe"
	meanBySub = "staleness-mean-by-subscriber"
	maxBySub  = "staleness-max-by-subscriber"
)

func newRecorder(clock feed.Clock) *recorder {
	r := &recorder{clock: clock, hists: make(map[string]*results.Hist)}
	for _, name := range []string{staleness, delivery, connect, ttfe, meanBySub, maxBySub} {
		r.hists[name] = results.NewHist()
	}
	return r
}

// start makes room for n subscribers of events with bodies of size bytes.
func (r *recorder) start(n int, codec feed.Codec, size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.codec, r.size = codec, size
	r.subs = make([]subscriber, n)
	for i := range r.subs {
		r.subs[i].r = r
	}
}

// subscriber is the i-th.
func (r *recorder) subscriber(i int) *subscriber {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &r.subs[i]
}

// window says which events are measured: those due in [from, until).
func (r *recorder) window(from, until int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.from, r.until = from, until
}

// ready takes what a connection's set-up took.
func (s *subscriber) ready(setup wire.Setup) {
	now := s.r.clock.Now()
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.record(connect, int64(setup.Took))
	s.dialled = now - int64(setup.Took)
	s.r.setups++
	s.r.setupUp += setup.Up
	s.r.setupDown += setup.Down
}

// emit takes an event as the transport's client end delivers it.
func (s *subscriber) emit(e feed.Event) {
	now := s.r.clock.Now()
	r := s.r
	r.mu.Lock()
	defer r.mu.Unlock()
	first := s.seq.newest == 0
	before := s.seq.newest
	s.seq.see(e)
	if before < r.target && s.seq.newest >= r.target {
		r.caughtUp()
	}
	if _, gap := e.Gap(); gap {
		r.envelope += int64(r.codec.Envelope(0)) // no event, but bytes
		return
	}
	r.events++
	r.payload += int64(len(e.Body))
	r.envelope += int64(r.codec.Envelope(len(e.Body)))
	if len(e.Body) != r.size {
		r.note(fmt.Errorf("event %d has a body of %d bytes, not %d", e.Seq, len(e.Body), r.size))
	}
	if first {
		r.record(ttfe, now-s.dialled)
	}
	if e.Due < r.from || e.Due >= r.until {
		return
	}
	r.record(delivery, now-e.Sent)
	stale := now - e.Due
	if !r.record(staleness, stale) {
		return
	}
	s.n++
	s.sum += float64(stale)
	s.max = max(s.max, stale)
}

// fail takes the error that ended a subscription.
func (s *subscriber) fail(err error) {
	r := s.r
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed++
	r.note(err)
	if s.seq.newest < r.target && !s.failed {
		r.caughtUp() // as far as it ever will
	}
	s.failed = true
}

// record adds to a histogram and reports whether it took the value. What it
// did not take it has counted, and collect tells.
func (r *recorder) record(name string, ns int64) bool { return r.hists[name].Record(ns) == nil }

// note keeps the first few errors.
func (r *recorder) note(err error) {
	if len(r.errs) < 5 {
		r.errs = append(r.errs, err)
	}
}

// caughtUp takes a subscriber off those that await waits for.
func (r *recorder) caughtUp() {
	if r.behind--; r.behind == 0 && r.reached != nil {
		close(r.reached)
		r.reached = nil
	}
}

// await returns once every subscriber that has not failed has the event newest,
// or ctx has ended, with the number of those that do not have it, failed ones
// included.
func (r *recorder) await(ctx context.Context, newest uint64) (missing int) {
	r.mu.Lock()
	r.target, r.behind = newest, 0
	for i := range r.subs {
		if s := &r.subs[i]; s.seq.newest < newest && !s.failed {
			r.behind++
		}
	}
	if r.behind > 0 {
		reached := make(chan struct{})
		r.reached = reached
		r.mu.Unlock()
		select {
		case <-reached:
		case <-ctx.Done():
		}
		r.mu.Lock()
	}
	defer r.mu.Unlock()
	for i := range r.subs {
		if r.subs[i].seq.newest < newest {
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

func (r *recorder) delivered() (events, payload, envelope int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events, r.payload, r.envelope
}

// collect is everything that was seen, given the feed's newest event. What it
// returns is a copy: polls go on meanwhile, and with them their connections'
// set-up times.
func (r *recorder) collect(newest uint64) (Collected, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := Collected{
		Hists:     make(map[string]*results.Hist),
		Failed:    r.failed,
		Setups:    r.setups,
		SetupUp:   r.setupUp,
		SetupDown: r.setupDown,
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
	for i := range r.subs {
		s := &r.subs[i]
		c.Order.add(s.seq.total(newest))
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
