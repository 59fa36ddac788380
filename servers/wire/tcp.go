package wire

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"

	"pushbench/servers/count"
)

// TCP is what the kernel counts of connections, at the end that dialled them.
type TCP struct {
	Opened        int64 `json:"opened"`       // connections
	BytesSent     int64 `json:"sent"`         // payload, what was sent again included
	BytesReceived int64 `json:"received"`     // payload, each byte once
	Retransmitted int64 `json:"retrans"`      // of the bytes sent, those sent again
	SegmentsOut   int64 `json:"segments-out"` // SYN and pure acknowledgements included
	SegmentsIn    int64 `json:"segments-in"`
}

// A segment's headers (bytes): IPv4 without options (RFC 791 §3.1), TCP (RFC
// 9293 §3.1), and its timestamps with padding (RFC 7323 §3.2). A SYN has eight
// bytes more: the segment size, and leave to acknowledge selectively and to
// scale windows.
const (
	segmentHeaders = 20 + 20 + 12
	synOptions     = 8
)

// HeadersOut is the bytes of TCP and IP headers that were sent.
func (t TCP) HeadersOut() int64 { return segmentHeaders*t.SegmentsOut + synOptions*t.Opened }

// HeadersIn is the bytes of TCP and IP headers that came.
func (t TCP) HeadersIn() int64 { return segmentHeaders*t.SegmentsIn + synOptions*t.Opened }

// ErrNoTCP says that the kernel does not tell what a connection cost below its
// payload, or that it cannot be reckoned from what it tells.
var ErrNoTCP = errors.New("bytes of TCP and IP are not counted here")

// ReadTCP reads the kernel's counts of a connection that this end dialled.
// Where there are none the error is ErrNoTCP.
func ReadTCP(c net.Conn) (TCP, error) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return TCP{}, fmt.Errorf("%w: a %T is no socket", ErrNoTCP, c)
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return TCP{}, err
	}
	var t TCP
	var of error
	if err := raw.Control(func(fd uintptr) { t, of = readTCP(int(fd)) }); err != nil {
		return TCP{}, err
	}
	t.Opened = 1
	return t, of
}

// Sockets are the connections of any number of clients, so that the kernel's
// counts of all of them can be read at once. The zero value is ready to use.
type Sockets struct {
	mu   sync.Mutex
	live map[*Conn]struct{}
	gone TCP
	err  error // the first
}

// Read is the kernel's counts of all connections so far. What closing them from
// this end sends is not in it: the counts are read before.
func (s *Sockets) Read() (TCP, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.gone
	for c := range s.live {
		t, err := ReadTCP(c.Conn)
		s.err = cmp.Or(s.err, err)
		sum = count.Add(sum, t)
	}
	return sum, s.err
}

func (s *Sockets) enter(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil {
		s.live = make(map[*Conn]struct{})
	}
	s.live[c] = struct{}{}
	c.sockets = s
}

func (s *Sockets) leave(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.live[c]; !ok {
		return // closed before
	}
	delete(s.live, c)
	t, err := ReadTCP(c.Conn)
	s.err = cmp.Or(s.err, err)
	s.gone = count.Add(s.gone, t)
}
