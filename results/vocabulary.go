package results

import (
	"slices"
	"strconv"
	"strings"
)

// Info is what the vocabulary says of a metric: one word from scenario file to
// record, axis and claim.
type Info struct {
	Name    string
	Unit    string // base unit
	Better  string // "lower", "higher", or "" where neither is
	Exact   bool   // fixed by the protocol: every sound trial without an uplink gives the same value
	Meaning string
}

// vocabulary lists every metric that loadgen writes. Those in s that are
// histograms in the record stand in histograms.
var vocabulary = []Info{
	{"bytes/payload/down", "B/event", "", true, "event bodies, and the echoes of an uplink's messages"},
	{"bytes/payload/up", "B/event", "", true, "an uplink's messages"},
	{"bytes/envelope/down", "B/event", "lower", false, "the feed's own encoding around the bodies"},
	{"bytes/envelope/up", "B/event", "lower", false, "the feed's own encoding around the bodies"},
	{"bytes/protocol/down", "B/event", "lower", false, "HTTP headers and chunking, the fields of server-sent events, WebSocket framing"},
	{"bytes/protocol/up", "B/event", "lower", false, "HTTP headers, WebSocket framing"},
	{"bytes/compression/down", "B/event", "lower", false, "what compressing messages added to them: below 0 where it saved"},
	{"bytes/compression/up", "B/event", "lower", false, "what compressing messages added to them: below 0 where it saved"},
	{"bytes/tls/down", "B/event", "lower", false, "TLS: 22 B for each record, and handshakes where they recur"},
	{"bytes/tls/up", "B/event", "lower", false, "TLS: 22 B for each record, and handshakes where they recur"},
	{"bytes/tcpip/down", "B/event", "lower", false, "TCP and IP headers of segments and acknowledgements"},
	{"bytes/tcpip/up", "B/event", "lower", false, "TCP and IP headers of segments and acknowledgements, and what was sent again"},
	{"bytes/total/down", "B/event", "lower", false, "all IP bytes of the connection, steady state"},
	{"bytes/total/up", "B/event", "lower", false, "all IP bytes of the connection, steady state"},
	{"tcp/retransmitted", "B", "lower", false, "bytes that the subscribers' sockets sent again between the marks"},
	{"tcp/resent/down", "1", "lower", false, "segments that the server's kernel sent again between the marks, in the lab"},
	{"tcp/resent/up", "1", "lower", false, "segments that the subscribers' kernel sent again between the marks, in the lab"},
	{"link/packets/down", "1", "lower", false, "IP packets that the server handed to the emulated path, per delivered event"},
	{"link/packets/up", "1", "lower", false, "IP packets that the subscribers handed to the emulated path, per delivered event"},
	{"link/bytes/down", "B/event", "lower", false, "bytes of those packets, IP header included, lost ones too"},
	{"link/bytes/up", "B/event", "lower", false, "bytes of those packets, IP header included, lost ones too"},
	{"link/lost/down", "1", "", false, "of those packets, lost at random between the marks, in all"},
	{"link/lost/up", "1", "", false, "of those packets, lost at random between the marks, in all"},
	{"link/overflowed/down", "1", "", false, "of those packets, dropped between the marks since the queue before the bandwidth was full"},
	{"link/overflowed/up", "1", "", false, "of those packets, dropped between the marks since the queue before the bandwidth was full"},
	{"link/cpu", "s/event", "", false, "CPU time of the process that emulates the path, per delivered event"},
	{"link/cpu-util", "1", "", false, "share of its core that it used"},
	{"link/wait", "1", "lower", false, "time that its threads were ready to run and waited for their core, as a share of the time; packets that it read late for that are not in link-late"},
	{"conn/bytes/down", "B", "lower", false, "TLS handshake and head of the first response, which make a connection ready"},
	{"conn/bytes/up", "B", "lower", false, "TLS handshake and head of the first request, which make a connection ready"},
	{"conn/tls/down", "B", "lower", false, "of that, TLS"},
	{"conn/tls/up", "B", "lower", false, "of that, TLS"},
	{"conn/tcpip/down", "B", "lower", false, "TCP and IP headers until a connection is ready"},
	{"conn/tcpip/up", "B", "lower", false, "TCP and IP headers until a connection is ready"},
	{"conn/rtts", "1", "lower", false, "round trips until a connection is ready, TCP's own included"},
	{"conn/server-cpu", "s", "lower", false, "server CPU time for each connection, first event included"},
	{"conn/count", "1", "", false, "connections that the server saw"},
	{"conn/tls-full", "1", "", false, "full TLS handshakes"},
	{"conn/tls-resumed", "1", "", false, "resumed TLS handshakes"},
	{"idle/server-rss", "B", "lower", false, "server's resident memory per connection without an event yet: slope over several numbers of them, after garbage collection"},
	{"idle/server-heap", "B", "lower", false, "of that, live Go heap"},
	{"idle/server-stacks", "B", "lower", false, "of that, goroutine stacks"},
	{"idle/kernel", "B", "lower", false, "the kernel's slab and socket memory per connection, both ends together: slope"},
	{"idle/fleet-rss", "B", "", false, "the fleet's resident memory per connection: slope"},
	{"idle/bytes/down", "B/s", "lower", false, "bytes at the socket per connection while the feed is quiet"},
	{"idle/bytes/up", "B/s", "lower", false, "bytes at the socket per connection while the feed is quiet"},
	{"idle/total/down", "B/s", "lower", false, "all IP bytes per connection while the feed is quiet"},
	{"idle/total/up", "B/s", "lower", false, "all IP bytes per connection while the feed is quiet"},
	{"idle/server-cpu", "1", "lower", false, "server CPU time per connection and second while the feed is quiet, a share of one core"},
	{"idle/fit-error", "1", "lower", false, "largest distance of a reading of the server's memory from its line, over the range read"},
	{"notice/server-share", "1", "higher", false, "share of its connections of which the server noticed, within the window, that the other end had fallen silent"},
	{"notice/fleet-share", "1", "higher", false, "share of the subscribers that noticed, within the window, that the server had fallen silent"},
	{"held/server-rss", "B", "lower", false, "idle/server-rss with what one event adds to it, buffers that stay for the next"},
	{"held/server-heap", "B", "lower", false, "of that, live Go heap"},
	{"held/server-stacks", "B", "lower", false, "of that, goroutine stacks"},
	{"held/kernel", "B", "lower", false, "idle/kernel with what one event adds to it"},
	{"held/fleet-rss", "B", "", false, "idle/fleet-rss with what one event adds to it"},
	{"server/cpu", "s/event", "lower", false, "server CPU time, user and system, per delivered event"},
	{"server/cpu-per-message", "s", "lower", false, "server CPU time, user and system, per delivered event or echoed message"},
	{"throughput", "1/s", "higher", false, "events delivered a second, from the first that was due to the last that arrived"},
	{"server/cpu-util", "1", "", false, "share of its cores that the server used"},
	{"server/wait", "1", "lower", false, "time that its threads were ready to run and waited for their core, as a share of the time"},
	{"server/syscalls", "1", "lower", false, "server's read and write calls per delivered event"},
	{"server/switches", "1", "lower", false, "server's context switches per delivered event"},
	{"server/rss", "B", "lower", false, "server's resident memory"},
	{"server/heap", "B", "lower", false, "server's Go heap"},
	{"server/stacks", "B", "lower", false, "server's goroutine stacks"},
	{"server/goroutines", "1", "lower", false, "server's goroutines"},
	{"server/fds", "1", "lower", false, "server's open files"},
	{"publisher/cpu", "s/event", "lower", false, "CPU time of publishing, per published event"},
	{"fleet/cpu", "s/event", "", false, "the subscribers' CPU time per delivered event"},
	{"fleet/cpu-util", "1", "", false, "share of its cores that the fleet used"},
	{"fleet/wait", "1", "lower", false, "time that its threads were ready to run and waited for their core, as a share of the time"},
	{"fleet/cpu-per-request", "s", "", false, "the subscribers' CPU time per request"},
	{"fleet/reads", "1", "", false, "the subscribers' socket reads per event"},
	{"fleet/rss", "B", "", false, "the fleet's resident memory"},
	{"fleet/ceiling", "1/s", "", false, "events a second that the fleet can take, by calibration against the floor"},
	{"fleet/load", "1", "", false, "events delivered a second, as a share of that ceiling"},
	{"host/cpu", "s/event", "lower", false, "CPU time of all the trial's cores, softirq included, per event"},
	{"host/softirq", "s/event", "lower", false, "of that, in the kernel's network interrupts; only where the kernel counts them"},
	{"host/steal", "1", "", false, "share of CPU time that the hypervisor took"},
	{"host/foreign", "1", "", false, "share of CPU time that tasks other than server, fleet and link ran on the trial's cores"},
	{"host/asleep", "1", "", false, "share of their time that the trial's cores slept: in idle states deeper than the first"},
	{"host/canary", "1", "", false, "calibration loop before the trial, against its median in the run"},
	{"canary", "s", "", false, "calibration loop before the trial"},
	{"requests", "1", "lower", false, "requests per delivered event"},
	{"requests/empty", "1", "lower", false, "requests answered without an event, per delivered event"},
	{"events-per-response", "1", "", false, "delivered events per response that had any"},
	{"polls/skipped", "1", "", false, "poll slots passed over because a poll was still out"},
	{"events/expected", "1", "", false, "deliveries due in the window"},
	{"events/delivered", "1", "", false, "deliveries made"},
	{"events/distinct", "1", "", false, "different events among them"},
	{"events/lost", "1", "lower", false, "due and never delivered; where the latest is wanted, newest ones that never came"},
	{"events/duplicated", "1", "lower", false, "delivered more than once"},
	{"events/reordered", "1", "lower", false, "delivered after a later one"},
	{"events/skipped", "1", "", false, "left out because a newer one stood in for it"},
	{"events/gaps", "1", "lower", false, "gaps that the server announced"},
	{"age/mean", "s", "lower", false, "age of information: how old the newest event is that a subscriber has, from its Due, over time"},
	{"age/peak", "s", "lower", false, "the same just before a newer one comes; those of one answer are one"},
	{"uplink/sent", "1", "", false, "messages that subscribers sent, due in the window"},
	{"uplink/echoed", "1", "", false, "of those, returned by the server"},
	{"uplink/lost", "1", "lower", false, "messages due by the end of the window that never were"},
	{"model/staleness", "s", "", false, "mean staleness by the transport's own rule, run on the trial's Due instants over the path's RTT; only where that is all there is to the path"},
	{"window", "s", "", false, "from the first to the last due event measured"},
}

