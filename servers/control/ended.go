package control

import (
	"context"
	"time"

	"pushbench/servers/wire"
)

// AwaitEnds is the Handler of Ended. It waits in the child, so that nothing has
// to be asked again and again of a process that is being watched.
func AwaitEnds(ends *wire.Ends) Handler {
	return Handle(func(ctx context.Context, a EndedArgs) (EndedAt, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(a.Until-ends.Now()))
		defer cancel()
		return EndedAt{At: ends.Await(ctx, a.Count)}, nil
	})
}
