package wsbare

import (
	"errors"
	"time"

	"pushbench/servers/feed"
)

// Transport is WebSocket push, by hand.
var Transport = &feed.Transport{
	Name:      "wsbare",
	About:     "WebSocket by hand: one upgrade, then each event framed once for all subscribers",
	Upgrades:  true,
	Knobs:     Knobs,
	Rhythm:    Rhythm,
	Serve:     serve,
	Subscribe: Subscribe,
}

// Knobs are the options that every WebSocket transport has, whoever serves it.
// All of them concern both ends: the server is told by the query string.
var Knobs = []feed.Knob{
	feed.BatchKnob,
	{Name: "compress", Default: "off", Server: true, Check: feed.CheckOneOf("off", "no-takeover", "takeover"),
		About: "permessage-deflate (RFC 7692): each message by itself, or with takeover on from those before it"},
	{Name: "threshold", Default: "0B", Server: true, Check: feed.CheckSize(0, 1<<20),
		About: "smallest message that is compressed"},
	{Name: "ping", Default: "off", Server: true, Check: feed.CheckDuration(time.Millisecond, time.Hour, "off"),
		About: "how often the server pings"},
	{Name: "pong", Default: "10s", Server: true, Check: feed.CheckDuration(time.Millisecond, time.Hour),
		About: "how long it waits for the answer before it drops the connection"},
	{Name: "subprotocol", Default: noSubprotocol, Server: true, Check: checkSubprotocol,
		About: "subprotocol that the client offers and the server picks"},
}

// Rhythm is that of every transport with Knobs.
func Rhythm(o feed.Options) feed.Rhythm {
	r := feed.PushRhythm(o)
	if r.Beat = o.Duration("ping"); r.Beat > 0 {
		r.Patience = o.Duration("pong")
	}
	r.Compress = compression(o) != Uncompressed
	return r
}

// noSubprotocol is the value of the knob by which none is offered.
const noSubprotocol = "none"

// checkSubprotocol accepts what may stand in Sec-WebSocket-Protocol (§4.1, item
// 10).
func checkSubprotocol(s string) error {
	if !isToken(s) {
		return errors.New("use none or a name of letters, digits and the like, without blanks, such as feed.v1")
	}
	return nil
}

// compression is the value of the knob compress.
func compression(o feed.Options) Compression {
	switch {
	case o.Is("compress", "no-takeover"):
		return NoTakeover
	case o.Is("compress", "takeover"):
		return Takeover
	}
	return Uncompressed
}

// Subprotocols is the value of the knob subprotocol, as a list of what to offer
// or to pick from.
func Subprotocols(o feed.Options) []string {
	if name := o.Value("subprotocol"); name != "" && name != noSubprotocol {
		return []string{name}
	}
	return nil
}
