package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// errEmpty says that no frame waits in a source.
var errEmpty = errors.New("no packet waits")

const etherLen = 14 // Ethernet's header

// Flags of a TCP segment (RFC 9293 §3.1).
type Flags uint8

const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
)

// Packet is one IPv4 packet with a TCP segment.
type Packet struct {
	At       time.Time
	Src, Dst netip.AddrPort
	Length   int // of the packet, by its IP header
	Seq, Ack uint32
	Flags    Flags
	SACK     int    // of the header, selective acknowledgements
	Payload  int    // length of the segment's data
	Data     []byte // what the snap length left of it
}

// count is 1 if the flag is set, else 0.
func (p *Packet) count(flag Flags) int64 {
	if p.Flags&flag != 0 {
		return 1
	}
	return 0
}

// parse reads an Ethernet frame, and says whether it is a packet of the port.
func parse(frame []byte, port uint16) (p Packet, mine bool, err error) {
	if len(frame) < etherLen || binary.BigEndian.Uint16(frame[12:]) != 0x0800 {
		return p, false, nil
	}
	ip := frame[etherLen:]
	if len(ip) < 20 || ip[0]>>4 != 4 || ip[9] != 6 {
		return p, false, nil
	}
	header := int(ip[0]&0xf) * 4
	p.Length = int(binary.BigEndian.Uint16(ip[2:]))
	if header < 20 || len(ip) < header+4 {
		return p, false, fmt.Errorf("IP header of %d B in %d captured", header, len(ip))
	}
	tcp := ip[header:]
	from, to := binary.BigEndian.Uint16(tcp), binary.BigEndian.Uint16(tcp[2:])
	if from != port && to != port {
		return p, false, nil
	}
	if fragment := binary.BigEndian.Uint16(ip[6:]); fragment&^0x4000 != 0 { // all but "don't fragment"
		return p, false, errors.New("it is a fragment, which loopback's large packets never are")
	}
	if len(tcp) < 20 {
		return p, false, fmt.Errorf("%d B of a TCP header were captured", len(tcp))
	}
	offset := int(tcp[12]>>4) * 4
	p.Payload = p.Length - header - offset
	switch {
	case offset < 20:
		return p, false, fmt.Errorf("TCP header of %d B", offset)
	case p.Payload < 0:
		return p, false, fmt.Errorf("%d B long, with headers of %d", p.Length, header+offset)
	}
	p.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[12:])), from)
	p.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[16:])), to)
	p.Seq, p.Ack = binary.BigEndian.Uint32(tcp[4:]), binary.BigEndian.Uint32(tcp[8:])
	p.Flags = Flags(tcp[13])
	p.SACK = selective(tcp[20:min(offset, len(tcp))])
	if data := tcp[min(offset, len(tcp)):]; len(data) > 0 {
		// A frame may be padded beyond the packet.
		p.Data = append([]byte(nil), data[:min(len(data), p.Payload)]...)
	}
	return p, true, nil
}

// selective is the bytes that selective acknowledgements take among the options
// of a TCP header (RFC 2018 §3), with the padding to whole words.
func selective(options []byte) (n int) {
	const end, noOperation, sack = 0, 1, 5
	for len(options) > 0 && options[0] != end {
		if options[0] == noOperation {
			options = options[1:]
			continue
		}
		if len(options) < 2 || options[1] < 2 || int(options[1]) > len(options) {
			break
		}
		length := int(options[1])
		if options[0] == sack {
			n += (length + 3) &^ 3
		}
		options = options[length:]
	}
	return n
}
