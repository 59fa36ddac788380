package stage

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// newList is the server list, the least that a foreign server can be.
func newList(m Means) Server {
	return &foreign{Means: m, program: []string{m.Loadgen, "list"}, address: feed.Address{Base: wire.URL, Path: "/events", Cursor: "after"}}
}

// List is the server's process, `loadgen list ADDRESS`, until in ends: a list in memory,
// as net/http gives it. POST /events adds an event, and GET /events?after=N has what
// follows the N-th. What is in an event it does not know.
func List(ctx context.Context, args []string, in io.Reader, log io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("list takes the address to listen on, got %q", args)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", args[0])
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "%s%s\n", listening, l.Addr())
	server := &http.Server{Handler: &list{}}
	go server.Serve(l)
	io.Copy(io.Discard, in)
	return server.Close()
}

type list struct {
	mu     sync.Mutex
	events [][]byte
}

// ServeHTTP implements http.Handler.
func (s *list) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	after, err := strconv.Atoi(r.FormValue("after"))
	switch {
	case r.URL.Path != "/events":
		http.NotFound(w, r)
	case r.Method == http.MethodPost:
		event, err := io.ReadAll(r.Body)
		if err != nil {
			return // the connection's error
		}
		s.mu.Lock()
		s.events = append(s.events, event)
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case err != nil || after < 0:
		http.Error(w, "after is the number of an event", http.StatusBadRequest)
	default:
		s.mu.Lock()
		events := s.events[min(after, len(s.events)):]
		s.mu.Unlock()
		if len(events) == 0 {
			w.WriteHeader(http.StatusNoContent)
		}
		for _, event := range events {
			w.Write(event)
		}
	}
}
