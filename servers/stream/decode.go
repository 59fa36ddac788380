package stream

import (
	"bytes"
	"fmt"

	"pushbench/servers/feed"
)

// decoder takes events off a stream that is cut up anyhow. What is whole is
// decoded where it was read; only the beginning of an event that is not is kept.
type decoder struct {
	codec  feed.Codec
	emit   func(feed.Event)
	meter  *feed.Meter
	held   []byte
	events int // of what is being taken
}

// Pending implements feed.Intake.
func (d *decoder) Pending() int { return len(d.held) }

// End implements feed.Intake.
func (d *decoder) End(err error) error { return feed.AnswerEnded(err, d.Pending()) }

// Take implements feed.Intake.
func (d *decoder) Take(p []byte) error {
	// Where no line ends there is nothing to decode, and what is held need not be
	// searched again for each piece of a large event.
	if d.codec.IsText() && bytes.IndexByte(p, '\n') < 0 {
		return d.hold(append(d.held, p...))
	}
	whole := p
	if len(d.held) > 0 {
		d.held = append(d.held, p...)
		whole = d.held
	}
	d.events = 0
	for len(whole) > 0 {
		rest, err := d.next(whole)
		if err == feed.ErrShort {
			break
		}
		if err != nil {
			return err
		}
		whole = rest
	}
	return d.hold(append(d.held[:0], whole...))
}

// hold keeps the beginning of an event, in memory that is let go of once a very
// large one is done with.
func (d *decoder) hold(b []byte) error {
	if len(b) > feed.MaxEncoded {
		return fmt.Errorf("an event is longer than %d bytes", feed.MaxEncoded)
	}
	if d.held = b; len(b) == 0 && cap(b) > feed.MaxRoom {
		d.held = nil
	}
	return nil
}

// next takes an event or a heartbeat. The error is feed.ErrShort where it is not
// whole.
func (d *decoder) next(p []byte) (rest []byte, err error) {
	if !d.codec.IsText() {
		e, rest, err := d.codec.Decode(p)
		if err != nil {
			return p, err
		}
		d.event(e)
		return rest, nil
	}
	end := bytes.IndexByte(p, '\n') + 1
	switch end {
	case 0:
		return p, feed.ErrShort
	case len(heartbeat):
		d.meter.FramingDown.Add(int64(len(heartbeat)))
		return p[end:], nil
	}
	e, _, err := d.codec.Decode(p[:end])
	if err == feed.ErrShort {
		err = fmt.Errorf("a line of %d bytes is no event", end-1)
	}
	if err != nil {
		return p, err
	}
	d.event(e)
	return p[end:], nil
}

// event counts an event's answer before the event is out, so that once the subscriber
// has that, it is counted.
func (d *decoder) event(e feed.Event) {
	if d.events++; d.events == 1 {
		d.meter.Answers.Add(1)
	}
	d.emit(e)
}
