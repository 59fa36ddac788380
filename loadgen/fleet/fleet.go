// Package fleet is the load: a process of its own that holds all subscribers
// of a trial, counts what they handled, and stamps every event as it arrives.
//
//	loadgen ═ control ═▶ fleet ═ subscribers ═▶ server
//
// It uses the client ends of the very transports under test, one connection
// each, and records every event into one histogram per metric.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

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
	return control.Serve(ctx, in, out, map[string]control.Handler{
		Connect:       control.Handle(f.connect),
		control.Run:   control.Handle(f.run),
		Await:         control.Handle(f.await),
		control.Tally: control.Handle(f.counts),
		control.Mark:  control.Handle(f.mark),
		Collect:       control.Handle(f.collect),
	})
}

type fleet struct {
	clock    feed.Clock
	timeline *feed.Timeline
	life     context.Context // ends with the process: subscribers live longer than a command
	seen     *recorder

	tally   wire.Tally
	headers wire.Headers
	meter   feed.Meter
}

// connect opens the subscribers' connections at the configured pace and
// returns when each has its first event or has failed.
func (f *fleet) connect(ctx context.Context, c Config) (control.None, error) {
	spec, err := all.Parse(c.Transport)
	if err != nil {
		return control.None{}, err
	}
	codec, err := feed.ParseCodec(c.Encoding)
	if err != nil {
		return control.None{}, err
	}
	if c.Subscribers < 1 || !(c.DialRate > 0) {
		return control.None{}, fmt.Errorf("%d subscribers dialled at %v/s make no fleet; both must be above zero", c.Subscribers, c.DialRate)
	}
	phases := feed.Phases(c.Subscribers, feed.Rand(c.Seed, c.Block, "phases"))
	dials, err := feed.NewSchedule(c.DialRate, nil)
	if err != nil {
		return control.None{}, err
	}
	f.seen.start(c.Subscribers, codec, c.Payload)
	alarm := feed.NewAlarm(f.clock)
	defer alarm.Close()
	origin := f.clock.Now()
	for i, phase := range phases {
		if err := alarm.Wait(ctx, origin+int64(dials.Next()), nil); err != nil {
			return control.None{}, err
		}
		go f.subscribe(i, c.Addr, spec, codec, phase)
	}
	missing := f.seen.await(ctx, 1)
	return control.None{}, f.seen.failure(missing)
}

// subscribe is the life of one subscriber.
func (f *fleet) subscribe(i int, addr string, spec feed.Spec, codec feed.Codec, phase float64) {
	s := f.seen.subscriber(i)
	client := &wire.Client{
		Dial: func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", addr)
		},
		Tally:   &f.tally,
		Headers: &f.headers,
		Ready:   s.ready,
	}
	err := spec.Transport.Subscribe(f.life, client.HTTP(), wire.URL, feed.Subscription{
		Options:  spec.Options,
		Codec:    codec,
		Clock:    f.clock,
		Timeline: f.timeline,
		Phase:    phase,
		Emit:     s.emit,
		Meter:    &f.meter,
	})
	if f.life.Err() == nil {
		if err == nil {
			err = errors.New("the subscription ended by itself")
		}
		s.fail(fmt.Errorf("subscriber %d: %w", i, err))
	}
}

// run lets trial time pass and returns when it rests and no poll is under way.
func (f *fleet) run(ctx context.Context, a RunArgs) (control.None, error) {
	f.seen.window(a.From, a.Until)
	f.timeline.Run(a.Origin, a.To)
	return control.None{}, f.timeline.AtRest(ctx)
}

// await lets polls go on until every subscriber has the newest event.
func (f *fleet) await(ctx context.Context, a AwaitArgs) (Awaited, error) {
	f.timeline.Run(a.Origin, feed.Forever)
	ctx, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	return Awaited{Missing: f.seen.await(ctx, a.Newest)}, nil
}

func (f *fleet) counts(context.Context, control.None) (wire.Counts, error) {
	return f.tally.Counts(), nil
}

func (f *fleet) mark(context.Context, control.None) (Mark, error) {
	usage, err := control.ReadUsage()
	m := Mark{
		At:          f.clock.Now(),
		Usage:       usage,
		Counts:      f.tally.Counts(),
		HeadersUp:   f.headers.Up.Load(),
		HeadersDown: f.headers.Down.Load(),
		FramingUp:   f.meter.FramingUp.Load(),
		FramingDown: f.meter.FramingDown.Load(),
		Requests:    f.meter.Requests.Load(),
		Answers:     f.meter.Answers.Load(),
		Empty:       f.meter.Empty.Load(),
		Skipped:     f.meter.Skipped.Load(),
	}
	m.Delivered, m.Payload, m.Envelope = f.seen.delivered()
	return m, err
}

func (f *fleet) collect(_ context.Context, newest uint64) (Collected, error) {
	return f.seen.collect(newest)
}

// DefaultDialRate paces connection set-up: slow enough that neither process
// queues, fast enough that 2,000 subscribers are there in two seconds.
const DefaultDialRate = 1000.0
