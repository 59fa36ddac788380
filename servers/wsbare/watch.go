package wsbare

import (
	"fmt"
	"sync/atomic"
	"time"
)

// watched is a connection on which something has to come every so often, because
// the server has promised to ping.
type watched struct {
	conn        *Conn
	every, pong time.Duration
	heard       atomic.Int64 // ns after start: when something came last
	start       time.Time
	timer       *time.Timer
	silent      atomic.Bool
}

// watch closes a connection that is silent for longer than it takes a server to send
// a ping and to learn that it has been answered.
func watch(c *Conn, every, pong time.Duration) *watched {
	w := &watched{conn: c, every: every, pong: pong, start: time.Now()}
	w.timer = time.AfterFunc(every+pong, w.look)
	return w
}

// look closes the connection, or comes back when it may be time to.
func (w *watched) look() {
	quiet := time.Since(w.start) - time.Duration(w.heard.Load())
	if left := w.every + w.pong - quiet; left > 0 {
		w.timer.Reset(left)
		return
	}
	w.silent.Store(true)
	w.conn.Close()
}

// hear notes that something came.
func (w *watched) hear() { w.heard.Store(int64(time.Since(w.start))) }

// stop ends the watch.
func (w *watched) stop() { w.timer.Stop() }

// ended ends the watch with the connection, and says why that ended if it was silent.
func (w *watched) ended(err error) error {
	w.stop()
	if w.silent.Load() {
		return fmt.Errorf("nothing came for %v, though the server promised a ping every %v", w.every+w.pong, w.every)
	}
	return err
}
