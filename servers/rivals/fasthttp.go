package main

import (
	"cmp"
	"context"
	"errors"
	"math"

	"github.com/valyala/fasthttp"

	"pushbench/servers/feed"
)

// fastHTTP is github.com/valyala/fasthttp, which answers polls.
func fastHTTP(log *feed.Log) server {
	return fast{&fasthttp.Server{CloseOnShutdown: true, Handler: func(ctx *fasthttp.RequestCtx) {
		if string(ctx.Path()) != "/poll" {
			ctx.NotFound()
			return
		}
		query := ctx.QueryArgs()
		since, noCursor := feed.ParseCursor([]string{string(query.Peek("since"))})
		request := feed.Request{Since: since, Latest: string(query.Peek("want")) == "latest"}
		records, next, ahead := request.Read(log, since, math.MaxInt, nil)
		switch err := cmp.Or(noCursor, ahead); {
		case !ctx.IsGet():
			ctx.Error("the feed is read with GET", fasthttp.StatusMethodNotAllowed)
		case err != nil:
			ctx.Error(err.Error(), fasthttp.StatusBadRequest)
		case len(records) == 0 && log.Ended(next):
			ctx.Error(feed.ErrClosed.Error(), fasthttp.StatusServiceUnavailable)
		case len(records) == 0:
			ctx.SetStatusCode(fasthttp.StatusNoContent)
		default:
			ctx.SetContentType(log.Codec().ContentType())
			for _, r := range records {
				ctx.Write(r.Wire)
			}
		}
	}}}
}

// fast is fasthttp's server as one of ours.
type fast struct{ *fasthttp.Server }

// Shutdown implements server.
func (f fast) Shutdown(ctx context.Context) error {
	err := f.ShutdownWithContext(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // who polls does not say that it has gone
	}
	return err
}
