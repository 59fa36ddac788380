// Package raw is the floor that every other push transport stands on: after an
// HTTP upgrade (RFC 9110 §7.8) the connection carries nothing but messages, each
// with its length in front. What another transport takes beyond that is what its
// protocol costs.
//
//	length   4 bytes, big-endian: of the message
//	message  downwards an event as in every other transport, as soon as it is
//	         published; upwards what an uplink sends, and downwards its echo
//
// A subscriber that sends anything else is cut off.
package raw

import (
	"bytes"
	"encoding/binary"

	"pushbench/servers/feed"
)

// Transport is the floor.
var Transport = &feed.Transport{
	Name:      name,
	About:     "the floor: one upgrade, then bare events with their length in front",
	Upgrades:  true,
	Knobs:     []feed.Knob{feed.BatchKnob},
	Rhythm:    feed.PushRhythm,
	Serve:     serve,
	Subscribe: subscribe,
}

const name = "raw"

// protocol is what the connection is upgraded to.
const protocol = "pushbench-raw"

// prefixLen is the size of the length before a message (bytes).
const prefixLen = 4

// writeFrame adds a message with its length in front.
func writeFrame(b *bytes.Buffer, message []byte) {
	b.Write(binary.BigEndian.AppendUint32(b.AvailableBuffer(), uint32(len(message))))
	b.Write(message)
}
