package lab

import (
	"pushbench/results"
	"pushbench/servers/control"
)

// Commands of the link, which package control carries.
const (
	Open      = "open"       // OpenArgs → Opened, once
	Mark      = control.Mark // None → LinkMark
	Cut       = "cut"        // CutArgs → None, at once
	Mend      = "mend"       // None → None: both directions carry packets again
	Readdress = "readdress"  // None → Readdressed
)

// OpenArgs is a path to make. Seed and Block with the name of the direction
// decide which packets are lost, and by how much each is delayed.
type OpenArgs struct {
	Conditions
	Seed  uint64 `json:"seed"`
	Block int    `json:"block"`
}

// Opened is where the ends of the path are. The namespaces are paths for
// `loadgen join`, good as long as the link lives.
type Opened struct {
	ServerNS string `json:"server-ns"`
	FleetNS  string `json:"fleet-ns"`
	ServerIP string `json:"server-ip"`
}

// CutArgs are the directions in which packets vanish from now on, those under
// way included, without a word to anybody, until Mend. A direction that is not
// named stays as it is.
type CutArgs struct {
	Down bool `json:"down"` // server→fleet
	Up   bool `json:"up"`
}

// Readdressed is the fleet's new address. Its namespace has no other, and what
// goes to or comes from an earlier one vanishes, as behind a NAT that has
// forgotten a binding or on a phone that has changed networks: nobody is told,
// and connections of before hear nothing any more.
type Readdressed struct {
	FleetIP string `json:"fleet-ip"`
}

// LinkMark is the state of a link. At rest, which is where both directions have
// nothing in flight, flows can be compared with what the ends counted.
type LinkMark struct {
	At    int64         `json:"at"` // ns on CLOCK_MONOTONIC
	Usage control.Usage `json:"usage"`
	Down  Flow          `json:"down"` // server→fleet
	Up    Flow          `json:"up"`
	// Late is how much later than it was due each packet was handed on (ns), since
	// the mark before. It was due so long after the link had read it; what passed
	// until then, a wake-up of the link, is not in it.
	Late *results.Hist `json:"late"`
}

// Flow counts the IP packets of one direction since the link was opened. Bytes have the
// IP header in them. What is neither lost, overflowed, cut nor delivered is under way.
type Flow struct {
	Packets        int64 `json:"packets"` // that the sender's kernel handed over
	Bytes          int64 `json:"bytes"`
	Lost           int64 `json:"lost"`       // at random
	Overflowed     int64 `json:"overflowed"` // the queue was full
	Cut            int64 `json:"cut"`        // the direction was cut, or the address an earlier one
	Delivered      int64 `json:"delivered"`  // to the receiver's kernel
	DeliveredBytes int64 `json:"delivered-bytes"`

	// Missed is packets that were lost because the link was too slow: the
	// sender's device dropped them before the link could read them, or the
	// receiver's kernel did not take them. They are in none of the above but for
	// the latter, which count as Delivered. A trial with any is worth nothing.
	Missed int64 `json:"missed"`
}
