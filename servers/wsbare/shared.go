package wsbare

import (
	"bytes"
	"sync"
	"sync/atomic"

	"pushbench/servers/feed"
)

// shared are the newest messages of one log as frames, each made once for all of
// its subscribers, by whoever needs it first. A server's frames are not masked,
// so they are the same for everyone; and so is a compressed one, as long as it
// refers to nothing that was sent before.
//
// Subscribers in step with the feed find every frame here; one that has fallen
// behind makes its own, so that it does not push out what the others need.
type shared struct {
	op    Opcode
	slots [2][sharedFrames]atomic.Pointer[sharedFrame] // plain and compressed, by the last event's number
	users int                                          // guarded by logs
}

// sharedFrames is how many frames are kept of either kind: enough for
// subscribers a few events apart, and little beside what the log itself holds.
const sharedFrames = 64

type sharedFrame struct {
	first, last uint64 // events
	make        sync.Once
	bytes       []byte
}

// frame returns the frame of a message of the given records, or nil where the
// subscriber has to make its own.
func (s *shared) frame(records []feed.Record, compress bool) []byte {
	kind := 0
	if compress {
		kind = 1
	}
	first, last := records[0].Seq, records[len(records)-1].Seq
	if first == 0 || !compress && len(records) > 1 {
		return nil // a gap is the subscriber's own; and to join events is no work
	}
	slot := &s.slots[kind][last%sharedFrames]
	f := slot.Load()
	if f == nil || f.last < last {
		fresh := &sharedFrame{first: first, last: last}
		if slot.CompareAndSwap(f, fresh) {
			f = fresh
		} else {
			f = slot.Load()
		}
	}
	if f.first != first || f.last != last {
		return nil
	}
	f.make.Do(func() { f.bytes = s.build(records, compress) })
	return f.bytes
}

func (s *shared) build(records []feed.Record, compress bool) []byte {
	if !compress {
		payload := records[0].Wire
		frame := appendHeader(make([]byte, 0, maxHeader+len(payload)), bitFin|byte(s.op), len(payload))
		return append(frame, payload...)
	}
	scratch := takeScratch()
	defer scratch.giveBack()
	scratch.bytes = join(scratch.begin(), records)
	joined := len(scratch.bytes)
	scratch.bytes = append(scratch.bytes, make([]byte, maxHeader)...)
	scratch.bytes = appendDeflated(scratch.bytes, scratch.bytes[maxHeader:joined])
	return bytes.Clone(seal(server, scratch.bytes[joined:], bitFin|bitRSV1|byte(s.op)))
}

// join appends the records' encodings.
func join(dst []byte, records []feed.Record) []byte {
	for i := range records {
		dst = append(dst, records[i].Wire...)
	}
	return dst
}

// logs are the frames of every log that has a subscriber.
var logs = struct {
	sync.Mutex
	shared map[*feed.Log]*shared
}{shared: make(map[*feed.Log]*shared)}

// share returns the frames of a log's subscribers, to be let go by leave.
func share(log *feed.Log) *shared {
	logs.Lock()
	defer logs.Unlock()
	s := logs.shared[log]
	if s == nil {
		s = &shared{op: opcode(log.Codec())}
		logs.shared[log] = s
	}
	s.users++
	return s
}

// leave lets go of a log's frames with its last subscriber.
func (s *shared) leave(log *feed.Log) {
	logs.Lock()
	defer logs.Unlock()
	if s.users--; s.users == 0 {
		delete(logs.shared, log)
	}
}

// opcode is the type of a feed's messages, and of those of its uplink.
func opcode(c feed.Codec) Opcode {
	if c.IsText() {
		return Text
	}
	return Binary
}
