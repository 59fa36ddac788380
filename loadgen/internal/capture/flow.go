package capture

import (
	"fmt"
	"slices"
)

// maxStream bounds how much of one direction's stream is put together (bytes).
const maxStream = 64 << 20

// Flow is one direction of a connection. Each byte of its stream counts once in
// Stream, however often it was sent.
type Flow struct {
	Segments         int64
	PureACKs         int64 // segments with neither data nor SYN, FIN or RST
	SYNs, FINs, RSTs int64
	IPBytes          int64
	SACK             int64 // of those, selective acknowledgements in headers
	Payload          int64 // TCP payload, as often as it was sent
	Stream           int64 // of that, bytes not seen before

	begun     bool
	start     uint32 // sequence number of the stream's first byte
	end       int64  // furthest byte of the stream that was sent
	seen, got spans  // of the stream: what was sent, and what was captured of it
	bytes     []byte
}

// Resent is the payload that was sent again.
func (f *Flow) Resent() int64 { return f.Payload - f.Stream }

func (f *Flow) add(p Packet) {
	f.Segments++
	f.IPBytes += int64(p.Length)
	f.SACK += int64(p.SACK)
	f.Payload += int64(p.Payload)
	f.SYNs += p.count(SYN)
	f.FINs += p.count(FIN)
	f.RSTs += p.count(RST)
	if p.Payload == 0 && p.Flags&(SYN|FIN|RST) == 0 {
		f.PureACKs++
	}
	first := p.Seq
	if p.Flags&SYN != 0 {
		first++ // a SYN takes a number of its own (RFC 9293 §3.4)
	}
	if !f.begun {
		f.begun, f.start = true, first
	}
	// Sequence numbers wrap: they are near the furthest that was sent.
	from := f.end + int64(int32(first-f.start-uint32(f.end)))
	to := from + int64(p.Payload)
	if from < 0 || from == to { // it began before the capture, and is a repetition; or it has no data
		return
	}
	f.end = max(f.end, to)
	f.Stream += f.seen.add(from, to)
	f.keep(from, p.Data)
}

// keep takes data that is not held yet into the stream.
func (f *Flow) keep(from int64, data []byte) {
	to := min(from+int64(len(data)), maxStream)
	if from >= to {
		return
	}
	if grow := to - int64(len(f.bytes)); grow > 0 {
		f.bytes = append(f.bytes, make([]byte, grow)...)
	}
	copy(f.bytes[from:to], data)
	f.got.add(from, to)
}

// sofar is how much of the stream has been sent without a hole.
func (f *Flow) sofar() int64 { return f.seen.prefix() }

// Bytes is the whole stream, as the receiving program reads it.
func (f *Flow) Bytes() ([]byte, error) {
	switch have := f.got.prefix(); {
	case f.seen.prefix() < f.end:
		return nil, fmt.Errorf("the stream has a hole at byte %d of %d", f.seen.prefix(), f.end)
	case f.end > maxStream:
		return nil, fmt.Errorf("the stream has %d B; at most %d are put together", f.end, maxStream)
	case have < f.end:
		return nil, fmt.Errorf("the stream was captured to byte %d of %d; a longer snap length keeps more", have, f.end)
	}
	return f.bytes[:f.end], nil
}

// span is the bytes [from, to) of a stream, and spans are apart and in order.
type span struct{ from, to int64 }
type spans []span

// add joins [from, to) to the spans, and says how many bytes of it are new.
func (s *spans) add(from, to int64) (fresh int64) {
	if from >= to {
		return 0
	}
	fresh = to - from
	first, _ := slices.BinarySearchFunc(*s, from, func(x span, from int64) int {
		if x.to < from {
			return -1
		}
		return 1
	})
	joined, last := span{from, to}, first
	for ; last < len(*s) && (*s)[last].from <= to; last++ {
		x := (*s)[last]
		fresh -= max(min(x.to, to)-max(x.from, from), 0)
		joined = span{min(joined.from, x.from), max(joined.to, x.to)}
	}
	*s = slices.Replace(*s, first, last, joined)
	return fresh
}

// prefix is the length of the span that begins at 0.
func (s spans) prefix() int64 {
	if len(s) == 0 || s[0].from > 0 {
		return 0
	}
	return s[0].to
}
