// Servers is the program that is measured: every transport of one feed on one
// port. Loadgen starts a fresh one for each trial and steers it over its
// standard input; by hand it serves the feed until it is interrupted.
//
//	go run ./servers -addr 127.0.0.1:8080 -rate 10/s -payload 200B
//	curl 'http://127.0.0.1:8080/poll?since=0'
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"pushbench/servers/all"
	"pushbench/servers/cmdline"
	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/steer"
	"pushbench/servers/units"
	"pushbench/servers/wire"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from then on a signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program; it returns its exit code: 0, 1 for a failure, 2 for bad
// usage.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	failed := func(code int, err error) int {
		fmt.Fprintln(stderr, "servers:", err)
		return code
	}
	o, err := parseFlags(args, stdout)
	switch {
	case errors.Is(err, cmdline.ErrDone):
		return 0
	case err != nil:
		return failed(2, err)
	}
	source, err := newSource(o)
	if err != nil {
		return failed(2, err)
	}
	if err := serve(ctx, o, source, stdin, stdout, stderr); err != nil {
		return failed(1, err)
	}
	return 0
}

// serve runs feed and listener until ctx ends or, under control, until stdin
// does.
func serve(ctx context.Context, o options, s source, stdin io.Reader, stdout, stderr io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	publisher, clock := s.publisher, s.publisher.Clock
	var tally wire.Tally
	if o.control { // else the list would only grow, with nobody to ask for it
		tally.Ends = &wire.Ends{Now: clock.Now}
	}
	l, err := net.Listen("tcp", o.addr)
	if err != nil {
		return fmt.Errorf("%w; choose another address with -addr", err)
	}
	counted, authority, err := listener(l, &tally, o.tls)
	if err != nil {
		l.Close()
		return err
	}
	server := feed.NewServer(publisher.Log, o.headers.Handler(all.Handler(publisher.Log)), wire.Protocols())
	failed := make(chan error, 3)
	go func() { failed <- server.Serve(counted) }()

	// The log is never empty, so that whoever subscribes has its first event at once.
	publisher.Log.Publish(clock.Now(), s.extra.Next(nil))
	if o.control {
		publisher.Record = true
		steered := steer.Server{Addr: l.Addr(), Authority: authority, Publisher: publisher, Extra: s.extra, Tally: &tally}
		go func() { failed <- control.Serve(ctx, stdin, stdout, steered.Handlers()) }()
	} else {
		announce(stderr, l.Addr(), o)
		publisher.Timeline.Run(clock.Now(), feed.Forever)
	}
	var publishing sync.WaitGroup
	publishing.Go(func() { failed <- publisher.Run(ctx) })
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		err = nil // what stopped for that has not failed
	}
	cancel()
	publishing.Wait() // nothing follows what subscribers are given as the last event
	shutdown(server, &tally)
	return err
}

// endTime is for all connections to end once the server is told to. It is a
// variable for tests.
var endTime = 3 * time.Second

// listener counts what passes l, in clear or under TLS. The authority, in PEM,
// is who certifies the server; empty in clear.
func listener(l net.Listener, tally *wire.Tally, secure bool) (counted net.Listener, authority []byte, err error) {
	if !secure {
		return wire.Listener(l, tally), nil, nil
	}
	a, err := wire.NewAuthority()
	if err != nil {
		return nil, nil, err
	}
	return wire.TLSListener(l, tally, a.ServerConfig()), a.PEM(), nil
}

// shutdown ends the feed, which ends every connection as its protocol has it: an
// answer that goes on is ended whole, a parked request is answered, HTTP/2 sends
// GOAWAY and WebSocket a close frame, each after the last event. Whoever has not
// left by then is cut off.
func shutdown(server *http.Server, tally *wire.Tally) {
	ctx, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		server.Close()
	}
	// http.Server does not wait for connections that have left HTTP. Those that
	// stay end with the process.
	tally.AllClosed(ctx)
}

// source is where the feed's events come from.
type source struct {
	publisher *feed.Publisher
	// extra makes the bodies of events outside the schedule, whose number must
	// not change what the scheduled ones carry.
	extra *feed.Payload
}

// newSource makes the source that the flags describe.
func newSource(o options) (s source, err error) {
	s.publisher, s.extra, err = feed.Source{
		Encoding: o.encoding, Payload: o.payload, PayloadKind: o.payloadKind,
		Rate: o.rate, Arrivals: o.arrivals, Ring: o.ring, Seed: o.seed, Block: o.block,
	}.Publisher()
	return s, err
}

func announce(w io.Writer, addr net.Addr, o options) {
	scheme := "http"
	if o.tls {
		scheme = "https" // of an authority that nobody knows: curl needs -k
	}
	fmt.Fprintf(w, "serving %s events at %s (%s) until interrupted:\n", units.Text(float64(o.payload), "B"), units.Text(o.rate, "1/s"), o.encoding)
	for _, t := range all.Transports {
		if codec := feed.Codec(o.encoding); !codec.IsText() && t.Rhythm(feed.Options{}).TextOnly {
			fmt.Fprintf(w, "  (no %s: it is text, and the feed is %s)\n", t.Name, codec)
			continue
		}
		fmt.Fprintf(w, "  %s://%s/%s?since=0   %s\n", scheme, addr, t.Name, t.About)
	}
	fmt.Fprintf(w, "  %s://%s%s   returns what it is sent, over a WebSocket or by POST\n", scheme, addr, all.EchoPath)
}
