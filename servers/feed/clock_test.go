package feed

import (
	"testing"
	"testing/synctest"
	"time"
)

// Any clock of this process lies between two readings of the host's.
func TestClockIsTheHosts(t *testing.T) {
	for range 100 {
		c := NewClock()
		// Half the bracket, which is at most as wide as one reading of the kernel's.
		const tolerance = int64(time.Millisecond)
		before := monotonic()
		now := c.Now()
		after := monotonic()
		if now < before-tolerance || now > after+tolerance {
			t.Fatalf("the clock reads %d between the host's %d and %d", now, before, after)
		}
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
