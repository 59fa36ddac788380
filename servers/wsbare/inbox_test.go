package wsbare

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// What is taken is what came, in order, whatever the sizes of the takes, of the
// reads and of what came early.
func TestInbox(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stream := rapid.SliceOfN(rapid.Byte(), 0, 20_000).Draw(t, "stream")
		early := rapid.IntRange(0, min(len(stream), 5000)).Draw(t, "early")
		p := &peer{says: stream[early:], cut: func(most int) int { return rapid.IntRange(1, most).Draw(t, "read") }}
		b := newInbox(p, bytes.Clone(stream[:early]))
		var got []byte
		for {
			if rapid.Bool().Draw(t, "await") {
				b.await()
			}
			n := rapid.IntRange(0, 9000).Draw(t, "take")
			part, err := b.Take(n)
			left := len(stream) - len(got)
			switch {
			case err == nil && n <= left:
				got = append(got, part...)
			case err == io.EOF && left == 0 && n > 0, err == io.ErrUnexpectedEOF && left > 0 && n > left:
				if !bytes.Equal(got, stream[:len(got)]) {
					t.Fatalf("took %x of %x", got, stream)
				}
				return
			default:
				t.Fatalf("took %d of %d and got %v", n, left, err)
			}
		}
	})
	if _, err := newInbox(iotest.ErrReader(nil), nil).Take(1); err != io.ErrNoProgress {
		t.Errorf("a source that returns nothing ends with %v", err)
	}
}

// A frame takes memory as its bytes come, not as its length says; and what was
// taken for it is given back.
func TestAnnouncedLengthTakesNoMemory(t *testing.T) {
	header := binary.BigEndian.AppendUint64([]byte{0x82, 0xff}, 64<<20)
	p := &peer{says: append(header, make([]byte, 10_000)...)}
	c := newServer(p, nil, MaxMessage)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := c.NextMessage()
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; err == nil || took > 100_000 {
		t.Errorf("10 kB of 64 MB took %d bytes of memory and ended with %v", took, err)
	}

	p = &peer{says: []byte(masked(frame(true, Binary, strings.Repeat("x", 100_000))))}
	c = newServer(p, nil, MaxMessage)
	if _, _, err := c.NextMessage(); err != nil {
		t.Fatal(err)
	}
	c.await()
	if in := c.in.(*inbox); in.room != nil {
		t.Errorf("an inbox at rest keeps %d bytes", len(in.room))
	}
}

// A connection may be silent for as long as it likes, but not in the middle of a
// frame.
func TestFrameThatDoesNotEnd(t *testing.T) {
	whole := masked(frame(true, Text, "hello"))
	for at := 1; at < len(whole); at++ {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			defer far.Close()
			c := newServer(near, nil, testLimit)
			defer c.Close()
			go func() {
				<-time.After(24 * time.Hour)
				io.WriteString(far, whole)
				<-time.After(24 * time.Hour)
				io.WriteString(far, whole[:at])
				io.Copy(io.Discard, far)
			}()
			if _, m, err := c.NextMessage(); err != nil || string(m) != "hello" {
				t.Fatalf("after a day it got %q, %v", m, err)
			}
			_, _, err := c.NextMessage()
			if err == nil || errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "the client began a frame and did not end it within 1m0s") {
				t.Errorf("cut after %d bytes: %v", at, err)
			}
		})
	}
}
