package control

import (
	"time"

	"pushbench/servers/wire"
)

// Commands of both children.
const (
	Run   = "run"   // RunArgs → the number of the newest event, once trial time rests again
	Start = "start" // RunArgs → None, at once: trial time passes meanwhile
	Tally = "tally" // None → wire.Counts
	Trim  = "trim"  // None → Usage, after garbage collection, with unused memory given back
	Mark  = "mark"  // None → ServerMark or FleetMark
	Ends  = "ended" // EndedArgs → when each ended so far, in order, once there are enough or the time is over
)

// Commands of the server alone.
const (
	Listen  = "listen"  // None → Listening
	Publish = "publish" // one event at once, outside the schedule: None → its number

	Published = "published" // None → PublishedAt
)

// Listening is where a server answers.
type Listening struct {
	Addr      string `json:"addr"`
	Authority string `json:"authority,omitempty"` // who certifies it, in PEM; empty in clear
}

// RunArgs lets trial time pass from its origin (ns on CLOCK_MONOTONIC) up to a
// mark (ns).
type RunArgs struct {
	Origin int64         `json:"origin"`
	To     time.Duration `json:"to"`
}

// EndedArgs asks until an instant (ns on CLOCK_MONOTONIC) for so many ends: of
// the server's connections, or of the fleet's subscriptions.
type EndedArgs struct {
	Count int   `json:"count"`
	Until int64 `json:"until"`
}

// ServerMark is the state of a server while trial time rests. Times are
// cumulative seconds, sizes bytes.
type ServerMark struct {
	At         int64       `json:"at"` // ns on CLOCK_MONOTONIC
	Usage      Usage       `json:"usage"`
	Counts     wire.Counts `json:"counts"`
	Newest     uint64      `json:"newest"`
	PublishCPU float64     `json:"publish-cpu"` // s, spent in publishing what was due
	Fanout     Fanout      `json:"fanout"`
}

// Fanout is what the loop of the server has done, which sends events to whoever has all
// before.
type Fanout struct {
	Delivered int64 `json:"delivered"` // events, each to one subscriber
	Fallbacks int64 `json:"fallbacks"` // times that a subscriber could not take one whole
}

// PublishedAt is the events that were published on schedule so far.
type PublishedAt struct {
	Due []int64 `json:"due"` // ns on CLOCK_MONOTONIC
	Lag []int64 `json:"lag"` // ns, Sent − Due
}

// Usage is what a process has taken from its host.
type Usage struct {
	User       float64 `json:"user"` // s
	System     float64 `json:"system"`
	RSS        int64   `json:"rss"`
	Heap       int64   `json:"heap"`   // live and not yet swept objects
	Stacks     int64   `json:"stacks"` // of goroutines
	Goroutines int     `json:"goroutines"`
	FDs        int     `json:"fds"`
	Switches   int64   `json:"switches"` // context switches, voluntary or not
}

// CPU is user and system time together (s).
func (u Usage) CPU() float64 { return u.User + u.System }
