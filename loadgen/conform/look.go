package conform

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// offers is what a server was found to offer.
type offers struct {
	Open    bool          // a legal handshake opens the connection
	Echoes  map[byte]bool // the kinds of messages that come back
	Deflate string        // an offer of permessage-deflate that it agrees to, "" if to none
	Quits   string        // how it ends each connection of its own accord, "" if it does not

	unasked map[string]int // what it says of its own accord on a new connection, and how often
}

// look finds out what the server offers. The error says why it cannot be tested.
func (r *runner) look() error {
	p := r.probe()
	defer p.release()
	s, err := p.plain()
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case outcome(err) == Untested:
		return err
	case err != nil: // what is wrong with its handshake, the checks will say
		return nil
	}
	r.report.Open = true
	// Another connection sees whether it is alone: a server may pass on to all its
	// clients what one of them sends, and may take no more than one client.
	other, err := p.plain()
	found := s.hears(opText, opBinary)
	if err != nil || other.gets(found) {
		r.o.Parallel = 1
	}
	p.release()
	r.report.unasked, r.report.Echoes = found.unasked, found.back
	if found.ended { // for one of the two, for neither, or for the other connection
		for _, op := range []byte{opText, opBinary} {
			if !found.back[op] && r.hearsAlone(op) {
				found.back[op], r.o.Parallel = true, 1
			}
		}
		if len(found.back) == 0 && r.quits(ping("are you there?")) != "" {
			r.report.Quits = r.quits()
		}
	}
	r.deflates()
	return r.ctx.Err()
}

// heard is what came of messages that were sent to find out whether they return.
type heard struct {
	token   string // in each of them, and in no other
	back    map[byte]bool
	unasked map[string]int
	ended   bool
}

// hears sends a message of each kind and waits for all to come back, as
// whatever kind.
func (s *session) hears(ops ...byte) heard {
	h := heard{token: newKey(), back: make(map[byte]bool), unasked: make(map[string]int)}
	sent := make(map[string]byte)
	for _, op := range ops {
		payload := "does this come back? " + nameOf(op) + " " + h.token
		sent[payload] = op
		s.send(frame{op: op, payload: []byte(payload)})
	}
	for until := s.until(); len(h.back) < len(ops); {
		e, err := s.event(until)
		if err != nil || e.op == opClose {
			h.ended = e.op == opClose || errors.Is(err, errEnd)
			break
		}
		if op, ours := sent[string(e.payload)]; ours && !isControl(e.op) {
			h.back[op] = true
		} else if len(e.payload) < 1000 && len(h.unasked) < 1000 { // it may have much to say, and ours is short
			h.unasked[e.key()]++
		}
	}
	return h
}

// hearsAlone finds out whether a message comes back that is the only one.
func (r *runner) hearsAlone(op byte) bool {
	p := r.probe()
	defer p.release()
	s, err := p.plain()
	return err == nil && s.hears(op).back[op]
}

// gets reports whether what was sent on another connection comes on this one.
// Where messages come back, the one that is sent here stands behind it; where
// none do, the wait for them was long enough.
func (s *session) gets(theirs heard) bool {
	for op := range theirs.back {
		for text := range s.hears(op).unasked {
			if strings.HasSuffix(text, theirs.token) {
				return true
			}
		}
		return false
	}
	for until := time.Now().Add(min(s.Timeout, time.Second/4)); ; {
		e, err := s.event(until)
		if err != nil || strings.HasSuffix(string(e.payload), theirs.token) {
			return err == nil
		}
	}
}

// quits says how the server ends a connection on which no more is said than
// this; "" if it does not. Many let in only who has a token, and say so behind
// the handshake.
func (r *runner) quits(said ...frame) string {
	p := r.probe()
	defer p.release()
	s, err := p.plain()
	if err != nil {
		return ""
	}
	s.send(said...)
	for until := p.until(); ; {
		e, err := s.event(until)
		switch {
		case e.op == opClose || errors.Is(err, errEnd):
			return "the server ends every connection of its own accord; came " + few(s.came)
		case err != nil || e.op == opPong && len(said) > 0:
			return ""
		}
	}
}

// deflates finds an offer of permessage-deflate that the server agrees to. After
// the usual ones all forms together tell at once whether there is one.
func (r *runner) deflates() {
	all := strings.Join(deflateOffers, ", ")
	for _, offer := range slices.Insert(slices.Clone(deflateOffers), usualOffers, all) {
		agreed, status := r.deflatesBy(offer)
		if agreed {
			r.report.Deflate = offer
		}
		switch {
		case offer == all && (agreed || status != 101): // one of the others alone, maybe
		case agreed, offer == all, status == 0: // no answer, and no patience for one to every form
			return
		}
	}
}

// deflatesBy makes an offer.
func (r *runner) deflatesBy(offer string) (agreed bool, status int) {
	p := r.probe()
	defer p.release()
	_, answer, _ := p.ask(set("Sec-WebSocket-Extensions", offer))
	if answer == nil {
		return false, 0
	}
	list, _ := parseExtensions(answer.values("Sec-WebSocket-Extensions"))
	return answer.status == 101 && slices.ContainsFunc(list, extension.deflates), answer.status
}
