package feed

import "cmp"

// Source is what a feed's events are made of, and when they are due.
type Source struct {
	Encoding    string
	Payload     int // bytes
	PayloadKind string
	Rate        float64 // events per second
	Arrivals    string  // constant, or else Poisson
	Ring        int     // events that are kept
	Seed        uint64
	Block       int
}

// Publisher is that of the source, on a log and a timeline of its own. Extra makes the
// bodies of events outside the schedule, whose number must not change what the
// scheduled ones carry.
func (s Source) Publisher() (p *Publisher, extra *Payload, err error) {
	arrivals := Rand(s.Seed, s.Block, "arrivals")
	if s.Arrivals == "constant" {
		arrivals = nil
	}
	codec, noCodec := ParseCodec(s.Encoding)
	payload, noPayload := NewPayload(s.PayloadKind, s.Payload, codec, Rand(s.Seed, s.Block, "payload"))
	extra, noExtra := NewPayload(s.PayloadKind, s.Payload, codec, Rand(s.Seed, s.Block, "extra"))
	schedule, noSchedule := NewSchedule(s.Rate, arrivals)
	if err := cmp.Or(noCodec, noPayload, noExtra, noSchedule); err != nil {
		return nil, nil, err
	}
	clock := NewClock()
	return &Publisher{Log: NewLog(codec, s.Ring, clock), Schedule: schedule, Payload: payload, Timeline: NewTimeline(clock), Clock: clock}, extra, nil
}
