package feed

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkPublisher runs the publisher in real time, with subscribers that
// wait for each event. An iteration is an event, so that what an iteration
// takes is the schedule's doing; what counts is how late it was, and the CPU
// time of the whole process: a publisher that spun would take all of a core,
// 10⁶ ns per event at 1,000/s and 10⁸ at 10/s.
func BenchmarkPublisher(b *testing.B) {
	for _, c := range []struct {
		rate        float64
		subscribers int
	}{{1000, 1}, {10, 2000}} {
		b.Run(fmt.Sprintf("rate=%v/s/subscribers=%d", c.rate, c.subscribers), func(b *testing.B) {
			clock := NewClock()
			schedule, err := NewSchedule(c.rate, nil)
			if err != nil {
				b.Fatal(err)
			}
			p := &Publisher{
				Log:      NewLog(Text, DefaultRing, clock),
				Schedule: schedule,
				Payload:  newPayload(b, "random", 200, Text, 1),
				Timeline: NewTimeline(clock),
				Clock:    clock,
				Record:   true,
			}
			ctx, cancel := context.WithCancel(b.Context())
			var publisher, subscribers sync.WaitGroup
			publisher.Go(func() { p.Run(ctx) })
			for range c.subscribers {
				subscribers.Go(func() { readAll(b, p.Log, uint64(b.N)) })
			}
			before := processCPU(b)
			p.Timeline.Run(clock.Now(), time.Duration(float64(b.N)*1e9/c.rate)+1)
			subscribers.Wait()
			cpu := processCPU(b) - before
			_, lags, own := p.Published()
			for len(lags) < b.N { // the last one is read before it is recorded
				_, lags, own = p.Published()
			}
			cancel()
			publisher.Wait()
			slices.Sort(lags)
			b.ReportMetric(float64(lags[len(lags)/2]), "lag-p50-ns")
			b.ReportMetric(float64(lags[len(lags)*99/100]), "lag-p99-ns")
			b.ReportMetric(float64(cpu)/float64(b.N), "cpu-ns/event")
			b.ReportMetric(float64(own)/float64(b.N), "publish-cpu-ns/event")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// readAll is a subscriber without a connection.
func readAll(b *testing.B, log *Log, newest uint64) {
	var records []Record
	var err error
	for cursor := uint64(0); cursor < newest; {
		if err = log.Wait(b.Context(), cursor); err == nil {
			records, cursor, err = log.Since(cursor, math.MaxInt, records[:0])
		}
		if err != nil {
			b.Error(err)
			return
		}
	}
}

// processCPU is the user and system time of the process so far.
func processCPU(b *testing.B) time.Duration {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// BenchmarkFanout publishes an event and waits until 2,000 subscribers have
// read it.
func BenchmarkFanout(b *testing.B) {
	const subscribers = 2000
	log := newLog(DefaultRing)
	var ready, read sync.WaitGroup
	ready.Add(subscribers)
	for range subscribers {
		go func() {
			ready.Done()
			var records []Record
			cursor := uint64(0)
			for {
				if log.Wait(b.Context(), cursor) != nil {
					return // closed
				}
				records, cursor, _ = log.Since(cursor, math.MaxInt, records[:0])
				read.Done()
			}
		}()
	}
	ready.Wait()
	body := make([]byte, 200)
	before := processCPU(b)
	for b.Loop() {
		read.Add(subscribers)
		log.Publish(1, body)
		read.Wait()
	}
	b.ReportMetric(float64(processCPU(b)-before)/float64(b.N*subscribers), "cpu-ns/delivery")
	log.Close()
}

func BenchmarkCodec(b *testing.B) {
	for _, codec := range codecs {
		for _, size := range []int{16, 200, 16 << 10} {
			e := Event{Seq: 1 << 40, Due: 1 << 50, Sent: 1 << 50, Body: newPayload(b, "random", size, codec, 1).Next(nil)}
			wire := codec.Append(nil, e)
			b.Run(fmt.Sprintf("%s/append/%dB", codec, size), func(b *testing.B) {
				b.SetBytes(int64(len(wire)))
				b.ReportAllocs()
				buf := make([]byte, 0, len(wire))
				for b.Loop() {
					buf = codec.Append(buf[:0], e)
				}
			})
			b.Run(fmt.Sprintf("%s/decode/%dB", codec, size), func(b *testing.B) {
				b.SetBytes(int64(len(wire)))
				b.ReportAllocs()
				for b.Loop() {
					if _, _, err := codec.Decode(wire); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkPush publishes an event and waits until 2,000 Pushes have handed it
// over. BenchmarkFanout is the same without Push.
func BenchmarkPush(b *testing.B) {
	const subscribers = 2000
	log := newLog(DefaultRing)
	var read, ended sync.WaitGroup
	for range subscribers {
		ended.Go(func() {
			Request{}.Push(context.Background(), log, Pusher{Send: func([]Record) error {
				read.Done()
				return nil
			}})
		})
	}
	body := make([]byte, 200)
	before := processCPU(b)
	b.ReportAllocs()
	for b.Loop() {
		read.Add(subscribers)
		log.Publish(1, body)
		read.Wait()
	}
	b.ReportMetric(float64(processCPU(b)-before)/float64(b.N*subscribers), "cpu-ns/delivery")
	log.Close()
	ended.Wait()
}
