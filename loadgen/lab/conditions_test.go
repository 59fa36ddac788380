package lab

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name string
		c    Conditions
		want string // part of the error; "" wants none
	}{
		{"nothing", Conditions{}, ""},
		{"everything", Conditions{RTT: 200 * ms, Jitter: 200 * ms, Reorder: true, Loss: 1, Down: MinRate, Up: MaxRate, Queue: mtu, Congestion: "bbr"}, ""},
		{"negative RTT", Conditions{RTT: -1}, "a round trip takes"},
		{"endless RTT", Conditions{RTT: math.MaxInt64}, "a round trip takes"},
		{"negative jitter", Conditions{RTT: ms, Jitter: -1}, "jitter of -1ns"},
		{"jitter above the RTT", Conditions{RTT: ms, Jitter: 2 * ms}, "at most the RTT, which is 1ms"},
		{"out of order without jitter", Conditions{RTT: ms, Reorder: true}, "by their jitter, and there is none"},
		{"negative loss", Conditions{Loss: -0.01}, "loss of -1 %"},
		{"loss above all", Conditions{Loss: 1.5}, "loss of 150 %"},
		{"loss that is no number", Conditions{Loss: math.NaN()}, "loss of NaN"},
		{"a rate too low", Conditions{Down: 100}, "bandwidth down of 100 bit/s"},
		{"a negative rate", Conditions{Up: -1}, "bandwidth up of -1 bit/s"},
		{"an infinite rate", Conditions{Up: math.Inf(1)}, "bandwidth up of +Inf bit/s"},
		{"a rate that is no number", Conditions{Down: math.NaN()}, "bandwidth down of NaN"},
		{"a negative queue", Conditions{Queue: -1}, "a queue of -1 bytes"},
		{"a queue for less than a packet", Conditions{Queue: 1000}, "no room for a packet of 1500"},
		{"a queue too large", Conditions{Queue: MaxSize + 1}, "a queue of"},
		{"unknown congestion control", Conditions{Congestion: "vegas"}, "must be one of cubic, bbr, reno"},
	} {
		err := test.c.Check()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

func TestQueueOf(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		c    Conditions
		rate float64
		want int
	}{
		{Conditions{}, 0, 64 << 10},
		{Conditions{RTT: 300 * ms}, 1e6, 64 << 10},          // 37,500 B in a round trip
		{Conditions{RTT: 5 * ms}, 100e6, 1_250_000},         // 100 ms
		{Conditions{RTT: 200 * ms}, 100e6, 2_500_000},       // a round trip
		{Conditions{RTT: 200 * ms}, MaxRate, MaxSize},       // no more
		{Conditions{RTT: 200 * ms, Queue: 3000}, 1e9, 3000}, // as asked
	} {
		if got := test.c.QueueOf(test.rate); got != test.want {
			t.Errorf("%+v at %v bit/s: %d bytes, want %d", test.c, test.rate, got, test.want)
		}
	}
}

// Every profile is a path that can be made, and the manual has its numbers.
func TestProfiles(t *testing.T) {
	manual, err := os.ReadFile("../../scenarios/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range Profiles {
		row := fmt.Sprintf("| `%s` | %v | %v | %g%% | %g, %g |", name, p.RTT, p.Jitter, 100*p.Loss, p.Down/1e6, p.Up/1e6)
		if !strings.Contains(string(manual), row) {
			t.Errorf("scenarios/README.md has no row %s", row)
		}
		if err := p.Check(); err != nil || p == (Conditions{}) {
			t.Errorf("%s: %+v: %v", name, p, err)
		}
	}
}
