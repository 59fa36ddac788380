// Package fleet is the load: a process of its own that holds all subscribers
// of a trial, counts what they handled, and stamps every event as it arrives.
//
//	loadgen ═ control ═▶ fleet ═ subscribers ═▶ server
//
// It uses the client ends of the very transports under test, one connection
// each, and records every event into one histogram per metric. What a transport pushes
// over HTTP/1.1 in clear, or after an upgrade from it, is read by an event loop for
// each core. A subscriber has a goroutine where it polls, sends, or goes over TLS or
// HTTP/2.
package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"pushbench/servers/all"
	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// Serve is the fleet process: it carries out commands until in ends.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	clock := feed.NewClock()
	f := &fleet{
		clock:    clock,
		timeline: feed.NewTimeline(clock),
		seen:     newRecorder(clock),
		life:     ctx,
	}
	f.ends.Now = clock.Now
	loops, err := wire.NewLoops(runtime.GOMAXPROCS(0))
	switch {
	case err == nil:
		f.loop = counted{loops, f.seen}
		defer func() {
			cancel() // so that no subscriber takes it for the server's doing
			loops.Close()
		}()
	case !errors.Is(err, errors.ErrUnsupported):
		return err
	}
	return control.Serve(ctx, in, out, map[string]control.Handler{
		Connect:       control.Handle(f.connect),
		control.Run:   control.Handle(f.run),
		control.Start: control.Handle(f.start),
		Await:         control.Handle(f.await),
		control.Tally: control.Handle(f.counts),
		control.Mark:  control.Handle(f.mark),
		control.Trim:  control.Handle(control.Trimmed),
		control.Ends:  control.AwaitEnds(&f.ends),
		Collect:       control.Handle(f.collect),
	})
}

type fleet struct {
	clock    feed.Clock
	timeline *feed.Timeline
	life     context.Context // ends with the process: subscribers live longer than a command
	seen     *recorder
	ends     wire.Ends       // of subscriptions, with an error
	last     control.RunArgs // of trial time
	loop     feed.Loop       // that reads what a transport pushes; nil: this system has none

	tally   wire.Tally
	headers wire.Headers
	sockets wire.Sockets
	meter   feed.Meter
}

// connect opens the subscribers' connections at the configured pace and
// returns when each has its first event or has failed.
func (f *fleet) connect(ctx context.Context, c Config) (control.None, error) {
	if c.Subscribers < 1 || !(c.DialRate > 0) {
		return control.None{}, fmt.Errorf("%d subscribers dialled at %v/s make no fleet; both must be above zero", c.Subscribers, c.DialRate)
	}
	spec, noSpec := all.Parse(c.Transport)
	codec, noCodec := feed.ParseCodec(c.Encoding)
	client, noClient := f.client(c)
	dials, noDials := feed.NewSchedule(c.DialRate, nil)
	sends, noSends := newUplinks(c, codec)
	if err := cmp.Or(noSpec, noCodec, noClient, noDials, noSends); err != nil {
		return control.None{}, err
	}
	if sends != nil {
		sends.bell = newBell(f.life, f.clock)
	}
	f.seen.stamp(c.Stamp)
	before := f.seen.start(c.Subscribers, codec, c.Payload, c.Since, c.Latest)
	at := cmp.Or(c.Address, spec.Address(wire.URL, c.Latest))
	added := c.Subscribers - before
	phases, err := c.phases(added, spec.Rhythm().Poll > 0)
	if err != nil {
		return control.None{}, err
	}
	alarm := feed.NewAlarm(f.clock)
	defer alarm.Close()
	origin := f.clock.Now()
	dial := dialers{addr: c.Addr}
	for i, phase := range phases {
		if err := alarm.Wait(ctx, feed.After(origin, dials.Next()), nil); err != nil {
			return control.None{}, err
		}
		s := feed.Subscription{Address: at, Since: c.Since, Codec: codec, Phase: phase}
		client.Dial = dial.of(c.From + i)
		go f.subscribe(before+i, c.From+i, client, spec, s, sends)
	}
	if c.Since > 0 {
		return control.None{}, f.seen.failure(0)
	}
	missing := f.seen.await(ctx, 1)
	return control.None{}, f.seen.failure(missing)
}

// client is the client that each subscriber has a copy of, but for how it dials.
func (f *fleet) client(c Config) (wire.Client, error) {
	profile, err := wire.ParseProfile(c.Headers)
	if err != nil {
		return wire.Client{}, err
	}
	client := wire.Client{
		HTTP2:   c.HTTP2,
		Profile: profile,
		Tally:   &f.tally,
		Headers: &f.headers,
		Sockets: &f.sockets,
	}
	if c.Authority != "" {
		client.TLS, err = wire.ClientConfig([]byte(c.Authority))
	}
	return client, err
}

