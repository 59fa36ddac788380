// Package capture is the truth that the project's byte counts are held against:
// it records the packets that pass a TCP port on loopback, and takes them apart
// with parsers that share no code with what counts.
//
//	Start → packets as the kernel saw them → Conns → Flow (IP, TCP) → Split or TLS (what the stream carries)
//
// The kernel hands packets over through an AF_PACKET ring of gopacket's package
// afpacket, which needs no libpcap. Its sibling pcapgo.EthernetHandle has a
// receive buffer that cannot be set, and 200 KB of it hold three frames of
// loopback's 64 KB; a ring holds each frame in a slot of the snap length,
// however long it was. All after that is pure functions on recorded packets.
package capture

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Capture is the IPv4 packets of one TCP port, in the order in which they
// arrived.
type Capture struct {
	Port    uint16
	Packets []Packet
}

// An UnavailableError says what this host lacks to capture at all.
type UnavailableError struct {
	Lacks string // what would mend it
	Err   error
}

func (e *UnavailableError) Error() string {
	return fmt.Sprintf("capture packets on loopback: %v; needs %s", e.Err, e.Lacks)
}

func (e *UnavailableError) Unwrap() error { return e.Err }

// A DropError says that the kernel had no room for packets: the capture is not
// the truth.
type DropError struct{ Packets uint }

func (e *DropError) Error() string {
	return fmt.Sprintf("the kernel dropped %d packets that were to be captured; a shorter snap length makes room for more", e.Packets)
}

// source is a packet socket. Its read waits a short while for a frame, and then
// returns errEmpty; the frame is good until the next call.
type source interface {
	read() (frame []byte, at time.Time, err error)
	room() int // frames that can be waiting to be read
	drops() (uint, error)
	close()
}

// Recording is a capture under way.
type Recording struct {
	socket   source
	stopping atomic.Bool
	done     chan struct{}
	capture  Capture
	err      error
}

// Headers is a snap length with which all counts are right, and Whole one with
// which the streams can be read, whatever passes: loopback's frames are as long
// as an IPv4 packet can be.
const (
	Headers = etherLen + 60 + 60 // IPv4 and TCP with all the options they can have
	Whole   = etherLen + 1<<16 - 1
)

// Start records what passes the port from now on, of each frame at most snap
// bytes. The longer that is, the fewer frames can wait to be read: 65536 of
// Headers, 256 of Whole. The error is an *UnavailableError where the host does
// not allow it.
func Start(port uint16, snap int) (*Recording, error) {
	s, err := open(port, snap)
	if err != nil {
		return nil, err
	}
	return record(s, port), nil
}

func record(s source, port uint16) *Recording {
	r := &Recording{socket: s, done: make(chan struct{}), capture: Capture{Port: port}}
	go func() {
		defer close(r.done)
		r.err = r.run()
	}()
	return r
}

// run reads until the socket is found empty after Stop was called. Traffic that
// goes on meanwhile could prevent that for ever, but what came before Stop is
// within the frames that there is room for.
func (r *Recording) run() error {
	for left := r.socket.room(); left > 0; {
		stopping := r.stopping.Load() // before the read: empty means empty since then
		frame, at, err := r.socket.read()
		switch {
		case err == errEmpty && stopping:
			return nil
		case err == errEmpty:
			continue
		case err != nil:
			return fmt.Errorf("read captured packets: %w", err)
		}
		if stopping {
			left--
		}
		p, mine, err := parse(frame, r.capture.Port)
		if err != nil {
			return fmt.Errorf("captured packet %d of port %d: %w", len(r.capture.Packets)+1, r.capture.Port, err)
		}
		if mine {
			p.At = at
			r.capture.Packets = append(r.capture.Packets, p)
		}
	}
	return nil
}

// Stop ends the recording. Every packet is in it that an end had received when
// Stop was called: the kernel shows a packet to packet sockets before TCP. If
// any was dropped, the error is a *DropError. Stop must be called once.
func (r *Recording) Stop() (*Capture, error) {
	r.stopping.Store(true)
	<-r.done
	defer r.socket.close()
	if r.err != nil {
		return nil, r.err
	}
	dropped, err := r.socket.drops()
	switch {
	case err != nil:
		return nil, fmt.Errorf("ask for dropped packets: %w", err)
	case dropped > 0:
		return nil, &DropError{dropped}
	}
	return &r.capture, nil
}
