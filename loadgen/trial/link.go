package trial

import (
	"context"
	"errors"

	"pushbench/loadgen/host"
	"pushbench/loadgen/lab"
	"pushbench/loadgen/measure"
	"pushbench/results"
	"pushbench/servers/control"
)

// Where a treatment asks for a network, a third process comes first and goes
// last: the link, which makes two namespaces and carries packets between them.
//
//	start link → open the path → start server and fleet, each in its namespace → … → mark all three → … → end
//
// Server and fleet are told nothing of it: they are started by way of `loadgen
// join`, which enters a namespace and becomes the program, so that the process
// that was started is the process that is measured.

// network is where a trial's server and fleet are.
type network struct {
	link   *child // nil: on loopback, with everybody else
	opened lab.Opened
	over   func() // the trial needs the link no more
}

// openNetwork makes the network that the plan asks for, if any. The context that
// it returns ends, and says so, if the link does.
func (o *run) openNetwork(ctx context.Context) (within context.Context, n network, err error) {
	if !o.plan.Emulated {
		return ctx, n, nil
	}
	c := o.config
	if n.link, err = c.limits.start("link", c.Layout.Link, c.FleetPath, "link"); err != nil {
		return ctx, network{}, err
	}
	if c.Linked != nil {
		c.Linked(n.link.cmd.Process.Pid)
	}
	within, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-n.link.done:
			cancel(&childError{"link", errors.New("it ended before the trial")})
		case <-within.Done():
		}
	}()
	n.over = func() { cancel(nil) }
	args := lab.OpenArgs{Conditions: o.plan.Path, Seed: c.Seed, Block: c.Block}
	return within, n, n.link.call(within, 0, lab.Open, args, &n.opened)
}

// end stops the link: last, since the namespaces are its to hold.
func (n network) end(failure error, t *results.Trial) error {
	n.over()
	return n.link.end(failure, t)
}

// start starts a program in one of the network's namespaces.
func (n network) start(name string, c Config, cpus []int, path string, args ...string) (*child, error) {
	if n.link == nil {
		return c.limits.start(name, cpus, path, args...)
	}
	namespace := n.opened.FleetNS
	if name == "server" {
		namespace = n.opened.ServerNS
	}
	return c.limits.start(name, cpus, c.FleetPath, append([]string{"join", namespace, path}, args...)...)
}

// listenOn is the address that the server is to take, with a free port.
func (n network) listenOn() string {
	if n.link == nil {
		return "127.0.0.1:0"
	}
	return n.opened.ServerIP + ":0"
}

// markLink reads the link and what the kernels at its ends sent again.
func (o *run) markLink(ctx context.Context, p pair, m *measure.Mark) (err error) {
	if p.link == nil {
		return nil
	}
	if err := p.link.call(ctx, 0, lab.Mark, control.None{}, &m.Link); err != nil {
		return err
	}
	if m.Resent.Down, err = host.ReadResent(p.server.cmd.Process.Pid); err != nil {
		return err
	}
	m.Resent.Up, err = host.ReadResent(p.fleet.cmd.Process.Pid)
	return err
}
