// Package steer is how a server of the feed does what loadgen asks of it: to say where
// it listens, to let its feed run, and to read what it has counted. The programs that
// serve a feed, servers and servers/rivals, hand these commands to package control.
package steer

import (
	"context"
	"net"

	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// Server carries out loadgen's commands.
type Server struct {
	Addr      net.Addr
	Authority []byte // who certifies it, in PEM; empty in clear
	Publisher *feed.Publisher
	// Extra makes the bodies of events outside the schedule, whose number must
	// not change what the scheduled ones carry.
	Extra *feed.Payload
	Tally *wire.Tally
}

// Handlers are the commands by their names.
func (s Server) Handlers() map[string]control.Handler {
	return map[string]control.Handler{
		control.Listen:  control.Handle(s.listen),
		control.Run:     control.Handle(s.run),
		control.Start:   control.Handle(s.start),
		control.Publish: control.Handle(s.publish),
		control.Tally:   control.Handle(s.counts),
		control.Mark:    control.Handle(s.mark),

		control.Published: control.Handle(s.published),
		control.Trim:      control.Handle(control.Trimmed),
		control.Ends:      control.AwaitEnds(s.Tally.Ends),
	}
}

func (s Server) listen(context.Context, control.None) (control.Listening, error) {
	return control.Listening{Addr: s.Addr.String(), Authority: string(s.Authority)}, nil
}

func (s Server) run(ctx context.Context, a control.RunArgs) (newest uint64, err error) {
	s.Publisher.Timeline.Run(a.Origin, a.To)
	err = s.Publisher.Timeline.AtRest(ctx)
	return s.Publisher.Log.Newest(), err
}

func (s Server) start(_ context.Context, a control.RunArgs) (control.None, error) {
	s.Publisher.Timeline.Run(a.Origin, a.To)
	return control.None{}, nil
}

func (s Server) publish(context.Context, control.None) (newest uint64, err error) {
	return s.Publisher.Log.Publish(s.Publisher.Clock.Now(), s.Extra.Next(nil)).Seq, nil
}

func (s Server) counts(context.Context, control.None) (wire.Counts, error) {
	return s.Tally.Counts(), nil
}

func (s Server) mark(context.Context, control.None) (control.ServerMark, error) {
	usage, err := control.ReadUsage()
	_, _, cpu := s.Publisher.Published()
	return control.ServerMark{
		At:         s.Publisher.Clock.Now(),
		Usage:      usage,
		Counts:     s.Tally.Counts(),
		Newest:     s.Publisher.Log.Newest(),
		PublishCPU: cpu.Seconds(),
		Fanout:     control.Fanout(s.Publisher.Log.Fanout()),
	}, err
}

func (s Server) published(context.Context, control.None) (control.PublishedAt, error) {
	due, lag, _ := s.Publisher.Published()
	return control.PublishedAt{Due: due, Lag: lag}, nil
}
