package conform

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// conn is a connection to the server under test, and the record of what was
// said on it. What comes is taken in the background, so that a server that
// answers while it is still being written to never has to wait for us.
type conn struct {
	*probe
	socket  net.Conn
	request *request // the handshake
	what    string   // it is called in the report
	said    []string
	came    []string
	stuck   bool // the server has stopped reading

	mu      sync.Mutex
	in      []byte        // what has come and is not taken
	err     error         // that ended the connection
	changed chan struct{} // holds a token after in or err has changed
}

// maxBuffered bounds what a server can make us hold (bytes). It is beyond all
// that any check asks it to echo.
const maxBuffered = 64 << 20

var (
	errEnd     = errors.New("the end of the connection")
	errSilence = errors.New("nothing more in time")
	errNoEnd   = errors.New("more and more")
	errFlood   = fmt.Errorf("more than %d bytes that nobody has asked for", maxBuffered)
)

// probe is a case of a check under way.
type probe struct {
	Options
	offers
	ctx      context.Context
	target   *Target
	needs    needs     // of the check
	deadline time.Time // of the whole case
	doubtful bool      // what came may have come of a server that is about to be gone
	conns    []*conn
	pumps    sync.WaitGroup
}

// probe gives a case four answers' time beyond the one that may be missing.
func (r *runner) probe() *probe {
	return &probe{Options: r.o, offers: r.report.offers, ctx: r.ctx, target: r.target, deadline: time.Now().Add(5 * r.o.Timeout)}
}

// until is when the wait for an answer ends that begins now.
func (p *probe) until() time.Time {
	return earlier(time.Now().Add(p.Timeout), p.deadline)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// dial connects for a legal handshake with edits.
func (p *probe) dial(edits ...edit) (*conn, error) {
	ctx, cancel := context.WithDeadline(p.ctx, p.until())
	defer cancel()
	socket, err := p.target.Dial(ctx)
	if err != nil {
		return nil, unreached(p.target, err)
	}
	c := &conn{probe: p, socket: socket, changed: make(chan struct{}, 1)}
	c.request, c.what = p.target.edited(edits...)
	p.pumps.Go(c.pump)
	p.conns = append(p.conns, c)
	return c, nil
}

// release ends the connections of a case.
func (p *probe) release() {
	for _, c := range p.conns {
		c.socket.Close()
	}
	p.pumps.Wait()
	p.conns = nil
}

func (c *conn) pump() {
	chunk := make([]byte, 16<<10)
	for {
		n, err := c.socket.Read(chunk)
		c.mu.Lock()
		c.in = append(c.in, chunk[:n]...)
		if err == nil && len(c.in) > maxBuffered {
			err = errFlood
		}
		c.err = err
		c.mu.Unlock()
		select {
		case c.changed <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// now is what has come, and what has ended the connection.
func (c *conn) now() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in, c.err
}

// await waits until what has come is enough. The slice is what has come.
func (c *conn) await(until time.Time, enough func([]byte) bool) ([]byte, error) {
	var late *time.Timer
	for {
		in, err := c.now()
		switch {
		case enough(in):
			return in, nil
		case err == errFlood:
			return in, err
		case err != nil: // EOF or a reset, the one as good an end as the other
			c.doubtful = true
			return in, errEnd
		}
		if late == nil {
			late = time.NewTimer(time.Until(until))
			defer late.Stop()
		}
		select {
		case <-c.changed:
		case <-late.C:
			return in, errSilence
		case <-c.ctx.Done():
			return in, c.ctx.Err()
		}
	}
}

// drop removes n bytes of what has come.
func (c *conn) drop(n int) {
	c.mu.Lock()
	c.in = c.in[n:]
	c.mu.Unlock()
}

// write sends bytes and records what they are. That a server has gone, or does
// not read, shows in what comes.
func (c *conn) write(what string, b []byte) {
	if what != "" {
		c.said = append(c.said, what)
	}
	c.socket.SetWriteDeadline(c.until())
	if _, err := c.socket.Write(b); err != nil {
		c.stuck = errors.Is(err, os.ErrDeadlineExceeded)
	}
}

// heard records what came: of very much, the ends.
func (c *conn) heard(what string) {
	if len(c.came) > 100 {
		c.came = append(c.came[:10], c.came[len(c.came)-10:]...)
	}
	c.came = append(c.came, what)
}

// heardError records why nothing came.
func (c *conn) heardError(err error) {
	if err == errSilence {
		c.heard(fmt.Sprintf("nothing for %v", c.Timeout))
	} else {
		c.heard(err.Error())
	}
}

// wrong is a failure's line: what was sent, what came, and what should have.
func (c *conn) wrong(format string, args ...any) error {
	text := "sent " + few(c.said) + "; came " + few(c.came)
	if c.stuck {
		text += ", and the server stopped reading"
	}
	return errors.New(text + "; " + fmt.Sprintf(format, args...))
}

// wants is nil where what is wanted is so, and a failure's line where it is not.
func (c *conn) wants(so bool, format string, args ...any) error {
	if so {
		return nil
	}
	return c.wrong(format, args...)
}

// few is the ends of a list, which tell most.
func few(list []string) string {
	switch {
	case len(list) == 0:
		return "nothing"
	case len(list) > 5:
		list = append(append([]string{}, list[0], list[1], "…"), list[len(list)-2:]...)
	}
	return strings.Join(list, ", ")
}
