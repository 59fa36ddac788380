package feed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// ages are readings of a host's clock: one that booted a moment ago, in a namespace
// whose clock begins below 0, of one that has been up for years, and near the ends
// of what there is.
var ages = []int64{
	0,
	int64(3 * time.Second),
	-int64(time.Hour),
	int64(10 * 365 * 24 * time.Hour),
	math.MaxInt64 - int64(24*time.Hour),
	math.MinInt64 + int64(24*time.Hour),
}

// exact is what no int64 is too small for, brought to the nearer end of one.
func exact(sum *big.Int) int64 {
	switch {
	case sum.IsInt64():
		return sum.Int64()
	case sum.Sign() < 0:
		return math.MinInt64
	default:
		return math.MaxInt64
	}
}

// Over the whole range, a sum and a difference are what they are, or the end of time
// on their side of it.
func TestInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		sum := exact(new(big.Int).Add(big.NewInt(a), big.NewInt(b)))
		if got := After(a, time.Duration(b)); got != sum {
			t.Fatalf("%d ns after %d is %d, not %d", b, a, got, sum)
		}
		difference := exact(new(big.Int).Sub(big.NewInt(b), big.NewInt(a)))
		if got := Between(a, b); got != time.Duration(difference) {
			t.Fatalf("between %d and %d are %d ns, not %d", a, b, got, difference)
		}
	})
}

func TestNanoseconds(t *testing.T) {
	for ns, want := range map[float64]time.Duration{
		0: 0, 1.9: 1, -1.9: -1, 1e18: 1e18,
		math.MaxInt64: Forever, 1e300: Forever, math.Inf(1): Forever,
		math.MinInt64: math.MinInt64, -1e300: math.MinInt64, math.Inf(-1): math.MinInt64,
	} {
		if got := Nanoseconds(ns); got != want {
			t.Errorf("%v ns are %d, not %d", ns, got, want)
		}
	}
}

// Wherever the clock, the origin and the mark are, a member is given the instant at
// which something was due, at that instant or at once where it is past, and never
// what is due at the mark or later.
func TestMemberAtAnyInstant(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		near := func(at int64, name string) int64 { // by which half of what is drawn has to be waited for
			return After(at, time.Duration(rapid.Int64Range(-int64(2*time.Hour), int64(2*time.Hour)).Draw(rt, name)))
		}
		clockAt := rapid.Int64().Draw(rt, "clock")
		at := time.Duration(rapid.Int64().Draw(rt, "at"))
		origin := near(After(clockAt, -max(at, -Forever)), "origin")
		to := time.Duration(near(int64(at), "to"))
		if rapid.Bool().Draw(rt, "anywhere") {
			origin = rapid.Int64().Draw(rt, "origin anywhere")
			to = time.Duration(rapid.Int64().Draw(rt, "to anywhere"))
		}
		due := exact(new(big.Int).Add(big.NewInt(origin), big.NewInt(int64(at))))
		wait := max(0, Between(clockAt, due))

		synctest.Test(t, func(t *testing.T) {
			clock := ClockAt(clockAt)
			tl := NewTimeline(clock)
			m := tl.Join()
			defer m.Leave()
			tl.Run(origin, to)
			const long = 4 * time.Hour
			ctx, cancel := context.WithTimeout(t.Context(), long)
			defer cancel()
			begun := time.Now()
			got, err := m.Wait(ctx, at, NewSleep(clock))
			took := time.Since(begun)
			say := fmt.Sprintf("clock %d, origin %d, to %d, due %d: given %d after %v, %v", clockAt, origin, to, due, got, took, err)
			if at >= to || wait >= long {
				if !errors.Is(err, context.DeadlineExceeded) || took != long {
					rt.Fatal(say)
				}
				return
			}
			if err != nil || got != due || took != wait {
				rt.Fatal(say)
			}
			if now := m.Now(); now != min(Between(origin, clock.Now()), to) {
				rt.Fatalf("%s; trial time is %v", say, now)
			}
		})
	})
}

// Wherever they are, trial time is at rest as soon as it has come to its mark.
func TestAtRestAtAnyInstant(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		clockAt, origin := rapid.Int64().Draw(rt, "clock"), rapid.Int64().Draw(rt, "origin")
		to := time.Duration(rapid.Int64().Draw(rt, "to"))
		if rapid.Bool().Draw(rt, "soon") {
			origin, to = After(clockAt, -time.Minute), 2*time.Minute
		}
		wait := max(0, Between(clockAt, After(origin, to)))
		synctest.Test(t, func(t *testing.T) {
			tl := NewTimeline(ClockAt(clockAt))
			tl.Run(origin, to)
			const long = time.Hour
			ctx, cancel := context.WithTimeout(t.Context(), long)
			defer cancel()
			begun := time.Now()
			err := tl.AtRest(ctx)
			if took := time.Since(begun); took != min(wait, long) || (err == nil) != (wait < long) {
				rt.Fatalf("at rest after %v, not %v, with %v", took, wait, err)
			}
		})
	})
}

// Whatever number an alarm is set to, it comes then, at once where that is past, and
// never before.
func TestAlarmAtAnyInstant(t *testing.T) {
	interrupted := make(chan struct{})
	close(interrupted)
	rapid.Check(t, func(t *rapid.T) {
		clock := ClockAt(rapid.Int64().Draw(t, "clock"))
		due := rapid.Int64().Draw(t, "due")
		alarm := NewAlarm(clock)
		defer alarm.Close()
		interrupt := interrupted
		if due <= clock.Now() {
			interrupt = nil
		}
		if err := alarm.Wait(context.Background(), due, interrupt); err != nil {
			t.Fatal(err)
		}
	})
}
