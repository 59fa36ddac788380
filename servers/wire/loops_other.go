//go:build !linux

package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Loops are event loops, which there are on Linux alone.
type Loops struct{}

// NewLoops returns an error that is errors.ErrUnsupported.
func NewLoops(int) (*Loops, error) {
	return nil, fmt.Errorf("read connections in event loops: %w: it takes Linux", errors.ErrUnsupported)
}

// Attach takes nothing over.
func (*Loops) Attach(context.Context, io.ReadCloser, Receiver, func(error)) bool { return false }

// Close closes nothing.
func (*Loops) Close() {}
