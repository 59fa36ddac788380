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
	kind    kind   // what it needs, and how it compares
	Meaning string
}

// vocabulary lists every metric that loadgen writes. Those in s that are
// histograms in the record stand in histograms.
var vocabulary = []Info{
	{"bytes/payload/down", "B/event", "", wire, "event bodies, and the echoes of an uplink's messages"},
	{"bytes/payload/up", "B/event", "", wire, "an uplink's messages"},
	{"bytes/envelope/down", "B/event", "lower", wire, "the feed's own encoding around the bodies"},
	{"bytes/envelope/up", "B/event", "lower", wire, "the feed's own encoding around the bodies"},
	{"bytes/protocol/down", "B/event", "lower", wire, "HTTP headers and chunking, the fields of server-sent events, WebSocket framing"},
	{"bytes/protocol/up", "B/event", "lower", wire, "HTTP headers, WebSocket framing"},
	{"bytes/compression/down", "B/event", "lower", wire, "what compressing messages added to them: below 0 where it saved"},
	{"bytes/compression/up", "B/event", "lower", wire, "what compressing messages added to them: below 0 where it saved"},
	{"bytes/tls/down", "B/event", "lower", wire, "TLS: 22 B for each record, and handshakes where they recur"},
	{"bytes/tls/up", "B/event", "lower", wire, "TLS: 22 B for each record, and handshakes where they recur"},
	{"bytes/tcpip/down", "B/event", "lower", wire, "TCP and IP headers of segments and acknowledgements"},
	{"bytes/tcpip/up", "B/event", "lower", wire, "TCP and IP headers of segments and acknowledgements, and what was sent again"},
	{"bytes/total/down", "B/event", "lower", wire, "all IP bytes of the connection, steady state"},
	{"bytes/total/up", "B/event", "lower", wire, "all IP bytes of the connection, steady state"},
	{"tcp/retransmitted", "B", "lower", wire, "bytes that the subscribers' sockets sent again between the marks"},
	{"tcp/resent/down", "1", "lower", wire, "segments that the server's kernel sent again between the marks, in the lab"},
	{"tcp/resent/up", "1", "lower", wire, "segments that the subscribers' kernel sent again between the marks, in the lab"},
	{"link/packets/down", "1", "lower", wire, "IP packets that the server handed to the emulated path, per delivered event"},
	{"link/packets/up", "1", "lower", wire, "IP packets that the subscribers handed to the emulated path, per delivered event"},
	{"link/bytes/down", "B/event", "lower", wire, "bytes of those packets, IP header included, lost ones too"},
	{"link/bytes/up", "B/event", "lower", wire, "bytes of those packets, IP header included, lost ones too"},
	{"link/lost/down", "1", "", wire, "of those packets, lost at random between the marks, in all"},
	{"link/lost/up", "1", "", wire, "of those packets, lost at random between the marks, in all"},
	{"link/overflowed/down", "1", "", wire, "of those packets, dropped between the marks since the queue before the bandwidth was full"},
	{"link/overflowed/up", "1", "", wire, "of those packets, dropped between the marks since the queue before the bandwidth was full"},
	{"link/cpu", "s/event", "", fact, "CPU time of the process that emulates the path, per delivered event"},
	{"link/cpu-util", "1", "", fact, "share of its core that it used"},
	{"link/wait", "s", "lower", fact, "time that its threads were ready to run and waited for their core, each time before they ran; packets that it read late for that are not in link-late"},
	{"link/waiting", "1", "", fact, "the same as a share of the time between the marks"},
	{"conn/bytes/down", "B", "lower", wire, "TLS handshake and head of the first response, which make a connection ready"},
	{"conn/bytes/up", "B", "lower", wire, "TLS handshake and head of the first request, which make a connection ready"},
	{"conn/tls/down", "B", "lower", wire, "of that, TLS"},
	{"conn/tls/up", "B", "lower", wire, "of that, TLS"},
	{"conn/tcpip/down", "B", "lower", wire, "TCP and IP headers until a connection is ready"},
	{"conn/tcpip/up", "B", "lower", wire, "TCP and IP headers until a connection is ready"},
	{"conn/rtts", "1", "lower", wire, "round trips until a connection is ready, TCP's own included"},
	{"conn/server-cpu", "s", "lower", cpu, "server CPU time for each connection, first event included"},
	{"conn/count", "1", "", count, "connections that the server saw"},
	{"conn/tls-full", "1", "", count, "full TLS handshakes"},
	{"conn/tls-resumed", "1", "", count, "resumed TLS handshakes"},
	{"idle/server-rss", "B", "lower", slope, "server's resident memory per connection without an event yet: slope over several numbers of them, after garbage collection"},
	{"idle/server-heap", "B", "lower", slope, "of that, live Go heap"},
	{"idle/server-stacks", "B", "lower", slope, "of that, goroutine stacks"},
	{"idle/kernel", "B", "lower", slope, "the kernel's slab and socket memory per connection, both ends together: slope"},
	{"idle/fleet-rss", "B", "", slope, "the fleet's resident memory per connection: slope"},
	{"idle/bytes/down", "B/s", "lower", wire, "bytes at the socket per connection while the feed is quiet"},
	{"idle/bytes/up", "B/s", "lower", wire, "bytes at the socket per connection while the feed is quiet"},
	{"idle/total/down", "B/s", "lower", wire, "all IP bytes per connection while the feed is quiet"},
	{"idle/total/up", "B/s", "lower", wire, "all IP bytes per connection while the feed is quiet"},
	{"idle/server-cpu", busyTime, "lower", cpu, "server CPU time per connection and second while the feed is quiet, a share of one core"},
	{"idle/fit-error", "1", "lower", fact, "largest distance of a reading of the server's memory from its line, over the range read"},
	{"notice/server-share", "1", "higher", share, "share of its connections of which the server noticed, within the window, that the other end had fallen silent"},
	{"notice/fleet-share", "1", "higher", share, "share of the subscribers that noticed, within the window, that the server had fallen silent"},
	{"held/server-rss", "B", "lower", slope, "idle/server-rss with what one event adds to it, buffers that stay for the next"},
	{"held/server-heap", "B", "lower", slope, "of that, live Go heap"},
	{"held/server-stacks", "B", "lower", slope, "of that, goroutine stacks"},
	{"held/kernel", "B", "lower", slope, "idle/kernel with what one event adds to it"},
	{"held/fleet-rss", "B", "", slope, "idle/fleet-rss with what one event adds to it"},
	{"server/cpu", "s/event", "lower", cpu, "server CPU time, user and system, per delivered event"},
	{"server/cpu-per-message", "s", "lower", cpu, "server CPU time, user and system, per delivered event or echoed message"},
	{"throughput", "1/s", "higher", rate, "events delivered a second, from the first that was due to the last that arrived"},
	{"server/cpu-util", "1", "", cpu, "share of its cores that the server used"},
	{"server/processes", "1", "", count, "processes that serve the feed, each to a part of the subscribers"},
	{"server/syscalls", "1", "lower", cpu, "server's read and write calls per delivered event"},
	{"server/switches", "1", "lower", cpu, "server's context switches per delivered event"},
	{"server/rss", "B", "lower", memory, "server's resident memory"},
	{"server/heap", "B", "lower", memory, "server's Go heap"},
	{"server/stacks", "B", "lower", memory, "server's goroutine stacks"},
	{"fanout/loop", "1", "", count, "share of the events delivered that the server's loop sent, without waking a goroutine of the subscriber's"},
	{"fanout/fallbacks", "1", "lower", count, "times that a subscriber could not take an event whole, and went on by itself"},
	{"server/goroutines", "1", "lower", count, "server's goroutines"},
	{"server/fds", "1", "lower", count, "server's open files"},
	{"publisher/cpu", "s/event", "lower", cpu, "CPU time of publishing, per published event"},
	{"proxy/cpu", "s/event", "lower", cpu, "CPU time of the proxy before the server, per delivered event"},
	{"proxy/cpu-util", "1", "", cpu, "share of its core that the proxy used"},
	{"fleet/cpu", "s/event", "", cpu, "the subscribers' CPU time per delivered event"},
	{"fleet/cpu-util", "1", "", cpu, "share of its cores that the fleet used"},
	{"fleet/cpu-per-request", "s", "", cpu, "the subscribers' CPU time per request"},
	{"client-loop", "1", "", fact, "share of the subscribers that an event loop reads; the others have a goroutine each"},
	{"fleet/reads", "1", "", wire, "the subscribers' socket reads per event"},
	{"fleet/rss", "B", "", memory, "the fleet's resident memory"},
	{"fleet/processes", "1", "", count, "processes that share the subscribers"},
	{"fleet/ceiling", "1/s", "", fact, "events a second that the fleet can take, by calibration against the floor"},
	{"fleet/load", "1", "", fact, "events delivered a second, as a share of that ceiling"},
	{"server/wait", "s", "", fact, "time that its threads were ready to run and waited for their core, each time before they ran"},
	{"proxy/wait", "s", "", fact, "time that its threads were ready to run and waited for their core, each time before they ran"},
	{"fleet/wait", "s", "", fact, "time that its threads were ready to run and waited for their core, each time before they ran"},
	{"server/waiting", "1", "", fact, "the same as a share of the time between the marks; of several processes the mean"},
	{"proxy/waiting", "1", "", fact, "the same as a share of the time between the marks; of several processes the mean"},
	{"fleet/waiting", "1", "", fact, "the same as a share of the time between the marks; of several processes the mean"},
	{"host/cpu", "s/event", "lower", cpu, "CPU time of all the trial's cores, softirq included, per event"},
	{"host/softirq", "s/event", "lower", cpu, "of that, in the kernel's network interrupts; only where the kernel counts them"},
	{"host/steal", "1", "", fact, "share of CPU time that the hypervisor took"},
	{"host/foreign", "1", "", fact, "share of CPU time that tasks other than the trial's processes ran on the trial's cores"},
	{"host/asleep", "1", "", fact, "share of their time that the trial's cores slept: in idle states deeper than the first"},
	{"host/canary", "1", "", fact, "calibration loop before the trial, against its median in the run"},
	{"canary", "s", "", fact, "calibration loop before the trial"},
	{"host/canary/after", "1", "", fact, "calibration loop after the trial, against its median in the run"},
	{"canary/after", "s", "", fact, "calibration loop after the trial"},
	{"kernel/memory", "B", "lower", memory, "how much more the kernel has in slabs and TCP's buffers at the second mark than before the first connection, both ends together"},
	{"kernel/tcp-memory", "B", "lower", fact, "kernel memory of TCP's buffers on the whole host, at the second mark"},
	{"kernel/tcp-pressures", "1", "lower", fact, "how often the kernel began to be short of memory for TCP, from before the first connection to the second mark"},
	{"kernel/resent", "1", "lower", fact, "segments that the kernel sent again meanwhile, on all connections of the server's network namespace"},
	{"kernel/time-waits", "1", "", fact, "closed connections of that namespace that rest, at the second mark"},
	{"kernel/listen-overflows", "1", "lower", fact, "connections for which the queue of a listener had no room meanwhile"},
	{"requests", "1", "lower", wire, "requests per delivered event"},
	{"requests/empty", "1", "lower", wire, "requests answered without an event, per delivered event"},
	{"events-per-response", "1", "", wire, "delivered events per response that had any"},
	{"polls/skipped", "1", "", count, "poll slots passed over because a poll was still out"},
	{"events/expected", "1", "", count, "deliveries due in the window"},
	{"events/delivered", "1", "", count, "deliveries made"},
	{"events/distinct", "1", "", count, "different events among them"},
	{"events/lost", "1", "lower", mishap, "due and never delivered; where the latest is wanted, newest ones that never came"},
	{"events/duplicated", "1", "lower", mishap, "delivered more than once"},
	{"events/reordered", "1", "lower", mishap, "delivered after a later one"},
	{"events/skipped", "1", "", count, "left out because a newer one stood in for it"},
	{"events/gaps", "1", "lower", mishap, "gaps that the server announced"},
	{"age/mean", "s", "lower", latency, "age of information: how old the newest event is that a subscriber has, from its Due, over time"},
	{"age/peak", "s", "lower", latency, "the same just before a newer one comes; those of one answer are one"},
	{"uplink/sent", "1", "", count, "messages that subscribers sent, due in the window"},
	{"uplink/echoed", "1", "", count, "of those, returned by the server"},
	{"uplink/lost", "1", "lower", mishap, "messages due by the end of the window that never were"},
	{"model/staleness", "s", "", fact, "mean staleness by the transport's own rule, run on the trial's Due instants over the path's RTT; only where that is all there is to the path"},
	{"window", "s", "", fact, "from the first to the last due event measured"},
}

