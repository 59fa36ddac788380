package raw

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"pushbench/servers/feed"
)

// burst is how many records are taken from the log at a time; each is still a
// write of its own.
const burst = 32

// switching is the whole answer to an upgrade.
const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + protocol + "\r\n\r\n"

func serve(log *feed.Log, req feed.Request, w http.ResponseWriter, r *http.Request) {
	if _, _, err := log.Since(req.Since, 0, nil); err != nil {
		feed.Refuse(w, http.StatusBadRequest, err)
		return
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), protocol) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", protocol)
		feed.Refuse(w, http.StatusUpgradeRequired, fmt.Errorf("/%s: ask for Upgrade: %s", name, protocol))
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		feed.Refuse(w, http.StatusNotImplemented, fmt.Errorf("/%s: take over the connection: %w", name, err))
		return
	}
	if buffered.Reader.Buffered() > 0 {
		conn.Close() // the subscriber has said something already
		return
	}
	if _, err := conn.Write([]byte(switching)); err != nil {
		conn.Close()
		return
	}
	// The handler returns, so that net/http's buffers and the stack that it has
	// grown are let go. It has given up the connection and would not close it on
	// a shutdown either way: the end of the feed does.
	go push(conn, log, req.Since)
}

// push sends what follows cursor until the subscriber goes or the feed ends.
func push(conn net.Conn, log *feed.Log, cursor uint64) {
	defer conn.Close()
	// While the feed is quiet, only reading tells that the subscriber has gone.
	ctx, gone := context.WithCancel(context.Background())
	go func() {
		conn.Read(make([]byte, 1))
		conn.Close() // it may have said something, or a write may be stuck
		gone()
	}()
	for log.Wait(ctx, cursor) == nil {
		var err error
		if cursor, err = send(conn, log, cursor); err != nil {
			return
		}
	}
}

// scratch is what send needs while it is at work, so that a subscriber who
// waits holds none of it.
type scratch struct {
	records []feed.Record
	frame   []byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// send sends what follows cursor by now, an event a write, and returns the new
// cursor.
func send(conn net.Conn, log *feed.Log, cursor uint64) (uint64, error) {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	for {
		var err error
		s.records, cursor, err = log.Since(cursor, burst, s.records[:0])
		if err != nil || len(s.records) == 0 {
			return cursor, err
		}
		for _, r := range s.records {
			s.frame = appendFrame(s.frame[:0], r.Wire)
			if _, err := conn.Write(s.frame); err != nil {
				return cursor, err
			}
		}
	}
}
