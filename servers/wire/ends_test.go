package wire

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// counter is a clock that goes on by one at each look.
func counter() func() int64 {
	var n int64
	return func() int64 { n++; return n }
}

// Whoever awaits so many ends has them as soon as they are there, and what there
// is when its patience ends.
func TestEndsAreAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		e := Ends{Now: func() int64 { return int64(time.Since(begin)) }}
		if at := e.Await(t.Context(), 0); len(at) != 0 {
			t.Errorf("before any end there are %v", at)
		}
		var waiting sync.WaitGroup
		defer waiting.Wait()
		for n := range 4 { // the last in vain
			waiting.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				at := e.Await(ctx, n)
				wait, have := time.Duration(n)*time.Second, n
				if n > 2 {
					wait, have = time.Minute, 2
				}
				if time.Since(begin) != wait || len(at) != have {
					t.Errorf("waited %v for %d ends and got %v", time.Since(begin), n, at)
				}
			})
		}
		for range 2 {
			<-time.After(time.Second)
			e.Add()
		}
		waiting.Wait()
		if at, want := e.Await(t.Context(), 2), []int64{1e9, 2e9}; !slices.Equal(at, want) {
			t.Errorf("the ends were at %v, not %v", at, want)
		}
	})
}

// What Await has returned does not change under its reader.
func TestEndsAreTheReaders(t *testing.T) {
	e := Ends{Now: counter()}
	e.Add()
	at := e.Await(t.Context(), 1)
	at[0] = 99
	e.Add()
	if got := e.Await(t.Context(), 2); !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("the ends are %v", got)
	}
}

// However many end at once, each is there once and they stand in order.
func TestEndsAtOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(rt, "ends")
		e := Ends{Now: counter()}
		var adding sync.WaitGroup
		for range n {
			adding.Go(e.Add)
		}
		at := e.Await(t.Context(), n)
		adding.Wait()
		if len(at) != n || !slices.IsSorted(at) || len(slices.Compact(slices.Clone(at))) != n {
			rt.Errorf("%d ends were at %v", n, at)
		}
	})
}

// A connection ends once, however often it is closed, and whether or not
// somebody asks when.
func TestConnEndsOnce(t *testing.T) {
	for _, tally := range []*Tally{{}, {Ends: &Ends{Now: counter()}}} {
		const conns = 3
		for i := range conns {
			ours, theirs := net.Pipe()
			defer theirs.Close()
			c := NewConn(ours, tally)
			var closing sync.WaitGroup
			for range i + 1 {
				closing.Go(func() { c.Close() })
			}
			closing.Wait()
		}
		if got := tally.Counts(); got.Conns != conns || got.Closed != conns {
			t.Errorf("of %d connections opened and closed it counts %+v", conns, got)
		}
		if tally.Ends == nil {
			continue
		}
		if at := tally.Ends.Await(t.Context(), 0); !slices.Equal(at, []int64{1, 2, 3}) {
			t.Errorf("they ended at %v", at)
		}
	}
}