// subscribe is the life of one subscriber, the i-th of this fleet, and of all fleets
// the one with that number.
func (f *fleet) subscribe(i, number int, client wire.Client, spec feed.Spec, s feed.Subscription, sends *uplinks) {
	seen := f.seen.subscriber(i)
	second := client
	client.Ready = seen.ready
	s.Options, s.Clock, s.Timeline = spec.Options, f.clock, f.timeline
	s.Emit, s.Meter = seen.emit, &f.meter
	var up *uplink
	var err error
	if sends != nil {
		up, err = sends.join(number, f)
	}
	if up != nil {
		defer up.leave()
		s.Uplink = &feed.Uplink{Next: up.send, Echo: up.echo}
		if !spec.Transport.Upgrades {
			s.UplinkClient = second.HTTP()
		}
	}
	s.Loop, s.Done = f.loop, func(err error) { f.ended(seen, i, err) }
	if err == nil {
		err = spec.Transport.Subscribe(f.life, client.HTTP(), s)
	}
	if err != feed.ErrAttached { // else no goroutine waits for it
		f.ended(seen, i, err)
	}
}

// ended takes what the subscription of the i-th subscriber ended with.
func (f *fleet) ended(seen *subscriber, i int, err error) {
	if f.life.Err() == nil {
		f.ends.Add()
		if err == nil {
			err = errors.New("the subscription ended by itself")
		}
		seen.fail(fmt.Errorf("subscriber %d: %w", i, err))
	}
}

// run lets trial time pass, where it does not already, and returns when it rests,
// and neither a poll nor a message of an uplink is under way.
func (f *fleet) run(ctx context.Context, a RunArgs) (control.None, error) {
	if f.last != a.RunArgs {
		f.begin(a)
	}
	return control.None{}, f.atRest(ctx, a.RunArgs)
}

// start lets trial time pass, and returns at once.
func (f *fleet) start(_ context.Context, a RunArgs) (control.None, error) {
	f.begin(a)
	return control.None{}, nil
}

// begin says what is measured of the trial time that it lets pass.
func (f *fleet) begin(a RunArgs) {
	w := window{from: a.From, until: a.Until, origin: a.Origin, began: feed.After(a.Origin, f.last.To)}
	if f.last != (control.RunArgs{}) {
		w.rest = feed.Between(f.last.Origin, a.Origin)
	}
	f.last = a.RunArgs
	f.seen.open(w)
	f.timeline.Run(a.Origin, a.To)
}

// echoTime is how long after its end trial time waits for echoes: what is not
// back by then is lost.
const echoTime = 2 * time.Second

// atRest returns when trial time has come to its mark and all is at rest.
func (f *fleet) atRest(ctx context.Context, a control.RunArgs) error {
	if !f.seen.sends() {
		return f.timeline.AtRest(ctx)
	}
	until := feed.After(feed.After(a.Origin, a.To), echoTime)
	soon, cancel := context.WithTimeout(ctx, feed.Between(f.clock.Now(), until))
	defer cancel()
	err := f.timeline.AtRest(soon) // over HTTP a message is under way until it is answered
	if err == nil {
		err = f.seen.allEchoed(soon)
	}
	if soon.Err() != nil {
		return ctx.Err()
	}
	return err
}

// await lets polls go on until every subscriber has the newest event.
func (f *fleet) await(ctx context.Context, a AwaitArgs) (missing int, err error) {
	f.timeline.Run(a.Origin, feed.Forever)
	ctx, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	return f.seen.await(ctx, a.Newest), nil
}

func (f *fleet) counts(context.Context, control.None) (wire.Counts, error) {
	return f.tally.Counts(), nil
}

func (f *fleet) mark(context.Context, control.None) (Mark, error) {
	usage, err := control.ReadUsage()
	f.seen.replay() // not charged to what it looks at
	m := Mark{At: f.clock.Now(), Usage: usage, Count: Count{
		Counts:      f.tally.Counts(),
		HeadersUp:   f.headers.Up.Load(),
		HeadersDown: f.headers.Down.Load(),
		FramingUp:   f.meter.FramingUp.Load(),
		FramingDown: f.meter.FramingDown.Load(),
		Requests:    f.meter.Requests.Load(),
		Answers:     f.meter.Answers.Load(),
		Empty:       f.meter.Empty.Load(),
		Skipped:     f.meter.Skipped.Load(),

		EchoesUp:        f.meter.EchoesUp.Load(),
		EchoesDown:      f.meter.EchoesDown.Load(),
		CompressionUp:   f.meter.CompressionUp.Load(),
		CompressionDown: f.meter.CompressionDown.Load(),
	}}
	f.seen.delivered(&m)
	tcp, noTCP := f.sockets.Read()
	if m.TCP = tcp; noTCP != nil {
		m.NoTCP = noTCP.Error()
	}
	return m, err
}

func (f *fleet) collect(_ context.Context, newest uint64) (Collected, error) {
	return f.seen.collect(newest)
}

// DefaultDialRate paces connection set-up: slow enough that neither process
// queues, fast enough that 2,000 subscribers are there in two seconds.
const DefaultDialRate = 1000.0