// histograms lists every histogram that loadgen writes. In the record they are
// in ns; read through Value, as NAME/p99 and so on, they are in s.
var histograms = []Info{
	{"staleness", "s", "lower", latency, "from when an event was due until a subscriber had it (Recv − Due)"},
	{"delivery", "s", "lower", latency, "from when it was published on (Recv − Sent): staleness without the publisher's lateness"},
	{"publish-lag", "s", "lower", lateness, "Sent − Due: the publisher's own lateness"},
	{"link-late", "s", "lower", lateness, "how much later than due the emulated path handed each packet on: the lab's own lateness, but for that of reading it"},
	{"roundtrip", "s", "lower", latency, "Due of an uplink's message to its echo"},
	{"uplink-lag", "s", "lower", lateness, "Due of an uplink's message to its sending: the fleet's own lateness and, over HTTP, that of the answer before it"},
	{"connect", "s", "lower", latency, "dial to ready, per subscriber"},
	{"connect-tcp", "s", "lower", latency, "dial to TCP connection, per connection"},
	{"connect-tls", "s", "lower", latency, "dial to the end of a full TLS handshake, per connection"},
	{"connect-tls-resumed", "s", "lower", latency, "dial to the end of a resumed TLS handshake, per connection"},
	{"ttfe", "s", "lower", latency, "dial to first event, per subscriber"},
	{"notice/server", "s", "lower", latency, "from the fleet's falling silent until the server closed a connection, if within the window"},
	{"notice/fleet", "s", "lower", latency, "from the server's falling silent until a subscription ended, if within the window"},
	{"staleness-mean-by-subscriber", "s", "lower", latency, "each subscriber's mean staleness"},
	{"staleness-max-by-subscriber", "s", "lower", latency, "each subscriber's greatest staleness"},
}