// histograms lists every histogram that loadgen writes. In the record they are
// in ns; read through Value, as NAME/p99 and so on, they are in s.
var histograms = []Info{
	{"staleness", "s", "lower", false, "from when an event was due until a subscriber had it (Recv − Due)"},
	{"delivery", "s", "lower", false, "from when it was published on (Recv − Sent): staleness without the publisher's lateness"},
	{"publish-lag", "s", "lower", false, "Sent − Due: the publisher's own lateness"},
	{"link-late", "s", "lower", false, "how much later than due the emulated path handed each packet on: the lab's own lateness, but for that of reading it"},
	{"roundtrip", "s", "lower", false, "Due of an uplink's message to its echo"},
	{"uplink-lag", "s", "lower", false, "Due of an uplink's message to its sending: the fleet's own lateness and, over HTTP, that of the answer before it"},
	{"connect", "s", "lower", false, "dial to ready, per subscriber"},
	{"connect-tcp", "s", "lower", false, "dial to TCP connection, per connection"},
	{"connect-tls", "s", "lower", false, "dial to the end of a full TLS handshake, per connection"},
	{"connect-tls-resumed", "s", "lower", false, "dial to the end of a resumed TLS handshake, per connection"},
	{"ttfe", "s", "lower", false, "dial to first event, per subscriber"},
	{"notice/server", "s", "lower", false, "from the fleet's falling silent until the server closed a connection, of those that it did within the window"},
	{"notice/fleet", "s", "lower", false, "from the server's falling silent until a subscription ended, of those that did within the window"},
	{"staleness-mean-by-subscriber", "s", "lower", false, "each subscriber's mean staleness"},
	{"staleness-max-by-subscriber", "s", "lower", false, "each subscriber's greatest staleness"},
}

