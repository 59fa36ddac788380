package trial

import (
	"fmt"
	"math"
	"time"

	"pushbench/loadgen/lab"
	"pushbench/loadgen/measure"
	"pushbench/scenarios"
)

// How long things take on the path that a treatment asks for. Nothing of it is
// measured: it paces the dials, so that handshakes do not queue before a narrow
// path, and bounds what a trial waits for. A bound that is too wide costs nothing
// but the time until a trial that hangs is given up.

// conditions is the path that the treatment asks for, as the lab makes it.
func (c Config) conditions() (lab.Conditions, error) {
	n := c.Treatment.Network
	path := lab.Conditions{RTT: n.RTT, Jitter: n.Jitter, Reorder: n.Reorder, Loss: n.Loss, Down: n.Bandwidth, Up: n.Bandwidth}
	if n.Profile != "" && n.Profile != scenarios.NoNetwork {
		known := false
		if path, known = lab.Profiles[n.Profile]; !known {
			return path, fmt.Errorf("network %q is not known", n.Profile)
		}
	}
	path.Congestion = n.Congestion
	return path, path.Check()
}

// network reckons with the path.
func (p *plan) network(c Config) (err error) {
	p.Still = c.still
	if p.Emulated = c.Treatment.Emulated(); !p.Emulated {
		return nil
	}
	if p.Path, err = c.conditions(); err != nil {
		return err
	}
	p.trip = p.Path.RTT + p.Path.Jitter
	p.slack += 4*p.trip + 2*queueing(p.Path) + recovery(p.Path)
	still := stillness(p.Path)
	busy := p.trip + ackDelay(p.Path) // by a heartbeat, its answer, and the acknowledgement of that
	if p.Rhythm.Beat == 0 || time.Duration(c.Treatment.Subscribers)*(busy+still) < p.Rhythm.Beat {
		p.Still = max(p.Still, still) // else there may be no such time between heartbeats
	}
	p.dialRate = min(p.dialRate, dialsOver(p.Path, c.Treatment))
	return nil
}

// queueing is how long a packet waits at most for the bandwidth of its direction.
func queueing(path lab.Conditions) (longest time.Duration) {
	for _, rate := range []float64{path.Down, path.Up} {
		if rate > 0 {
			longest = max(longest, seconds(8*float64(path.QueueOf(rate)+measure.FullPacket)/rate))
		}
	}
	return longest
}

// recovery is how long it may take TCP to bring across what is lost: up to five
// transmissions in a row, which at 5 % of loss happens to one segment in three
// million. Each waits twice as long as the one before (RFC 6298 §5.5), the first
// for a round trip and 200 ms (the kernel's TCP_RTO_MIN), or for a second where it
// opens a connection (RFC 6298 §2.1).
func recovery(path lab.Conditions) time.Duration {
	if path.Loss == 0 && path.Down == 0 && path.Up == 0 { // nor does any queue overflow
		return 0
	}
	const waits = 1 + 2 + 4 + 8 + 16
	return waits * max(time.Second, path.RTT+path.Jitter+queueing(path)+200*time.Millisecond)
}

// Bounds of how long the kernel holds an acknowledgement back (TCP_DELACK_MIN and
// TCP_DELACK_MAX); between them it is a round trip (tcp_send_delayed_ack).
const (
	ackDelayLeast = 40 * time.Millisecond
	ackDelayMost  = 200 * time.Millisecond
)

// ackDelay is how long a kernel may hold an acknowledgement back on a path.
func ackDelay(path lab.Conditions) time.Duration {
	return min(max(ackDelayLeast, path.RTT+path.Jitter), ackDelayMost)
}

// stillness is how long the fleet's counts of segments can stand still although
// one is still to come: while the server's kernel holds an acknowledgement back
// and the path carries it. A little more, for timers that are late.
func stillness(path lab.Conditions) time.Duration {
	const late = 10 * time.Millisecond
	across := (path.RTT + path.Jitter) / 2
	if path.Down > 0 {
		across += seconds(8 * measure.FullPacket / path.Down)
	}
	return ackDelay(path) + across + late
}

// dialShare is the part of a narrow path that connections being set up may take.
const dialShare = 0.25

// dialsOver is how many connections a second can be set up over the path.
func dialsOver(path lab.Conditions, t scenarios.Treatment) float64 {
	need := 1000 + float64(t.Payload) // bytes of handshake, request and first answer, each way at most
	if t.TLS {
		need += 3000 // the server's certificate and what belongs to it
	}
	rate := math.Inf(1)
	for _, bandwidth := range []float64{path.Down, path.Up} {
		if bandwidth > 0 {
			rate = min(rate, dialShare*bandwidth/8/need)
		}
	}
	return rate
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
