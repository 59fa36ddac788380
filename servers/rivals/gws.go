package main

import (
	"net/http"

	"github.com/lxzan/gws"

	"pushbench/servers/feed"
)

// gwsBroadcaster is github.com/lxzan/gws: its Broadcaster, which makes the frame once
// and puts it into each connection's queue, from which a goroutine writes it.
func gwsBroadcaster(log *feed.Log) server {
	op := gws.OpcodeBinary
	if log.Codec().IsText() {
		op = gws.OpcodeText
	}
	upgrader := gws.NewUpgrader(new(gws.BuiltinEventHandler), new(gws.ServerOption))
	return broadcast(log, library[*gws.Conn, *gws.Broadcaster]{
		upgrade: func(w http.ResponseWriter, r *http.Request) (*gws.Conn, error) { return upgrader.Upgrade(w, r) },
		ready:   func(event []byte) (*gws.Broadcaster, error) { return gws.NewBroadcaster(op, event), nil },
		send:    func(c *gws.Conn, b *gws.Broadcaster) error { return b.Broadcast(c) },
		free:    func(b *gws.Broadcaster) { b.Close() },
		listen:  (*gws.Conn).ReadLoop,
		// By way of the queue, behind the last event.
		goAway: func(c *gws.Conn) { c.Async(func() { c.WriteClose(1001, []byte(feed.ErrClosed.Error())) }) },
		hangUp: func(c *gws.Conn) { c.NetConn().Close() },
	})
}
