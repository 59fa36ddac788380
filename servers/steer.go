package main

import (
	"context"
	"net"

	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// steered carries out loadgen's commands.
type steered struct {
	source
	addr      net.Addr
	authority []byte
	tally     *wire.Tally
	clock     feed.Clock
}

func (s steered) handlers() map[string]control.Handler {
	return map[string]control.Handler{
		control.Listen:  control.Handle(s.listen),
		control.Run:     control.Handle(s.run),
		control.Start:   control.Handle(s.start),
		control.Publish: control.Handle(s.publish),
		control.Tally:   control.Handle(s.counts),
		control.Mark:    control.Handle(s.mark),

		control.Published: control.Handle(s.published),
		control.Trim:      control.Handle(control.Trimmed),
		control.Ends:      control.AwaitEnds(s.tally.Ends),
	}
}

func (s steered) listen(context.Context, control.None) (control.Listening, error) {
	return control.Listening{Addr: s.addr.String(), Authority: string(s.authority)}, nil
}

func (s steered) run(ctx context.Context, a control.RunArgs) (newest uint64, err error) {
	s.publisher.Timeline.Run(a.Origin, a.To)
	err = s.publisher.Timeline.AtRest(ctx)
	return s.publisher.Log.Newest(), err
}

func (s steered) start(_ context.Context, a control.RunArgs) (control.None, error) {
	s.publisher.Timeline.Run(a.Origin, a.To)
	return control.None{}, nil
}

func (s steered) publish(context.Context, control.None) (newest uint64, err error) {
	return s.publisher.Log.Publish(s.clock.Now(), s.extra.Next(nil)).Seq, nil
}

func (s steered) counts(context.Context, control.None) (wire.Counts, error) {
	return s.tally.Counts(), nil
}

func (s steered) mark(context.Context, control.None) (control.ServerMark, error) {
	usage, err := control.ReadUsage()
	_, _, cpu := s.publisher.Published()
	return control.ServerMark{
		At:         s.clock.Now(),
		Usage:      usage,
		Counts:     s.tally.Counts(),
		Newest:     s.publisher.Log.Newest(),
		PublishCPU: cpu.Seconds(),
		Fanout:     control.Fanout(s.publisher.Log.Fanout()),
	}, err
}

func (s steered) published(context.Context, control.None) (control.PublishedAt, error) {
	due, lag, _ := s.publisher.Published()
	return control.PublishedAt{Due: due, Lag: lag}, nil
}
