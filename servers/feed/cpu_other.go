//go:build !linux

package feed

import "time"

// threadCPU is not measured here: the publisher's own CPU reads as 0.
func threadCPU() time.Duration { return 0 }
