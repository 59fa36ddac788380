//go:build !unix

package wire

import "errors"

const triesSockets = false

func writeOnce(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
