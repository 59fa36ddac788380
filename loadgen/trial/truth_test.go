package trial

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"pushbench/loadgen/internal/capture"
	"pushbench/results"
	"pushbench/servers/test/need"
)

// Every byte that a trial counts is held against the packets of the same trial,
// layer by layer, from the first SYN to the second mark.
func TestBytesAgainstCapture(t *testing.T) {
	probe, err := capture.Start(9, capture.Headers)
	var lacks *capture.UnavailableError
	if errors.As(err, &lacks) {
		need.That(t, false, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := probe.Stop(); err != nil {
		t.Fatal(err)
	}

	t.Parallel()
	configs := truthConfigs(t)
	compared := make([]comparison, len(configs))
	// Trials wait more than they work. What one takes from another is time, on which
	// nothing here depends.
	var running sync.WaitGroup
	places := make(chan struct{}, 6)
	for i, c := range configs {
		running.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			compared[i] = holdUp(t.Context(), c)
		})
	}
	running.Wait()
	var rows []row
	for i, h := range compared {
		t.Run(treatmentName(configs[i].Treatment), func(t *testing.T) {
			if h.err != nil {
				t.Fatalf("%v\n%s", h.err, h.record.Log)
			}
			if h.attempts > 1 {
				t.Logf("compared at attempt %d: before, %s", h.attempts, h.disturbed)
			}
			if h.resent > 0 {
				t.Logf("%d B were sent again", h.resent)
			}
			sound(t, h.record)
			for _, r := range h.rows {
				if !r.holds() {
					t.Errorf("%s %s: counted %d, captured %d", r.layer, r.direction, r.counted, r.captured)
				}
			}
			rows = append(rows, h.rows...)
		})
	}
	writeRows(t.Output(), rows)
}

// wholeFrames is a snap length that no packet of these trials reaches; were one
// longer, its stream could not be read, and the test would say so.
const wholeFrames = 16<<10 - 128

// comparison is a trial that was held against its packets.
type comparison struct {
	rows      []row
	resent    int64 // B that were sent again on loopback, as happens where the host is busy
	record    *results.Trial
	attempts  int
	disturbed string // why there was more than one
	err       error
}

// mostTries is how often a trial is tried whose capture is not that of the trial.
const mostTries = 10

// holdUp compares trials until one is over that a stalled host has not come in
// between: no packet escaped the capture, no heartbeat passed between the second
// mark and its end, and no acknowledgement between a connection's last count and its
// FIN, where each request has a connection.
func holdUp(ctx context.Context, c Config) (h comparison) {
	for h.attempts = 1; ; h.attempts++ {
		h.record = &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
		o, captured, err := captureTrial(ctx, c, h.record)
		if err == nil {
			o.seen.Record(h.record)
			h.rows, h.resent, err = compare(o.seen, captured)
		}
		h.err = err
		var dropped *capture.DropError
		switch came, acknowledged := camePast(h.rows, "at the socket"), camePast(h.rows, "segments"); {
		case errors.As(err, &dropped):
			h.disturbed = err.Error()
		case err == nil && o.plan.Rhythm.Beat > 0 && came > 0:
			h.disturbed = fmt.Sprintf("%d B passed behind the second mark", came)
		case err == nil && o.plan.Rhythm.FreshConns && came == 0 && acknowledged > 0:
			h.disturbed = fmt.Sprintf("%d segments passed between a connection's last count and its FIN", acknowledged)
		default:
			return h
		}
		if h.attempts == mostTries {
			return h
		}
	}
}

// camePast is how much of a layer was captured beyond what had been counted.
func camePast(rows []row, layer string) (more int64) {
	for _, r := range rows {
		if r.layer == layer {
			more += max(0, -r.difference())
		}
	}
	return more
}

// captureTrial runs a trial and records its packets until the second mark.
func captureTrial(ctx context.Context, c Config, record *results.Trial) (*run, *capture.Capture, error) {
	var recording *capture.Recording
	var captured *capture.Capture
	var failed error
	stop := func() {
		if recording != nil {
			captured, failed = recording.Stop()
			recording = nil
		}
	}
	defer stop() // of a trial that did not come to its mark
	c.moment = func(moment string, r *run) {
		switch moment {
		case "listening":
			server, err := netip.ParseAddrPort(r.reached[0].Addr)
			if err == nil {
				recording, err = capture.Start(server.Port(), wholeFrames)
			}
			failed = err
		case "marked":
			stop()
		}
	}
	o, err := observe(ctx, c, record)
	if err = errors.Join(err, failed); err != nil {
		return nil, nil, err
	}
	if captured == nil {
		return nil, nil, errors.New("the trial did not tell of its second mark")
	}
	return o, captured, nil
}
