package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"pushbench/servers/control"
)

// relay is the least that a proxy can be: for each connection of a fleet it opens one
// to the server, and passes on the bytes of either as they are. What it costs and how
// much later events are behind it, every proxy has at least. The server has a
// connection for each of the fleets', with the same bytes.
type relay struct {
	name    string
	loadgen string
	cpus    []int
	attendance
}

// Start implements Stage.
func (r *relay) Start(at Place) (err error) {
	r.party, err = at.Start(r.name, r.cpus, r.loadgen, "relay", at.Listen())
	return err
}

// Listen implements Stage.
func (r *relay) Listen(ctx context.Context, up Endpoint) (Endpoint, error) {
	err := r.party.Call(ctx, 0, control.Listen, up.Addr, &up.Addr)
	return up, err
}

// Relay is the relay's process, `loadgen relay ADDRESS`: told where the server listens,
// it listens on its own address, until in ends.
func Relay(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("relay takes the address to listen on, got %q", args)
	}
	listen := func(ctx context.Context, server string) (string, error) {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", args[0])
		if err != nil {
			return "", err
		}
		go serve(l, server)
		return l.Addr().String(), nil
	}
	return control.Serve(ctx, in, out, map[string]control.Handler{control.Listen: control.Handle(listen)})
}

// serve relays every connection that it accepts.
func serve(l net.Listener, server string) {
	for {
		client, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil { // else, where files are short, the next may find one
			go pass(client.(*net.TCPConn), server)
		}
	}
}

// pass relays one connection until both ends have said their last.
func pass(client *net.TCPConn, address string) {
	defer client.Close()
	c, err := net.Dial("tcp", address)
	if err != nil {
		return // which is how the fleet learns of it
	}
	server := c.(*net.TCPConn)
	defer server.Close()
	down := make(chan struct{})
	go func() {
		defer close(down)
		carry(client, server)
	}()
	carry(server, client)
	<-down
}

// chunk is how many bytes are passed on at once, at most.
const chunk = 8 << 10

// carry passes on what comes from an end, and then that it has ended.
func carry(to, from *net.TCPConn) {
	// Not by splice(2), which would hold a pipe open in each direction, for a saving
	// that small writes do not have.
	io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, chunk))
	to.CloseWrite()
}
