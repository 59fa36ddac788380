package feed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
)

// Log is the feed: a bounded ring of published events that every subscriber
// reads through a cursor of its own. No transport keeps a queue, so a slow
// subscriber costs no memory; it falls behind, and past the ring it is told of
// a gap.
type Log struct {
	codec Codec
	clock Clock

	mu     sync.Mutex
	ring   []Record
	newest uint64        // sequence number of the newest event, 0 if none
	wake   chan struct{} // closed by the next Publish, or by Close
	closed bool

	fan fanout // to those that have all events

	life context.Context // ends with Close
	end  context.CancelCauseFunc
}

// Record is a published event with its encoding. All subscribers share it, so
// it is read-only.
type Record struct {
	Event
	Wire []byte
}

// DefaultRing is how many events a log holds unless told otherwise.
const DefaultRing = 4096

// ErrClosed is returned by Wait when the feed has ended.
var ErrClosed = errors.New("the feed has ended")

// AheadError says that a cursor is beyond the newest event: the subscriber has
// seen another feed, most likely this server's before a restart.
type AheadError struct{ Cursor, Newest uint64 }

func (e *AheadError) Error() string {
	return fmt.Sprintf("since=%d is ahead of the feed, whose newest event is %d; start again from since=0", e.Cursor, e.Newest)
}

// NewLog makes an empty log that holds the newest size events.
func NewLog(codec Codec, size int, clock Clock) *Log {
	l := &Log{
		codec: codec,
		clock: clock,
		ring:  make([]Record, size),
		wake:  make(chan struct{}),
	}
	l.fan.log = l
	l.life, l.end = context.WithCancelCause(context.Background())
	return l
}

// Codec is the encoding of the log's events.
func (l *Log) Codec() Codec { return l.codec }

// Publish stamps, encodes and appends the next event, due at the given instant,
// and wakes whoever waits for it and the loop that serves the others. The body is copied.
func (l *Log) Publish(due int64, body []byte) Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := Event{Seq: l.newest + 1, Due: due, Sent: l.clock.Now(), Body: body}
	wire := l.codec.Append(make([]byte, 0, len(body)+l.codec.Envelope(len(body))), e)
	e.Body = nil // subscribers read Wire; the caller may reuse its body
	l.ring[e.Seq%uint64(len(l.ring))] = Record{Event: e, Wire: wire}
	l.newest = e.Seq
	if !l.closed {
		close(l.wake)
		l.wake = make(chan struct{})
	}
	l.fan.signal()
	return e
}

// Newest is the sequence number of the newest event, 0 if there is none.
func (l *Log) Newest() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest
}

// state is the newest event's number, and whether the feed has ended.
func (l *Log) state() (newest uint64, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest, l.closed
}

// Since appends to dst what follows cursor, at most limit records, and returns
// it with the new cursor. Where the ring has already let go of the next
// events, a record that announces the gap comes first and counts as one.
func (l *Log) Since(cursor uint64, limit int, dst []Record) ([]Record, uint64, error) {
	return l.since(cursor, limit, math.MaxInt, dst)
}

// since is Since with a bound on the bytes of the records together too. One
// record comes in any case, however large it is.
func (l *Log) since(cursor uint64, limit, size int, dst []Record) ([]Record, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if cursor > l.newest {
		return dst, cursor, &AheadError{cursor, l.newest}
	}
	empty := len(dst)
	if oldest := l.oldest(); cursor+1 < oldest {
		dst = l.appendGap(dst, Gap{First: cursor + 1, Last: oldest - 1})
		cursor = oldest - 1
		limit--
		size -= len(dst[empty].Wire)
	}
	for ; cursor < l.newest && limit > 0; limit-- {
		r := &l.ring[(cursor+1)%uint64(len(l.ring))]
		if size -= len(r.Wire); size < 0 && len(dst) > empty {
			break
		}
		dst = append(dst, *r)
		cursor++
	}
	return dst, cursor, nil
}

// appendGap adds a record that announces a gap. It stands by itself, so that the
// common case needs less stack.
func (l *Log) appendGap(dst []Record, gap Gap) []Record {
	e := gap.Event()
	return append(dst, Record{Event: e, Wire: l.codec.Append(nil, e)})
}

// latest appends to dst the newest event if it is newer than cursor, and
// returns it with the new cursor.
func (l *Log) latest(cursor uint64, dst []Record) ([]Record, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case cursor > l.newest:
		return dst, cursor, &AheadError{cursor, l.newest}
	case cursor < l.newest:
		dst = append(dst, l.ring[l.newest%uint64(len(l.ring))])
	}
	return dst, l.newest, nil
}

// oldest is the number of the oldest event that the ring still holds, 1 if
// there was none yet. The log is locked.
func (l *Log) oldest() uint64 {
	return l.newest - min(l.newest, uint64(len(l.ring))) + 1
}

// readySince is when the first event after cursor that the ring still holds was
// published (ns on the log's clock). There must be one.
func (l *Log) readySince(cursor uint64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ring[max(cursor+1, l.oldest())%uint64(len(l.ring))].Sent
}

// Wait returns when there is something after cursor: at once if there is
// already, so that an event published between Since and Wait is not slept
// through.
func (l *Log) Wait(ctx context.Context, cursor uint64) error {
	_, err := l.await(ctx, cursor, nil)
	return err
}

// await is Wait that returns the newest event's number; cursor itself where
// beats ticked before there was anything after it.
func (l *Log) await(ctx context.Context, cursor uint64, beats <-chan time.Time) (newest uint64, err error) {
	for {
		l.mu.Lock()
		newest, closed, wake := l.newest, l.closed, l.wake
		l.mu.Unlock()
		switch {
		case newest > cursor:
			return newest, nil
		case closed:
			return cursor, ErrClosed
		}
		select {
		case <-wake:
		case <-beats:
			return cursor, nil
		case <-ctx.Done():
			return cursor, ctx.Err()
		}
	}
}

// Ended reports whether the feed has ended and holds nothing after cursor. It
// is for a transport that does not Wait, so that it can tell a feed that is
// quiet from one that is over.
func (l *Log) Ended(cursor uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed && cursor >= l.newest
}

// Life ends with the feed, for ErrClosed. It is for what is no subscriber and
// ends along with them.
func (l *Log) Life() context.Context { return l.life }

// Close ends the feed: what waits returns ErrClosed once it has everything.
func (l *Log) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		close(l.wake)
		l.fan.signal()
		l.end(ErrClosed)
	}
}
