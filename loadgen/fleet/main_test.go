package fleet

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/wire"
)

// childRole makes the test binary a process of its own, where a benchmark
// counts the CPU time of this one.
const childRole = "FLEET_TEST_CHILD"

var children = map[string]func() error{}

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		if err := children[role](); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}

// process is a fleet process within the test, as loadgen sees it.
type process struct {
	t    testing.TB
	peer *control.Peer
}

// startFleet starts a fleet that ends, as it does under loadgen, with its input.
func startFleet(t testing.TB) process {
	t.Helper()
	commands, in := io.Pipe()
	out, answers := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(context.Background(), commands, answers)
		answers.Close()
	}()
	t.Cleanup(func() {
		in.Close()
		if err := <-ended; err != nil {
			t.Errorf("the fleet ended with %v", err)
		}
	})
	return process{t, control.NewPeer(in, out)}
}

func (p process) try(do string, args, result any) error {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	return p.peer.Call(ctx, do, args, result)
}

func (p process) do(do string, args, result any) {
	p.t.Helper()
	if err := p.try(do, args, result); err != nil {
		p.t.Fatal(err)
	}
}

// ages are readings of the clock of a host that has just booted, of one whose clock
// began below 0, and of one that has been up for years.
var ages = []int64{0, -int64(time.Hour), int64(10 * 365 * 24 * time.Hour)}

// inBubble runs a test whose time stands still, but for what it waits itself, on
// hosts of each age.
func inBubble(t *testing.T, f func(t *testing.T, r *recorder)) {
	for _, at := range ages {
		synctest.Test(t, func(t *testing.T) { f(t, newRecorder(feed.ClockAt(at))) })
	}
}

func event(seq uint64, due int64) feed.Event {
	return feed.Event{Seq: seq, Due: due, Sent: due, Body: make([]byte, bodySize)}
}

// dialled starts a recorder whose n subscribers have a connection.
func dialled(r *recorder, n int, codec feed.Codec, size int) {
	r.start(n, codec, size, 0, false)
	for i := range n {
		r.subscriber(i).ready(wire.Setup{})
	}
}

func collect(t *testing.T, r *recorder, newest uint64) Collected {
	t.Helper()
	c, err := r.collect(newest)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
