package all

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"pushbench/servers/feed"
	"pushbench/servers/ws"
	"pushbench/servers/wsbare"
)

// EchoPath is where a server returns what it is sent: a WebSocket its messages,
// with ?end=ws by the server end of ws instead of that of wsbare, and a POST its
// body.
const EchoPath = "/echo"

// echoEnds are the server ends that a WebSocket may ask for.
var echoEnds = map[string]func(context.Context, http.ResponseWriter, *http.Request){
	wsbare.Transport.Name: wsbare.Echo,
	ws.Transport.Name:     ws.Echo,
}

// echoKnobs reads the query of EchoPath, which is no transport otherwise.
var echoKnobs = &feed.Transport{Name: EchoPath, Knobs: []feed.Knob{
	{Name: "end", Default: wsbare.Transport.Name, Check: feed.CheckOneOf(wsbare.Transport.Name, ws.Transport.Name)},
}}

// echo is the handler at EchoPath, whose WebSockets end with life.
func echo(life context.Context) http.HandlerFunc {
	return feed.Endpoint("open a WebSocket with GET, or POST a message", func(w http.ResponseWriter, r *http.Request) {
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			feed.Refuse(w, http.StatusBadRequest, fmt.Errorf("read the query: %w", err))
			return
		}
		options, err := echoKnobs.Parse(query, false)
		if err != nil {
			feed.Refuse(w, http.StatusBadRequest, err)
			return
		}
		echoEnds[options.Value("end")](life, w, r)
	})
}
