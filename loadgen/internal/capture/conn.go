package capture

import (
	"fmt"
	"net/netip"
)

// Conn is one TCP connection to the captured port.
type Conn struct {
	Client, Server netip.AddrPort
	Up, Down       Flow // from the client, and to it

	syn    uint32 // its sequence number, of a connection seen from its start
	opened bool
	steps  []step
}

// step is how far both streams were when a packet of the client's with data had
// passed.
type step struct{ up, down int64 }

// Conns puts the packets to their connections, in the order of their first. A
// pair of addresses that is used again, with a SYN of another number, is another
// connection.
func (c *Capture) Conns() []*Conn {
	type pair struct{ client, server netip.AddrPort }
	var all []*Conn
	open := map[pair]*Conn{}
	for _, p := range c.Packets {
		up := p.Dst.Port() == c.Port
		key := pair{p.Src, p.Dst}
		if !up {
			key = pair{p.Dst, p.Src}
		}
		first := up && p.Flags&(SYN|ACK) == SYN
		conn := open[key]
		if conn == nil || first && (!conn.opened || conn.syn != p.Seq) {
			conn = &Conn{Client: key.client, Server: key.server}
			all, open[key] = append(all, conn), conn
		}
		if first {
			conn.opened, conn.syn = true, p.Seq
		}
		conn.add(p, up)
	}
	return all
}

func (c *Conn) add(p Packet, up bool) {
	if !up {
		c.Down.add(p)
		return
	}
	c.Up.add(p)
	if p.Payload > 0 {
		c.steps = append(c.steps, step{c.Up.sofar(), c.Down.sofar()})
	}
}

// streams is both directions put together.
func (c *Conn) streams() (up, down []byte, err error) {
	if up, err = c.Up.Bytes(); err != nil {
		return nil, nil, fmt.Errorf("from %v: %w", c.Client, err)
	}
	if down, err = c.Down.Bytes(); err != nil {
		return nil, nil, fmt.Errorf("to %v: %w", c.Client, err)
	}
	return up, down, nil
}

// Split is the bytes of one direction's stream by what they are for.
type Split struct {
	Heads   int64 // HTTP/1.1 message heads; HTTP/2 frames with header fields
	Framing int64 // chunk sizes; frame headers and frames without application data; length prefixes; what a Format has beside data
	Body    int64 // application data
	Rest    int64 // a head, a frame or a part of a Format that had not come whole when the capture ended
}

// Split reads a connection without TLS: HTTP/2 if it begins so, else HTTP/1.1
// and what that is upgraded to. Bodies are application data.
func (c *Conn) Split() (up, down Split, err error) { return c.SplitAs(Data) }

// SplitAs is Split where what the client gets is of a format.
func (c *Conn) SplitAs(f Format) (up, down Split, err error) {
	sent, answered, err := c.streams()
	if err != nil {
		return up, down, err
	}
	if up, down, err = splitStreams(sent, answered, f); err != nil {
		err = fmt.Errorf("connection of %v: %w", c.Client, err)
	}
	return up, down, err
}

func splitStreams(sent, answered []byte, f Format) (Split, Split, error) {
	up, down := &reader{rest: sent}, &reader{rest: answered, format: f}
	split := splitHTTP1
	if isHTTP2(sent) {
		split = splitHTTP2
	}
	err := split(up, down)
	for _, r := range []*reader{up, down} {
		r.split.Rest += int64(len(r.rest))
	}
	return up.split, down.split, err
}
