package measure

import (
	"fmt"
	"strings"

	"pushbench/results"
)

// Every event that was due came to every subscriber, once, in order and as it was
// published, over as many connections as there should be. Where that does not hold
// nothing else of the trial is worth knowing.
var soundRules = []rule{
	{results.Sound, "subscribers", "", 0, func(o *Observation) string {
		return unless(o.Collected.Failed == 0, "%d subscribers failed, the first with: %s", o.Collected.Failed, first(o.Collected.Errors))
	}},
	{results.Sound, "altered", "", 0, func(o *Observation) string {
		c := o.Collected
		return unless(c.Failed > 0 || len(c.Errors) == 0, "events were not as ordered: %s", first(c.Errors))
	}},
	{results.Sound, "lost", "", 0, func(o *Observation) string {
		lost := o.Collected.Order.Lost
		return unless(lost == 0, "%d events lost, %d subscribers without the newest", lost, o.Undelivered)
	}},
	{results.Sound, "duplicated", "", 0, zero("%d events duplicated",
		func(o *Observation) int64 { return o.Collected.Order.Duplicated })},
	{results.Sound, "reordered", "", 0, zero("%d events reordered",
		func(o *Observation) int64 { return o.Collected.Order.Reordered })},
	{results.Sound, "gaps", "", 0, func(o *Observation) string {
		bad := o.Collected.Order
		return unless(bad.Gaps == 0, "%d gaps, in which %d events were left out", bad.Gaps, bad.Skipped)
	}},
	{results.Sound, "window", "", window, func(o *Observation) string {
		_, distinct := o.publishLag()
		return unless(distinct > 0, "no event was due in the window of %v at a rate of %g/s: the scenario is at fault, and a longer measure or a higher rate mends it",
			o.Window, o.Treatment.Rate)
	}},
	{results.Sound, "measured", "", window | every, func(o *Observation) string {
		return unless(o.received() == o.expected(), "%d of %d events of the window were measured", o.received(), o.expected())
	}},
	{results.Sound, "measured", "", window | latest, func(o *Observation) string {
		return unless(o.received() <= o.expected(), "%d events of the window were measured, of which %d were due", o.received(), o.expected())
	}},
	{results.Sound, "left-out", "", window | latest, func(o *Observation) string {
		c, published := o.Collected, int64(o.Newest)*int64(o.Treatment.Subscribers)
		had := c.Events - c.Order.Duplicated + c.Order.Skipped // each once, or a newer one in its place
		told := c.Order.Lost > 0                               // which says the same
		return unless(told || had == published, "%d events were delivered or left out for a newer one, of %d", had, published)
	}},
	{results.Sound, "unechoed", "", uplink, zero("%d messages were not echoed",
		func(o *Observation) int64 { return o.Collected.Uplink.Lost })},
	{results.Sound, "wrong-echo", "", uplink, zero("%d messages came that are no echo of one that was sent",
		func(o *Observation) int64 { return o.Collected.Uplink.Wrong })},
	{results.Sound, "connections", "", marks | tallied, func(o *Observation) string {
		conns, want := o.After.Server.Counts.Conns, o.connections()
		return unless(conns == want, "%d connections, not %d", conns, want)
	}},
	{results.Sound, "connections", "", steps, func(o *Observation) string {
		for _, m := range o.Steps {
			if m.Seen < int64(m.Conns) {
				return fmt.Sprintf("the server had %d connections, not %d", m.Seen, m.Conns)
			}
		}
		return ""
	}},
	{results.Sound, "before-fault", "", silenced, func(o *Observation) string {
		return o.eachNotice(func(n Notice, what string) string {
			want := o.Treatment.Subscribers
			return unless(n.Of == want, "%d %s before the fault, not %d", n.Of, what, want)
		})
	}},
	{results.Sound, "ended-early", "", silenced, func(o *Observation) string {
		return o.eachNotice(func(n Notice, what string) string {
			before, _ := n.split(o.Silence.Began, o.Window)
			return unless(before == 0, "%d of %d %s had ended before the fault", before, n.Of, what)
		})
	}},
	{results.Sound, "missed", "", link, zero("the link missed %d packets",
		func(o *Observation) int64 { return o.After.Link.Down.Missed + o.After.Link.Up.Missed })},
}

// eachNotice is what there is to say of the ends that could notice a fault.
func (o *Observation) eachNotice(says func(n Notice, what string) string) string {
	var all []string
	for _, n := range o.Silence.Notices {
		what := "connections"
		if n.End == "fleet" {
			what = "subscriptions"
		}
		if text := says(n, what); text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, "; ")
}

func first(texts []string) string {
	if len(texts) == 0 {
		return "unknown"
	}
	return texts[0]
}
