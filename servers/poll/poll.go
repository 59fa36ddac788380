// Package poll is short polling: the client asks at an interval, the server
// answers at once with every event since the client's cursor, or with 204.
//
// It is the transport that the others are measured against, so its client end
// is as fair as polling can be: requests are due on an absolute grid whatever
// the last answer took, and the connection is kept alive unless asked not to.
//
// With conditional=on the cursor moves from the URL to If-None-Match, and an
// answer without events is 304 in place of 204: what an HTTP cache does, and a
// URL that HTTP/2 need not send twice.
package poll

import (
	"context"
	"math"
	"net/http"
	"time"

	"pushbench/servers/feed"
)

// Transport is short polling.
var Transport = &feed.Transport{
	Name:  "poll",
	About: "short polling: a request every interval, answered at once",
	Knobs: []feed.Knob{
		{Name: "interval", Default: "1s", About: "time between polls", Check: feed.CheckDuration(time.Millisecond, time.Hour)},
		{Name: "keepalive", Default: "on", About: "off: a new connection for each poll", Check: feed.CheckOneOf("on", "off")},
		{Name: "pace", Default: "grid", About: "grid: polls are due at fixed instants; after: one interval after each answer", Check: feed.CheckOneOf("grid", "after")},
		{Name: "conditional", Default: "off", Server: true, About: "on: the same URL each time with the cursor in If-None-Match, and 304 where nothing is new", Check: feed.CheckOneOf("off", "on")},
	},
	Rhythm:    rhythm,
	Serve:     serve,
	Subscribe: subscribe,
}

func rhythm(o feed.Options) feed.Rhythm {
	return feed.Rhythm{Poll: o.Duration("interval"), After: o.Is("pace", "after"), FreshConns: o.Is("keepalive", "off")}
}

func serve(log *feed.Log, req feed.Request, w http.ResponseWriter, r *http.Request) {
	held := precondition{}
	conditional := req.Options.Is("conditional", "on")
	if conditional {
		var err error
		if held, err = readIfNoneMatch(r.Header.Values("If-None-Match")); err != nil {
			feed.Refuse(w, http.StatusBadRequest, err)
			return
		}
	}
	records, next, err := req.Read(log, held.cursor(req.Since, log.Newest()), math.MaxInt, nil)
	switch {
	case err != nil: // since is ahead of the feed
		feed.Refuse(w, http.StatusBadRequest, err)
	case len(records) == 0 && log.Ended(next):
		feed.Refuse(w, http.StatusServiceUnavailable, feed.ErrClosed)
	case conditional:
		writeConditional(log, held, w, records, next)
	default:
		log.WriteRecords(w, records)
	}
}

func subscribe(ctx context.Context, client *http.Client, s feed.Subscription) error {
	return feed.WithUplink(ctx, s, func(ctx context.Context) error {
		return feed.UnlessCancelled(ctx, ask(ctx, client, s))
	})
}

// ask polls until ctx ends or a poll fails.
func ask(ctx context.Context, client *http.Client, s feed.Subscription) error {
	rhythm := rhythm(s.Options)
	fetcher, err := feed.NewFetcher(ctx, client, s, rhythm.FreshConns)
	if err != nil {
		return err
	}
	fetcher.Conditional = s.Options.Is("conditional", "on")
	// The first poll opens the connection; the grid begins with trial time.
	if err := fetcher.Fetch(); err != nil {
		return err
	}
	member := s.Timeline.Join()
	defer member.Leave()
	sleep := feed.NewSleep(s.Clock)
	var last time.Duration
	for due := rhythm.NextPoll(s.Phase, member.Now()); ; {
		if _, err := member.Wait(ctx, due, sleep); err != nil {
			return err
		}
		if err := fetcher.Fetch(); err != nil {
			return err
		}
		last, due = due, rhythm.NextPoll(s.Phase, max(due, member.Now()))
		if missed := (due - last) / rhythm.Poll; missed > 1 && !rhythm.After {
			s.Meter.Skipped.Add(int64(missed) - 1)
		}
	}
}
