package trial

import (
	"fmt"
	"time"
)

// A trial is valid only if all of this holds. What does not is recorded with
// its numbers, and the trial never enters an average.
const (
	// lagLimit: the publisher's own lateness would be read as staleness.
	lagLimit = time.Millisecond
	// manyPublishes is the number from which lagLimit holds for the p99; below,
	// a p99 is one or two events, and their number is limited instead.
	manyPublishes = 1000
	// fleetLimit: a generator that is busier than this queues events itself.
	fleetLimit = 0.80
	// serverLimit: beyond it the server is what is saturated.
	serverLimit = 0.95
)

// invalid lists the rules that the trial broke.
func (o *observation) invalid() []string {
	var broken []string
	check := func(ok bool, format string, args ...any) {
		if !ok {
			broken = append(broken, fmt.Sprintf(format, args...))
		}
	}
	c := o.collected
	check(c.Failed == 0, "%d subscribers failed, the first with: %s", c.Failed, first(c.Errors))
	check(c.Failed > 0 || len(c.Errors) == 0, "events were not as ordered: %s", first(c.Errors))
	check(c.Order.Lost == 0, "%d events lost, %d subscribers without the newest", c.Order.Lost, o.undelivered)
	check(c.Order.Duplicated == 0, "%d events duplicated", c.Order.Duplicated)
	check(c.Order.Reordered == 0, "%d events reordered", c.Order.Reordered)
	check(c.Order.Gaps == 0, "%d gaps, in which %d events were left out", c.Order.Gaps, c.Order.Skipped)
	check(c.Dropped == 0, "%d samples outside 0 to 3600 s", c.Dropped)

	lag, distinct := o.publishLag()
	expected := int64(distinct) * int64(o.config.Treatment.Subscribers)
	check(distinct > 0, "no event was due in the window of %v", o.plan.until-o.plan.from)
	if o.latest() {
		check(c.Order.Lost > 0 || o.accounted() == o.published(), "%d events were delivered or left out for a newer one, of %d", o.accounted(), o.published())
		check(o.received() <= expected, "%d events of the window were measured, of which %d were due", o.received(), expected)
	} else {
		check(o.received() == expected, "%d of %d events of the window were measured", o.received(), expected)
	}
	check(c.Uplink.Lost == 0, "%d messages were not echoed", c.Uplink.Lost)
	check(c.Uplink.Wrong == 0, "%d messages came that are no echo of one that was sent", c.Uplink.Wrong)
	check(lag.Dropped() == 0, "%d events were published before they were due", lag.Dropped())

	for _, m := range []mark{o.before, o.after} {
		s, f := m.server.Counts, m.fleet.Counts
		check(agree(s, f), "tallies differ: the server has read %d and written %d bytes, the fleet has written %d and read %d",
			s.BytesRead, s.BytesWritten, f.BytesWritten, f.BytesRead)
	}
	layers := o.layers()
	check(sum(layers) == o.atSocket(), "layers do not add up: %+v, at the socket %+v", sum(layers), o.atSocket())
	check(o.noTCP() != "" || o.inKernel() == o.atSocket(), "tallies differ from the kernel's: %+v, the kernel's %+v", o.atSocket(), o.inKernel())

	conns, want := o.after.server.Counts.Conns, o.connections()
	check(conns == want, "%d connections, not %d", conns, want)

	if !o.config.Saturate {
		broken = append(broken, o.overloads()...)
	}
	return append(broken, o.invalidLink()...)
}

// latePublisher says how the publisher broke its rule, "" where it did not.
func (o *observation) latePublisher() string {
	lag, distinct := o.publishLag()
	if distinct >= manyPublishes {
		if p99 := time.Duration(lag.Quantile(0.99)); p99 >= lagLimit {
			return fmt.Sprintf("publisher lag p99 %v, limit %v", p99, lagLimit)
		}
		return ""
	}
	if allowed := max(1, distinct/100); o.late() > allowed {
		return fmt.Sprintf("%d of %d events published %v late or more, limit %d", o.late(), distinct, lagLimit, allowed)
	}
	return ""
}

// idleServer is the share of its core below which a server cannot itself be
// what kept its publisher waiting.
const idleServer = 0.25

// disturbance says what can only have come from outside: a publisher that was
// late although its core had hardly anything to do. Short stalls of a virtual
// machine look like this, and hardly show in the time that the hypervisor
// admits to have taken.
func (o *observation) disturbance() []string {
	if util := o.serverCPU() / o.elapsed(); o.latePublisher() != "" && util < idleServer {
		return []string{fmt.Sprintf("the host stalled: the publisher was late while the server used %.0f %% of its core", 100*util)}
	}
	return nil
}

// Thresholds of the fleet-bound warning. Bursts run at 100 % of both cores
// even where the mean is low, and then a fleet that costs about as much per
// event as the server is part of the latency of a burst's last events.
const (
	fleetBoundRatio = 0.8
	fleetBoundBurst = 100 // subscribers reached by one event
)

// warnings lists doubts that do not invalidate.
func (o *observation) warnings() []string {
	var doubts []string
	server, clients := o.serverCPU(), o.fleetCPU()
	if o.config.Treatment.Subscribers >= fleetBoundBurst && clients >= fleetBoundRatio*server {
		doubts = append(doubts, fmt.Sprintf("fleet-bound: the fleet's CPU per event is %.2g × the server's, and an event goes to %d subscribers at once",
			clients/server, o.config.Treatment.Subscribers))
	}
	if o.config.Saturate {
		doubts = append(doubts, o.saturated())
	}
	doubts = append(doubts, o.unmeasured()...)
	if skipped := o.after.fleet.Skipped - o.before.fleet.Skipped; skipped > 0 {
		doubts = append(doubts, fmt.Sprintf("%d polls were left out because the one before was outstanding", skipped))
	}
	return doubts
}

// unmeasured says what the host did not tell.
func (o *observation) unmeasured() (why []string) {
	if uncounted := o.hostUncounted(); uncounted != "" {
		why = append(why, uncounted)
	}
	if noTCP := o.noTCP(); noTCP != "" {
		why = append(why, noTCP)
	}
	return why
}

func first(texts []string) string {
	if len(texts) == 0 {
		return "unknown"
	}
	return texts[0]
}
