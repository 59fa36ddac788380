package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pushbench/servers/control"
	"pushbench/servers/feed"
)

// foreign is a server of somebody else: it knows none of our commands, and is published
// to by POST. The publisher is loadgen itself, on the schedule that our own server has.
type foreign struct {
	Means
	attendance              // which promises nothing
	program    []string     // and its arguments, before the address that the server is to take
	address    feed.Address // where it has the feed
	// post is how it is published to; nil: by POST where it has the feed.
	post func(seq uint64) (method, path string, header http.Header)

	publisher *feed.Publisher
	extra     *feed.Payload
	life      context.Context // ends when the party is stopped, or takes no more events
	over      context.CancelCauseFunc
	working   sync.WaitGroup
	taken     atomic.Uint64 // events that the server has taken
}

// Start implements Stage.
func (s *foreign) Start(at Place) (err error) {
	if s.publisher, s.extra, err = s.source().Publisher(); err != nil { // which our own server would have
		return err
	}
	s.publisher.Record = true
	s.party, err = at.Start(s.Name, s.CPUs, s.program[0], append(s.program[1:], at.Listen())...)
	if err != nil {
		return err
	}
	s.party.Caller = nil
	s.life, s.over = context.WithCancelCause(context.Background())
	end := s.party.Stop
	s.party.Stop = func() error {
		s.over(nil)
		s.working.Wait()
		return end()
	}
	s.working.Go(func() { s.publisher.Run(s.life) }) // which rests until trial time begins
	return nil
}

// listening is how such a server begins the line of its log that says where it listens,
// and servedAs what stands behind that where the process that serves is another.
const (
	listening = "listening on "
	servedAs  = " as "
)

// Listen implements Stage.
func (s *foreign) Listen(ctx context.Context, _ Endpoint) (at Endpoint, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.party.Limits.Patience, errors.New("it does not say where it listens"))
	defer cancel()
	for at.Addr == "" {
		if _, after, said := strings.Cut(s.party.Log(), listening); said {
			line, _, _ := strings.Cut(after, "\n")
			var pid string
			if at.Addr, pid, said = strings.Cut(line, servedAs); said {
				if s.party.PID, err = strconv.Atoi(pid); err != nil {
					return at, fmt.Errorf("server: it says that it is served by %q, which is no process", pid)
				}
			}
			continue
		}
		select {
		case <-s.party.Done:
			return at, fmt.Errorf("%s: it ended before it listened", s.Name)
		case <-ctx.Done():
			return at, fmt.Errorf("%s: %w", s.Name, context.Cause(ctx))
		case <-time.After(time.Millisecond):
		}
	}
	at.Address = &s.address
	s.working.Go(func() { s.deliver("http://" + at.Addr) })
	_, err = s.Publish(ctx) // every feed begins with an event
	return at, err
}

// deliver posts each event as it is published, one after the other.
func (s *foreign) deliver(base string) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var records []feed.Record
	for s.publisher.Log.Wait(s.life, s.taken.Load()) == nil {
		var next uint64
		var err error
		records, next, err = s.publisher.Log.Since(s.taken.Load(), feed.DefaultRing, records[:0])
		for _, r := range records {
			if err == nil {
				err = s.send(client, base, r)
			}
		}
		if err != nil {
			s.over(fmt.Errorf("%s: %w", s.Name, err))
			return
		}
		s.taken.Store(next)
	}
}

// send gives the server one event.
func (s *foreign) send(client *http.Client, base string, r feed.Record) error {
	method, path, header := http.MethodPost, s.address.Path, http.Header(nil)
	if s.post != nil {
		method, path, header = s.post(r.Seq)
	}
	url := base + path
	request, err := http.NewRequestWithContext(s.life, method, url, bytes.NewReader(r.Wire))
	if err != nil {
		return err
	}
	maps.Copy(request.Header, header)
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	io.Copy(io.Discard, answer.Body) // so that the connection is used again
	answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s an event to %s: %s", method, url, answer.Status)
	}
	return nil
}

// delivered waits until the server has taken all that is published.
func (s *foreign) delivered(ctx context.Context) (newest uint64, err error) {
	for newest = s.publisher.Log.Newest(); s.taken.Load() < newest; {
		select {
		case <-s.life.Done():
			return newest, context.Cause(s.life)
		case <-ctx.Done():
			return newest, fmt.Errorf("%s: it took %d of %d events: %w", s.Name, s.taken.Load(), newest, context.Cause(ctx))
		case <-time.After(time.Millisecond):
		}
	}
	return newest, nil
}

// Publish implements Publisher.
func (s *foreign) Publish(ctx context.Context) (uint64, error) {
	s.publisher.Log.Publish(s.publisher.Clock.Now(), s.extra.Next(nil))
	return s.delivered(ctx)
}

// Run implements Publisher.
func (s *foreign) Run(ctx context.Context, within time.Duration, a control.RunArgs) (uint64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, within+s.party.Limits.Patience, errors.New("it hangs"))
	defer cancel()
	s.publisher.Timeline.Run(a.Origin, a.To)
	if err := s.publisher.Timeline.AtRest(ctx); err != nil {
		return 0, err
	}
	return s.delivered(ctx)
}

// GoOn implements Publisher.
func (s *foreign) GoOn(_ context.Context, a control.RunArgs) error {
	s.publisher.Timeline.Run(a.Origin, a.To)
	return nil
}

// Published implements Publisher.
func (s *foreign) Published(context.Context) (control.PublishedAt, error) {
	due, lag, _ := s.publisher.Published()
	return control.PublishedAt{Due: due, Lag: lag}, nil
}
