// Package longpoll is long polling: the server parks a request until there is
// an event after the client's cursor, or until the hold time is over, and the
// client asks anew at once (RFC 6202 §2).
//
// The cursor is what makes it correct. Between an answer and the next request
// no one is listening; an event published in that gap is still in the log, and
// the next request, which names the last event the client has, gets it.
package longpoll

import (
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	"pushbench/servers/feed"
)

// Transport is long polling.
var Transport = &feed.Transport{
	Name:  "longpoll",
	About: "long polling: a request is parked until there is an event",
	Knobs: []feed.Knob{
		// RFC 6202 §5.5 finds 30 s a safe timeout across proxies.
		{Name: "hold", Default: "30s", About: "how long a request is parked at most", Server: true, Check: feed.CheckDuration(time.Millisecond, time.Hour)},
		{Name: "batch", Default: "on", About: "off: one event per answer even if more are ready", Server: true, Check: feed.CheckOneOf("on", "off")},
	},
	Rhythm: func(o feed.Options) feed.Rhythm {
		hold := o.Duration("hold")
		return feed.Rhythm{Hold: hold, Beat: hold, Single: o.Is("batch", "off")} // a quiet hold ends in an empty answer
	},
	Serve:     serve,
	Subscribe: subscribe,
}

func serve(log *feed.Log, req feed.Request, w http.ResponseWriter, r *http.Request) {
	limit := math.MaxInt
	if req.Options.Is("batch", "off") {
		limit = 1
	}
	hold := req.Options.Duration("hold")
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(hold + feed.AnswerTime))
	ctx, cancel := context.WithTimeout(r.Context(), hold)
	defer cancel()
	for parked := false; ; parked = true {
		records, _, err := req.Read(log, req.Since, limit, nil)
		if err != nil {
			feed.Refuse(w, http.StatusBadRequest, err)
			return
		}
		if len(records) == 0 && !parked && log.Ended(req.Since) {
			// Not 204: the client would ask again at once, for ever.
			feed.Refuse(w, http.StatusServiceUnavailable, feed.ErrClosed)
			return
		}
		if len(records) == 0 {
			err = log.Wait(ctx, req.Since)
		}
		switch {
		case len(records) > 0, errors.Is(err, context.DeadlineExceeded), errors.Is(err, feed.ErrClosed):
			log.WriteRecords(w, records)
			return
		case err != nil:
			return // the client has gone
		}
	}
}

func subscribe(ctx context.Context, client *http.Client, s feed.Subscription) error {
	return feed.WithUplink(ctx, s, func(ctx context.Context) error {
		fetcher, err := feed.NewFetcher(ctx, client, s, false)
		if err != nil {
			return err
		}
		for {
			if err := fetcher.Fetch(); err != nil {
				return feed.UnlessCancelled(ctx, err)
			}
		}
	})
}
