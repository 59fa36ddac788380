package feedtest

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
)

// InMemory is the address of a Server whose connections are pipes of this
// process. Time in a synctest bubble does not pass while a goroutine waits for
// a socket; it does where all wait for pipes.
const InMemory = "in memory"

// shortPort is the address of a Server at whatever port of four digits is free:
// others have five.
const shortPort = "short port"

// listen listens at addr, and returns how to reach it.
func listen(t testing.TB, addr string) (net.Listener, func(context.Context) (net.Conn, error)) {
	t.Helper()
	if addr == InMemory {
		l := &pipes{dialled: make(chan net.Conn), closed: make(chan struct{})}
		return l, l.dial
	}
	at := addr
	if addr == shortPort {
		at = "127.0.0.1:9999"
	}
	l, err := net.Listen("tcp", at)
	for port := 9998; err != nil && addr == shortPort && port > 1023; port-- {
		l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	}
	if err != nil {
		t.Fatal(err)
	}
	return l, dialTCP(l.Addr().String())
}

func dialTCP(addr string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", addr)
	}
}

// narrow has both ends of a connection take little more than a packet at a time.
func narrow(l net.Listener, dial func(context.Context) (net.Conn, error)) (net.Listener, func(context.Context) (net.Conn, error)) {
	return narrowListener{l}, func(ctx context.Context) (net.Conn, error) {
		c, err := dial(ctx)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(smallBuffer)
		}
		return c, err
	}
}

// smallBuffer is as much as the kernel lets a socket have at least (bytes).
const smallBuffer = 4096

type narrowListener struct{ net.Listener }

func (l narrowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		err = c.(*net.TCPConn).SetWriteBuffer(smallBuffer)
	}
	return c, err
}

// pipes is a listener whose connections are pipes.
type pipes struct {
	dialled chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (l *pipes) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.dialled <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.dialled:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipes) Addr() net.Addr { return inMemory{} }

type inMemory struct{}

func (inMemory) Network() string { return InMemory }
func (inMemory) String() string  { return InMemory }
