package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pings gives n round trips (ms) of an ICMP echo (RFC 792) from one end. The other end's kernel answers, and the kernel of this one says when
// the answer came: no process that waits to be woken is in what is measured but
// the link.
func pings(t *testing.T, from *end, to netip.Addr, n int) []float64 {
	t.Helper()
	took := make([]float64, n)
	inside(t, from, func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
			return err
		}
		limit := unix.NsecToTimeval(int64(deadline))
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
			return err
		}
		for i := range took {
			if took[i], err = ping(fd, to, uint16(i)); err != nil {
				return fmt.Errorf("echo %d: %w", i, err)
			}
		}
		return nil
	})
	return took
}

// ping gives one round trip. The kernel stamps by the wall clock, and where somebody
// sets that meanwhile, as a host that has just booted does, it asks again.
func ping(fd int, to netip.Addr, number uint16) (ms float64, err error) {
	for {
		begun := time.Now()
		if ms, err = stampedPing(fd, to, number, begun); err != nil {
			return 0, err
		}
		now := time.Now()
		if set := now.Round(0).Sub(begun.Round(0)) - now.Sub(begun); set.Abs() < 100*time.Microsecond {
			return ms, nil
		}
	}
}

func stampedPing(fd int, to netip.Addr, number uint16, begun time.Time) (ms float64, err error) {
	const echo, reply, headerIP = 8, 0, 20
	request := binary.BigEndian.AppendUint16([]byte{echo, 0, 0, 0, 0, 0}, number)
	binary.BigEndian.PutUint16(request[2:], ^(echo<<8 + number)) // the checksum of two words
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrInet4{Addr: to.As4()}); err != nil {
		return 0, err
	}
	for {
		var data [mtu]byte
		var control [128]byte
		n, c, _, _, err := unix.Recvmsg(fd, data[:], control[:], 0)
		if errors.Is(err, unix.EINTR) {
			continue // a signal of Go's scheduler
		} else if err != nil {
			return 0, err
		}
		if n < headerIP+8 || data[headerIP] != reply || binary.BigEndian.Uint16(data[headerIP+6:]) != number {
			continue // its own request, on loopback
		}
		messages, err := unix.ParseSocketControlMessage(control[:c])
		if err != nil {
			return 0, err
		}
		for _, m := range messages {
			if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_TIMESTAMPNS {
				at := *(*unix.Timespec)(unsafe.Pointer(&m.Data[0]))
				return float64(at.Nano()-begun.UnixNano()) / 1e6, nil
			}
		}
		return 0, errors.New("the kernel did not say when the answer came")
	}
}
