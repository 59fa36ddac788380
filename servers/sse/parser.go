package sse

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"pushbench/servers/feed"
)

// front is what is left free before a message's data (bytes): with an event's
// number and a blank there it is a line of the text encoding.
const front = feed.Digits + 1

// parser interprets an event stream (WHATWG HTML §9.2.6). It takes values as
// they come and keeps no lines, so that it makes no difference how the stream is
// cut up, and of what means nothing it keeps no byte. The fields event, id and
// data mean something; retry, which tells a client that reconnects by itself when
// to do so, does not here.
//
// A message is an event in the standard's words.
type parser struct {
	// Of a message, once it is whole: the last event ID, and whether it was given with
	// this message and not with one before.
	id  []byte
	own bool

	// How many bytes were taken, for whoever counts to set to 0: of a message, and
	// of lines and their ends that belong to none.
	taken, loose int64

	begun  bool // the first line has begun to have a field
	ended  bool // the last byte was a carriage return: a line feed belongs to it
	within bool // a message has begun: a field that means something was read
	named  bool // the line's field has its whole name
	first  bool // no byte of the value has come: one space is no part of it
	*text       // nil between messages, once it is put down
}

// text is what is kept of a message that has begun. All parsers share a few of them,
// since thousands wait between messages.
type text struct {
	// Of a message, once it is whole: the event field, empty for "message"; and behind
	// front bytes the lines of the data field, each with a line feed, the last included.
	kind, data []byte

	name  []byte  // of the line's field, as far as it can matter
	value []byte  // of an event or id field
	into  *[]byte // where the value goes: data or value; nil: it means nothing
}

var texts = sync.Pool{New: func() any { return &text{data: make([]byte, front)} }}

// pickUp has room for what comes next.
func (p *parser) pickUp() {
	if p.text == nil {
		p.text = texts.Get().(*text)
	}
}

// putDown lets go of the room, unless a message or a line has begun.
func (p *parser) putDown() {
	if !p.within && !p.named && len(p.name) == 0 {
		texts.Put(p.text)
		p.text = nil
	}
}

// byteOrderMark may precede a stream, and is no part of it.
const byteOrderMark = "\ufeff"

const (
	longestName = len(byteOrderMark) + len("event") // of those that can matter
	maxValue    = 4 << 10                           // bytes of an event or id field
)

// take interprets what comes next, up to the end of a message at most, and
// returns how much that was and whether a message is whole. That must be ended
// before the next call. The parser must have been picked up.
func (p *parser) take(b []byte) (n int, whole bool, err error) {
	for n < len(b) {
		if p.ended {
			p.ended = false
			if b[n] == '\n' {
				n++
				p.count(1)
				continue
			}
		}
		end := lineEnd(b[n:])
		p.line(b[n : n+end])
		n += end
		p.taken += int64(end)
		switch {
		case p.pending() > feed.MaxEncoded:
			return n, false, fmt.Errorf("a message is longer than %d bytes", feed.MaxEncoded)
		case len(p.value) > maxValue:
			return n, false, fmt.Errorf("the value of a message's field %s is longer than %d bytes", p.name, maxValue)
		}
		if n == len(b) {
			break
		}
		p.ended = b[n] == '\r'
		n++
		p.taken++
		if empty := p.endLine(); empty {
			if len(p.data) > front {
				return n, true, nil
			}
			p.endMessage() // without data it is none, but its id stays for those that follow
		}
		p.count(0)
	}
	return n, false, nil
}

// count counts bytes, at a line's end.
func (p *parser) count(n int64) {
	if p.taken += n; !p.within {
		p.loose, p.taken = p.loose+p.taken, 0
	}
}

// lineEnd is where the first line of b ends, len(b) where it does not. Lines end
// in a line feed, a carriage return or both.
func lineEnd(b []byte) int {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		end = len(b)
	}
	if cr := bytes.IndexByte(b[:end], '\r'); cr >= 0 {
		end = cr
	}
	return end
}

// pending is how much is held of the data of a message that is not whole.
func (p *parser) pending() int {
	if p.text == nil {
		return 0
	}
	return len(p.data) - front
}

// line takes a piece of a line.
func (p *parser) line(b []byte) {
	if !p.named {
		name, value, colon := bytes.Cut(b, []byte(":"))
		p.name = append(p.name, name[:min(len(name), longestName+1-len(p.name))]...)
		if !colon {
			return
		}
		p.field()
		b = value
	}
	if p.into == nil || len(b) == 0 {
		return
	}
	if p.first {
		p.first = false
		b = bytes.TrimPrefix(b, []byte(" "))
	}
	*p.into = append(*p.into, b...)
}

// field decides what to do with a line whose field's name is whole. A comment's is empty.
func (p *parser) field() {
	if !p.begun {
		p.begun = true
		p.name = bytes.TrimPrefix(p.name, []byte(byteOrderMark))
	}
	p.named, p.first, p.into = true, true, nil
	switch string(p.name) {
	case "data":
		p.into, p.within = &p.data, true
	case "event", "id":
		p.into, p.within = &p.value, true
	}
}

// endLine interprets the line that has come whole, and returns whether it is
// empty.
func (p *parser) endLine() (empty bool) {
	if !p.named { // no colon: all of it is the name
		p.field()
		empty = len(p.name) == 0
	}
	switch string(p.name) {
	case "data":
		p.data = append(p.data, '\n')
	case "event":
		p.kind = append(p.kind[:0], p.value...)
	case "id":
		if !slices.Contains(p.value, 0) {
			p.id, p.own = append(p.id[:0], p.value...), true
		}
	}
	p.named, p.name, p.value = false, p.name[:0], p.value[:0]
	return empty
}

// endMessage makes room for the next message.
func (p *parser) endMessage() {
	if cap(p.data) > feed.MaxRoom {
		p.data = make([]byte, front)
	}
	p.kind, p.data, p.own, p.within = p.kind[:0], p.data[:front], false, false
}
