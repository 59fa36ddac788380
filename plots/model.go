package main

import "pushbench/scenarios"

// The closed form of what polling and WebSocket put on the wire for an event,
// which a figure shows beside what was counted. It takes a poll for three
// segments (request, response, acknowledgement) and two TLS records, a pushed
// event for two segments (event, acknowledgement) and one record.

const (
	segmentBytes = 52 // IPv4 header of 20 B (RFC 791), TCP header of 20 (RFC 9293) with timestamps, 12 (RFC 7323)
	recordBytes  = 22 // header 5, content type 1, tag 16 (RFC 8446 §5.2)

	pollSegments, pushSegments = 3, 2
	pollRecords, pushRecords   = 2, 1
)

// frameBytes is the header of an unmasked WebSocket frame (RFC 6455 §5.2).
func frameBytes(payload float64) float64 {
	switch {
	case payload <= 125:
		return 2
	case payload <= 65535:
		return 4
	default:
		return 10
	}
}

// closedForm is the model's input.
type closedForm struct {
	Headers scenarios.Headers // of a poll
	PerPoll float64           // events in a poll
	Event   float64           // bytes of an event, payload and envelope
	TLS     bool
}

// wireLayer is how far down bytes are counted.
type wireLayer int

const (
	framing wireLayer = iota // headers or frame headers alone
	withData
	withTLS
	withTCPIP
	toClient // as withTCPIP, from the server alone: what an operator is billed for
)

// bytes are those of an event, by polling and by pushing. It is not ok where
// the model needs what the scenario did not give.
func (m closedForm) bytes(l wireLayer) (poll, push float64, ok bool) {
	poll, push = m.Headers.Total/m.PerPoll, frameBytes(m.Event)
	if l == framing {
		return poll, push, true
	}
	if l == toClient {
		// The request's acknowledgement rides on the response.
		poll = (m.Headers.Response + segmentBytes) / m.PerPoll
		push += segmentBytes
		if m.TLS {
			poll, push = poll+recordBytes/m.PerPoll, push+recordBytes
		}
		return poll + m.Event, push + m.Event, m.Headers.Response > 0
	}
	poll, push = poll+m.Event, push+m.Event
	if l >= withTLS && m.TLS {
		poll, push = poll+pollRecords*recordBytes/m.PerPoll, push+pushRecords*recordBytes
	}
	if l == withTCPIP {
		poll, push = poll+pollSegments*segmentBytes/m.PerPoll, push+pushSegments*segmentBytes
	}
	return poll, push, true
}

// ratio is polling over pushing.
func (m closedForm) ratio(l wireLayer) (float64, bool) {
	poll, push, ok := m.bytes(l)
	return poll / push, ok && push > 0
}

// breakEven is the number of events in a poll above which polling takes fewer
// bytes: there both take the same, and the data cancels.
func (m closedForm) breakEven() float64 {
	perPoll, perPush := m.Headers.Total+pollSegments*segmentBytes, frameBytes(m.Event)+pushSegments*segmentBytes
	if m.TLS {
		perPoll, perPush = perPoll+pollRecords*recordBytes, perPush+pushRecords*recordBytes
	}
	return perPoll / perPush
}
