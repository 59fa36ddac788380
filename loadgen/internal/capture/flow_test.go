package capture

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// A connection by hand: handshake, a request in two segments of which one is
// sent twice, an answer that comes in the wrong order, and the end.
func TestConns(t *testing.T) {
	up := func(seq uint32, flags Flags, data string) Packet { return segment(client, server, seq, flags, data) }
	down := func(seq uint32, flags Flags, data string) Packet { return segment(server, client, seq, flags, data) }
	opening := up(100, SYN, "")
	opening.Length = 60
	c := Capture{Port: port, Packets: []Packet{
		opening, down(900, SYN|ACK, ""), up(101, ACK, ""),
		up(101, PSH|ACK, "GET"), up(104, PSH|ACK, " /"), down(901, ACK, ""), up(101, PSH|ACK, "GET"),
		down(904, PSH|ACK, "ld"), down(901, PSH|ACK, "hel"), up(106, ACK, ""), down(901, PSH|ACK, "hello"),
		up(106, FIN|ACK, ""), down(906, FIN|ACK, ""), up(107, RST, ""),
		up(5000, SYN, ""), // the same addresses again
	}}
	c.Packets[8].Data, c.Packets[10].Data = []byte("he?"), []byte("hello")
	conns := c.Conns()
	if len(conns) != 2 || conns[0].Client != client || conns[0].Server != server {
		t.Fatalf("%d connections: %+v", len(conns), conns)
	}
	want := []Flow{
		{Segments: 8, PureACKs: 2, SYNs: 1, FINs: 1, RSTs: 1, IPBytes: 60 + 7*52 + 8, Payload: 8, Stream: 5},
		{Segments: 6, PureACKs: 1, SYNs: 1, FINs: 1, IPBytes: 6*52 + 10, Payload: 10, Stream: 5},
		{Segments: 1, SYNs: 1, IPBytes: 52},
		{},
	}
	got := []Flow{conns[0].Up, conns[0].Down, conns[1].Up, conns[1].Down}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Flow{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := conns[0].Up.Resent(); got != 3 {
		t.Errorf("%d bytes sent again, want 3", got)
	}
	sent, answered, err := conns[0].streams()
	if string(sent) != "GET /" || string(answered) != "hello" || err != nil {
		t.Errorf("streams %q and %q, %v", sent, answered, err)
	}
}

// A SYN that is sent again opens no second connection.
func TestRepeatedSYN(t *testing.T) {
	c := Capture{Port: port, Packets: []Packet{segment(client, server, 1, SYN, ""), segment(client, server, 1, SYN, "")}}
	if conns := c.Conns(); len(conns) != 1 || conns[0].Up.SYNs != 2 {
		t.Errorf("%+v", conns)
	}
}

func TestBytesNotWhole(t *testing.T) {
	short := segment(client, server, 1, ACK, "hello")
	short.Data = short.Data[:2]
	long := segment(client, server, 1, ACK, "")
	long.Payload = maxStream + 1
	for want, packets := range map[string][]Packet{
		"a hole at byte 2 of 4":   {segment(client, server, 0, SYN, ""), segment(client, server, 1, ACK, "he"), segment(client, server, 4, ACK, "o")},
		"a hole at byte 0 of 4":   {segment(client, server, 0, SYN, ""), segment(client, server, 4, ACK, "o")},
		"captured to byte 2 of 5": {short},
		"at most 67108864":        {long},
	} {
		c := Capture{Port: port, Packets: packets}
		if _, err := c.Conns()[0].Up.Bytes(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want it to say %q", err, want)
		}
	}
}

// A capture that begins within a connection does not count what was sent before
// it as new when it is sent again.
func TestBeforeTheCapture(t *testing.T) {
	c := Capture{Port: port, Packets: []Packet{segment(client, server, 100, ACK, "now"), segment(client, server, 90, ACK, "then")}}
	f := &c.Conns()[0].Up
	if b, err := f.Bytes(); string(b) != "now" || f.Stream != 3 || f.Resent() != 4 || err != nil {
		t.Errorf("%q, %v, %+v", b, err, f)
	}
}

// However a stream is cut into segments, repeated and put out of order, and
// wherever its numbers wrap, it is put together again, and each byte counts once.
func TestFlowProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.Byte(), 1, 400).Draw(t, "text")
		isn := rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(1<<32-300, 1<<32-1)).Draw(t, "initial sequence number")
		cut := func(name string) (from, to int) {
			from = rapid.IntRange(0, len(text)-1).Draw(t, name+" from")
			return from, rapid.IntRange(from, min(len(text), from+100)).Draw(t, name+" to")
		}
		part := func(from, to int) Packet {
			return segment(client, server, isn+1+uint32(from), PSH|ACK, string(text[from:to]))
		}
		var packets []Packet
		for at := 0; at < len(text); {
			to := min(at+rapid.IntRange(1, 60).Draw(t, "segment"), len(text))
			packets = append(packets, part(at, to))
			at = to
		}
		for range rapid.IntRange(0, 10).Draw(t, "repetitions") {
			packets = append(packets, part(cut("repetition")))
		}
		var f Flow
		f.add(segment(client, server, isn, SYN, ""))
		payload := int64(0)
		for _, p := range rapid.Permutation(packets).Draw(t, "order") {
			f.add(p)
			payload += int64(p.Payload)
		}
		got, err := f.Bytes()
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%q put together as %q, %v", text, got, err)
		}
		if f.Stream != int64(len(text)) || f.Payload != payload || f.Resent() != payload-f.Stream {
			t.Errorf("%d bytes of stream, %d of payload, %d sent again; want %d, %d", f.Stream, f.Payload, f.Resent(), len(text), payload)
		}
	})
}

// Spans against the plain model: a set of numbers.
func TestSpansProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s spans
		model := map[int64]bool{}
		for range rapid.IntRange(1, 20).Draw(t, "spans") {
			from := rapid.Int64Range(0, 60).Draw(t, "from")
			to := from + rapid.Int64Range(-1, 15).Draw(t, "length")
			want := int64(0)
			for i := from; i < to; i++ {
				if !model[i] {
					want++
				}
				model[i] = true
			}
			if got := s.add(from, to); got != want {
				t.Fatalf("[%d, %d) brought %d, want %d: %v", from, to, got, want, s)
			}
		}
		prefix, sum := int64(0), int64(0)
		for model[prefix] {
			prefix++
		}
		for i, x := range s {
			if sum += x.to - x.from; x.from >= x.to || i > 0 && s[i-1].to >= x.from {
				t.Fatalf("spans %v", s)
			}
		}
		if s.prefix() != prefix || sum != int64(len(model)) {
			t.Errorf("%v has the prefix %d and %d in all, want %d and %d", s, s.prefix(), sum, prefix, len(model))
		}
	})
}
