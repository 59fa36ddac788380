package trial

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/internal/capture"
	"pushbench/loadgen/measure"
	"pushbench/scenarios"
	"pushbench/servers/wire"
)

// row is one line of the table: a layer of one direction.
type row struct {
	treatment, layer, direction string
	counted, captured           int64
	untold                      int64 // of what was captured, what a client's kernel does not tell
}

func (r row) difference() int64 { return r.counted - r.captured }

func (r row) holds() bool { return r.counted+r.untold == r.captured }

// compare sets what was counted beside what was captured, and says how many
// bytes were sent again. Without those every row must be exact. With them, the
// client's kernel counts what came to it twice as segments but not as bytes. Nor does
// it count the options by which TCP tells its peer of that (RFC 2018, RFC 2883): so
// many bytes as the capture shows of either are missing, and not one more.
func compare(o *measure.Observation, c *capture.Capture) (rows []row, resent int64, err error) {
	if o.After.Fleet.NoTCP != "" {
		return nil, 0, errors.New(o.After.Fleet.NoTCP)
	}
	secure := o.Treatment.TLS
	down, up, conns, err := packetTruth(untilLeft(c), secure, formatOf(o.Treatment))
	if err != nil {
		return nil, 0, err
	}
	resent = down.resent + up.resent
	f, s := o.After.Fleet, o.After.Server
	for _, way := range []struct {
		direction                                      string
		truth                                          truth
		events, protocol, tls, socket, tcpip, segments int64
	}{
		{"down", down, f.Payload + f.Envelope + f.CompressionDown + f.EchoesDown, f.HeadersDown + f.FramingDown, s.Counts.TLS, f.Counts.BytesRead, f.TCP.HeadersIn(), f.TCP.SegmentsIn},
		{"up", up, f.EchoesUp + f.CompressionUp, f.HeadersUp + f.FramingUp, f.Counts.TLS, f.Counts.BytesWritten, f.TCP.HeadersOut() + f.TCP.Retransmitted, f.TCP.SegmentsOut},
	} {
		add := func(layer string, counted, captured, untold int64) {
			rows = append(rows, row{treatmentName(o.Treatment), layer, way.direction, counted, captured, untold})
		}
		got, untold := way.truth, way.truth.sack // also of a FIN that came twice, which is no byte
		if way.direction == "down" {
			untold += got.resent
		}
		if secure { // sealed: events and protocol are not told apart
			add("events+protocol", way.events+way.protocol, got.events, 0)
			add("tls", way.tls, got.tls, 0)
		} else {
			add("events", way.events, got.events, 0)
			add("protocol", way.protocol, got.protocol, 0)
		}
		add("at the socket", way.socket, got.stream, 0)
		if way.direction == "up" {
			add("sent again", f.TCP.Retransmitted, got.resent, 0)
		}
		add("segments", way.segments, got.segments, 0)
		add("tcpip", way.tcpip, got.ip-got.stream, untold)
		add("total", way.events+way.protocol+way.tls+way.tcpip, got.ip, untold)
	}
	return append(rows, row{treatmentName(o.Treatment), "connections", "both", f.TCP.Opened, conns, 0}), resent, nil
}

// untilLeft is a capture without what passes a connection from the client's FIN on:
// the kernel's counts of it are read before.
func untilLeft(c *capture.Capture) *capture.Capture {
	type ends struct{ client, server netip.AddrPort }
	left := map[ends]bool{}
	kept := &capture.Capture{Port: c.Port}
	for _, p := range c.Packets {
		up := p.Dst.Port() == c.Port
		at := ends{p.Src, p.Dst}
		if !up {
			at = ends{p.Dst, p.Src}
		}
		switch {
		case up && p.Flags&capture.SYN != 0: // the same ends, anew
			left[at] = false
		case up && p.Flags&capture.FIN != 0:
			left[at] = true
		}
		if !left[at] {
			kept.Packets = append(kept.Packets, p)
		}
	}
	return kept
}

// formatOf is what an answer to a subscriber is made of.
func formatOf(t scenarios.Treatment) capture.Format {
	name, _, _ := strings.Cut(t.Transport, "?")
	switch {
	case name == "sse":
		return capture.EventStream
	case name == "stream" && t.Encoding != "binary":
		return capture.Lines
	}
	return capture.Data
}

// truth is what the packets show of one direction of all connections.
type truth struct {
	// events is messages as they passed: compressed ones in their compressed
	// length, those of an uplink included, and with TLS the protocol's bytes too.
	events, protocol, tls        int64
	stream, resent, ip, segments int64
	sack                         int64 // of ip
}

