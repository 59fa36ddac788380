package lab

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Conditions is what the path between server and fleet is like, the same in
// both directions unless said. The zero value needs no lab.
//
// A packet of b bytes (IP header included) that the sender's kernel hands over
// at t is lost or not by the seed alone; if not, it waits in the queue of its
// direction until those before it are sent, takes 8b/rate to be sent, travels
// for half the RTT, changed by jitter, and is handed to the receiver's kernel.
type Conditions struct {
	// RTT of the empty path; each direction takes half.
	RTT time.Duration `json:"rtt"`
	// Jitter J varies a round trip between RTT − J and RTT + J: in each
	// direction a packet's delay is drawn uniformly from (RTT ± J)/2. It is at
	// most the RTT.
	Jitter time.Duration `json:"jitter"`
	// Reorder lets packets overtake others by their jitter, as they do where
	// there are several ways to go. Otherwise order is kept, as by one queue: a
	// packet that would overtake the one before it arrives with it.
	Reorder bool `json:"reorder"`
	// Loss is the share of packets lost at random in each direction, 0…1,
	// each independently of the others.
	Loss float64 `json:"loss"`
	// Down and Up are bits per second of IP packets, server→fleet and
	// fleet→server; 0: without limit.
	Down float64 `json:"down"`
	Up   float64 `json:"up"`
	// Queue is how many bytes may wait for the bandwidth of each direction,
	// beside the packet that is being sent: what finds no room is dropped (tail
	// drop). 0: what QueueOf says. Without a limit of bandwidth nothing waits.
	Queue int `json:"queue"`
	// Congestion is the kernel's congestion control at both ends: one of
	// Congestions; "" is the first of them.
	Congestion string `json:"congestion"`
}

// Congestions are the algorithms of congestion control that can be asked for.
// The first is what there is unless asked: a host's own default may be another,
// and BBR, for one, hides loss.
var Congestions = []string{"cubic", "bbr", "reno"}

// Limits of what can be asked for.
const (
	MaxRTT  = time.Minute
	MaxRate = 1e12 // bits per second
	MaxSize = 1 << 30

	// MinRate lets a packet of full size through within a second and a half.
	MinRate = 8e3
)

// Check says what is impossible, in words for a person.
func (c Conditions) Check() error {
	switch {
	case c.RTT < 0 || c.RTT > MaxRTT:
		return fmt.Errorf("a round trip takes 0s to %v, not %v", MaxRTT, c.RTT)
	case c.Jitter < 0 || c.Jitter > c.RTT:
		return fmt.Errorf("jitter of %v: it must be at least 0s and at most the RTT, which is %v", c.Jitter, c.RTT)
	case c.Reorder && c.Jitter == 0:
		return fmt.Errorf("packets overtake one another by their jitter, and there is none")
	case !(c.Loss >= 0 && c.Loss <= 1): // nor NaN
		return fmt.Errorf("loss of %v %% of the packets: it must be 0 %% to 100 %%", 100*c.Loss)
	case c.Queue < 0 || c.Queue > MaxSize:
		return fmt.Errorf("a queue of %d bytes: it must be 0 (the default) to %d", c.Queue, MaxSize)
	case c.Queue > 0 && c.Queue < mtu:
		return fmt.Errorf("a queue of %d bytes has no room for a packet of %d", c.Queue, mtu)
	case c.Congestion != "" && !slices.Contains(Congestions, c.Congestion):
		return fmt.Errorf("congestion control %q: it must be one of %s", c.Congestion, strings.Join(Congestions, ", "))
	}
	for _, d := range []struct {
		name string
		rate float64
	}{{"down", c.Down}, {"up", c.Up}} {
		if d.rate != 0 && !(d.rate >= MinRate && d.rate <= MaxRate) {
			return fmt.Errorf("bandwidth %s of %v bit/s: it must be 0 (no limit), or %v to %v", d.name, d.rate, MinRate, MaxRate)
		}
	}
	return nil
}

// Algorithm is the congestion control in force.
func (c Conditions) Algorithm() string { return cmp.Or(c.Congestion, Congestions[0]) }

// QueueOf is how many bytes may wait for a rate (bits per second): Queue, or
// else what the rate sends in a round trip of at least 100 ms, the classic rule
// for a router's buffer (Villamizar and Song, "High Performance TCP in ANSNET",
// 1994; they took the RTT of the path, for which 100 ms is customary where it
// is not known), and 64 KiB at least, which is about what a window without
// scaling can fill.
func (c Conditions) QueueOf(rate float64) int {
	if c.Queue > 0 {
		return c.Queue
	}
	trip := max(c.RTT, 100*time.Millisecond)
	return int(min(max(64<<10, math.Ceil(rate/8*trip.Seconds())), MaxSize))
}
