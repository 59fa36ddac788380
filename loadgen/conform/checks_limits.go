package conform

import (
	"errors"
	"fmt"
	"sync"
)

// limits is how a server protects itself (§10.4).
var limits = []Check{
	// What a server that waits for the rest would do in its time, it does at once
	// when we say that there is no rest. It has nobody to tell, then.
	{Rule: "§10.4", Severity: May, Name: "a frame that announces 2^62 bytes is refused by its header, with a close frame", run: func(p *probe) error {
		s, err := p.open()
		if err != nil {
			return err
		}
		s.send(frame{op: opBinary, claim: 1 << 62, payload: ramp(1000)})
		if half, ok := s.socket.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
		if status, err := s.ended(false); err != nil || status == 0 {
			return s.wrong("want a close frame")
		}
		return nil
	}},
	{Rule: "§10.4", Severity: Should, Name: "a message of -max bytes comes back", needs: needsMax | needsEcho, run: func(p *probe) error {
		s, err := p.open()
		if err != nil {
			return err
		}
		return s.roundTrip(opBinary, ramp(p.Max))
	}},
	{Rule: "§10.4", Severity: Must, Name: "a frame of more than -max bytes: the connection fails", needs: needsMax, run: func(p *probe) error {
		_, _, err := p.tooBig(false)
		return err
	}},
	{Rule: "§10.4", Severity: Must, Name: "fragments of more than -max bytes together: the connection fails", needs: needsMax, run: func(p *probe) error {
		_, _, err := p.tooBig(true)
		return err
	}},
	{Rule: "§7.4.1", Severity: Should, Name: "what is too big is told with status 1009", needs: needsMax, run: func(p *probe) error {
		return each(p, []bool{false, true}, func(fragments bool) error {
			status, s, err := p.tooBig(fragments)
			if err == nil && status != 1009 {
				err = s.wrong("want a close frame with status 1009")
			}
			return err
		})
	}},
}

// tooBig sends a message of a byte or two more than the server takes, and
// returns the status that it was refused with.
func (p *probe) tooBig(fragments bool) (int, *session, error) {
	s, err := p.open()
	if err != nil {
		return 0, nil, err
	}
	frames := one(binaryOf(ramp(p.Max + 1)))
	if fragments {
		half := ramp(p.Max/2 + 1)
		frames = []frame{binaryOf(half).begun(), continuation(string(half))}
	}
	status, err := s.failed(frames...)
	return status, s, err
}

// bombSize is what the bomb comes to, from a thousandth of it.
const bombSize = 16 << 20

var bombPayload = sync.OnceValue(func() []byte { return compress(make([]byte, bombSize)) })

// bomb sends a small message that is large when it is decompressed. A server may
// echo it, if it can, or refuse it; it may not choke.
func bomb(p *probe) error {
	s, err := p.deflated()
	if err != nil {
		return err
	}
	payload := bombPayload()
	s.said = append(s.said, fmt.Sprintf("%d B that decompress to %d MB", len(payload), bombSize>>20))
	s.write("", binaryOf(payload).with(rsv1).bytes())
	for { // as long as a check may take: there is much to do
		e, err := s.event(p.deadline)
		switch {
		case errors.Is(err, errEnd) || err == nil && e.op == opClose:
			return nil
		case err != nil:
			return s.wrong("want the server to close, or the message back")
		case e.op == opBinary && len(e.payload) == bombSize:
			return nil
		case !isControl(e.op):
			return s.wrong("want %d bytes back, or the server to close", bombSize)
		}
	}
}
