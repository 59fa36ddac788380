package trial

import (
	"fmt"
	"strings"

	"pushbench/results"
)

// Every event that was due came to every subscriber, once, in order and as it was
// published, over as many connections as there should be. Where that does not hold
// nothing else of the trial is worth knowing.
var soundRules = []rule{
	{results.Sound, "subscribers", "", 0, func(o *observation) string {
		return unless(o.collected.Failed == 0, "%d subscribers failed, the first with: %s", o.collected.Failed, first(o.collected.Errors))
	}},
	{results.Sound, "altered", "", 0, func(o *observation) string {
		c := o.collected
		return unless(c.Failed > 0 || len(c.Errors) == 0, "events were not as ordered: %s", first(c.Errors))
	}},
	{results.Sound, "lost", "", 0, func(o *observation) string {
		lost := o.collected.Order.Lost
		return unless(lost == 0, "%d events lost, %d subscribers without the newest", lost, o.undelivered)
	}},
	{results.Sound, "duplicated", "", 0, func(o *observation) string {
		n := o.collected.Order.Duplicated
		return unless(n == 0, "%d events duplicated", n)
	}},
	{results.Sound, "reordered", "", 0, func(o *observation) string {
		n := o.collected.Order.Reordered
		return unless(n == 0, "%d events reordered", n)
	}},
	{results.Sound, "gaps", "", 0, func(o *observation) string {
		bad := o.collected.Order
		return unless(bad.Gaps == 0, "%d gaps, in which %d events were left out", bad.Gaps, bad.Skipped)
	}},
	{results.Sound, "window", "", window, func(o *observation) string {
		_, distinct := o.publishLag()
		return unless(distinct > 0, "no event was due in the window of %v at a rate of %g/s: the scenario is at fault, and a longer measure or a higher rate mends it",
			o.plan.until-o.plan.from, o.config.Treatment.Rate)
	}},
	{results.Sound, "measured", "", window | every, func(o *observation) string {
		return unless(o.received() == o.expected(), "%d of %d events of the window were measured", o.received(), o.expected())
	}},
	{results.Sound, "measured", "", window | latest, func(o *observation) string {
		return unless(o.received() <= o.expected(), "%d events of the window were measured, of which %d were due", o.received(), o.expected())
	}},
	{results.Sound, "left-out", "", window | latest, func(o *observation) string {
		told := o.collected.Order.Lost > 0 // which says the same
		return unless(told || o.accounted() == o.published(), "%d events were delivered or left out for a newer one, of %d", o.accounted(), o.published())
	}},
	{results.Sound, "unechoed", "", uplink, func(o *observation) string {
		n := o.collected.Uplink.Lost
		return unless(n == 0, "%d messages were not echoed", n)
	}},
	{results.Sound, "wrong-echo", "", uplink, func(o *observation) string {
		n := o.collected.Uplink.Wrong
		return unless(n == 0, "%d messages came that are no echo of one that was sent", n)
	}},
	{results.Sound, "connections", "", marks, func(o *observation) string {
		conns, want := o.after.server.Counts.Conns, o.connections()
		return unless(conns == want, "%d connections, not %d", conns, want)
	}},
	{results.Sound, "connections", "", steps, func(o *observation) string {
		for _, m := range o.idle.fresh {
			if m.seen < int64(m.conns) {
				return fmt.Sprintf("the server had %d connections, not %d", m.seen, m.conns)
			}
		}
		return ""
	}},
	{results.Sound, "before-fault", "", silenced, func(o *observation) string {
		return o.eachNotice(func(n notice, what string) string {
			want := o.config.Treatment.Subscribers
			return unless(n.of == want, "%d %s before the fault, not %d", n.of, what, want)
		})
	}},
	{results.Sound, "ended-early", "", silenced, func(o *observation) string {
		return o.eachNotice(func(n notice, what string) string {
			before, _ := n.split(o.silence.began, o.config.Measure)
			return unless(before == 0, "%d of %d %s had ended before the fault", before, n.of, what)
		})
	}},
	{results.Sound, "missed", "", link, func(o *observation) string {
		missed := o.after.link.Down.Missed + o.after.link.Up.Missed
		return unless(missed == 0, "the link missed %d packets", missed)
	}},
}

// expected is the deliveries that are due in the window.
func (o *observation) expected() int64 {
	_, distinct := o.publishLag()
	return int64(distinct) * int64(o.config.Treatment.Subscribers)
}

// eachNotice is what there is to say of the ends that could notice a fault.
func (o *observation) eachNotice(says func(n notice, what string) string) string {
	var all []string
	for _, n := range o.silence.notices {
		what := "connections"
		if n.end == "fleet" {
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

// oneLine is a reason that may be several errors in as many lines.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
