package main

import (
	"testing"

	"pushbench/servers/feed"
)

// What the hub adds for each subscriber to what its library takes to send an event: some
// ns, where a write takes thousands.
func BenchmarkHub(b *testing.B) {
	const subscribers = 1000
	log := feed.NewLog(feed.Text, 8, feed.NewClock())
	sent := 0
	h := &hub[int, []byte]{log: log, library: library[int, []byte]{
		ready: func(event []byte) ([]byte, error) { return event, nil },
		send:  func(int, []byte) error { sent++; return nil },
	}}
	for c := range subscribers {
		h.conns = append(h.conns, c)
	}
	body := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		log.Publish(1, body)
		h.catchUp()
	}
	if sent != b.N*subscribers || len(h.conns) != subscribers {
		b.Errorf("%d of %d were sent, to %d who are left", sent, b.N*subscribers, len(h.conns))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(sent), "ns/subscriber")
}
