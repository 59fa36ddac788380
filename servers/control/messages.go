package control

import (
	"time"

	"pushbench/servers/wire"
)

// Commands of both children.
const (
	Run   = "run"   // RunArgs → RunResult, once trial time rests again
	Tally = "tally" // None → wire.Counts
	Mark  = "mark"  // None → ServerMark or FleetMark
)

// Publish is the server's command to publish one event at once, outside the
// schedule: None → RunResult.
const Publish = "publish"

// Listening is the first line a server writes, before any command.
type Listening struct {
	Addr   string `json:"addr"`
	Newest uint64 `json:"newest"`
}

// RunArgs lets trial time pass from its origin (ns on CLOCK_MONOTONIC) up to a
// mark (ns).
type RunArgs struct {
	Origin int64         `json:"origin"`
	To     time.Duration `json:"to"`
}

// RunResult is the number of the newest event published.
type RunResult struct {
	Newest uint64 `json:"newest"`
}

// ServerMark is the state of a server while trial time rests. Times are
// cumulative seconds, sizes bytes.
type ServerMark struct {
	At         int64       `json:"at"` // ns on CLOCK_MONOTONIC
	Usage      Usage       `json:"usage"`
	Counts     wire.Counts `json:"counts"`
	Newest     uint64      `json:"newest"`
	Lags       []int64     `json:"lags"`        // ns, of events since the last mark
	PublishCPU float64     `json:"publish-cpu"` // s, since the last mark
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
}

// CPU is user and system time together (s).
func (u Usage) CPU() float64 { return u.User + u.System }