func (t *truth) add(f *capture.Flow) {
	t.stream += f.Stream
	t.resent += f.Resent()
	t.ip += f.IPBytes
	t.sack += f.SACK
	t.segments += f.Segments
}

// packetTruth adds up the connections of a capture.
func packetTruth(c *capture.Capture, secure bool, format capture.Format) (down, up truth, conns int64, err error) {
	for _, conn := range c.Conns() {
		conns++
		down.add(&conn.Down)
		up.add(&conn.Up)
		unfinished := int64(0)
		if secure {
			sent, answered, err := conn.TLS()
			if err != nil {
				return down, up, conns, err
			}
			up.events, up.tls = up.events+sent.App, up.tls+sent.Overhead()
			down.events, down.tls = down.events+answered.App, down.tls+answered.Overhead()
			unfinished = sent.Rest + answered.Rest
		} else {
			sent, answered, err := conn.SplitAs(format)
			if err != nil {
				return down, up, conns, err
			}
			up.events, up.protocol = up.events+sent.Body, up.protocol+sent.Heads+sent.Framing
			down.events, down.protocol = down.events+answered.Body, down.protocol+answered.Heads+answered.Framing
			unfinished = sent.Rest + answered.Rest
		}
		if unfinished > 0 {
			return down, up, conns, fmt.Errorf("connection of %v: %d B of something unfinished at the second mark", conn.Client, unfinished)
		}
	}
	return down, up, conns, nil
}

// writeRows writes the table, a treatment's name above its rows.
func writeRows(w io.Writer, rows []row) {
	const line = "  %-15s  %-9s  %9v  %9v  %10v\n"
	fmt.Fprintf(w, line, "layer", "direction", "counted", "captured", "difference")
	exact, last := 0, ""
	for _, r := range rows {
		if r.treatment != last {
			last = r.treatment
			fmt.Fprintln(w, r.treatment)
		}
		difference := fmt.Sprint(r.difference())
		if r.difference() == 0 {
			exact++
		} else if r.holds() {
			difference += "  (what was sent again)"
		}
		fmt.Fprintf(w, line, r.layer, r.direction, r.counted, r.captured, difference)
	}
	fmt.Fprintf(w, "%d of %d rows exact (B, but for segments and connections), from the first SYN to the second mark\n", exact, len(rows))
}

// clearTalk is one raw connection in clear by hand: an upgrade and one event.
// What is counted of it is exact.
func clearTalk() (*measure.Observation, *capture.Capture) {
	const request, answer, event = "GET /raw HTTP/1.1\r\nUpgrade: pushbench-raw\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: pushbench-raw\r\n\r\n", "\x00\x00\x00\x05hello"
	client, server := netip.MustParseAddrPort("127.0.0.1:40000"), netip.MustParseAddrPort("127.0.0.1:80")
	c := &capture.Capture{Port: 80}
	send := func(from, to netip.AddrPort, seq uint32, flags capture.Flags, headers int, data string) {
		c.Packets = append(c.Packets, capture.Packet{Src: from, Dst: to, Length: headers + len(data), Seq: seq, Flags: flags, Payload: len(data), Data: []byte(data)})
	}
	send(client, server, 0, capture.SYN, 60, "")
	send(server, client, 0, capture.SYN|capture.ACK, 60, "")
	send(client, server, 1, capture.ACK, 52, "")
	send(client, server, 1, capture.ACK, 52, request)
	send(server, client, 1, capture.ACK, 52, answer+event)
	send(client, server, 1+uint32(len(request)), capture.ACK, 52, "")

	up, down := int64(len(request)), int64(len(answer+event))
	o := &measure.Observation{Asked: measure.Asked{Treatment: scenarios.Treatment{Transport: "raw", HTTP: "1.1"}}}
	o.After.Fleet.Count = fleet.Count{
		Counts:  wire.Counts{BytesRead: down, BytesWritten: up},
		TCP:     wire.TCP{Opened: 1, BytesSent: up, BytesReceived: down, SegmentsOut: 4, SegmentsIn: 2},
		Payload: 3, Envelope: 2, HeadersUp: up, HeadersDown: int64(len(answer)), FramingDown: 4,
	}
	return o, c
}

