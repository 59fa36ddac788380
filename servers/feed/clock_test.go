package feed

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// Any clock of this process lies between two readings of the host's, as nearly as it
// could be tied to that.
func TestClockIsTheHosts(t *testing.T) {
	for range 100 {
		c, within := tie(monotonic)
		before := monotonic()
		now := c.Now()
		after := monotonic()
		if now < After(before, -within-1) || now > After(after, within+1) { // half an odd bracket is rounded
			t.Fatalf("the clock reads %d between the host's %d and %d, and is good to within %v", now, before, after, within)
		}
	}
}

// The reading that took least time is the one that counts.
func TestClockIsTiedByNarrowestBracket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		n := 0
		c, within := tie(func() int64 {
			n++
			pause := 10 * ms
			if n == 7 {
				pause = 2 * ms
			}
			<-time.After(pause / 2)
			at := time.Since(start)
			<-time.After(pause / 2)
			return int64(at) + 1000
		})
		if within != ms || c.Now() != int64(time.Since(start))+1000 {
			t.Errorf("it is good to within %v, and off by %d ns", within, c.Now()-int64(time.Since(start))-1000)
		}
	})
}

// It reads what it was set to, and what has passed since, up to the end of time.
func TestClockAt(t *testing.T) {
	for _, at := range append([]int64{math.MaxInt64}, ages...) {
		synctest.Test(t, func(t *testing.T) {
			c := ClockAt(at)
			if now := c.Now(); now != at {
				t.Errorf("set to %d, it reads %d", at, now)
			}
			<-time.After(time.Hour)
			if now := c.Now(); now != After(at, time.Hour) {
				t.Errorf("set to %d, it reads %d an hour later", at, now)
			}
		})
	}
}

func TestClockNeverGoesBack(t *testing.T) {
	c := NewClock()
	last := c.Now()
	for range 100_000 {
		now := c.Now()
		if now < last {
			t.Fatalf("it reads %d after %d", now, last)
		}
		last = now
	}
}

// In a synctest bubble it goes by the bubble's time.
func TestClockInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock()
		before := c.Now()
		<-time.After(time.Hour)
		if passed := time.Duration(c.Now() - before); passed != time.Hour {
			t.Errorf("in an hour %v have passed", passed)
		}
	})
}
