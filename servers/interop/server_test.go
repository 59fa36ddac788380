// Package interop holds the servers to clients that others wrote: the ws package
// of Node.js and Chromium. Both talk to every server end over its own port, as a
// user's program or page would, and tell what came of each case; the tests here
// start them and the server.
//
//	testdata/feed.mjs     what both clients do: events, exactly once, and echoes
//	testdata/node.mjs     what only a library can do: fragments, pings, broken messages
//	testdata/browser.mjs  what only a browser does: fetch, EventSource, origins
package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"pushbench/servers/all"
	"pushbench/servers/feed"
)

// server is every server end on one feed, with what a client in a test needs
// beside it: the scripts, a say in when events are published, and where to tell
// what came of it all.
//
//	GET  /page/…          the files of testdata
//	GET  /newest          the newest event's number
//	POST /publish?n=5     publishes, and answers the same
//	POST /cut             cuts the connections of /sse that are open
//	GET  /resumed         the Last-Event-ID of every request for /sse, as JSON
//	POST /end             ends the feed
//	POST /outcome         takes the outcome of a case, as JSON
//	POST /over            says that there are no more cases
type server struct {
	URL      string
	log      *feed.Log
	outcomes chan outcome
	over     chan struct{}

	mu      sync.Mutex
	sse     map[net.Conn]bool
	resumed []string
}

// outcome is what came of a case: no error, or why it failed.
type outcome struct{ Name, Error string }

// connKey is where a request's context has its connection.
type connKey struct{}

// serve starts a server that ends with the test.
func serve(t *testing.T, codec feed.Codec) *server {
	s := &server{
		log:      feed.NewLog(codec, feed.DefaultRing, feed.NewClock()),
		outcomes: make(chan outcome),
		over:     make(chan struct{}),
		sse:      make(map[net.Conn]bool),
	}
	s.publish(3) // before anybody came
	mux := http.NewServeMux()
	feeds := all.Handler(s.log)
	mux.Handle("/", feeds)
	mux.Handle("/sse", s.noted(feeds))
	mux.Handle("GET /page/", http.StripPrefix("/page/", http.FileServer(http.Dir("testdata"))))
	mux.HandleFunc("GET /newest", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s.log.Newest()) })
	mux.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.FormValue("n"))
		if err != nil {
			t.Errorf("a client asked to publish %q events", r.FormValue("n"))
		}
		s.publish(n)
		fmt.Fprint(w, s.log.Newest())
	})
	mux.HandleFunc("POST /cut", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s.cut()) })
	mux.HandleFunc("GET /resumed", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		json.NewEncoder(w).Encode(s.resumed)
	})
	mux.HandleFunc("POST /end", func(http.ResponseWriter, *http.Request) { s.log.Close() })
	mux.HandleFunc("POST /outcome", func(_ http.ResponseWriter, r *http.Request) {
		var o outcome
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			t.Errorf("read an outcome: %v", err)
		}
		tell(r, s.outcomes, o)
	})
	mux.HandleFunc("POST /over", func(_ http.ResponseWriter, r *http.Request) { tell(r, s.over, struct{}{}) })
	server := httptest.NewUnstartedServer(mux)
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	server.Start()
	t.Cleanup(func() {
		s.log.Close()
		server.Close()
	})
	s.URL = server.URL
	return s
}

// tell hands on what a request told, and lets it wait until that was taken: a
// client does not end before.
func tell[T any](r *http.Request, to chan<- T, what T) {
	select {
	case to <- what:
	case <-r.Context().Done():
	}
}

// publish publishes the next n events; Feed of feed.mjs knows their bodies.
func (s *server) publish(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		body := fmt.Appendf(nil, "event %d: 中文 🙂", s.log.Newest()+1)
		if !s.log.Codec().IsText() {
			body = append(body, 0xff, 0x00, '\n')
		}
		s.log.Publish(1, body)
	}
}

// noted keeps track of what cut and /resumed need to know.
func (s *server) noted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := r.Context().Value(connKey{}).(net.Conn)
		s.mu.Lock()
		s.sse[conn] = true
		s.resumed = append(s.resumed, r.Header.Get("Last-Event-ID"))
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.sse, conn)
		}()
		h.ServeHTTP(w, r)
	})
}

func (s *server) cut() (conns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.sse {
		conn.Close()
		conns++
	}
	return conns
}

// patience is how long a client may take for all its cases. One that takes
// longer has failed.
const patience = 3 * time.Minute

// run runs a client to the end of its cases, and makes each of them a test.
func (s *server) run(t *testing.T, command func(context.Context) *exec.Cmd) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := command(ctx)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	for cases := 0; ; cases++ {
		select {
		case o := <-s.outcomes:
			t.Run(o.Name, func(t *testing.T) {
				if o.Error != "" {
					t.Error(o.Error)
				}
			})
		case <-s.over:
			if cases == 0 {
				t.Errorf("%s had no cases", cmd.Args[0])
			}
			cancel()
			<-exited
			return
		case err := <-exited:
			t.Fatalf("%s ended after %d cases: %v\n%s", cmd.Args[0], cases, err, said.Bytes())
		}
	}
}
