package wsbare

import (
	"sync"
	"time"
)

// heartbeat pings the other end again and again and drops a connection on which
// a ping stays unanswered (§5.5.2). At most one ping is under way, with an empty
// payload, so that there is nothing to tell apart. All that a connection needs
// for it is a timer: the next ping's while none is under way, else that of the
// deadline.
type heartbeat struct {
	conn            *Conn
	every, deadline time.Duration

	mu      sync.Mutex
	timer   *time.Timer
	sent    time.Time // of the last ping, or the start
	waiting bool      // for its answer
	stopped bool
}

// pingFrame is a server's ping.
var pingFrame = []byte{bitFin | byte(opPing), 0}

// startHeartbeat pings every so often, before anything is read.
func (c *Conn) startHeartbeat(every, deadline time.Duration) {
	h := &heartbeat{conn: c, every: every, deadline: deadline, sent: time.Now()}
	c.heartbeat = h
	h.mu.Lock()
	defer h.mu.Unlock()
	h.timer = time.AfterFunc(every, h.due)
}

// due is called by the timer.
func (h *heartbeat) due() {
	if !h.beat() {
		return
	}
	// The deadline runs already: where the other end takes nothing, this does not
	// return until the connection is dropped.
	h.conn.writeFrame(pingFrame)
}

// beat reports whether a ping is to be sent.
func (h *heartbeat) beat() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch since := time.Since(h.sent); {
	case h.stopped:
		return false
	case h.waiting && since >= h.deadline:
		h.conn.Close()
		return false
	case h.waiting || since < h.every: // the timer was set anew while it fired
		return false
	}
	h.waiting, h.sent = true, time.Now()
	h.timer.Reset(h.deadline)
	return true
}

// answered is called for every pong.
func (h *heartbeat) answered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting && !h.stopped {
		h.waiting = false
		h.timer.Reset(max(0, h.every-time.Since(h.sent)))
	}
}

// stop ends it. It may be nil.
func (h *heartbeat) stop() {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	h.timer.Stop()
}