// Vocabulary is every metric, then every histogram.
func Vocabulary() []Info { return slices.Concat(vocabulary, histograms) }

// Describe looks a metric up by name; "staleness/p99" has its histogram's meaning. It is
// false for a word outside the vocabulary, and for a histogram's bare name.
func Describe(metric string) (Info, bool) {
	if i := slices.IndexFunc(vocabulary, func(m Info) bool { return m.Name == metric }); i >= 0 {
		return vocabulary[i], true
	}
	hist, _, _ := splitStat(metric)
	i := slices.IndexFunc(histograms, func(m Info) bool { return m.Name == hist })
	if i < 0 {
		return Info{}, false
	}
	info := histograms[i]
	info.Name = metric
	return info, true
}

// statistic is what to read from a histogram: a quantile, or one of its exact figures.
type statistic struct {
	name     string  // "p99.9", "max", "min", "mean"
	quantile float64 // of pN, else 0
}

// splitStat cuts a metric such as staleness/p99.9 into histogram and statistic.
func splitStat(metric string) (hist string, s statistic, ok bool) {
	slash := strings.LastIndexByte(metric, '/')
	if slash < 1 {
		return "", statistic{}, false
	}
	hist, s.name = metric[:slash], metric[slash+1:]
	switch s.name {
	case "max", "min", "mean":
		return hist, s, true
	}
	digits, isP := strings.CutPrefix(s.name, "p")
	if !isP || strings.Trim(digits, "0123456789.") != "" {
		return "", statistic{}, false
	}
	// p99.9 is the float nearest 0.999, which 99.9/100 is not.
	q, err := strconv.ParseFloat(digits+"e-2", 64)
	if err != nil || q <= 0 || q >= 1 {
		return "", statistic{}, false
	}
	s.quantile = q
	return hist, s, true
}

// QuantileOf is the quantile that a metric such as staleness/p99.9 is: 0.999;
// false for a metric that is none.
func QuantileOf(metric string) (q float64, ok bool) {
	_, known := Describe(metric)
	_, s, _ := splitStat(metric)
	return s.quantile, known && s.quantile > 0
}
