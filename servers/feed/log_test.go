package feed

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

func newLog(size int) *Log { return NewLog(Text, size, NewClock()) }

// publish publishes n events and returns the last one's number.
func publish(l *Log, n int) (newest uint64) {
	for range n {
		newest = l.Publish(7, []byte("body")).Seq
	}
	return newest
}

// A log keeps nothing of the caller's, and stamps what it is given.
func TestPublish(t *testing.T) {
	l := newLog(4)
	before := l.clock.Now()
	body := []byte("first")
	e := l.Publish(7, body)
	copy(body, "other")
	if e.Seq != 1 || e.Due != 7 || e.Sent < before || e.Sent > l.clock.Now() {
		t.Errorf("published %+v", e)
	}
	records, cursor, err := l.Since(0, math.MaxInt, nil)
	if err != nil || cursor != 1 || len(records) != 1 {
		t.Fatalf("since 0 there are %d records up to %d, and the error %v", len(records), cursor, err)
	}
	got, _, err := l.Codec().Decode(records[0].Wire)
	if err != nil || string(got.Body) != "first" || got.Seq != 1 || got.Due != 7 || got.Sent != e.Sent {
		t.Errorf("the log holds %+v, with the error %v", got, err)
	}
}

func TestAhead(t *testing.T) {
	l := newLog(4)
	publish(l, 3)
	for _, cursor := range []uint64{4, math.MaxInt64, math.MaxUint64} {
		var ahead *AheadError
		records, at, err := l.Since(cursor, 1, nil)
		if !errors.As(err, &ahead) || ahead.Cursor != cursor || ahead.Newest != 3 || len(records) != 0 || at != cursor {
			t.Errorf("since %d there are %v up to %d, and the error %v", cursor, records, at, err)
		}
	}
}

// The log does what a list of all events would, of which a subscriber is given
// the newest ones and told of the rest.
func TestLogAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 10).Draw(t, "size")
		l := newLog(size)
		newest := uint64(0)
		closed := false
		t.Repeat(map[string]func(*rapid.T){
			"publish": func(t *rapid.T) {
				newest++
				if got := publish(l, 1); got != newest {
					t.Fatalf("published event %d, not %d", got, newest)
				}
			},
			"since": func(t *rapid.T) {
				cursor := rapid.Uint64Range(0, newest).Draw(t, "cursor")
				limit := rapid.OneOf(rapid.IntRange(1, 12), rapid.Just(math.MaxInt)).Draw(t, "limit")
				var want []uint64 // numbers, 0 for a gap
				end := cursor
				gap := Gap{First: cursor + 1, Last: max(newest, uint64(size)) - uint64(size)}
				if gap.Last >= gap.First {
					want, end = append(want, 0), gap.Last
				}
				for end < newest && len(want) < limit {
					end++
					want = append(want, end)
				}
				records, got, err := l.Since(cursor, limit, make([]Record, 2))
				if err != nil || got != end || len(records) != 2+len(want) {
					t.Fatalf("since %d there are %d records up to %d and the error %v, not %d up to %d",
						cursor, len(records)-2, got, err, len(want), end)
				}
				for i, r := range records[2:] {
					e, rest, err := Text.Decode(r.Wire)
					if err != nil || len(rest) > 0 || e.Seq != want[i] || r.Seq != want[i] {
						t.Fatalf("record %d since %d is %+v, in bytes %q", i+1, cursor, r.Event, r.Wire)
					}
					if g, ok := e.Gap(); ok && (i > 0 || g != gap) {
						t.Fatalf("record %d since %d is %v, not %v", i+1, cursor, g, gap)
					}
				}
			},
			"wait": func(t *rapid.T) {
				cursor := rapid.Uint64Range(0, newest).Draw(t, "cursor")
				over, cancel := context.WithCancel(context.Background())
				cancel()
				err := l.Wait(over, cursor)
				var want error
				switch {
				case cursor < newest:
				case closed:
					want = ErrClosed
				default:
					want = context.Canceled
				}
				if !errors.Is(err, want) || want == nil && err != nil {
					t.Fatalf("waiting after %d of %d, closed %v: %v", cursor, newest, closed, err)
				}
				if ended := l.Ended(cursor); ended != (closed && cursor == newest) {
					t.Fatalf("ended after %d of %d, closed %v: %v", cursor, newest, closed, ended)
				}
			},
			"close": func(*rapid.T) {
				l.Close()
				closed = true
			},
			"": func(t *rapid.T) {
				if got := l.Newest(); got != newest {
					t.Fatalf("the newest event is %d, not %d", got, newest)
				}
			},
		})
	})
}

// What waits is woken by the next event, all of it, and not before.
func TestWaitWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(4)
		publish(l, 1)
		var woken sync.Map
		for cursor := range uint64(4) {
			for range 10 {
				go func() {
					if err := l.Wait(t.Context(), cursor); err != nil {
						t.Error(err)
					}
					woken.Store(cursor, true)
				}()
			}
		}
		for newest := uint64(1); newest <= 4; newest++ {
			synctest.Wait()
			var got []uint64
			woken.Range(func(cursor, _ any) bool { got = append(got, cursor.(uint64)); return true })
			if uint64(len(got)) != newest || slices.Max(got) != newest-1 {
				t.Fatalf("with event %d, those woken wait after %v", newest, got)
			}
			publish(l, 1)
		}
	})
}

// An event that is published once Wait has looked and before it sleeps wakes it.
func TestWaitIsNotOutrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(4)
		ctx := &contextThatPublishes{Context: t.Context(), log: l}
		done := make(chan error, 1)
		go func() { done <- l.Wait(ctx, 0) }()
		synctest.Wait()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("waiting for an event that is in the log")
			l.Close()
			<-done
		}
	})
}

// contextThatPublishes publishes an event when it is first asked for its end,
// which Wait does as the last thing before it sleeps.
type contextThatPublishes struct {
	context.Context
	log  *Log
	once sync.Once
}

func (c *contextThatPublishes) Done() <-chan struct{} {
	c.once.Do(func() { publish(c.log, 1) })
	return c.Context.Done()
}

func TestCloseWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(4)
		publish(l, 2)
		ended := make(chan error, 1)
		go func() { ended <- l.Wait(t.Context(), 2) }()
		synctest.Wait()
		l.Close()
		l.Close() // once more changes nothing
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Errorf("waiting for what will not come ended with %v", err)
		}
		if err := l.Wait(t.Context(), 1); err != nil {
			t.Errorf("waiting for what there is ended with %v", err)
		}
		// A publisher that has not heard of it does no harm.
		if got := publish(l, 1); got != 3 {
			t.Errorf("published event %d after the end", got)
		}
	})
}

func TestWaitEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(4)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.Wait(ctx, 0) }()
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("waiting ended with %v", err)
		}
	})
}
