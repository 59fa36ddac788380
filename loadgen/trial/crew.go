package trial

import (
	"context"
	"fmt"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/host"
)

// Where more subscribers than a process may have connections take part, several
// processes share them at each end: servers that publish one feed, and for each of them
// fleets of its own. To whoever looks at the record they are one server and one fleet.

// Crew is how many processes a trial has.
type Crew struct{ Servers, Fleets int }

// NewCrew is so many servers, and at least so many fleets: each server has as many as
// any other.
func NewCrew(servers, fleets int) Crew {
	servers, fleets = max(1, servers), max(1, fleets)
	return Crew{servers, servers * ((fleets + servers - 1) / servers)}
}

// crew is the trial's.
func (c Config) crew() Crew { return NewCrew(c.Crew.Servers, max(c.Crew.Fleets, c.Treatment.Fleets)) }

// name is that of the i-th process of a kind.
func name(kind string, i int) string {
	if i == 0 {
		return kind
	}
	return fmt.Sprintf("%s %d", kind, i+1)
}

// Many subscribers are connected some at a time, each time so few that all may be in
// the queues of the servers' listeners at once (net.core.somaxconn, 4096 since Linux
// 5.4), and the next when these have their first event.
const (
	few     = 10_000 // subscribers that are connected at once
	atATime = 2500   // of more, for each server
	// manyDialRate is how many connections a second are then opened at most. What the
	// host cannot do of it is made up for between one step and the next.
	manyDialRate = 2500.0
)

// step is how many subscribers are connected at a time.
func (c Config) step() int {
	if c.Treatment.Subscribers <= few {
		return c.Treatment.Subscribers
	}
	return atATime * c.crew().Servers
}

// Ports is how many ports of one address connections to one server take.
func (c Config) Ports() int {
	n := (c.Treatment.Subscribers + c.crew().Servers - 1) / c.crew().Servers
	if c.Treatment.Emulated() {
		return n // the fleets' end of a path has one address
	}
	return min(n, fleet.PerSource)
}

// burst is how long an event may take to go to all subscribers: 10,000 writes take a
// server some 100 ms, and an answer with the request that follows it several times that.
func (c Config) burst() time.Duration {
	const each = 50 * time.Microsecond
	return time.Duration(c.Treatment.Subscribers) * each
}

// ConnectError is that subscribers could not be connected.
type ConnectError struct {
	From, To, Of int            // which were being connected, of all; those before had been
	Met          []host.Reached // limits of the host that were in the way, as far as is known
	Err          error
}

func (e *ConnectError) Error() string {
	text := fmt.Sprintf("%v; subscribers %d to %d of %d were being connected", e.Err, e.From, e.To, e.Of)
	for _, limit := range e.Met {
		text += fmt.Sprintf("; a limit was in the way: %v", limit)
	}
	return text
}

func (e *ConnectError) Unwrap() error { return e.Err }

// connectTo connects the subscribers up to n, and says which limit was in the way where
// that fails.
func (r *run) connectTo(ctx context.Context, n int, within time.Duration) error {
	c := r.connect
	c.Subscribers = n
	if err := r.fleets.Connect(ctx, within, r.dialled, c, r.reached); err != nil {
		return &ConnectError{From: r.dialled + 1, To: n, Of: c.Of, Met: host.LimitsReached(err, r.seen.Sockets.Before), Err: err}
	}
	r.dialled = n
	return nil
}
