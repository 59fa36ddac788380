package host

// Clocks is an instant on three clocks of the kernel (ns). Only how they advance
// means something (clock_gettime(2)).
type Clocks struct {
	Monotonic int64 // what a trial is timed by: steered by whoever keeps the time, at rest while the host is suspended
	Boot      int64 // the same, but it goes on meanwhile
	Raw       int64 // the hardware's, which nobody steers
	Apart     int64 // the first and the last were read so many ns apart, at most
}

// narrowest is the reading that was least torn apart of several: a process may lose
// its CPU between two clocks.
func narrowest(tries int, read func() Clocks) (best Clocks) {
	for i := range tries {
		if c := read(); i == 0 || c.Apart < best.Apart {
			best = c
		}
	}
	return best
}
