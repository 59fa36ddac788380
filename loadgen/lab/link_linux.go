package lab

import (
	"context"
	"errors"
	"fmt"
	"io"

	"pushbench/servers/control"
)

// Serve is the link process (`loadgen link`): it carries out commands until in
// ends, and then leaves nothing behind.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	var l link
	defer l.close()
	return control.Serve(ctx, in, out, map[string]control.Handler{
		Open:      control.Handle(l.open),
		Mark:      onceOpen(&l, l.mark),
		Cut:       onceOpen(&l, l.cut),
		Mend:      onceOpen(&l, l.mend),
		Readdress: onceOpen(&l, l.readdress),
	})
}

// link is the path, once it is open.
type link struct {
	server, fleet *end
	forward       *forwarder // nil until then
}

var errNotOpen = errors.New("the path is not open")

// onceOpen refuses a command before the path is open.
func onceOpen[Args, Result any](l *link, do func(context.Context, Args) (Result, error)) control.Handler {
	return control.Handle(func(ctx context.Context, a Args) (result Result, err error) {
		if l.forward == nil {
			return result, errNotOpen
		}
		return do(ctx, a)
	})
}

func (l *link) open(_ context.Context, a OpenArgs) (Opened, error) {
	if l.forward != nil {
		return Opened{}, errors.New("the path is open already")
	}
	if err := a.Check(); err != nil {
		return Opened{}, err
	}
	server, err := newEnd(serverIP, a.Algorithm())
	if err != nil {
		return Opened{}, fmt.Errorf("the server's end: %w", err)
	}
	fleet, err := newEnd(fleetIP, a.Algorithm())
	if err != nil {
		server.close()
		return Opened{}, fmt.Errorf("the fleet's end: %w", err)
	}
	forward, err := newForwarder(server, fleet, a)
	if err != nil {
		server.close()
		fleet.close()
		return Opened{}, err
	}
	l.server, l.fleet, l.forward = server, fleet, forward
	return Opened{ServerNS: server.path(), FleetNS: fleet.path(), ServerIP: serverIP.String()}, nil
}

func (l *link) close() {
	if l.forward == nil {
		return
	}
	l.forward.close()
	l.server.close()
	l.fleet.close()
}

func (l *link) mark(context.Context, control.None) (LinkMark, error) {
	usage, noUsage := control.ReadUsage()
	m, ended := l.forward.mark()
	serverSent, serverReceived, noServer := l.server.missed()
	fleetSent, fleetReceived, noFleet := l.fleet.missed()
	if err := errors.Join(noUsage, ended, noServer, noFleet); err != nil {
		return LinkMark{}, err
	}
	m.Usage = usage
	m.Down.Missed += serverSent + fleetReceived
	m.Up.Missed += fleetSent + serverReceived
	return m, nil
}

func (l *link) cut(_ context.Context, a CutArgs) (control.None, error) {
	if !a.Down && !a.Up {
		return control.None{}, errors.New("no direction to cut was named")
	}
	return control.None{}, l.forward.cut(a)
}

func (l *link) mend(context.Context, control.None) (control.None, error) {
	return control.None{}, l.forward.mend()
}

func (l *link) readdress(context.Context, control.None) (Readdressed, error) {
	next := l.fleet.addr.Next()
	if !network.Contains(next.Next()) { // the last of a network is its broadcast
		return Readdressed{}, fmt.Errorf("no address of %s is left", network)
	}
	if err := l.forward.readdress(next); err != nil {
		return Readdressed{}, err
	}
	if err := l.fleet.readdress(next); err != nil {
		return Readdressed{}, err
	}
	return Readdressed{FleetIP: next.String()}, nil
}
