package scenarios

import "fmt"

// A trial with a fault ends with one: at an instant that is random to the
// heartbeats an end falls silent, or the path between them, without a word, for as
// long as a window is measured, and whoever is left in silence notices or does
// not. Heartbeats are what a treatment of it varies, so the feed may be quiet.

// The levels of the key fault.
const (
	NoFault     = "none"
	ServerStops = "server-stops" // its process is stopped (SIGSTOP); its kernel is not
	FleetStops  = "fleet-stops"  // the same of the subscribers' process

	Cut           = "cut"            // the path drops whatever is sent, both ways
	CutDown       = "cut-down"       // what the server sends
	CutUp         = "cut-up"         // what the subscribers send
	AddressChange = "address-change" // the subscribers' host has another address from then on
)

// networkFaults are those of the path, which take the lab.
var networkFaults = []string{Cut, CutDown, CutUp, AddressChange}

var faults = append([]string{NoFault, ServerStops, FleetStops}, networkFaults...)

// checkFault holds a treatment to what can be asked of a fault.
func (s *Scenario) checkFault(t Treatment) string {
	switch {
	case t.Fault == NoFault:
	case len(s.Idle) > 0:
		return "idle measures memory, which a fault has no part in; leave fault out"
	case t.Uplink != 0:
		return "a fault is noticed by what the feed's own connection carries; leave uplink out"
	case s.rhythm(t).FreshConns:
		return fmt.Sprintf("%s keeps no connection that could be found dead; leave it out", t.Transport)
	}
	return ""
}

const (
	// manyPhases is the number of connections from which the times until they
	// notice spread over a heartbeat's interval as they would in the long run.
	manyPhases = 50
	// maxBeats is the number of heartbeats a second, of all connections, beyond
	// which there is hardly a moment without one under way.
	maxBeats = 200
)

// weakFault: a trial that cannot show what its fault is about.
func (s *Scenario) weakFault(t Treatment) (w []string) {
	if t.Fault == NoFault {
		return nil
	}
	if t.Subscribers < manyPhases {
		w = append(w, fmt.Sprintf("subscribers: a fault finds each at another phase of its heartbeat, and %d are few; take %d or more", t.Subscribers, manyPhases))
	}
	r := s.rhythm(t)
	if r.Patience > 0 && r.Beat+r.Patience > s.Measure {
		w = append(w, fmt.Sprintf("measure: %s is shorter than ping and pong of %s together; what an end notices after it does not count", s.Measure, t.Labels.Transport()))
	}
	if beat := r.Beat.Seconds(); beat > 0 && float64(t.Subscribers)/beat > maxBeats {
		w = append(w, fmt.Sprintf("subscribers: %d with a heartbeat every %s leave no moment of rest, in which both ends have counted the same; take %.0f or fewer",
			t.Subscribers, r.Beat, maxBeats*beat))
	}
	return w
}
