package capture

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gopacket/gopacket/afpacket"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// The ring takes 32 MB, in slots of a power of two that hold a frame of the
// snap length and the kernel's header (packet(7), TPACKET_V2: less than 128 B).
const (
	blockSize  = 1 << 17
	blocks     = 256
	slotHeader = 128
	maxSnap    = blockSize - slotHeader
)

// idle is how long a read waits for a frame before it says that there is none.
const idle = 5 * time.Millisecond

type packetSocket struct {
	ring  *afpacket.TPacket
	slots int
}

// open opens a packet socket on loopback. It is bound before its filter can be
// set (afpacket does both in that order), so what came between is read and
// forgotten.
func open(port uint16, snap int) (source, error) {
	if snap < Headers || snap > maxSnap {
		return nil, fmt.Errorf("capture: a snap length of %d B; want %d, for the headers, to %d", snap, Headers, maxSnap)
	}
	name, err := loopback()
	if err != nil {
		return nil, err
	}
	slot := 512
	for slot < snap+slotHeader {
		slot *= 2
	}
	filter, err := bpf.Assemble(program(port, snap))
	if err != nil {
		return nil, fmt.Errorf("capture: assemble the filter: %w", err)
	}
	// Version 2 hands each frame over as it comes; version 3 would keep frames
	// back until a block is full or a timer ends.
	ring, err := afpacket.NewTPacket(
		afpacket.OptInterface(name), afpacket.TPacketVersion2, afpacket.OptPollTimeout(idle),
		afpacket.OptFrameSize(slot), afpacket.OptBlockSize(blockSize), afpacket.OptNumBlocks(blocks),
	)
	switch {
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES):
		return nil, &UnavailableError{"root or CAP_NET_RAW", fmt.Errorf("open a packet socket: %w", err)}
	case errors.Is(err, unix.EAFNOSUPPORT):
		return nil, &UnavailableError{"a kernel with CONFIG_PACKET", fmt.Errorf("open a packet socket: %w", err)}
	case err != nil:
		return nil, fmt.Errorf("capture: open a packet socket: %w", err)
	}
	s := &packetSocket{ring: ring, slots: blocks * blockSize / slot}
	if err := s.settle(filter); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// settle sets the filter and forgets what came before it.
func (s *packetSocket) settle(filter []bpf.RawInstruction) error {
	if err := s.ring.SetBPF(filter); err != nil {
		return fmt.Errorf("capture: set the filter: %w", err)
	}
	for range s.slots {
		if _, _, err := s.read(); err == errEmpty {
			break
		} else if err != nil {
			return fmt.Errorf("capture: %w", err)
		}
	}
	if err := s.ring.InitSocketStats(); err != nil {
		return fmt.Errorf("capture: reset the count of dropped packets: %w", err)
	}
	return nil
}

// loopback is the name of the loopback interface.
func loopback() (string, error) {
	all, err := net.Interfaces()
	if err != nil {
		return "", fmt.Errorf("capture: list network interfaces: %w", err)
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 && i.Flags&net.FlagUp != 0 {
			return i.Name, nil
		}
	}
	return "", &UnavailableError{"a loopback interface that is up", errors.New("there is none")}
}

// program keeps snap bytes of each IPv4 packet to or from the TCP port that
// comes in. On loopback a packet socket sees each packet twice, as it goes out
// and as it comes in. Fragments are kept, so that they cannot go unseen: parse
// refuses them.
func program(port uint16, snap int) []bpf.Instruction {
	const packetOutgoing = unix.PACKET_OUTGOING
	return []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: packetOutgoing, SkipTrue: 10},
		bpf.LoadAbsolute{Off: 12, Size: 2}, // EtherType
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.ETH_P_IP, SkipTrue: 8},
		bpf.LoadAbsolute{Off: etherLen + 9, Size: 1}, // protocol
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.IPPROTO_TCP, SkipTrue: 6},
		bpf.LoadMemShift{Off: etherLen}, // X = length of the IP header
		bpf.LoadIndirect{Off: etherLen, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(port), SkipTrue: 2},
		bpf.LoadIndirect{Off: etherLen + 2, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(port), SkipTrue: 1},
		bpf.RetConstant{Val: uint32(snap)},
		bpf.RetConstant{Val: 0},
	}
}

func (s *packetSocket) read() ([]byte, time.Time, error) {
	frame, info, err := s.ring.ZeroCopyReadPacketData()
	if err == afpacket.ErrTimeout {
		return nil, time.Time{}, errEmpty
	}
	return frame, info.Timestamp, err
}

func (s *packetSocket) room() int { return s.slots }

func (s *packetSocket) drops() (uint, error) {
	stats, _, err := s.ring.SocketStats()
	return stats.Drops(), err
}

func (s *packetSocket) close() { s.ring.Close() }
