//go:build !linux

package wire

import "fmt"

func readTCP(int) (TCP, error) { return TCP{}, fmt.Errorf("%w: it takes Linux", ErrNoTCP) }
