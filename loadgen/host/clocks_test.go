package host

import "testing"

// Of several readings the one counts in which the clocks were read closest together.
func TestNarrowestReading(t *testing.T) {
	apart := []int64{900, 40, 7_000_000, 41}
	n := 0
	got := narrowest(len(apart), func() Clocks {
		n++
		return Clocks{Monotonic: int64(n), Apart: apart[n-1]}
	})
	if want := (Clocks{Monotonic: 2, Apart: 40}); got != want || n != len(apart) {
		t.Errorf("%+v of %d readings, want %+v of %d", got, n, want, len(apart))
	}
}

// None of the clocks goes back.
func TestReadClocks(t *testing.T) {
	for before, i := ReadClocks(), 0; i < 100; i++ {
		now := ReadClocks()
		if now.Monotonic < before.Monotonic || now.Boot < before.Boot || now.Raw < before.Raw || now.Apart < 0 {
			t.Fatalf("%+v after %+v", now, before)
		}
		before = now
	}
}
