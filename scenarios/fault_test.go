package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// withFault is a sound scenario of a fault, with these levels beside it.
func withFault(transport, fixed, more string) string {
	return fmt.Sprintf(`question: Who notices?
fixed: {transport: %s, %s}
warmup: 0s
measure: 3s
blocks: 6
%s
`, transport, fixed, more)
}

// A fault goes with a quiet feed, which nothing but memory does otherwise.
func TestFault(t *testing.T) {
	for _, fixed := range []string{"fault: server-stops, rate: 0/s", "fault: fleet-stops, rate: 10/s", "fault: none"} {
		ts, _, err := mustParse(t, withFault("ws", fixed, "")).Treatments()
		if err != nil || len(ts) != 1 || ts[0].Labels["fault"] != ts[0].Fault || ts[0].Fault == "" {
			t.Errorf("%s: treatments %+v, %v", fixed, ts, err)
		}
	}
}

// A fault that shows little, or nothing, draws a warning.
func TestFaultWarnings(t *testing.T) {
	const few = "subscribers: a fault finds each at another phase of its heartbeat, and 49 are few; take 50 or more"
	for _, test := range []struct {
		transport, fixed, want string
	}{
		{"ws?ping=1s&pong=2s", "fault: fleet-stops, rate: 0/s", ""},
		{"ws?ping=1s&pong=2001ms", "fault: fleet-stops, rate: 0/s", "measure: 3s is shorter than ping and pong of ws?ping=1s&pong=2001ms together; what an end notices after it does not count"},
		{"ws?ping=1s&pong=1h", "fault: none", ""},
		{"ws", "fault: fleet-stops, rate: 0/s, subscribers: 49", few},
		{"ws", "subscribers: 49", ""},
		{"ws?ping=500ms&pong=1s", "fault: server-stops, rate: 0/s, subscribers: 100", ""},
		{"ws?ping=500ms&pong=1s", "fault: server-stops, rate: 0/s, subscribers: 101", "subscribers: 101 with a heartbeat every 500ms leave no moment of rest, in which both ends have counted the same; take 100 or fewer"},
		{"sse?heartbeat=1s", "fault: server-stops, rate: 0/s, subscribers: 1000", "subscribers: 1000 with a heartbeat every 1s leave no moment of rest, in which both ends have counted the same; take 200 or fewer"},
		{"ws", "fault: server-stops, rate: 1/s", "rate: 1/s gives about 3 events in 3s; some trials may measure none"},
	} {
		if got := strings.Join(mustParse(t, withFault(test.transport, test.fixed, "")).Warnings(), "; "); got != test.want {
			t.Errorf("%s, %s: warnings %q, not %q", test.transport, test.fixed, got, test.want)
		}
	}
}

// A quantile of the times until an end noticed has a value of each connection,
// however quiet the feed.
func TestQuantileOfNotice(t *testing.T) {
	s, err := Parse("heartbeat.yaml", []byte(withFault("ws", "fault: server-stops, rate: 0/s", `plots:
  - {mark: bars, x: notice/fleet/p50}
  - {mark: bars, x: notice/fleet/p99}
`)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Warnings(), []string{"notice/fleet/p99 at 50 subscribers: about 50 connections in a trial, 1000 are needed to print it"}; !slices.Equal(got, want) {
		t.Errorf("warnings %q, not %q", got, want)
	}
}

// heartbeats is how much longer a trial with a fault takes: to dial over a
// heartbeat, to go on for a part of one, and the fault itself.
func heartbeats(s *Scenario, t Treatment) time.Duration {
	if t.Fault == NoFault {
		return 0
	}
	return 3*s.rhythm(t).Beat/2 + s.Measure
}
