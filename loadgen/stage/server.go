package stage

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"pushbench/scenarios"
	"pushbench/servers/control"
	"pushbench/servers/feed"
)

// Means is what a server is started with.
type Means struct {
	Name             string // server, or where a feed has several, server 2 and so on
	Servers, Loadgen string // our programs
	Rivals           string // the folder in which Make has made those of other people
	CPUs             []int
	Treatment        scenarios.Treatment
	Ring             int // events that it keeps
	Seed             uint64
	Block            int
}

// source is the feed that the server is to have.
func (m Means) source() feed.Source {
	t := m.Treatment
	return feed.Source{
		Encoding: t.Encoding, Payload: t.Payload, PayloadKind: t.PayloadKind,
		Rate: t.Rate, Arrivals: t.Arrivals, Ring: m.Ring, Seed: m.Seed, Block: m.Block,
	}
}

// ours is the server of this project, which publishes its feed itself.
type ours struct {
	Means
	attendance
}

// Start implements Stage.
func (s *ours) Start(at Place) (err error) {
	t := s.Treatment
	s.party, err = at.Start(s.Name, s.CPUs, s.Servers,
		"-control", "-addr", at.Listen(),
		"-ring", fmt.Sprint(s.Ring),
		fmt.Sprintf("-tls=%t", t.TLS),
		"-headers", t.Headers,
		"-rate", fmt.Sprintf("%g/s", cmp.Or(t.Rate, 1)), // of a quiet feed, whose schedule never begins
		"-arrivals", t.Arrivals,
		"-payload", fmt.Sprintf("%dB", t.Payload),
		"-payload-kind", t.PayloadKind,
		"-encoding", t.Encoding,
		"-seed", fmt.Sprint(s.Seed),
		"-block", fmt.Sprint(s.Block),
	)
	return err
}

// Listen implements Stage.
func (s *ours) Listen(ctx context.Context, _ Endpoint) (at Endpoint, err error) {
	err = s.party.Call(ctx, 0, control.Listen, control.None{}, &at.Listening)
	return at, err
}

// Publish implements Publisher.
func (s *ours) Publish(ctx context.Context) (newest uint64, err error) {
	err = s.party.Call(ctx, 0, control.Publish, control.None{}, &newest)
	return newest, err
}

// Run implements Publisher.
func (s *ours) Run(ctx context.Context, within time.Duration, a control.RunArgs) (newest uint64, err error) {
	err = s.party.Call(ctx, within, control.Run, a, &newest)
	return newest, err
}

// GoOn implements Publisher.
func (s *ours) GoOn(ctx context.Context, a control.RunArgs) error {
	return s.party.Call(ctx, 0, control.Start, a, nil)
}

// Published implements Publisher.
func (s *ours) Published(ctx context.Context) (p control.PublishedAt, err error) {
	if err := s.party.Call(ctx, 0, control.Published, control.None{}, &p); err != nil {
		return p, err
	}
	if due, lag := len(p.Due), len(p.Lag); due != lag {
		return p, fmt.Errorf("%s: published: %d events were due and %d published; each needs both", s.Name, due, lag)
	}
	return p, nil
}
