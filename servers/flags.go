package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"pushbench/servers/cmdline"
	"pushbench/servers/feed"
	"pushbench/servers/units"
	"pushbench/servers/wire"
)

// options is the command line.
type options struct {
	addr        string
	rate        float64 // events a second
	arrivals    string
	payload     int // B
	payloadKind string
	encoding    string
	seed        uint64
	block       int
	ring        int
	tls         bool
	headers     *wire.Profile
	control     bool
}

// maxRing is where the log's index alone takes some 70 MB.
const maxRing = 1 << 20

const usage = `usage: servers [flags]

Serves one feed over every transport, on one port, until interrupted.

example: a feed of ten 200-byte events a second, and a look at it
  servers -addr 127.0.0.1:8080 -rate 10/s -payload 200B
  curl 'http://127.0.0.1:8080/longpoll?since=0'

flags:
`

func parseFlags(args []string, stdout io.Writer) (options, error) {
	o := options{rate: 10, payload: 200, headers: new(wire.Profile)}
	f := flag.NewFlagSet("servers", flag.ContinueOnError)
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "listen on this `address`")
	f.Func("rate", "publish this many events a `second`, as 10/s (default 10/s)", func(s string) (err error) {
		if o.rate, err = units.Within(s, "1/s", 0, 1e6); err != nil || o.rate == 0 {
			return errors.New("write events per second above zero, as 10/s")
		}
		return nil
	})
	f.StringVar(&o.arrivals, "arrivals", "poisson", "`constant` or poisson")
	f.Func("payload", "`size` of an event's body, as 200B or 4KB (default 200B)", func(s string) (err error) {
		if o.payload, err = units.Size(s, 0, 1<<30); err != nil {
			return errors.New("write a size with its unit, as 200B or 4KB")
		}
		return nil
	})
	f.StringVar(&o.payloadKind, "payload-kind", "random", "`random`, ticker or identical")
	f.StringVar(&o.encoding, "encoding", "text", "`text`, binary or base64")
	f.Uint64Var(&o.seed, "seed", 1, "`seed` of arrivals and payload")
	f.IntVar(&o.block, "block", 0, "`block` of the run, mixed into the seed")
	f.IntVar(&o.ring, "ring", feed.DefaultRing, "`events` that the log keeps")
	f.BoolVar(&o.tls, "tls", false, "serve over TLS 1.3, with a certificate made at start")
	f.Func("headers", "header `profile` of answers: minimal, browser or lubbers2010 (default minimal)", func(s string) (err error) {
		o.headers, err = wire.ParseProfile(s)
		return err
	})
	f.BoolVar(&o.control, "control", false, "take commands as JSON lines on standard input, as loadgen gives them")
	rest, err := cmdline.Parse(f, usage, args, stdout)
	switch {
	case err != nil:
		return o, err
	case len(rest) > 0:
		return o, fmt.Errorf("unexpected argument %q; servers takes flags only", rest[0])
	case o.arrivals != "constant" && o.arrivals != "poisson":
		return o, fmt.Errorf("-arrivals %q: use constant or poisson", o.arrivals)
	case o.ring < 1 || o.ring > maxRing:
		return o, fmt.Errorf("-ring %d: the log can keep 1 to %d events", o.ring, maxRing)
	}
	return o, nil
}
