package feed

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// Publisher appends events to a log as they fall due in trial time, an open
// loop: what is late is published at once, with its Due as it was.
type Publisher struct {
	Log      *Log
	Schedule *Schedule
	Payload  *Payload
	Timeline *Timeline
	Clock    Clock
	Record   bool // keep what Published tells

	mu    sync.Mutex
	due   []int64
	lag   []int64
	spent time.Duration
}

// Run publishes until ctx ends.
func (p *Publisher) Run(ctx context.Context) error {
	alarm := NewAlarm(p.Clock)
	defer alarm.Close()
	member := p.Timeline.Join()
	defer member.Leave()
	var body []byte
	for {
		// The body is made before the wait, so that making it does not delay it.
		body = p.Payload.Next(body)
		due, err := member.Wait(ctx, p.Schedule.Next(), alarm)
		if err != nil {
			return err
		}
		runtime.LockOSThread() // both readings on one thread
		before := threadCPU()
		e := p.Log.Publish(due, body)
		spent := threadCPU() - before
		runtime.UnlockOSThread()
		if !p.Record {
			continue
		}
		p.mu.Lock()
		p.due = append(p.due, e.Due)
		p.lag = append(p.lag, int64(Between(e.Due, e.Sent)))
		p.spent += spent
		p.mu.Unlock()
	}
}

// Published returns Due and Sent − Due (ns) of each event published so far, and the
// CPU time that publishing took: encoding, appending and waking the subscribers. What
// the alarm costs is not in it; BenchmarkPublisher shows the whole.
func (p *Publisher) Published() (due, lag []int64, cpu time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.due, p.lag, p.spent
}
