// Package feed is what every transport carries, and the contract it carries it
// under: events, the log that keeps them, their encoding, the schedule that
// makes them due, the clock they are stamped by, and the Transport type that
// pairs a server end with a client end.
//
//	schedule ─▶ Publisher ─▶ Log ─▶ Transport.Serve ═ connection ═ Transport.Subscribe ─▶ emit(Event)
//	                                  (servers)                       (loadgen's fleet)
//
// # Delivery contract
//
// A subscriber that asks for since=N is given every event after N, each
// exactly once and in order. It may stop at any time and go on later, on
// another connection, from the last sequence number it saw. Events that the
// bounded log no longer holds are announced as a Gap, in their place in the
// stream; they are never left out in silence. Bad input is answered with the
// right HTTP status and one line that says why.
//
// One that asks for want=latest is given the newest event there is whenever it
// can take one. What it is too late for is skipped, which its numbers tell, and
// is no gap. A subscriber may also send messages of its own, an Uplink; each
// comes back unchanged.
//
// Package feedtest holds every transport to this.
package feed

import "fmt"

// Event is one numbered item of the feed. Due, Sent and the receiver's own
// reading are three different instants, all on CLOCK_MONOTONIC in nanoseconds,
// which every process of a host shares: Sent−Due is the publisher's lateness,
// Recv−Due is staleness, Recv−Sent is delivery.
type Event struct {
	Seq  uint64 // from 1, without gaps; 0 marks a Gap
	Due  int64  // ns: when the schedule says
	Sent int64  // ns: when it really was published
	Body []byte // exactly the feed's payload size
}

// Gap says that events First to Last are no longer in the log, so that this
// subscriber will not get them.
type Gap struct{ First, Last uint64 }

func (g Gap) String() string { return fmt.Sprintf("gap %d–%d", g.First, g.Last) }

// Event is the gap as it travels in the stream: sequence number 0, with the
// first and last missing number where Due and Sent stand.
func (g Gap) Event() Event { return Event{Due: int64(g.First), Sent: int64(g.Last)} }

// Gap returns the gap that e announces, if it is one.
func (e Event) Gap() (Gap, bool) {
	return Gap{uint64(e.Due), uint64(e.Sent)}, e.Seq == 0
}

// Cursor is the since= with which a subscriber goes on after e.
func (e Event) Cursor() uint64 {
	if gap, ok := e.Gap(); ok {
		return gap.Last
	}
	return e.Seq
}
