package lab

import (
	"fmt"
	"io"
	"math"
	"net"
	"slices"
	"testing"
	"time"

	"pushbench/loadgen/host"
)

// rttLimit is how far the median round trip may be from what was asked for (ms).
const rttLimit = 0.5

// A machine that is busy with something else wakes nobody in time, and what is
// measured on it says nothing of the path.
const (
	tries = 5
	calm  = 0.25 // share of CPU time, the test's own included
)

// whileCalm measures until nothing is wrong, a few times at most, and fails where
// something always was while the host had hardly anything else to do.
func whileCalm(t *testing.T, measure func() (found, wrong string)) {
	t.Helper()
	for try := 1; ; try++ {
		before, err := host.ReadCPU(host.Cores().IDs())
		if err != nil {
			t.Fatal(err)
		}
		found, wrong := measure()
		after, err := host.ReadCPU(host.Cores().IDs())
		if err != nil {
			t.Fatal(err)
		}
		used := after.Sub(before).Sum()
		busy := used.BusyShare() + used.StealShare()
		t.Logf("%s, CPUs %.0f %% busy or taken away", found, 100*busy)
		switch {
		case wrong == "" || busy > calm:
			return
		case try == tries:
			t.Errorf("%d times, the last: %s", tries, wrong)
			return
		}
	}
}

// checkRTT tells whether round trips take what was asked for (ms): none is ever
// quicker, and the median of many is near it where the host is not busy.
func checkRTT(t *testing.T, asked float64, probe func() []float64) {
	t.Helper()
	whileCalm(t, func() (found, wrong string) {
		took := probe()
		slices.Sort(took)
		if took[0] < asked {
			t.Errorf("a round trip took %v ms, want %v", took[0], asked)
		}
		median := took[len(took)/2]
		if median-asked > rttLimit {
			wrong = fmt.Sprintf("the median is over %v ms by %.3f ms, want at most %v", asked, median-asked, rttLimit)
		}
		return fmt.Sprintf("%.3f ms over in the median of %d, %.3f ms the least", median-asked, len(took), took[0]-asked), wrong
	})
}

// An echo probe finds the round trip that was asked for.
func TestRTT(t *testing.T) {
	for _, rtt := range []time.Duration{5, 20, 50, 100, 200} {
		rtt *= time.Millisecond
		t.Run(rtt.String(), func(t *testing.T) {
			l := openLink(t, OpenArgs{Conditions: Conditions{RTT: rtt}})
			checkRTT(t, float64(rtt)/1e6, func() []float64 {
				return pings(t, l.fleet, serverIP, max(11, int(time.Second/rtt)))
			})
			late := l.marked(t).Late
			if late.N() < 22 || late.Min() < 0 || late.Dropped() != 0 { // of an echo and its answer each
				t.Errorf("the lateness of %d packets, least %d, %d dropped", late.N(), late.Min(), late.Dropped())
			}
			t.Logf("late by %d µs (p50), %d µs (p99) of %d", late.Quantile(0.5)/1e3, late.Quantile(0.99)/1e3, late.N())
		})
	}
}

// A long transfer finds the bandwidth that was asked for, in both directions.
func TestBandwidth(t *testing.T) {
	const limit = 3 // %
	for _, test := range []struct {
		name string
		c    Conditions
		up   bool
		rate float64
	}{
		{"down 8 Mbit/s", Conditions{Down: 8e6, Up: 1e6}, false, 8e6},
		{"down 50 Mbit/s", Conditions{Down: 50e6}, false, 50e6},
		{"up 20 Mbit/s", Conditions{Up: 20e6, Down: 50e6}, true, 20e6},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.c.RTT, test.c.Queue = 10*time.Millisecond, 4<<20 // nothing overflows
			l := openLink(t, OpenArgs{Conditions: test.c})
			received := make(chan net.Conn, 1)
			addr := l.listen(t, func(c *net.TCPConn) {
				if test.up {
					received <- c
					<-t.Context().Done()
				} else {
					flood(c)
				}
			})
			conn := l.dial(t, addr)
			var from net.Conn = conn
			ended := make(chan struct{})
			if test.up {
				from = <-received
				go func() { defer close(ended); flood(conn) }()
			} else {
				close(ended)
			}
			defer func() { conn.Close(); <-ended }()
			whileCalm(t, func() (found, wrong string) {
				off := (goodput(t, from, int(test.rate/8/20/mtu))/test.rate - 1) * 100 // %
				if math.Abs(off) > limit {
					wrong = fmt.Sprintf("the median rate is off by %.3f %%, want at most ± %v", off, limit)
				}
				return fmt.Sprintf("%.3f %% off", off), wrong
			})
			if m := l.marked(t); m.Down.Overflowed+m.Up.Overflowed+m.Down.Missed+m.Up.Missed != 0 {
				t.Errorf("packets were dropped: %+v", m)
			}
		})
	}
}

// flood sends as much as there is room for, until the connection ends.
func flood(c net.Conn) {
	data := make([]byte, 64<<10)
	for {
		if _, err := c.Write(data); err != nil {
			return
		}
	}
}

// segment is what a full packet carries beside headers and timestamps.
const segment = mtu - 52

// goodput reads parts of some packets, and gives the median of their rates, in
// bits per second of IP packets.
func goodput(t *testing.T, c net.Conn, packets int) float64 {
	t.Helper()
	const parts = 41
	buf := make([]byte, packets*segment)
	var rates []float64
	for range parts {
		begun := time.Now()
		if _, err := io.ReadFull(c, buf); err != nil {
			t.Fatal(err)
		}
		rates = append(rates, float64(packets)*mtu*8/time.Since(begun).Seconds())
	}
	slices.Sort(rates)
	return rates[parts/2]
}
