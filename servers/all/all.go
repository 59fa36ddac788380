// Package all is the table of transports: a new one is a folder of its own and
// a row here.
package all

import (
	"fmt"
	"net/http"
	"strings"

	"pushbench/servers/feed"
	"pushbench/servers/longpoll"
	"pushbench/servers/poll"
	"pushbench/servers/raw"
	"pushbench/servers/sse"
	"pushbench/servers/stream"
	"pushbench/servers/ws"
	"pushbench/servers/wsbare"
)

// Transports are the ways to carry the feed, in the order in which people read
// about them.
var Transports = []*feed.Transport{
	poll.Transport,
	longpoll.Transport,
	stream.Transport,
	sse.Transport,
	ws.Transport,
	wsbare.Transport,
	raw.Transport,
}

// Floor is a push with nothing around it, and BusyPoll a poll as soon as the last is
// answered: the least that a client end has to do.
const (
	Floor    = "raw"
	BusyPoll = "poll?interval=1ms"
)

// Parse reads a transport as a scenario names it, such as poll?interval=1s.
func Parse(text string) (feed.Spec, error) { return feed.ParseSpec(Transports, text) }

// Handler serves every transport of one feed, each at the path of its name, and
// the echo. All of it ends with the feed.
func Handler(log *feed.Log) http.Handler {
	mux := http.NewServeMux()
	var paths []string
	for _, t := range Transports {
		mux.Handle("/"+t.Name, t.Handler(log))
		paths = append(paths, "/"+t.Name)
	}
	mux.HandleFunc(EchoPath, echo(log.Life()))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		feed.Refuse(w, http.StatusNotFound, fmt.Errorf("no such path; the feed is at %s, an echo at %s", strings.Join(paths, ", "), EchoPath))
	})
	return mux
}
