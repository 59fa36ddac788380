package feed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// A test's frame has its length in two bytes before it.
func testFrameSize(b []byte) (int, error) {
	if len(b) < 2 {
		return 2, nil
	}
	n := int(binary.BigEndian.Uint16(b))
	if n == 0xffff {
		return 0, errTestFrame
	}
	return 2 + n, nil
}

var errTestFrame = errors.New("a frame that is none")

// However the bytes are cut up, and wherever they are read to, the frames are those that
// were sent, and what is held is the beginning of one.
func TestBufferIsWhatCame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want [][]byte
		for range rapid.IntRange(0, 6).Draw(t, "frames") {
			n := rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(0, 20_000)).Draw(t, "length")
			frame := binary.BigEndian.AppendUint16(nil, uint16(n))
			frame = append(frame, bytes.Repeat([]byte{byte(n)}, n)...)
			want, stream = append(want, frame), append(stream, frame...)
		}
		whole := len(stream)
		stream = append(stream, rapid.SliceOfN(rapid.ByteRange(0, 3), 0, 1).Draw(t, "beginning")...)
		var b Buffer
		var got [][]byte
		for left := stream; len(left) > 0; {
			p := make([]byte, rapid.IntRange(1, 5000).Draw(t, "read"))
			if len(b.Held()) > 0 && rapid.Bool().Draw(t, "behind what is held") {
				p = b.Space()
			}
			n := copy(p, left)
			p, left = p[:n], left[n:]
			for {
				frame, rest, err := b.Next(p, testFrameSize)
				if err != nil {
					t.Fatal(err)
				}
				if frame == nil {
					break
				}
				got = append(got, bytes.Clone(frame))
				p = rest
			}
			b.Release()
			if len(b.Held()) == 0 && b.room != nil {
				t.Fatal("it keeps room for nothing")
			}
		}
		if len(got) != len(want) || !bytes.Equal(bytes.Join(got, nil), stream[:whole]) || !bytes.Equal(b.Held(), stream[whole:]) {
			t.Fatalf("%d frames of %d, and %d bytes held of %d", len(got), len(want), len(b.Held()), len(stream)-whole)
		}
	})
}

// What is wrong with a frame is said as soon as it can be told, and what came before it
// is handed out.
func TestBufferOfBadFrame(t *testing.T) {
	for cut := range 6 {
		var b Buffer
		var frames int
		var failed error
		stream := []byte("\x00\x02hi\xff\xff")
		for _, p := range [][]byte{stream[:cut], stream[cut:]} {
			for failed == nil {
				frame, rest, err := b.Next(p, testFrameSize)
				if failed = err; frame == nil {
					break
				}
				frames++
				p = rest
			}
		}
		if frames != 1 || failed != errTestFrame {
			t.Errorf("cut after %d bytes: %d frames and %v", cut, frames, failed)
		}
	}
}

// A length that was announced takes no memory: that is for bytes that came.
func TestBufferGrowsWithWhatArrives(t *testing.T) {
	var b Buffer
	size := func([]byte) (int, error) { return MaxEncoded, nil }
	for range 10_000 {
		if frame, rest, err := b.Next([]byte("x"), size); frame != nil || len(rest) > 0 || err != nil {
			t.Fatal("there is no frame")
		}
	}
	if got := len(*b.room); got > 16<<10 {
		t.Errorf("10,000 bytes have a room of %d", got)
	}
}

// Frames that come in pieces cost no memory beyond rooms that are used again and again.
func TestBufferDoesNotAllocate(t *testing.T) {
	frame := append([]byte("\x40\x00"), make([]byte, 1<<14)...)
	var b Buffer
	n := testing.AllocsPerRun(100, func() {
		for _, p := range [][]byte{frame[:1], frame[1:5000], frame[5000:]} {
			b.Next(p, testFrameSize)
		}
		b.Release()
	})
	if n > 3 { // the race detector has a pool drop some of what it is given
		t.Errorf("a frame in three pieces takes %v allocations", n)
	}
}
