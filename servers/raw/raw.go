// Package raw is the floor that every other push transport stands on: after an
// HTTP upgrade (RFC 9110 §7.8) the connection carries nothing but events, each
// with its length in front, as soon as it is published. What another transport
// takes beyond that is what its protocol costs.
//
//	length  4 bytes, big-endian: of the event's encoding
//	event   as in every other transport
//
// The subscriber sends nothing after its request; one that does is cut off.
package raw

import (
	"encoding/binary"

	"pushbench/servers/feed"
)

// Transport is the floor.
var Transport = &feed.Transport{
	Name:      name,
	About:     "the floor: one upgrade, then bare events with their length in front",
	Upgrades:  true,
	Serve:     serve,
	Subscribe: subscribe,
}

const name = "raw"

// protocol is what the connection is upgraded to.
const protocol = "pushbench-raw"

// prefixLen is the size of the length before an event (bytes).
const prefixLen = 4

// maxEvent bounds an event's encoding (bytes), as WebSocket's client end bounds
// a message.
const maxEvent = 128 << 20

// appendFrame adds an event's encoding with its length in front.
func appendFrame(dst, event []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(event)))
	return append(dst, event...)
}
