package main

import (
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"slices"
	"sync"

	"pushbench/servers/feed"
)

// library is what a hub needs of a WebSocket library. C is its connection, and F an
// event made ready once for all subscribers.
type library[C comparable, F any] struct {
	upgrade func(http.ResponseWriter, *http.Request) (C, error) // which answers where it fails
	ready   func(event []byte) (F, error)
	send    func(C, F) error
	free    func(F) // nil: nothing is to be freed
	listen  func(C) // until the subscriber has gone
	goAway  func(C) // says that the feed has ended
	hangUp  func(C) // closes the connection
}

// hub is the broadcast that examples of such libraries have: a list of connections, a
// lock, and a loop that sends each event to one after the other. The lock is held for
// as long as an event takes, so that who comes or goes waits for it.
type hub[C comparable, F any] struct {
	library[C, F]
	log     *feed.Log
	http    *http.Server
	running sync.WaitGroup // the loop, and who listens to a subscriber

	mu      sync.Mutex
	cursor  uint64 // what everybody in the list has been sent
	conns   []C
	records []feed.Record
	over    bool // the feed
}

// broadcast makes the server of a feed.
func broadcast[C comparable, F any](log *feed.Log, l library[C, F]) server {
	h := &hub[C, F]{library: l, log: log}
	// Our reading of a request, so that all rivals refuse alike what they cannot do.
	transport := &feed.Transport{Name: "ws", Upgrades: true, Rhythm: feed.PushRhythm, Serve: h.subscribe}
	mux := http.NewServeMux()
	mux.Handle("/ws", transport.Handler(log))
	h.http = &http.Server{Handler: mux}
	return h
}

// Serve implements server.
func (h *hub[C, F]) Serve(l net.Listener) error {
	h.running.Go(h.run)
	return h.http.Serve(l)
}

// Shutdown implements server. Who does not read may hold up the loop for ever.
func (h *hub[C, F]) Shutdown(ctx context.Context) error {
	err := h.http.Shutdown(ctx)
	left := make(chan struct{})
	go func() {
		defer close(left)
		h.running.Wait()
	}()
	select {
	case <-left:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// subscribe upgrades a request and, once the handler has returned, listens.
func (h *hub[C, F]) subscribe(log *feed.Log, req feed.Request, w http.ResponseWriter, r *http.Request) {
	err := req.Check(log)
	if err == nil && req.Latest {
		err = errors.New("this server sends every event; leave want=latest out")
	}
	if err != nil {
		feed.Refuse(w, http.StatusBadRequest, err)
		return
	}
	h.running.Add(1) // before the connection leaves HTTP, whose server is waited for first
	c, err := h.upgrade(w, r)
	if err != nil {
		h.running.Done()
		return
	}
	go func() {
		defer h.running.Done()
		defer h.hangUp(c)
		if h.join(c, req.Since) {
			h.listen(c)
			h.leave(c)
		}
	}()
}

// run sends events as they are published, until the feed ends.
func (h *hub[C, F]) run() {
	for {
		h.mu.Lock()
		h.catchUp()
		cursor := h.cursor
		h.mu.Unlock()
		if h.log.Wait(context.Background(), cursor) != nil {
			break
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
	for _, c := range h.conns {
		h.dismiss(c)
	}
}

// catchUp sends everybody what has been published since. The hub is locked.
func (h *hub[C, F]) catchUp() {
	h.records, h.cursor, _ = h.log.Since(h.cursor, math.MaxInt, h.records[:0]) // which is never ahead
	for _, r := range h.records {
		f, err := h.ready(r.Wire)
		h.conns = slices.DeleteFunc(h.conns, func(c C) bool {
			if err == nil && h.send(c, f) == nil {
				return false
			}
			h.hangUp(c) // its listener sees that
			return true
		})
		if h.free != nil && err == nil {
			h.free(f)
		}
	}
	clear(h.records) // the log may let go of the events
}

// join sends a subscriber what it has missed, and adds it to those who have everything.
func (h *hub[C, F]) join(c C, since uint64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.catchUp() // so that the hub is not behind the subscriber
	missed, _, err := h.log.Since(since, math.MaxInt, nil)
	if err != nil {
		return false
	}
	for _, r := range missed {
		if r.Cursor() > h.cursor {
			break // it comes with everybody else's
		}
		f, err := h.ready(r.Wire)
		if err != nil {
			return false
		}
		err = h.send(c, f)
		if h.free != nil {
			h.free(f)
		}
		if err != nil {
			return false
		}
	}
	h.conns = append(h.conns, c)
	if h.over {
		h.dismiss(c)
	}
	return true
}

// leave takes a subscriber off the list.
func (h *hub[C, F]) leave(c C) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns = slices.DeleteFunc(h.conns, func(other C) bool { return other == c })
}

// dismiss tells a subscriber that the feed has ended, without waiting for its answer.
func (h *hub[C, F]) dismiss(c C) {
	h.running.Go(func() { h.goAway(c) })
}
