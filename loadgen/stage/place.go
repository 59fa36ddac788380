package stage

import (
	"context"
	"errors"
	"strings"

	"pushbench/loadgen/host"
	"pushbench/loadgen/lab"
	"pushbench/loadgen/measure"
	"pushbench/loadgen/party"
	"pushbench/servers/control"
)

// Place is where parties start. It is there before they are.
type Place interface {
	// Start starts a program there, held to the given CPUs.
	Start(name string, cpus []int, path string, args ...string) (*party.Party, error)
	// Listen is the address that a server there is to take, with a free port.
	Listen() string
}

// Loopback is this host as it is.
type Loopback struct{ party.Limits }

// Listen implements Place.
func (Loopback) Listen() string { return "127.0.0.1:0" }

// Lab is two namespaces with a link between them, which carries packets: the fleets are
// in one, and the server with whatever stands before it in the other. They are told nothing of it: they are
// started by way of `loadgen join`, which enters a namespace and becomes the program,
// so that the process that was started is the process that is measured.
type Lab struct {
	party.Limits
	Loadgen string       // this program, which is the link with "link", and enters a namespace with "join"
	Link    *party.Party // it starts first and ends last, since the namespaces are its to hold
	opened  lab.Opened
	pids    map[string]int // of what was started last in each namespace
}

// Start implements Place.
func (l *Lab) Start(name string, cpus []int, path string, args ...string) (*party.Party, error) {
	namespace := l.opened.ServerNS
	if strings.HasPrefix(name, "fleet") {
		namespace = l.opened.FleetNS
	}
	p, err := l.Limits.Start(name, cpus, l.Loadgen, append([]string{"join", namespace, path}, args...)...)
	if err == nil {
		l.pids[namespace] = p.PID
	}
	return p, err
}

// Listen implements Place.
func (l *Lab) Listen() string { return l.opened.ServerIP + ":0" }

// Open opens the link's path. The context that it returns ends, and says so, if the
// link does before it is stopped.
func (l *Lab) Open(ctx context.Context, args lab.OpenArgs) (within context.Context, err error) {
	l.pids = map[string]int{}
	within, cancel := context.WithCancelCause(ctx)
	stop := l.Link.Stop
	l.Link.Stop = func() error {
		cancel(nil)
		return stop()
	}
	go func() {
		select {
		case <-l.Link.Done:
			cancel(errors.New("link: it ended before the trial"))
		case <-within.Done():
		}
	}()
	return within, l.Link.Call(within, 0, lab.Open, args, &l.opened)
}

// Mark reads the link, and what the kernels at its ends sent again.
func (l *Lab) Mark(ctx context.Context) (m lab.LinkMark, resent measure.Ways, err error) {
	if err := l.Link.Call(ctx, 0, lab.Mark, control.None{}, &m); err != nil {
		return m, resent, err
	}
	if resent.Down, err = host.ReadResent(l.pids[l.opened.ServerNS]); err == nil {
		resent.Up, err = host.ReadResent(l.pids[l.opened.FleetNS])
	}
	return m, resent, err
}
