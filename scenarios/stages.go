package scenarios

import "pushbench/servers/feed"

// Who takes part in a trial beside our server and one fleet.

// NoProxy is the level of the key proxy where nobody stands before the server.
const NoProxy = "none"

// Proxies are the levels of the key proxy: none, and the names that package
// loadgen/stage has the programs of.
var Proxies = []string{NoProxy, "relay"}

// OurServer is the level of the key server where it is this project's own.
const OurServer = "ours"

// Servers are the levels of the key server: our own, and the names of those of other
// people that package loadgen/stage can start.
var Servers = []string{OurServer, "list"}

// Foreign reports whether the server is none of ours.
func (t Treatment) Foreign() bool { return t.Server != "" && t.Server != OurServer }

// beyondForeign says what a foreign server is asked for and cannot do.
func (t Treatment) beyondForeign(r feed.Rhythm) string {
	why := ""
	switch {
	case r.Poll == 0:
		why = "answers polls, and " + t.Transport + " is none"
	case t.TLS || t.HTTP == "2":
		why = "speaks HTTP/1.1 in clear"
	case t.Want == "latest" || t.Uplink > 0:
		why = "gives every event to all, and takes nothing from subscribers"
	case t.Emulated():
		why = "is published to over loopback, on which there is no network"
	default:
		return ""
	}
	return "the server " + t.Server + " " + why
}

// maxFleets bounds the processes that share the subscribers of a trial.
const maxFleets = 64

// Proxied reports whether somebody stands before the server.
func (t Treatment) Proxied() bool { return t.Proxy != "" && t.Proxy != NoProxy }
