package capture

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const port = 8080

var client, server = netip.MustParseAddrPort("127.0.0.1:40000"), netip.MustParseAddrPort("127.0.0.1:8080")

// segment is a packet with data, of 52 B of headers as loopback's are.
func segment(from, to netip.AddrPort, seq uint32, flags Flags, data string) Packet {
	return Packet{Src: from, Dst: to, Length: 52 + len(data), Seq: seq, Flags: flags, Payload: len(data), Data: []byte(data)}
}

// frame writes the packet as it is on loopback.
func frame(p Packet) []byte {
	b := make([]byte, etherLen, etherLen+p.Length)
	b[12], b[13] = 8, 0
	b = append(b, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(p.Length))
	b = append(b, 0, 0, 0x40, 0, 64, 6, 0, 0)
	b = append(b, p.Src.Addr().AsSlice()...)
	b = append(b, p.Dst.Addr().AsSlice()...)
	b = binary.BigEndian.AppendUint16(b, p.Src.Port())
	b = binary.BigEndian.AppendUint16(b, p.Dst.Port())
	b = binary.BigEndian.AppendUint32(b, p.Seq)
	b = binary.BigEndian.AppendUint32(b, p.Ack)
	b = append(b, byte(p.Length-20-p.Payload)/4<<4, byte(p.Flags), 0, 0, 0, 0, 0, 0)
	b = append(b, make([]byte, p.Length-p.Payload-40)...)
	return append(b, p.Data...)
}

// changed is a copy of a frame with a byte replaced.
func changed(f []byte, at int, to byte) []byte {
	f = append([]byte(nil), f...)
	f[at] = to
	return f
}

// syn is a SYN of loopback's as Linux sends it, byte by byte.
const syn = "" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00" +
	"\x45\x00\x00\x3c\x4b\x1a\x40\x00\x40\x06\xf1\x9f\x7f\x00\x00\x01\x7f\x00\x00\x01" +
	"\x9c\x40\x1f\x90\x12\x34\x56\x78\x00\x00\x00\x00\xa0\x02\xff\xd7\xfe\x30\x00\x00" +
	"\x02\x04\xff\xd7\x04\x02\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x00\x01\x03\x03\x07"

func TestParse(t *testing.T) {
	data := frame(segment(server, client, 7, PSH|ACK, "hello"))
	withOptions := func(options string) []byte {
		p := segment(client, server, 7, ACK, "")
		p.Length = 40 + len(options)
		return append(frame(p)[:etherLen+40], options...)
	}
	const timestamps, sack = "\x01\x01\x08\x0a12345678", "\x01\x01\x05"
	for name, test := range map[string]struct {
		frame []byte
		want  Packet
	}{
		"SACK":           {withOptions(timestamps + sack + "\x0afromto.."), Packet{Src: client, Dst: server, Length: 64, Seq: 7, Flags: ACK, SACK: 12}},
		"SACK, 2 blocks": {withOptions(timestamps + sack + "\x12fromto..fromto.."), Packet{Src: client, Dst: server, Length: 72, Seq: 7, Flags: ACK, SACK: 20}},
		"SACK cut short": {withOptions(timestamps + sack + "\x12fromto.."), Packet{Src: client, Dst: server, Length: 64, Seq: 7, Flags: ACK}},
		"no options":     {withOptions(""), Packet{Src: client, Dst: server, Length: 40, Seq: 7, Flags: ACK}},
		"end of options": {withOptions("\x00\x05\x0a\x00"), Packet{Src: client, Dst: server, Length: 44, Seq: 7, Flags: ACK}},
		"option without": {withOptions("\x08\x00\x05\x05"), Packet{Src: client, Dst: server, Length: 44, Seq: 7, Flags: ACK}},
		"SYN":            {[]byte(syn), Packet{Src: client, Dst: server, Length: 60, Seq: 0x12345678, Flags: SYN}},
		"data":           {data, segment(server, client, 7, PSH|ACK, "hello")},
		"padded":         {append(data[:len(data):len(data)], 0, 0, 0), segment(server, client, 7, PSH|ACK, "hello")},
		"short snap":     {data[:len(data)-3], Packet{Src: server, Dst: client, Length: 57, Seq: 7, Flags: PSH | ACK, Payload: 5, Data: []byte("he")}},
		"headers":        {data[:etherLen+40], Packet{Src: server, Dst: client, Length: 57, Seq: 7, Flags: PSH | ACK, Payload: 5}},
	} {
		got, mine, err := parse(test.frame, port)
		if err != nil || !mine {
			t.Errorf("%s: %v, %v", name, mine, err)
		}
		if diff := cmp.Diff(test.want, got, cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// What is another's is passed over; what is the port's and cannot be counted is
// an error, for it would be missing.
func TestParseOthers(t *testing.T) {
	const ip, tcp = etherLen, etherLen + 20
	data := frame(segment(server, client, 7, PSH|ACK, "hello"))
	for name, test := range map[string]struct {
		frame []byte
		err   string
	}{
		"nothing":        {nil, ""},
		"IPv6":           {changed(changed(data, 12, 0x86), 13, 0xdd), ""},
		"no IPv4":        {changed(data, ip, 0x65), ""},
		"UDP":            {changed(data, ip+9, 17), ""},
		"another port":   {changed(data, tcp, 0x20), ""},
		"short IP":       {changed(data, ip, 0x44), "IP header of 16 B"},
		"half IP":        {data[:ip+22], "IP header of 20 B in 22 captured"},
		"fragment":       {changed(data, ip+6, 0x20), "fragment"},
		"later fragment": {changed(data, ip+7, 1), "fragment"},
		"half TCP":       {data[:tcp+19], "19 B of a TCP header"},
		"short TCP":      {changed(data, tcp+12, 0x40), "TCP header of 16 B"},
		"length":         {changed(data, ip+3, 51), "51 B long, with headers of 52"},
	} {
		_, mine, err := parse(test.frame, port)
		if mine || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v, %v; want the error %q", name, mine, err, test.err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(syn))
	f.Add(frame(segment(server, client, 7, PSH|ACK, "hello")))
	f.Fuzz(func(t *testing.T, frame []byte) {
		p, mine, err := parse(frame, port)
		if mine && (err != nil || p.Payload < len(p.Data) || p.Length < 40+p.Payload || p.Src.Port() != port && p.Dst.Port() != port) {
			t.Errorf("%+v, %v", p, err)
		}
	})
}
