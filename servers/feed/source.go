package feed

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
	codec, err := ParseCodec(s.Encoding)
	if err != nil {
		return nil, nil, err
	}
	payload, err := NewPayload(s.PayloadKind, s.Payload, codec, Rand(s.Seed, s.Block, "payload"))
	if err != nil {
		return nil, nil, err
	}
	extra, err = NewPayload(s.PayloadKind, s.Payload, codec, Rand(s.Seed, s.Block, "extra"))
	if err != nil {
		return nil, nil, err
	}
	arrivals := Rand(s.Seed, s.Block, "arrivals")
	if s.Arrivals == "constant" {
		arrivals = nil
	}
	schedule, err := NewSchedule(s.Rate, arrivals)
	if err != nil {
		return nil, nil, err
	}
	clock := NewClock()
	return &Publisher{Log: NewLog(codec, s.Ring, clock), Schedule: schedule, Payload: payload, Timeline: NewTimeline(clock), Clock: clock}, extra, nil
}
