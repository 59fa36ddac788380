package feed

import (
	"context"
	"net/http"
	"sync/atomic"
)

// Transport is one way to carry the feed, both ends together. Its seams are
// types of the standard library, so that accounting, TLS or an emulated
// network wrap any transport without it knowing.
type Transport struct {
	Name  string // path on the server and name in a scenario
	About string // one line for people
	Knobs []Knob

	// Upgrades says that the transport leaves HTTP by an upgrade, which HTTP/2
	// has not (RFC 9113 §8.6).
	Upgrades bool

	// Rhythm is what the options, checked, make of the transport.
	Rhythm func(Options) Rhythm

	// Serve is the server end: it answers a request that Handler has read and
	// found good.
	Serve func(log *Log, req Request, w http.ResponseWriter, r *http.Request)

	// Subscribe is the client end. It emits what the delivery contract says
	// until ctx ends, when it returns nil, or until the connection is cut or
	// the server refuses, when it returns the reason; the caller may then
	// subscribe anew from the last event it got. All requests go through
	// the client, but for an uplink over HTTP, which has one of its own. Where it
	// leaves its connection to the subscription's loop, it returns ErrAttached.
	Subscribe func(ctx context.Context, client *http.Client, s Subscription) error
}

// Subscription is what a subscriber asks for, and what it is given to do so.
type Subscription struct {
	Address  *Address // where the server has it
	Since    uint64
	Options  Options
	Codec    Codec
	Clock    Clock
	Timeline *Timeline   // trial time, by which polls are due
	Phase    float64     // of the polls, as a share of their interval, in [0, 1)
	Emit     func(Event) // the event's body is valid until Emit returns
	Meter    *Meter

	// Uplink is what the subscriber sends meanwhile; nil: nothing.
	Uplink *Uplink
	// UplinkClient is the client that an uplink over HTTP goes through, since the
	// feed holds the first one's only connection; nil without an uplink.
	UplinkClient *http.Client

	// Loop reads the connection of a transport that pushes, where it can and there
	// is no uplink; nil: a goroutine does. Done is then told, once, what Subscribe
	// would have returned, maybe before that returns ErrAttached.
	Loop Loop
	Done func(error)
}

// Meter counts what a transport's client ends did. Several subscribers may
// share one.
type Meter struct {
	Requests atomic.Int64 // requests for events sent, upgrades included
	Answers  atomic.Int64 // responses or messages that carried events
	Empty    atomic.Int64 // responses that carried none
	Skipped  atomic.Int64 // polls left out because the one before was outstanding

	// Framing is what the client end knows of its protocol's own bytes beyond
	// what the connection counts of HTTP: WebSocket frame headers and control
	// frames, the field names of server-sent events.
	FramingDown, FramingUp atomic.Int64

	// Compression is the bytes that compressing messages added to them: below
	// zero where it saved some. Events and echoes count in their full length.
	CompressionDown, CompressionUp atomic.Int64

	// Echoes are the bytes of uplink messages sent, and of their echoes
	// received, without what they are framed in.
	EchoesUp, EchoesDown atomic.Int64
}
