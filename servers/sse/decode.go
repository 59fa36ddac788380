package sse

import (
	"errors"
	"fmt"

	"pushbench/servers/feed"
)

// decoder takes the feed's events off an event stream.
type decoder struct {
	codec  feed.Codec
	emit   func(feed.Event)
	meter  *feed.Meter
	stream parser
	events int // of what is being taken
}

func newDecoder(codec feed.Codec, emit func(feed.Event), meter *feed.Meter) *decoder {
	return &decoder{codec: codec, emit: emit, meter: meter}
}

// Pending implements feed.Intake.
func (d *decoder) Pending() int { return d.stream.pending() }

// End implements feed.Intake.
func (d *decoder) End(err error) error { return feed.AnswerEnded(err, d.Pending()) }

// Take implements feed.Intake.
func (d *decoder) Take(p []byte) error {
	d.events = 0
	d.stream.pickUp()
	for len(p) > 0 {
		n, whole, err := d.stream.take(p)
		if err != nil {
			return err
		}
		if whole {
			if err := d.message(); err != nil {
				return fmt.Errorf("message %.40q: %w", d.stream.id, err)
			}
			d.stream.endMessage()
		}
		p = p[n:]
	}
	d.meter.FramingDown.Add(d.stream.loose)
	d.stream.loose = 0
	d.stream.putDown()
	return nil
}

// message emits what a message says, and counts what it took as the format's own
// but for what is the encoding's. Of types that it does not know it takes no
// notice, as a page that does not listen for them.
//
// The stack of each of thousands of subscribers is as large as its deepest call
// was. So what is large here is apart, and not below the codec and Emit.
func (d *decoder) message() error {
	m := &d.stream
	framing := m.taken
	m.taken = 0
	isGap := string(m.kind) == gap
	if !isGap && len(m.kind) > 0 && string(m.kind) != "message" {
		d.meter.FramingDown.Add(framing)
		return nil
	}
	if err := makeLine(m, isGap); err != nil {
		return err
	}
	e, rest, err := d.codec.Decode(m.data)
	if err == nil {
		err = check(m, e, rest, isGap)
	}
	if err != nil {
		return err
	}
	d.meter.FramingDown.Add(framing - int64(len(m.data)))
	if d.events++; d.events == 1 {
		d.meter.Answers.Add(1) // before its event is out, so that once the subscriber has that, it is counted
	}
	d.emit(e)
	return nil
}

// makeLine makes a message's data a line of the text encoding.
func makeLine(m *parser, isGap bool) error {
	if !m.own || len(m.id) != feed.Digits {
		return fmt.Errorf("it has no id of its own that is an event's number of %d digits", feed.Digits)
	}
	copy(m.data, m.id)
	if isGap { // which has no number in the encoding
		copy(m.data, feed.AppendNumber(nil, 0))
	}
	m.data[feed.Digits] = ' '
	return nil
}

// check checks what a message's line was decoded to.
func check(m *parser, e feed.Event, rest []byte, isGap bool) error {
	if len(rest) > 0 {
		return errors.New("its data has more than one line, and an event has one")
	}
	missed, found := e.Gap()
	switch {
	case found != isGap:
		return errors.New("an event's number begins at 1")
	case isGap && string(m.id) != string(feed.AppendNumber(nil, int64(missed.Last))):
		return fmt.Errorf("it announces %v; its id must be the last number that is missing", missed)
	}
	return nil
}
