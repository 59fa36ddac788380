package fleet

import (
	"cmp"
	"fmt"
	"time"

	"pushbench/results"
	"pushbench/servers/control"
	"pushbench/servers/count"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// Commands of a fleet, beside control.Run (RunArgs → None), control.Start (the same,
// but at once: a Run that follows waits for it), control.Tally, control.Mark (→ Mark),
// control.Trim and control.Ends.
const (
	Connect = "connect" // Config → None, once every subscriber has its first event
	Await   = "await"   // AwaitArgs → how many subscribers did not have it in time
	Collect = "collect" // the feed's newest event → Collected
)

// Config is what a fleet subscribes to, and how.
type Config struct {
	Addr        string  `json:"addr"`                // of the server
	Authority   string  `json:"authority,omitempty"` // who certifies it, in PEM; empty: in clear
	HTTP2       bool    `json:"http2"`
	Headers     string  `json:"headers"`   // profile of header fields
	Transport   string  `json:"transport"` // with knobs
	Encoding    string  `json:"encoding"`
	Payload     int     `json:"payload"`     // bytes that every event's body must have
	Subscribers int     `json:"subscribers"` // in all: those that there are already are left alone
	From        int     `json:"from"`        // place of the first new one among those that all fleets of the trial add
	Of          int     `json:"of"`          // so many are these; 0: this fleet's
	Since       uint64  `json:"since"`       // newest event that the new ones have; above 0, none is awaited
	Latest      bool    `json:"latest"`      // they want the newest event only
	Stamp       bool    `json:"stamp"`       // look at events only when the feed rests
	DialRate    float64 `json:"dial-rate"`   // connections opened per second, open loop
	Seed        uint64  `json:"seed"`
	Block       int     `json:"block"`

	// Address is where the server has the feed; nil: where our own has it.
	Address *feed.Address `json:"address,omitempty"`

	Uplink        float64 `json:"uplink"` // messages a second that each subscriber sends
	UplinkPayload int     `json:"uplink-payload"`
}

// RunArgs lets trial time pass, and says which events belong to the measured
// window: those due in [From, Until), ns on CLOCK_MONOTONIC, whenever they
// arrive.
type RunArgs struct {
	control.RunArgs
	From  int64 `json:"from"`
	Until int64 `json:"until"`
}

// AwaitArgs asks for every subscriber to have an event, for at most a time.
// Polls go on meanwhile, from Origin.
type AwaitArgs struct {
	Newest  uint64        `json:"newest"`
	Origin  int64         `json:"origin"`
	Timeout time.Duration `json:"timeout"`
}

// Mark is the state of a fleet while trial time rests.
type Mark struct {
	At    int64         `json:"at"` // ns on CLOCK_MONOTONIC
	Usage control.Usage `json:"usage"`
	Last  int64         `json:"last"`             // when the last event came (ns on CLOCK_MONOTONIC), where there are any
	NoTCP string        `json:"no-tcp,omitempty"` // why the kernel's counts are not there
	Count
}

// Add makes it the mark of both fleets.
func (m *Mark) Add(other Mark) {
	m.At, m.Last = max(m.At, other.At), max(m.Last, other.Last)
	m.Usage, m.Count = count.Add(m.Usage, other.Usage), count.Add(m.Count, other.Count)
	m.NoTCP = cmp.Or(m.NoTCP, other.NoTCP)
}

// Count is what a fleet has counted, all of it cumulative.
type Count struct {
	Counts wire.Counts `json:"counts"`
	TCP    wire.TCP    `json:"tcp"`

	Delivered int64 `json:"delivered"` // events emitted to all subscribers
	Payload   int64 `json:"payload"`   // bytes of their bodies
	Envelope  int64 `json:"envelope"`  // bytes of their encoding beside the body

	Echoes     int64 `json:"echoes"`      // messages that subscribers sent and got back
	EchoesUp   int64 `json:"echoes-up"`   // bytes of messages sent
	EchoesDown int64 `json:"echoes-down"` // and of what came back

	HeadersUp   int64 `json:"headers-up"` // bytes of HTTP message heads
	HeadersDown int64 `json:"headers-down"`
	FramingUp   int64 `json:"framing-up"` // bytes of the transport's own format around messages
	FramingDown int64 `json:"framing-down"`

	CompressionUp   int64 `json:"compression-up"` // bytes that compression added: below 0 where it saved some
	CompressionDown int64 `json:"compression-down"`

	Requests int64 `json:"requests"`
	Answers  int64 `json:"answers"`
	Empty    int64 `json:"empty"`
	Skipped  int64 `json:"skipped"` // polls whose slot passed while the one before was outstanding
}

// Collected is what a fleet has seen in the whole trial.
type Collected struct {
	Hists  map[string]*results.Hist `json:"hists"`
	Events int64                    `json:"events"` // that were delivered, repetitions included
	Order  Order                    `json:"order"`
	Age    Age                      `json:"age"`
	Uplink Uplink                   `json:"uplink"`
	Errors []string                 `json:"errors"` // of subscribers, the first few
	Failed int                      `json:"failed"` // subscribers that ended with an error
	Looped int                      `json:"looped"` // subscribers whose connection an event loop reads
	// Dropped is samples that a histogram could not take: a negative time or
	// one of over an hour.
	Dropped int64  `json:"dropped"`
	Setups  Setups `json:"setups"`
}

// Add makes it what both fleets have seen.
func (c *Collected) Add(other Collected) error {
	for name, h := range other.Hists {
		if err := c.Hists[name].Merge(h); err != nil {
			return fmt.Errorf("the histograms of %s: %w", name, err)
		}
	}
	c.Events, c.Failed, c.Dropped = c.Events+other.Events, c.Failed+other.Failed, c.Dropped+other.Dropped
	c.Looped += other.Looped
	c.Order, c.Age = count.Add(c.Order, other.Order), count.Add(c.Age, other.Age)
	c.Uplink, c.Setups = count.Add(c.Uplink, other.Uplink), count.Add(c.Setups, other.Setups)
	c.Errors = append(c.Errors, other.Errors...)
	return nil
}

// Setups is what connections took to become ready, summed up. Bytes are those
// of wire.Setup: without what the server's TLS handshakes sent.
type Setups struct {
	Ready   int64    `json:"ready"` // connections that became so
	Up      int64    `json:"up"`
	Down    int64    `json:"down"`
	TLSUp   int64    `json:"tls-up"`
	TLSDown int64    `json:"tls-down"`
	Turns   int64    `json:"turns"` // round trips
	Full    int64    `json:"full"`  // TLS handshakes
	Resumed int64    `json:"resumed"`
	Kernel  wire.TCP `json:"kernel"`
}

// add counts one more.
func (s *Setups) add(one wire.Setup) {
	s.Ready++
	s.Up += one.Up
	s.Down += one.Down
	s.TLSUp += one.TLSUp
	s.TLSDown += one.TLSDown
	s.Turns += one.Turns
	s.Kernel = count.Add(s.Kernel, one.Kernel)
	switch {
	case one.TLS == 0:
	case one.Resumed:
		s.Resumed++
	default:
		s.Full++
	}
}
