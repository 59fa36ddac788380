//go:build !linux

package lab

import (
	"context"
	"errors"
	"io"
)

var errLinuxOnly = errors.New("the lab takes network namespaces and TUN devices, which only Linux has")

// Serve is not available on this system.
func Serve(context.Context, io.Reader, io.Writer) error { return errLinuxOnly }

// Join is not available on this system.
func Join([]string) error { return errLinuxOnly }

// Enter says that there is no lab on this system.
func Enter() (code int, entered bool, err error) { return 0, false, errLinuxOnly }

// Ready says that there is no lab on this system.
func Ready(...string) error { return errLinuxOnly }
