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

// echo is the handler at EchoPath, whose WebSockets end with life.
func echo(life context.Context) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet:
			if feed.RefuseBody(w, r) {
				return
			}
			end, err := echoEnd(r.URL.RawQuery)
			if err != nil {
				feed.Refuse(w, http.StatusBadRequest, err)
				return
			}
			end(life, w, r)
		case http.MethodPost:
			feed.Echo(w, r)
		default:
			w.Header().Set("Allow", "GET, POST")
			feed.Refuse(w, http.StatusMethodNotAllowed, fmt.Errorf("%s %s: open a WebSocket with GET, or POST a message", r.Method, EchoPath))
		}
	}
}

// echoEnd is the server end that a query asks for.
func echoEnd(rawQuery string) (func(context.Context, http.ResponseWriter, *http.Request), error) {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, fmt.Errorf("read the query: %w", err)
	}
	for name := range query {
		if name != "end" {
			return nil, fmt.Errorf("%s has no option %q; it has end", EchoPath, name)
		}
	}
	switch given := query["end"]; {
	case len(given) > 1:
		return nil, fmt.Errorf("option end is given %d times; give it once", len(given))
	case len(given) == 0 || given[0] == wsbare.Transport.Name:
		return wsbare.Echo, nil
	case given[0] == ws.Transport.Name:
		return ws.Echo, nil
	default:
		return nil, fmt.Errorf("option end=%q: use %s or %s", given[0], wsbare.Transport.Name, ws.Transport.Name)
	}
}
