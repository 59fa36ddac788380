package control

import (
	"context"
	"time"

	"pushbench/servers/wire"
)

// AwaitEnds is the Handler of Ends. It waits in the child, so that nothing has
// to be asked again and again of a process that is being watched.
func AwaitEnds(ends *wire.Ends) Handler {
	return Handle(func(ctx context.Context, a EndedArgs) (EndedAt, error) {
		left := time.Unix(0, a.Until).Sub(time.Unix(0, ends.Now())) // which no two instants overflow
		ctx, cancel := context.WithTimeout(ctx, left)
		defer cancel()
		return EndedAt{At: ends.Await(ctx, a.Count)}, nil
	})
}
