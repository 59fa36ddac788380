package measure

import "fmt"

// What makes a trial's numbers doubtful and voids none of them is said beside them.

// doubts are the trial's warnings.
func (o *Observation) doubts() []string {
	said := []string{}
	has := o.has()
	if has&marks == 0 {
		return said
	}
	say := func(doubtful bool, format string, args ...any) {
		if doubtful {
			said = append(said, fmt.Sprintf(format, args...))
		}
	}
	n, server, clients := o.Treatment.Subscribers, o.serverCPU(), o.fleetCPU()
	say(has&window != 0 && n >= fleetBoundBurst && clients >= fleetBoundRatio*server,
		"fleet-bound: the fleet's CPU per event is %.2g × the server's, and an event goes to %d subscribers at once", clients/server, n)
	say(has&tallied == 0, untold)
	for _, name := range []string{"server", "fleet", "proxy", "link"} {
		s := o.shareOf(name) // it would have been at its limit, had others not had its core
		say(has&headroom != 0 && s.used < s.limit && s.used+s.waited >= s.limit,
			"the %s waited %.0f %% of the time for its core", name, 100*s.waited)
	}
	skipped, share := o.skipped()
	say(has&polls == 0 && share > skippedLimit, "%d polls were left out because the one before was outstanding, %.1f %% of all", skipped, 100*share)
	if host := o.hostTime(); o.HostUnreadable == nil {
		steal, inexact := host.Sum().StealShare(), host.Source.Inexact()
		say(steal > stealDoubt, "the hypervisor took %.1f %% of the cores' time", 100*steal)
		say(inexact != "", "%s", inexact)
	}
	say(o.QuotaUnreadable != nil, "%v", o.QuotaUnreadable)
	say(o.After.Fleet.NoTCP != "", "%s", o.After.Fleet.NoTCP)
	return said
}

// untold is why some measures are missing where nobody tells them.
const untold = "the server counts nothing for us: its connections, its memory, its part of TLS and the cost of publishing are left out, and its bytes are the fleet's count alone"

// stealDoubt: of the cores' time.
const stealDoubt = 0.05

// Thresholds of the fleet-bound warning. Bursts run at 100 % of both cores
// even where the mean is low, and then a fleet that costs about as much per
// event as the server is part of the latency of a burst's last events.
const (
	fleetBoundRatio = 0.8
	fleetBoundBurst = 100 // subscribers reached by one event
)
