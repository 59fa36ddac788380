// Rivals is the feed as users of other libraries would serve it: a program with a row
// for each library, and a module of its own, so that nobody needs those libraries but
// for comparing with them. Loadgen builds it where a scenario asks for one as a server,
// and starts and steers it as it does the program servers.
//
//	rival.go     the table
//	hub.go       what a plain broadcast has beside its library
//	gobwas.go …  a library each
//	node/        the same in JavaScript, for Node
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/steer"
	"pushbench/servers/wire"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program; it returns its exit code: 0, 1 for a failure, 2 for bad usage.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	failed := func(code int, err error) int {
		fmt.Fprintln(stderr, "rivals:", err)
		return code
	}
	o, err := parse(args)
	if err != nil {
		return failed(2, err)
	}
	if err := serve(ctx, o, stdin, stdout); err != nil {
		return failed(1, err)
	}
	return 0
}

// options is the command line.
type options struct {
	rival  rival
	addr   string
	source feed.Source
}

// maxRing bounds what a log keeps (events).
const maxRing = 1 << 24

func parse(args []string) (o options, err error) {
	if len(args) != 3 {
		return o, fmt.Errorf("write the name of a rival (%s), the address to listen on and the feed as JSON, as loadgen does; got %q", names(), args)
	}
	if o.rival, err = named(args[0]); err != nil {
		return o, err
	}
	o.addr = args[1]
	in := json.NewDecoder(bytes.NewReader([]byte(args[2])))
	in.DisallowUnknownFields()
	if err := in.Decode(&o.source); err != nil {
		return o, fmt.Errorf("read the feed %q: %w", args[2], err)
	}
	if o.source.Ring < 1 || o.source.Ring > maxRing {
		return o, fmt.Errorf("a ring of %d: the log can keep 1 to %d events", o.source.Ring, maxRing)
	}
	return o, nil
}

// endTime is for all connections to end once the feed has.
const endTime = 3 * time.Second

// serve runs feed and server until stdin ends or ctx does.
func serve(ctx context.Context, o options, stdin io.Reader, stdout io.Writer) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	publisher, extra, err := o.source.Publisher()
	if err != nil {
		return err
	}
	publisher.Record = true
	l, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	log := publisher.Log
	log.Publish(publisher.Clock.Now(), extra.Next(nil)) // it is never empty, as that of servers
	server := o.rival.serve(log)
	failed := make(chan error, 3)
	go func() { failed <- server.Serve(l) }()
	// Nothing of ours stands between a library and its socket, so that the tally is of
	// nothing.
	steered := steer.Server{Addr: l.Addr(), Publisher: publisher, Extra: extra, Tally: new(wire.Tally)}
	go func() { failed <- control.Serve(ctx, stdin, stdout, steered.Handlers()) }()
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
	log.Close()
	ending, ended := context.WithTimeout(context.Background(), endTime)
	defer ended()
	server.Shutdown(ending) // who has not left by then ends with the process
	return err
}
