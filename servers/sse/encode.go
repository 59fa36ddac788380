package sse

import (
	"bytes"
	"errors"
	"fmt"

	"pushbench/servers/feed"
)

const (
	numberLen = 19 // the width of a number in text
	noNumber  = "0000000000000000000"
)

// heartbeat is a comment, which no EventSource tells its page of.
const heartbeat = ":\n\n"

// gap is the type of the message that announces one.
const gap = "gap"

// appendRecord adds a record's encoding in the format of the stream.
func appendRecord(dst []byte, r feed.Record) ([]byte, error) {
	line := r.Wire // three numbers, each with a blank behind it, the body, a line feed
	if len(line) <= numberLen+1 {
		return dst, fmt.Errorf("sse: event %d has an encoding of %d bytes, which is none in text", r.Seq, len(line))
	}
	if bytes.IndexByte(line, '\r') >= 0 { // it ends a line, which the receiver would see as a line feed
		return dst, errors.New("sse: an event's body has a carriage return, which the format cannot carry; use encoding base64")
	}
	id := line[:numberLen]
	if g, ok := r.Gap(); ok {
		dst = append(dst, "event:"+gap+"\n"...)
		id = feed.AppendNumber(nil, int64(g.Last))
	}
	dst = append(append(dst, "id:"...), id...)
	dst = append(append(dst, "\ndata:"...), line[numberLen+1:]...)
	return append(dst, '\n'), nil
}
