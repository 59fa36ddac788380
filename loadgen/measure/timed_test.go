package measure

import (
	"time"

	"pushbench/loadgen/host"
)

// lasting makes it a trial of a minute, whose clocks advance by so much more.
func lasting(o *Observation, boot, raw, apart time.Duration) {
	const began, minute = int64(3e9), int64(time.Minute) // of a host just booted
	o.Began = host.Clocks{Monotonic: began, Boot: began, Raw: began}
	o.Ended = host.Clocks{Monotonic: began + minute, Boot: began + minute + int64(boot), Raw: began + minute + int64(raw), Apart: int64(apart)}
}

var timedCases = []ruleCase{
	{"negative time", clean, func(o *Observation) { o.Collected.Dropped = 1 }, []string{"timed samples: 1 samples outside 0 to 3600 s"}},
	{"negative time in quiet", quietTrial, func(o *Observation) { o.Collected.Dropped = 1 }, []string{"timed samples: 1 samples outside 0 to 3600 s"}},
	{"published early", clean, func(o *Observation) { o.Published.Lag[0] = -1 },
		[]string{"timed early: 1 events were published before they were due"}},
	{"published an hour late and measured so", clean, func(o *Observation) { o.Published.Lag[0] = int64(time.Hour) }, nil},
	{"all a second late", clean, func(o *Observation) {
		for i := range o.Published.Lag {
			o.Published.Lag[i] = int64(time.Second)
		}
	}, nil},
	{"a link that was late", linked, func(o *Observation) { o.After.Link.Late = late(1000, time.Second) }, nil},

	{"clocks alike", clean, func(o *Observation) { lasting(o, 0, 0, 0) }, nil},
	{"suspended", clean, func(o *Observation) { lasting(o, 3200*time.Millisecond, 0, 0) },
		[]string{"timed suspended: the host was suspended for 3.2s while the trial ran"}},
	{"hardly suspended", clean, func(o *Observation) { lasting(o, 100*time.Millisecond, 0, 0) }, nil},
	{"suspended in a trial of memory", memoryTrial, func(o *Observation) { lasting(o, time.Hour, 0, 0) },
		[]string{"timed suspended: the host was suspended for 1h0m0s while the trial ran"}},
	{"steered as NTP does", clean, func(o *Observation) { lasting(o, 0, 30*time.Millisecond, 0) }, nil},
	{"steered the other way", clean, func(o *Observation) { lasting(o, 0, -30*time.Millisecond, 0) }, nil},
	{"set forward", clean, func(o *Observation) { lasting(o, 0, -62*time.Millisecond, 0) },
		[]string{"timed clock: the clock was set: in 1m0s it came to differ by 62ms from the one that nobody sets"}},
	{"set back", clean, func(o *Observation) { lasting(o, 0, 62*time.Millisecond, 0) },
		[]string{"timed clock: the clock was set: in 1m0s it came to differ by -62ms from the one that nobody sets"}},
	{"a reading torn apart", clean, func(o *Observation) { lasting(o, 0, -500*time.Millisecond, 500*time.Millisecond) }, nil},
}
