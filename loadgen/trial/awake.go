package trial

import (
	"errors"

	"pushbench/loadgen/host"
	"pushbench/results"
)

// A trial may ask for CPUs that do not sleep while they wait, so that what remains
// of a latency is the transport's and the path's, and not the waking up of whoever
// is waited for. How much they slept is in each record, whatever was asked.

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

// asleep is the share of their time between the marks that the cores slept.
func (o *observation) asleep() (float64, error) {
	if err := errors.Join(o.sleepUnreadable, o.hostUnreadable); err != nil {
		return 0, err
	}
	spent := o.hostTime().Sum().Wall
	if !(spent > 0) {
		return 0, errors.New("no time passed between the marks")
	}
	return (o.after.asleep - o.before.asleep) / spent, nil
}

func (o *observation) measureAsleep(t *results.Trial) {
	if share, err := o.asleep(); err == nil {
		t.Metrics["host/asleep"] = results.Metric{Value: share, Unit: "1"}
	}
}
