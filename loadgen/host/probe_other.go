//go:build !linux

package host

import "errors"

var errLinuxOnly = errors.New("only Linux has it")

func tryCapture() error    { return errLinuxOnly }
func tryTUN() error        { return errLinuxOnly }
func tryNamespaces() error { return errLinuxOnly }
