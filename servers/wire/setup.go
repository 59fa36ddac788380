package wire

import "time"

// Setup is what it took to make a connection ready: to the end of the head of
// its first response, which for a WebSocket is the upgrade and for a poll the
// first answer.
type Setup struct {
	Took time.Duration // from before the dial
	TCP  time.Duration // of that, until TCP was connected
	TLS  time.Duration // and until TLS was; 0 without
	// Resumed says that the TLS handshake was that of an earlier session.
	Resumed bool
	// Up and Down are bytes at the socket, but for what the server's TLS
	// handshake sent: where that ended, only the server knows.
	Up, Down int64
	// TLSUp and TLSDown are, of those, TLS's own.
	TLSUp, TLSDown int64
	// Turns is the round trips, TCP's own included.
	Turns int64
	// Kernel is what the kernel has counted a moment after Up and Down were read:
	// over HTTP/2, which answers the server's settings when it pleases, it may
	// have sent some bytes more. Zero where the kernel does not count.
	Kernel TCP
}

// setup is what it took to get to the end of the first response's head.
func (s *stack) setup() Setup {
	made := s.made
	made.Took, made.Up, made.Turns = time.Since(s.start), s.conn.flow.written.Load(), 1+s.conn.turns.Load()
	reads := s.flow.reads.Load()
	if s.h2 != nil {
		made.Down, reads = s.frames.headEnd, s.frames.headReads
		made.Turns = 1 + s.made.Turns + 1 // requests do not wait for the server's settings (RFC 9113 §3.4)
	} else {
		made.Down = s.consumed()
	}
	if s.conn.secured != inClear {
		made.TLSUp = made.Up - s.flow.written.Load()
		made.TLSDown = recordOverhead * reads // a read returns no more than a record's content
		made.Down += made.TLSDown
	}
	made.Kernel, _ = ReadTCP(s.conn.Conn) // whoever needs it asks Sockets, which tells why there is none
	return made
}
