package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"pushbench/servers/units"
)

// The path between server and subscribers is plain loopback, or one that
// loadgen's lab emulates packet by packet under the kernel's own TCP: by its
// RTT, jitter, loss and bandwidth, or by the name of a profile that sets all of
// them. Where all of them are nothing there is no lab, and congestion control is
// the host's.

// Network is what a treatment asks of the path, the same in both directions.
type Network struct {
	Profile    string        // NoNetwork, or the name of numbers that package lab has; those below are nothing then
	RTT        time.Duration // of the empty path
	Jitter     time.Duration // by which a round trip is shorter or longer at most
	Reorder    bool          // packets overtake one another by it
	Loss       float64       // share of the packets
	Bandwidth  float64       // bits per second; 0: without limit
	Congestion string        // congestion control: one of Congestions
}

// NoNetwork is the level of the key network where no profile is asked for.
const NoNetwork = "none"

// unlimited is the level of a bandwidth without limit.
const unlimited = "unlimited"

// Networks are the levels of the key network: none, and names that package lab
// has the numbers of.
var Networks = []string{NoNetwork, "lan", "fibre", "4g", "3g", "intercontinental", "lossy-wifi"}

// Congestions are the levels of the key congestion; the first is the default. A
// host's own may be another, and BBR, for one, hides loss.
var Congestions = []string{"cubic", "bbr", "reno"}

// Bounds beyond which a path is a slip of the pen, or none that a person has.
const (
	maxRTT       = 300 * time.Millisecond
	maxLoss      = 0.05
	minBandwidth = 100e3 // bits per second
	maxBandwidth = 1e9
)

// Emulated reports whether the path takes the lab.
func (n Network) Emulated() bool {
	return n.named() || n.RTT > 0 || n.Jitter > 0 || n.Loss > 0 || n.Bandwidth > 0
}

func (n Network) named() bool { return n.Profile != "" && n.Profile != NoNetwork }

// Steady reports whether the path does nothing but take its time: half the RTT
// each way, always.
func (n Network) Steady() bool {
	return !n.named() && n.Jitter == 0 && n.Loss == 0 && n.Bandwidth == 0
}

// Emulated reports whether the treatment takes the lab: for its path, or for a
// fault of the path.
func (t Treatment) Emulated() bool {
	return t.Network.Emulated() || slices.Contains(networkFaults, t.Fault)
}

// Faulty reports whether something falls silent at the end of the trial.
func (t Treatment) Faulty() bool { return t.Fault != "" && t.Fault != NoFault }

// pathTime reads a time that a path can take.
func pathTime(field func(*Treatment) *time.Duration, example string) reader {
	return func(level string, t *Treatment) (string, error) {
		v, err := quantity(level, "s", 0, maxRTT.Seconds(), example)
		*field(t) = time.Duration(math.Round(v * float64(time.Second)))
		return units.Text(v, "s"), err
	}
}

func readLoss(level string, t *Treatment) (string, error) {
	v, err := quantity(level, "%", 0, maxLoss, "1%")
	t.Network.Loss = v
	return units.Text(v, "%"), err
}

func readBandwidth(level string, t *Treatment) (string, error) {
	if level == unlimited {
		t.Network.Bandwidth = 0
		return unlimited, nil
	}
	v, err := quantity(level, "bit/s", minBandwidth, maxBandwidth, "10Mbps")
	if err != nil {
		return "", fmt.Errorf("%w, or %s", err, unlimited)
	}
	t.Network.Bandwidth = math.Round(v) // bits, so that its spelling reads as the same
	return units.Text(t.Network.Bandwidth, "bit/s"), nil
}

// impossible says why a path, each level sound by itself, cannot be had.
func (n Network) impossible(emulated bool) string {
	switch {
	case n.Jitter > n.RTT:
		return fmt.Sprintf("a jitter of %s is more than the rtt of %s that it would vary", units.Text(n.Jitter.Seconds(), "s"), units.Text(n.RTT.Seconds(), "s"))
	case n.Reorder && n.Jitter == 0:
		return "packets overtake one another by their jitter, and there is none"
	case !emulated && n.Congestion != "" && n.Congestion != Congestions[0]:
		return fmt.Sprintf("congestion control %s is set where there is a network, and on plain loopback there is none", n.Congestion)
	}
	return ""
}

// checkNetwork holds a treatment to what can be asked of a path.
func (s *Scenario) checkNetwork(t Treatment) string {
	if set := t.pathKeys(); t.Network.named() && len(set) > 0 {
		return fmt.Sprintf("network %s sets rtt, jitter, reorder, loss and bandwidth; leave %s out, or the combination by except", t.Network.Profile, strings.Join(set, ", "))
	}
	if len(s.Idle) > 0 && t.Network.Emulated() {
		return "idle measures memory, which a network between the ends has no part in; leave rtt, jitter, reorder, loss, bandwidth and network out"
	}
	return ""
}

// pathKeys are the keys of the path that a treatment sets by itself.
func (t Treatment) pathKeys() []string {
	var set []string
	for _, key := range []string{"rtt", "jitter", "reorder", "loss", "bandwidth"} {
		if t.Labels[key] != keyNamed(key).level {
			set = append(set, key)
		}
	}
	return set
}

// manyTrips is how many round trips a window should hold: with fewer, what it
// begins and ends with is part of what it shows.
const manyTrips = 10

// maxUnderWay is how many heartbeats, on average, may be on the path at once: with
// more there is hardly a moment of rest.
const maxUnderWay = 0.6

// leastHead is the bytes that an event's numbers take, in any encoding at least.
const leastHead = 32

// weakNetwork: a trial that cannot show what its path is about.
func (s *Scenario) weakNetwork(t Treatment) (w []string) {
	rtt, rhythm := t.Network.RTT, s.rhythm(t)
	if trips := s.Measure.Seconds() / rtt.Seconds(); rtt > 0 && trips < manyTrips {
		w = append(w, fmt.Sprintf("measure: %s holds %.2g round trips of %s; take %d or more", s.Measure, trips, t.Labels["rtt"], manyTrips))
	}
	if rhythm.Poll > 0 && rhythm.Poll <= rtt {
		w = append(w, fmt.Sprintf("%s over an rtt of %s: a poll is out for longer than the interval, and slots are passed over", t.Labels.Transport(), t.Labels["rtt"]))
	}
	if beat := rhythm.Beat.Seconds(); beat > 0 && float64(t.Subscribers)/beat*rtt.Seconds() > maxUnderWay {
		w = append(w, fmt.Sprintf("subscribers: %d with a heartbeat every %s over an rtt of %s leave no moment without one under way, in which both ends have counted the same; take %.0f or fewer",
			t.Subscribers, rhythm.Beat, t.Labels["rtt"], math.Floor(maxUnderWay*beat/rtt.Seconds())))
	}
	load := 8 * float64(t.Payload+leastHead) * t.Rate * float64(t.Subscribers)
	if load >= t.Network.Bandwidth && t.Network.Bandwidth > 0 && t.Want == "every" && !rhythm.Compress {
		w = append(w, fmt.Sprintf("bandwidth: %s is less than the %.3gMbps or more of events that %s subscribers of %s at %s take; what is published piles up",
			t.Labels["bandwidth"], load/1e6, t.Labels["subscribers"], t.Labels["payload"], t.Labels["rate"]))
	}
	return w
}
