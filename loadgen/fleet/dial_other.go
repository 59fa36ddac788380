//go:build !linux

package fleet

import (
	"context"
	"syscall"
)

// manyLoopbacks says that each address in 127.0.0.0/8 is this host's. Elsewhere only
// 127.0.0.1 is.
const manyLoopbacks = false

func portAtConnect(context.Context, string, string, syscall.RawConn) error { return nil }
