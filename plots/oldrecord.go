package main

import (
	"maps"
	"slices"
	"strings"

	"pushbench/results"
)

// Older records are shown as they are. Those from before TCP and IP were counted
// have the bytes at the socket as their total, and are said to; those that lack a
// key of today were made at the only level that it had then.

// formerly are the keys that older records lack, with the only level there was;
// the path's have theirs in pathDefaults.
var formerly = map[string]string{
	"tls": "off", "http": "1.1", "headers": "minimal", "client": usualClient, "cpus": usualCPUs,
	"want": "every", "uplink": noUplink, "uplink-payload": "64B", "fault": "none",
	"congestion": "cubic", "fleets": "1", "proxy": "none", "server": "ours",
}

// complete is t with the levels that an older record takes for granted.
func complete(t results.Treatment) results.Treatment {
	full := maps.Clone(formerly)
	maps.Copy(full, pathDefaults)
	maps.Copy(full, t)
	return full
}

// oldRecord is why such a record has no bytes of the network.
const oldRecord = "this record is older than the count of TCP and IP headers"

// countsTCPIP reports whether the record's totals have TCP and IP headers. A
// record without any bytes is none of the old ones.
func (r *report) countsTCPIP() bool {
	has := func(metric string) bool {
		return slices.ContainsFunc(r.run.Trials, func(t *results.Trial) bool { _, ok := t.Metrics[metric]; return ok })
	}
	return has("bytes/tcpip/down") || !has("bytes/total/down")
}

// oldBytes is what must be said of a figure of the total.
func (r *report) oldBytes(metrics []string) string {
	total := func(m string) bool { return strings.HasPrefix(m, "bytes/total/") }
	if r.countsTCPIP() || !slices.ContainsFunc(metrics, total) {
		return ""
	}
	return "The total is that at the socket, without TCP and IP headers: " + oldRecord + "."
}
