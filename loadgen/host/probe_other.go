//go:build !linux

package host

import "errors"

func tryCapture() error { return errors.New("only Linux has it") }
