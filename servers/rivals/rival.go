package main

import (
	"context"
	"fmt"
	"net"
	"strings"

	"pushbench/servers/feed"
)

// rival is a library of somebody else that carries the feed.
type rival struct {
	name    string                 // which scenarios use
	carries string                 // the transport whose client ends it serves, at the path of that name
	serve   func(*feed.Log) server // as a user of the library would
}

// server serves a feed on a listener. Once the feed has ended, Shutdown waits until
// every subscriber has left.
type server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// rivals is all of them.
//
// Each sends every event after a subscriber's cursor, once and in order, tells of what
// the log no longer holds, and ends its connections when the feed ends. What none of
// those that push promises:
//
//   - the newest event only (want=latest), compression, pings, batches and uplinks;
//   - that a subscriber who does not read holds up nobody else. A plain loop waits for
//     each write. Gws has a queue of events for each subscriber, without an end.
//
// It is no part of a comparison in which everybody reads.
var rivals = []rival{
	{"gobwas", "ws", gobwas},
	{"gorilla", "ws", gorilla},
	{"gws", "ws", gwsBroadcaster},
	{"coder", "ws", coder},
	{"fasthttp", "poll", fastHTTP},
}

// named finds a rival.
func named(name string) (rival, error) {
	for _, r := range rivals {
		if r.name == name {
			return r, nil
		}
	}
	return rival{}, fmt.Errorf("rival %q is not known; there are %s", name, names())
}

// names lists the rivals.
func names() string {
	var all []string
	for _, r := range rivals {
		all = append(all, r.name)
	}
	return strings.Join(all, ", ")
}
