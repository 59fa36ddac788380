package run

import (
	"testing"
	"time"
)

// The time is for all scenarios of a command, which get as many blocks each; what one
// leaves over is for the others.
func TestTimeIsShared(t *testing.T) {
	one := newSession(t, 7, Options{}, made).plan
	three := newSession(t, 7, Options{}, made).plan
	three.scenario.Measure *= 3
	ratio := float64(three.blockTime()) / float64(one.blockTime())
	near := func(got time.Duration, want float64) bool {
		return (got - time.Duration(want)).Abs() < time.Millisecond
	}

	o := Options{Time: time.Hour, Began: time.Now()}
	if got := share(o.Time, []*plan{one, three}); !near(got, float64(time.Hour)/(1+ratio)) {
		t.Errorf("the first of two has %v, and a block of the second takes %.2g times as long", got, ratio)
	}
	if got := share(o.Time, []*plan{three}); got != time.Hour {
		t.Errorf("the last has %v of what is left", got)
	}
	now := o.Began.Add(30 * time.Minute)
	if got := o.until([]*plan{one, one}, now); !near(got.Sub(o.Began), float64(45*time.Minute)) {
		t.Errorf("the first of two has until %v after the beginning", got.Sub(o.Began))
	}
	if got := o.until([]*plan{one}, now); got.Sub(o.Began) != time.Hour {
		t.Errorf("the last has until %v after the beginning", got.Sub(o.Began))
	}
	if got := (Options{Began: now}).until([]*plan{one}, now); !got.IsZero() {
		t.Errorf("without a time it is up at %v", got)
	}
}
