package feedtest

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pushbench/servers/feed"
)

// Intake is how a transport that pushes writes its stream, and takes it to pieces
// again.
type Intake struct {
	New    func(codec feed.Codec, emit func(feed.Event), meter *feed.Meter) feed.Intake
	Append func(dst []byte, codec feed.Codec, e feed.Event) []byte
	Beat   string // a heartbeat, where the codec is text
}

// Taken is what an intake makes of a stream.
type Taken struct {
	Events  []feed.Event
	Framing int64
	Pending int
	Error   string // with it only the events count
}

// size is the bytes of the events in their encoding.
func (got Taken) size(codec feed.Codec) (n int64) {
	for _, e := range got.Events {
		n += int64(len(e.Body) + codec.Envelope(len(e.Body)))
	}
	return n
}

// Take takes a stream in pieces.
func (in Intake) Take(t testing.TB, codec feed.Codec, pieces ...[]byte) (got Taken) {
	t.Helper()
	var meter feed.Meter
	intake := in.New(codec, func(e feed.Event) {
		e.Body = append([]byte{}, e.Body...)
		got.Events = append(got.Events, e)
	}, &meter)
	for _, p := range pieces {
		p = bytes.Clone(p)
		err := intake.Take(p)
		for i := range p {
			p[i] = 0xaa // it is reused by whoever reads
		}
		if err != nil {
			return Taken{Events: got.Events, Error: err.Error()}
		}
	}
	if n := meter.Answers.Load(); n > int64(len(got.Events)) || n == 0 != (len(got.Events) == 0) {
		t.Errorf("%d answers brought %d events", n, len(got.Events))
	}
	got.Framing, got.Pending = meter.FramingDown.Load(), intake.Pending()
	return got
}

// AnySplit checks that events, gaps and heartbeats come out as they went in however a
// stream is cut up, and that every byte that is not the encoding's is counted as the
// format's.
func (in Intake) AnySplit(t *testing.T, codec feed.Codec) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 3))
		number := func() uint64 { return uint64(rng.Int64N(math.MaxInt64)) + 1 }
		var stream []byte
		var want Taken
		for range rng.IntN(9) {
			e := feed.Event{Seq: number(), Due: int64(number()), Sent: int64(number()), Body: content(codec, rng.Uint64(), rng.IntN(200))}
			switch part := rng.IntN(5); {
			case part == 0 && codec.IsText():
				stream = append(stream, in.Beat...)
				continue
			case part == 1:
				e = feed.Gap{First: number(), Last: number()}.Event()
				e.Body = []byte{}
			}
			stream = in.Append(stream, codec, e)
			want.Events = append(want.Events, e)
		}
		want.Framing = int64(len(stream)) - want.size(codec)
		var pieces [][]byte
		for rest := stream; len(rest) > 0; {
			n := 1 + rng.IntN(len(rest))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		if got := in.Take(t, codec, pieces...); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: a stream in %d pieces gives\n%+v, not\n%+v", seed, len(pieces), got, want)
		}
	}
}

// AnyCut checks that it makes no difference where a stream is cut, whatever it is, and
// that no more is counted than came. A cut beyond an end of the stream is at that end. It
// returns what the stream gives, and how many of its bytes are accounted for.
func (in Intake) AnyCut(t *testing.T, codec feed.Codec, stream []byte, cuts ...int) (whole Taken, size int64) {
	t.Helper()
	for i, at := range cuts {
		cuts[i] = min(max(at, 0), len(stream))
	}
	slices.Sort(cuts)
	whole = in.Take(t, codec, stream)
	var pieces [][]byte
	from := 0
	for _, at := range append(cuts, len(stream)) {
		pieces, from = append(pieces, stream[from:at]), at
	}
	if got := in.Take(t, codec, pieces...); !reflect.DeepEqual(got, whole) {
		t.Errorf("cut at %d it is\n%+v, not\n%+v", cuts, got, whole)
	}
	size = whole.Framing + whole.size(codec)
	if whole.Error == "" && size > int64(len(stream)) {
		t.Errorf("%d of %d bytes are accounted for", size, len(stream))
	}
	return whole, size
}

// Room checks that what a large event took is let go of when it is done with, and that
// what events of a usual size take is kept for the next.
func (in Intake) Room(t *testing.T, room func(feed.Intake) int) {
	for size, kept := range map[int]bool{1 << 10: true, 1 << 20: true, 5 << 20: false} {
		intake := in.New(feed.Text, func(feed.Event) {}, new(feed.Meter))
		large := in.Append(nil, feed.Text, feed.Event{Seq: 1, Body: bytes.Repeat([]byte("x"), size)})
		pieces := append(slices.Collect(slices.Chunk(large, 60_000)), large[:10], large[10:])
		for _, piece := range pieces {
			if err := intake.Take(piece); err != nil {
				t.Fatal(err)
			}
		}
		if intake.Pending() != 0 || (room(intake) > size) != kept {
			t.Errorf("after an event of %d bytes it has room for %d", size, room(intake))
		}
	}
}