// A count that is one off, a packet too many or too few: the comparison sees it.
func TestComparisonCanFail(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*measure.Observation, *capture.Capture)
		want  []string // rows that differ
	}{
		"nothing":       {func(*measure.Observation, *capture.Capture) {}, nil},
		"payload":       {func(o *measure.Observation, _ *capture.Capture) { o.After.Fleet.Payload++ }, []string{"events down", "total down"}},
		"envelope":      {func(o *measure.Observation, _ *capture.Capture) { o.After.Fleet.Envelope-- }, []string{"events down", "total down"}},
		"heads down":    {func(o *measure.Observation, _ *capture.Capture) { o.After.Fleet.HeadersDown++ }, []string{"protocol down", "total down"}},
		"heads up":      {func(o *measure.Observation, _ *capture.Capture) { o.After.Fleet.HeadersUp++ }, []string{"protocol up", "total up"}},
		"framing":       {func(o *measure.Observation, _ *capture.Capture) { o.After.Fleet.FramingDown++ }, []string{"protocol down", "total down"}},
		"compression":   {func(o *measure.Observation, _ *capture.Capture) { o.After.Fleet.CompressionDown-- }, []string{"events down", "total down"}},
		"echoes":        {func(o *measure.Observation, _ *capture.Capture) { o.After.Fleet.EchoesUp++ }, []string{"events up", "total up"}},
		"one for other": {func(o *measure.Observation, _ *capture.Capture) { o.After.Fleet.Payload++; o.After.Fleet.FramingDown-- }, []string{"events down", "protocol down"}},
		"tally down":    {func(o *measure.Observation, _ *capture.Capture) { o.After.Fleet.Counts.BytesRead++ }, []string{"at the socket down"}},
		"tally up":      {func(o *measure.Observation, _ *capture.Capture) { o.After.Fleet.Counts.BytesWritten++ }, []string{"at the socket up"}},
		"segments":      {func(o *measure.Observation, _ *capture.Capture) { o.After.Fleet.TCP.SegmentsIn++ }, []string{"segments down", "tcpip down", "total down"}},
		"connections":   {func(o *measure.Observation, _ *capture.Capture) { o.After.Fleet.TCP.Opened++ }, []string{"tcpip down", "total down", "tcpip up", "total up", "connections both"}},
		"no ACK":        {func(_ *measure.Observation, c *capture.Capture) { c.Packets = c.Packets[:5] }, []string{"segments up", "tcpip up", "total up"}},
		"counted again": {func(o *measure.Observation, c *capture.Capture) { // sent again, and told of by the kernel
			c.Packets = append(c.Packets, c.Packets[3])
			o.After.Fleet.TCP.Retransmitted = int64(c.Packets[3].Payload)
			o.After.Fleet.TCP.SegmentsOut++
		}, nil},
		"came twice": {func(o *measure.Observation, c *capture.Capture) {
			told := c.Packets[5]
			told.Length, told.SACK = told.Length+12, 12
			c.Packets = append(c.Packets, c.Packets[4], told)
			o.After.Fleet.TCP.SegmentsIn++
			o.After.Fleet.TCP.SegmentsOut++
		}, nil},
		"left": {func(_ *measure.Observation, c *capture.Capture) { // both ends say that it is over, of which the client's kernel has told before
			over := c.Packets[5]
			over.Flags |= capture.FIN
			answer := c.Packets[4]
			answer.Length, answer.Payload, answer.Data = 52, 0, nil
			c.Packets = append(c.Packets, over, answer)
		}, nil},
		"other options": {func(_ *measure.Observation, c *capture.Capture) { c.Packets[5].Length += 12 }, []string{"tcpip up", "total up"}},
		"sent again": {func(_ *measure.Observation, c *capture.Capture) {
			c.Packets = append(c.Packets, c.Packets[3])
		}, []string{"sent again up", "segments up", "tcpip up", "total up"}},
	} {
		o, c := clearTalk()
		test.spoil(o, c)
		rows, _, err := compare(o, c)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, r := range rows {
			if !r.holds() {
				got = append(got, r.layer+" "+r.direction)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: rows that differ, -want +got:\n%s", name, diff)
		}
	}
	o, c := clearTalk()
	c.Packets[3].Data = c.Packets[3].Data[:10]
	if _, _, err := compare(o, c); err == nil {
		t.Error("a stream was compared that was not captured whole")
	}
	o, c = clearTalk()
	c.Packets = c.Packets[:4]
	c.Packets[3].Data, c.Packets[3].Payload = c.Packets[3].Data[:10], 10
	if _, _, err := compare(o, c); err == nil || !strings.Contains(err.Error(), "unfinished") {
		t.Errorf("%v, want it to say that a request was unfinished", err)
	}
}
