package ws

import (
	"context"
	"errors"
	"time"

	"github.com/coder/websocket"
)

// ping pings the peer every so often (RFC 6455 §5.5.2) and closes the connection
// of one that does not answer in time: it may have gone without a word, which
// TCP does not tell who has nothing to send. It goes on beside the events, so
// that a peer that has stopped reading them is let go as well. Without it a
// connection has neither this goroutine nor a timer.
func ping(ctx context.Context, conn *websocket.Conn, every, deadline time.Duration) {
	due := time.NewTicker(every)
	defer due.Stop()
	for {
		select {
		case <-due.C:
		case <-ctx.Done():
			return
		}
		if !answers(ctx, conn, deadline) {
			conn.CloseNow()
			return
		}
	}
}

func answers(ctx context.Context, conn *websocket.Conn, deadline time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	for {
		err := conn.Ping(ctx)
		// The library waits no more than 5 s for its turn to write.
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			continue
		}
		return err == nil
	}
}
