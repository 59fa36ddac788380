package trial

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"pushbench/results"
	"pushbench/servers/feed"
)

// What a faulty server does wrong to subscribers that want the latest or send
// something.

// newestOf is the answer of a poll for the latest, with its fault.
func (s *faulty) newestOf(records []feed.Record, since uint64) []feed.Record {
	if len(records) == 0 {
		return nil
	}
	if s.fault == "behind" && s.run == 2 { // for good
		return records[max(0, len(records)-2) : len(records)-1]
	}
	newest := records[len(records)-1]
	renumbered := func(seq uint64) []feed.Record {
		e, _, err := s.Log.Codec().Decode(newest.Wire)
		if err != nil {
			panic(err)
		}
		e.Seq = seq
		return []feed.Record{{Event: e, Wire: s.Log.Codec().Append(nil, e)}}
	}
	older := max(since, 1) - 1
	for s.given[older] { // two polls may follow one another closely where the host is busy
		older--
	}
	switch {
	case since > 0 && s.now("again"):
		return renumbered(since)
	case older > 0 && s.now("older"):
		return renumbered(older)
	case s.now("gap"):
		return []feed.Record{{Wire: s.Log.Codec().Append(nil, feed.Gap{First: since + 1, Last: newest.Seq}.Event())}}
	}
	s.given[newest.Seq] = true
	return []feed.Record{newest}
}

// echo answers a POST, with its fault.
func (s *faulty) echo(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	mute, garble := s.nowTold("mute"), s.nowTold("garble")
	s.mu.Unlock()
	switch {
	case mute:
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	case garble:
		io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, "something else")
	default:
		feed.Echo(w, r)
	}
}

// raw is the raw transport's server end, with the fault of its echoes.
func (s *faulty) raw(w http.ResponseWriter, r *http.Request) {
	since, err := feed.ParseCursor(r.URL.Query()["since"])
	if err != nil {
		feed.Refuse(w, http.StatusBadRequest, err)
		return
	}
	conn, in, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: pushbench-raw\r\n\r\n")
	write := func(message []byte) error {
		_, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(message))), message...))
		return err
	}
	go feed.Request{Since: since}.Push(context.Background(), s.Log, feed.Pusher{Send: func(records []feed.Record) error {
		return write(records[0].Wire)
	}})
	for prefix := make([]byte, 4); ; {
		if _, err := io.ReadFull(in, prefix); err != nil {
			return
		}
		message := make([]byte, binary.BigEndian.Uint32(prefix))
		if _, err := io.ReadFull(in, message); err != nil {
			return
		}
		s.mu.Lock()
		switch {
		case s.nowTold("swallow"):
			message = nil
		case s.nowTold("garble"):
			message = append(message[:1], bytes.Repeat([]byte("x"), len(message)-1)...)
		case s.nowTold("double"):
			write(message)
		case s.fault == "never" && s.over >= 1:
			message = nil
		}
		s.mu.Unlock()
		if message != nil {
			write(message)
		}
	}
}

// talking is a trial against a faulty server whose subscribers send something.
func talking(t *testing.T, fault, transport string) Config {
	t.Helper()
	c := faultyConfig(t, fault)
	c.Treatment.Transport = transport
	c.Treatment.Uplink, c.Treatment.UplinkPayload = 100, 32
	return c
}

// Each fault of an echo breaks its rule and no other.
func TestUplinkFaults(t *testing.T) {
	t.Parallel()
	const lost, wrong = `^sound unechoed: 1 messages were not echoed$`, `^sound wrong-echo: 1 messages came that are no echo of one that was sent$`
	for _, test := range []struct {
		fault, transport string
		want             []string
		lost             float64 // -1: some
	}{
		{"none", "raw", nil, 0},
		{"swallow", "raw", []string{lost}, 1},
		{"swallow@1", "raw", []string{lost}, 1},
		{"garble", "raw", []string{lost, wrong}, 1},
		{"double", "raw", []string{wrong}, 0},
		{"never", "raw", []string{`^sound unechoed: \d+ messages were not echoed$`}, -1},
		{"none", "poll?interval=50ms", nil, 0},
		{"mute", "poll?interval=50ms", []string{`^sound unechoed: \d+ messages were not echoed$`}, -1},
	} {
		t.Run(test.fault+" "+test.transport, func(t *testing.T) {
			t.Parallel()
			trial := runTrial(t, talking(t, test.fault, test.transport))
			wantBroken(t, trial, test.want...)
			got := value(t, trial, "uplink/lost")
			if got != test.lost && (test.lost >= 0 || got == 0) {
				t.Errorf("%v messages lost, want %v", got, test.lost)
			}
			sent, echoed := value(t, trial, "uplink/sent"), value(t, trial, "uplink/echoed")
			if echoed > sent || test.lost == 0 && echoed != sent || trial.Hists["roundtrip"].N() != int64(echoed) {
				t.Errorf("%v sent, %v echoed, %d round trips", sent, echoed, trial.Hists["roundtrip"].N())
			}
		})
	}
}

// Over HTTP the transport's client end itself finds that an echo is wrong, and
// ends the subscription. Where that cuts an answer off, the ends do not settle either.
func TestWrongEchoOverHTTP(t *testing.T) {
	t.Parallel()
	c := talking(t, "garble", "poll?interval=50ms")
	c.limits.Settle = time.Second
	got := runTrial(t, c).Broken
	for _, want := range []string{
		`^sound subscribers: 1 subscribers failed, the first with: subscriber \d: uplink: message of 32 bytes: its echo is another message`,
		`^sound unechoed: \d+ messages were not echoed$`,
	} {
		if !slices.ContainsFunc(got, func(b results.Broken) bool { return regexp.MustCompile(want).MatchString(said(b)) }) {
			t.Errorf("broken rules %q, want %q among them", got, want)
		}
	}
}

// Who wants the latest is to be given newer events only, and the newest in the
// end.
func TestLatestFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault string
		want  []string
	}{
		{"none", nil},
		{"again", []string{`^sound duplicated: 1 events duplicated$`}},
		{"older", []string{`^sound reordered: 1 events reordered$`}},
		{"gap", []string{`^sound gaps: 1 gaps, in which \d+ events were left out$`}},
		{"behind", []string{`^sound lost: 4 events lost, 4 subscribers without the newest$`}},
	} {
		t.Run(test.fault, func(t *testing.T) {
			t.Parallel()
			c := faultyConfig(t, test.fault)
			c.Treatment.Want = "latest"
			trial := runTrial(t, c)
			wantBroken(t, trial, test.want...)
			skipped, delivered := value(t, trial, "events/skipped"), value(t, trial, "events/delivered")
			if delivered == 0 || skipped < delivered { // each poll of 50 ms finds one of twenty
				t.Errorf("%v events delivered, %v skipped", delivered, skipped)
			}
			// The newest is half a period old when a poll brings it, on average, and older
			// where others keep the ends waiting.
			const least = (0.050/2 + 0.0025/2) / 2
			if age := value(t, trial, "age/mean"); test.fault == "none" && age < least {
				t.Errorf("age %v, want at least %v", time.Duration(age*1e9), time.Duration(least*1e9))
			}
		})
	}
}
