package wire

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Options of TCP_INFO (linux/tcp.h).
const (
	timestamps   = 1
	selectiveAck = 2
	windowScale  = 4
)

// readTCP reads a socket's counts. They add up to bytes on the wire only where
// every segment has the headers that the sum supposes.
func readTCP(fd int) (TCP, error) {
	name, err := unix.Getsockname(fd)
	if err != nil {
		return TCP{}, fmt.Errorf("read a socket's address: %w", err)
	}
	if _, ok := name.(*unix.SockaddrInet4); !ok {
		return TCP{}, fmt.Errorf("%w: a connection that is not over IPv4", ErrNoTCP)
	}
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return TCP{}, fmt.Errorf("%w: read TCP_INFO: %w", ErrNoTCP, err)
	}
	const options = timestamps | selectiveAck | windowScale
	if info.Options&options != options {
		return TCP{}, fmt.Errorf("%w: timestamps, selective acknowledgement or window scaling is off; see net.ipv4.tcp_timestamps, tcp_sack, tcp_window_scaling", ErrNoTCP)
	}
	if info.Bytes_sent == 0 && info.Bytes_acked > 2 { // SYN and FIN are acknowledged as a byte each
		return TCP{}, fmt.Errorf("%w: the kernel is older than Linux 4.19", ErrNoTCP)
	}
	received := int64(info.Bytes_received)
	switch info.State {
	case unix.BPF_TCP_CLOSE_WAIT, unix.BPF_TCP_LAST_ACK, unix.BPF_TCP_CLOSING, unix.BPF_TCP_TIME_WAIT:
		// The peer's FIN takes a sequence number (RFC 9293 §3.4), which the kernel
		// counts as a byte. If a reset came after it, nobody can tell any more.
		received--
	}
	return TCP{
		BytesSent:     int64(info.Bytes_sent),
		BytesReceived: received,
		Retransmitted: int64(info.Bytes_retrans),
		SegmentsOut:   int64(info.Segs_out),
		SegmentsIn:    int64(info.Segs_in),
	}, nil
}
