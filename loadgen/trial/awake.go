package trial

import (
	"fmt"

	"pushbench/loadgen/host"
	"pushbench/results"
)

// A trial may ask for CPUs that do not sleep while they wait, so that what remains
// of a latency is the transport's and the path's, and not the waking up of whoever
// is waited for. The record has how much they slept all the same.

// asleepLimit: of the cores' time between the marks; above it the host does not do
// what was asked of it.
const asleepLimit = 0.01

// keepAwake keeps the CPUs from sleeping where the treatment asks for it; release
// lets them sleep again.
func (c Config) keepAwake() (release func() error, err error) {
	if !c.Treatment.Awake {
		return func() error { return nil }, nil
	}
	request, err := host.KeepAwake()
	if err != nil {
		return nil, err
	}
	return request.Close, nil
}

// markAsleep reads how long the trial's cores have slept.
func (o *observation) markAsleep(p pair, m *mark) (err error) {
	if o.config.Treatment.Awake {
		m.asleep, err = host.ReadAsleep(cores(o.config.Layout, p.link != nil))
	}
	return err
}

// asleep is the share of their time between the marks that the cores slept. It is
// known where they were to stay awake; a trial of memory has no such marks.
func (o *observation) asleep() (share float64, known bool) {
	spent := o.after.cpu.Sub(o.before.cpu).Total
	if !o.config.Treatment.Awake || spent == 0 {
		return 0, false
	}
	return (o.after.asleep - o.before.asleep) / spent, true
}

func (o *observation) measureAsleep(t *results.Trial) {
	if share, known := o.asleep(); known {
		t.Metrics["host/asleep"] = results.Metric{Value: share, Unit: "1"}
	}
}

// invalidAsleep says that the host did not do what the treatment asks of it.
func (o *observation) invalidAsleep() []string {
	if share, known := o.asleep(); known && share > asleepLimit {
		return []string{fmt.Sprintf("the CPUs slept %.0f %% of the time, and were to stay awake", 100*share)}
	}
	return nil
}
