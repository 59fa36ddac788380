// Package poll is short polling: the client asks at an interval, the server
// answers at once with every event since the client's cursor, or with 204.
//
// It is the transport that the others are measured against, so its client end
// is as fair as polling can be: requests are due on an absolute grid whatever
// the last answer took, and the connection is kept alive unless asked not to.
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
	},
	Serve:     serve,
	Subscribe: subscribe,
}

func serve(log *feed.Log, req feed.Request, w http.ResponseWriter, _ *http.Request) {
	records, _, err := log.Since(req.Since, math.MaxInt, nil)
	if err != nil {
		feed.Refuse(w, http.StatusBadRequest, err)
		return
	}
	if len(records) == 0 && log.Ended(req.Since) {
		feed.Refuse(w, http.StatusServiceUnavailable, feed.ErrClosed)
		return
	}
	log.WriteRecords(w, records) // an error here is the connection's: the client sees it
}

func subscribe(ctx context.Context, client *http.Client, url string, s feed.Subscription) error {
	fetcher, err := feed.NewFetcher(ctx, client, url, "poll", s, s.Options.Is("keepalive", "off"))
	if err != nil {
		return err
	}
	// The first poll opens the connection; the grid begins with trial time.
	if err := fetcher.Fetch(); err != nil {
		return feed.Ended(ctx, err)
	}
	member := s.Timeline.Join()
	defer member.Leave()
	sleep := feed.NewSleep(s.Clock)
	interval := s.Options.Duration("interval")
	next := grid{offset: time.Duration(s.Phase * float64(interval)), interval: interval}.after
	if s.Options.Is("pace", "after") {
		next = func(now time.Duration) time.Duration { return now + interval }
	}
	var last time.Duration
	for due := next(member.Now()); ; {
		if _, err := member.Wait(ctx, due, sleep); err != nil {
			return feed.Ended(ctx, err)
		}
		if err := fetcher.Fetch(); err != nil {
			return feed.Ended(ctx, err)
		}
		last, due = due, next(max(due, member.Now()))
		if missed := (due - last) / interval; missed > 1 && s.Options.Is("pace", "grid") {
			s.Meter.Skipped.Add(int64(missed) - 1)
		}
	}
}

// grid is the instants offset + k·interval of trial time, k = 0, 1, 2, …
type grid struct{ offset, interval time.Duration }

// after is the first of them later than now.
func (g grid) after(now time.Duration) time.Duration {
	if now < g.offset {
		return g.offset
	}
	return g.offset + ((now-g.offset)/g.interval+1)*g.interval
}