// Vocabulary is every metric, then every histogram.
func Vocabulary() []Info { return slices.Concat(vocabulary, histograms) }

// Describe looks a metric up by name; "staleness/p99" is described with its
// histogram's meaning. It is false for a word outside the vocabulary, and for a
// histogram's bare name, which is no number.
func Describe(metric string) (Info, bool) {
	if i := slices.IndexFunc(vocabulary, func(m Info) bool { return m.Name == metric }); i >= 0 {
		return vocabulary[i], true
	}
	hist, _, ok := splitStat(metric)
	if !ok {
		return Info{}, false
	}
	i := slices.IndexFunc(histograms, func(m Info) bool { return m.Name == hist })
	if i < 0 {
		return Info{}, false
	}
	info := histograms[i]
	info.Name = metric
	return info, true
}

// stat is what to read from a histogram: a quantile, or one of its exact figures.
type stat struct {
	name     string  // "p99.9", "max", "min", "mean"
	quantile float64 // of pN, else 0
}

// splitStat cuts a metric such as staleness/p99.9 into histogram and statistic.
func splitStat(metric string) (hist string, s stat, ok bool) {
	slash := strings.LastIndexByte(metric, '/')
	if slash < 1 {
		return "", stat{}, false
	}
	hist, s.name = metric[:slash], metric[slash+1:]
	switch s.name {
	case "max", "min", "mean":
		return hist, s, true
	}
	digits, isP := strings.CutPrefix(s.name, "p")
	if !isP || strings.Trim(digits, "0123456789.") != "" {
		return "", stat{}, false
	}
	// p99.9 is the float nearest 0.999, which 99.9/100 is not.
	q, err := strconv.ParseFloat(digits+"e-2", 64)
	if err != nil || q <= 0 || q >= 1 {
		return "", stat{}, false
	}
	s.quantile = q
	return hist, s, true
}
