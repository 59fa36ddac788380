// Package stage is what the feed passes through on its way to the fleets: a server,
// and whatever stands before it; where a feed has several servers, as many times. Package trial starts the stages at a place, asks them
// through package party, and hands what they promise to package measure.
package stage

import (
	"context"
	"time"

	"pushbench/loadgen/measure"
	"pushbench/loadgen/party"
	"pushbench/scenarios"
	"pushbench/servers/control"
	"pushbench/servers/feed"
)

// Endpoint is where a stage answers, and where in it a feed is; nil: where ours is.
type Endpoint struct {
	control.Listening
	Address *feed.Address
}

// Stage is one thing that the feed passes through.
type Stage interface {
	// Start starts at a place what can be started before anybody listens.
	Start(at Place) error
	// Listen says where the stage answers, once the stage behind it answers at up.
	Listen(ctx context.Context, up Endpoint) (Endpoint, error)
	// Party is who takes part in the trial; nil before there is anybody.
	Party() *party.Party
	Promises() measure.Promises
}

// attendance is a stage's part in the trial.
type attendance struct {
	party    *party.Party
	promises measure.Promises
}

// ofOurs keeps all that is promised.
var ofOurs = attendance{promises: measure.Ours}

// Party implements Stage.
func (a attendance) Party() *party.Party { return a.party }

// Promises implements Stage.
func (a attendance) Promises() measure.Promises { return a.promises }

// Publisher publishes the feed: our server itself, or somebody for a server that is
// published to.
type Publisher interface {
	// Publish publishes one event at once, and returns the number of the newest.
	Publish(ctx context.Context) (newest uint64, err error)
	// Run lets trial time pass, and returns when it rests. GoOn returns at once.
	Run(ctx context.Context, within time.Duration, a control.RunArgs) (newest uint64, err error)
	GoOn(ctx context.Context, a control.RunArgs) error
	// Published is what was published on schedule so far.
	Published(ctx context.Context) (control.PublishedAt, error)
}

// Server is the first stage, with its publisher.
type Server interface {
	Stage
	Publisher
}

// Kind is a row of who may serve the feed.
type Kind struct {
	New   func(Means) Server
	Takes *making // beside our own programs; nil: nothing
}

// Servers is who may serve the feed, by the name that scenarios use.
var Servers = map[string]Kind{
	scenarios.OurServer: {New: func(m Means) Server { return &ours{Means: m, attendance: ofOurs} }},
	"list":              {New: newList},
	"gobwas":            newRival("gobwas"),
	"gorilla":           newRival("gorilla"),
	"gws":               newRival("gws"),
	"coder":             newRival("coder"),
	"fasthttp":          newRival("fasthttp"),
	"node":              {New: newNode, Takes: &nodeServer},
	"nginx":             {New: newNginx, Takes: &nginxServer},
	"nchan":             {New: newNchan, Takes: &nchanServer},
}

// Proxies is who may stand between server and fleets, by the name that scenarios use.
var Proxies = map[string]func(name, loadgen string, cpus []int) Stage{
	"relay": func(name, loadgen string, cpus []int) Stage {
		return &relay{name: name, loadgen: loadgen, cpus: cpus, attendance: ofOurs}
	},
}

// Promises is what a chain of stages promises: what all of them do.
func Promises(chain []Stage) measure.Promises {
	all := measure.Ours
	for _, s := range chain {
		all = all.And(s.Promises())
	}
	return all
}
