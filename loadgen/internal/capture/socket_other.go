//go:build !linux

package capture

import "errors"

func open(uint16, int) (source, error) {
	return nil, &UnavailableError{"Linux", errors.New("there are no AF_PACKET sockets here")}
}
