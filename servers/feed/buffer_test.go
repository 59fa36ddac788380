package feed

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// However the bytes come in and are asked for, they are the source's, in order,
// and its end is where it is.
func TestBufferIsItsSource(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		left := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "source")
		b := NewBuffer(&choppy{left, func(most int) int { return rapid.IntRange(1, most).Draw(t, "read") }})
		for {
			n := rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(0, 3000)).Draw(t, "n")
			take := rapid.Bool().Draw(t, "take")
			ask := b.Peek
			if take {
				ask = b.Take
			}
			got, err := ask(n)
			if n > len(left) {
				if len(left) == 0 && err != io.EOF || len(left) > 0 && err != io.ErrUnexpectedEOF {
					t.Fatalf("the error of asking for %d bytes where %d are left is %v", n, len(left), err)
				}
				return
			}
			if err != nil || !bytes.Equal(got, left[:n]) {
				t.Fatalf("got %q and %v, not %q", got, err, left[:n])
			}
			if take {
				left = left[n:]
			}
		}
	})
}

// choppy returns as much at a time as it is told.
type choppy struct {
	left []byte
	cut  func(most int) int
}

func (c *choppy) Read(p []byte) (int, error) {
	if len(c.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:c.cut(min(len(p), len(c.left)))], c.left)
	c.left = c.left[n:]
	return n, nil
}

// One read fetches every frame that there is room for.
func TestBufferReadsManyFramesAtOnce(t *testing.T) {
	reads := 0
	b := NewBuffer(&choppy{make([]byte, bufferSize), func(most int) int { reads++; return most }})
	for range bufferSize / 32 {
		if _, err := b.Take(32); err != nil {
			t.Fatal(err)
		}
	}
	if reads != 1 {
		t.Errorf("it took %d reads", reads)
	}
}

// A length that was announced costs nothing: memory is for bytes that came.
func TestBufferGrowsWithWhatArrives(t *testing.T) {
	const came = 3000
	b := NewBuffer(strings.NewReader(strings.Repeat("x", came)))
	if _, err := b.Take(math.MaxInt); err != io.ErrUnexpectedEOF {
		t.Errorf("the error of taking more bytes than there are addresses is %v", err)
	}
	if cap(b.room) > 2*came {
		t.Errorf("after %d bytes it holds %d", came, cap(b.room))
	}
}

func TestBufferOfBadSource(t *testing.T) {
	t.Run("with its last bytes comes an error", func(t *testing.T) {
		b := NewBuffer(iotest.DataErrReader(strings.NewReader("hello")))
		if got, err := b.Take(5); string(got) != "hello" || err != nil {
			t.Errorf("got %q and %v", got, err)
		}
		if _, err := b.Take(1); err != io.EOF {
			t.Errorf("after it comes %v", err)
		}
	})
	t.Run("an error of its own", func(t *testing.T) {
		b := NewBuffer(io.MultiReader(strings.NewReader("hel"), iotest.ErrReader(io.ErrClosedPipe)))
		if _, err := b.Take(5); err != io.ErrClosedPipe {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("nothing, again and again", func(t *testing.T) {
		b := NewBuffer(&choppy{make([]byte, 1), func(int) int { return 0 }})
		if _, err := b.Take(1); err != io.ErrNoProgress {
			t.Errorf("the error is %v", err)
		}
	})
}
