package measure

import (
	"pushbench/servers/all"
)

var soundCases = []ruleCase{
	{"clean", clean, func(*Observation) {}, nil},
	{"clean over a path", linked, func(*Observation) {}, nil},
	{"clean and quiet", quietTrial, func(*Observation) {}, nil},
	{"clean, of memory", memoryTrial, func(*Observation) {}, nil},

	{"a subscriber failed", clean, func(o *Observation) { o.Collected.Failed, o.Collected.Errors = 2, []string{"refused", "too"} },
		[]string{"sound subscribers: 2 subscribers failed, the first with: refused"}},
	{"failed without a word", clean, func(o *Observation) { o.Collected.Failed = 1 },
		[]string{"sound subscribers: 1 subscribers failed, the first with: unknown"}},
	{"failed in quiet", quietTrial, func(o *Observation) { o.Collected.Failed, o.Collected.Errors = 2, []string{"no"} },
		[]string{"sound subscribers: 2 subscribers failed, the first with: no"}},
	{"failed in a trial of memory", memoryTrial, func(o *Observation) { o.Collected.Failed, o.Collected.Errors = 2, []string{"no"} },
		[]string{"sound subscribers: 2 subscribers failed, the first with: no"}},
	{"events not as ordered", clean, func(o *Observation) { o.Collected.Errors = []string{"event 3 has a body of 1 bytes, not 100"} },
		[]string{"sound altered: events were not as ordered: event 3 has a body of 1 bytes, not 100"}},
	{"lost", clean, func(o *Observation) { o.Collected.Order.Lost, o.Undelivered = 3, 1 },
		[]string{"sound lost: 3 events lost, 1 subscribers without the newest"}},
	{"lost in a trial of memory", memoryTrial, func(o *Observation) { o.Collected.Order.Lost = 3 },
		[]string{"sound lost: 3 events lost, 0 subscribers without the newest"}},
	{"duplicated", clean, func(o *Observation) { o.Collected.Order.Duplicated = 1 }, []string{"sound duplicated: 1 events duplicated"}},
	{"reordered", clean, func(o *Observation) { o.Collected.Order.Reordered = 2 }, []string{"sound reordered: 2 events reordered"}},
	{"gap", clean, func(o *Observation) { o.Collected.Order.Gaps, o.Collected.Order.Skipped = 1, 7 },
		[]string{"sound gaps: 1 gaps, in which 7 events were left out"}},
	{"several", clean, func(o *Observation) { o.Collected.Order.Lost, o.Collected.Order.Duplicated = 1, 2 },
		[]string{"sound lost: 1 events lost, 0 subscribers without the newest", "sound duplicated: 2 events duplicated"}},

	{"too few measured", clean, func(o *Observation) { o.measured(79) }, []string{"sound measured: 79 of 80 events of the window were measured"}},
	{"too many measured", clean, func(o *Observation) { o.measured(81) }, []string{"sound measured: 81 of 80 events of the window were measured"}},
	{"no event", clean, func(o *Observation) { o.Published.Due, o.Published.Lag = nil, nil; o.measured(0) },
		[]string{"sound window: no event was due in the window of 1s at a rate of 40/s: the scenario is at fault, and a longer measure or a higher rate mends it"}},

	{"some skipped, of subscribers that want every event", clean, func(o *Observation) { o.Collected.Order.Skipped = 1 }, nil}, // the gap that said so counts
	{"some skipped, of those that want the latest", clean, func(o *Observation) {
		o.Treatment.Want = "latest"
		o.Collected.Order.Skipped, o.Collected.Events = 60, 32
		o.measured(30)
	}, nil},
	{"some neither delivered nor skipped", clean, func(o *Observation) {
		o.Treatment.Want = "latest"
		o.Collected.Order.Skipped, o.Collected.Events = 59, 32
	}, []string{"sound left-out: 91 events were delivered or left out for a newer one, of 92"}},
	{"an event that was never published", clean, func(o *Observation) {
		o.Treatment.Want = "latest"
		o.Collected.Events++
	}, []string{"sound left-out: 93 events were delivered or left out for a newer one, of 92"}},
	{"one delivered twice, of the latest", clean, func(o *Observation) {
		o.Treatment.Want = "latest"
		o.Collected.Order.Duplicated, o.Collected.Events = 1, 93
	}, []string{"sound duplicated: 1 events duplicated"}},
	{"the newest lost", clean, func(o *Observation) {
		o.Treatment.Want = "latest"
		o.Collected.Order.Lost, o.Collected.Events, o.Undelivered = 1, 91, 1
	}, []string{"sound lost: 1 events lost, 1 subscribers without the newest"}},
	{"more of the window than was due", clean, func(o *Observation) {
		o.Treatment.Want = "latest"
		o.measured(81)
	}, []string{"sound measured: 81 events of the window were measured, of which 80 were due"}},

	{"an uplink", clean, (*Observation).talks, nil},
	{"a message lost", clean, func(o *Observation) { o.talks(); o.Collected.Uplink.Lost = 2 }, []string{"sound unechoed: 2 messages were not echoed"}},
	{"a wrong echo", clean, func(o *Observation) { o.talks(); o.Collected.Uplink.Wrong = 1 },
		[]string{"sound wrong-echo: 1 messages came that are no echo of one that was sent"}},

	{"a third connection", clean, func(o *Observation) { o.After.Server.Counts.Conns++ }, []string{"sound connections: 3 connections, not 2"}},
	{"a stranger in quiet", quietTrial, func(o *Observation) { o.After.Server.Counts.Conns++ }, []string{"sound connections: 11 connections, not 10"}},
	{"a connection too few for an uplink", clean, func(o *Observation) { o.talks(); o.After.Server.Counts.Conns = 3 },
		[]string{"sound connections: 3 connections, not 4"}},
	{"a connection too many for an uplink", clean, func(o *Observation) {
		o.talks()
		o.Spec, _ = all.Parse("ws")
	}, []string{"sound connections: 4 connections, not 2"}},
	{"polls that close their connection, and an uplink that does not", clean, func(o *Observation) {
		o.talks()
		o.Rhythm.FreshConns = true
		o.After.Server.Counts.Conns = 76
	}, nil},
	{"a connection too few for polls that close it", clean, func(o *Observation) {
		o.Rhythm.FreshConns = true
		o.After.Server.Counts.Conns = 73
	}, []string{"sound connections: 73 connections, not 74"}},
	{"a connection for each poll that closes it", clean, func(o *Observation) {
		o.Rhythm.FreshConns = true
		o.After.Server.Counts.Conns = 74
	}, nil},
	{"connections missing at a step of memory", memoryTrial, func(o *Observation) { o.Steps[1].Seen = 199 },
		[]string{"sound connections: the server had 199 connections, not 200"}},
	{"connections of before at a step of memory", memoryTrial, func(o *Observation) { o.Steps[1].Seen = 230 }, nil},

	{"a connection more at the fault", quietTrial, func(o *Observation) { o.Silence.Notices[0].Of = 11 },
		[]string{"sound before-fault: 11 connections before the fault, not 10"}},
	{"connections gone before the fault", quietTrial, func(o *Observation) { o.Silence.Notices[0].Ended = []int64{98e9, 99e9, 101e9} },
		[]string{"sound ended-early: 2 of 10 connections had ended before the fault"}},
	{"both ends gone before the fault", quietTrial, func(o *Observation) {
		o.Silence.Notices = []Notice{{"server", 10, []int64{1}}, {"fleet", 10, []int64{1, 2}}}
	}, []string{"sound ended-early: 1 of 10 connections had ended before the fault; 2 of 10 subscriptions had ended before the fault"}},

	{"missed down", linked, func(o *Observation) { o.After.Link.Down.Missed = 5 }, []string{"sound missed: the link missed 5 packets"}},
	{"missed up before the mark", linked, func(o *Observation) { o.Before.Link.Up.Missed, o.After.Link.Up.Missed = 5, 5 },
		[]string{"sound missed: the link missed 5 packets"}},
}
