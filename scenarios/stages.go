package scenarios

import (
	"slices"
	"strings"

	"pushbench/servers/feed"
)

// Who takes part in a trial beside our server and one fleet.

// NoProxy is the level of the key proxy where nobody stands before the server.
const NoProxy = "none"

// Proxies are the levels of the key proxy: none, and the names that package
// loadgen/stage has the programs of.
var Proxies = []string{NoProxy, "relay"}

// OurServer is the level of the key server where it is this project's own.
const OurServer = "ours"

// serving is a row: who may serve the feed, and what of it.
type serving struct {
	name    string
	carries []string // transports, with the knobs that the server is to be told of
	wants   []string // levels of the key want
}

var (
	everyEvent = []string{"every"}
	anyEvents  = []string{"every", "latest"}
)

// servings are all who may, beside our own server, which carries all.
var servings = []serving{
	{"list", []string{"poll"}, everyEvent},
	{"gobwas", []string{"ws"}, everyEvent},
	{"gorilla", []string{"ws"}, everyEvent},
	{"gws", []string{"ws"}, everyEvent},
	{"coder", []string{"ws"}, everyEvent},
	{"node", []string{"ws"}, everyEvent},
	{"fasthttp", []string{"poll"}, anyEvents},
	{"nginx", []string{"poll?conditional=on"}, []string{"latest"}},
	{"nchan", []string{"longpoll", "stream", "ws"}, everyEvent},
}

// Servers are the levels of the key server: our own, and the names of those of other
// people that package loadgen/stage can start.
var Servers = func() []string {
	all := []string{OurServer}
	for _, s := range servings {
		all = append(all, s.name)
	}
	return all
}()

// Foreign reports whether the server is none of ours.
func (t Treatment) Foreign() bool { return t.Server != "" && t.Server != OurServer }

// beyondForeign says what a foreign server is asked for and cannot do.
func (t Treatment) beyondForeign(spec feed.Spec) string {
	s := servings[slices.IndexFunc(servings, func(s serving) bool { return s.name == t.Server })]
	carried := strings.Replace(spec.Transport.Name+spec.Options.ServerQuery(), "&", "?", 1)
	why := ""
	switch {
	case !slices.Contains(s.carries, carried):
		why = "carries " + strings.Join(s.carries, ", ") + ", and not " + carried
	case t.TLS || t.HTTP == "2":
		why = "speaks HTTP/1.1 in clear"
	case !slices.Contains(s.wants, t.Want):
		why = "is for want: " + strings.Join(s.wants, " or ") + ", and not for want: " + t.Want
	case t.Uplink > 0:
		why = "takes nothing from subscribers"
	case t.Emulated():
		why = "is reached over loopback, on which there is no network"
	default:
		return ""
	}
	return "the server " + t.Server + " " + why
}

// maxFleets bounds the processes that share the subscribers of a trial.
const maxFleets = 64

// Proxied reports whether somebody stands before the server.
func (t Treatment) Proxied() bool { return t.Proxy != "" && t.Proxy != NoProxy }
