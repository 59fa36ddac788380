package trial

import (
	"errors"
	"fmt"

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

// invalidAsleep says that the host did not do what the treatment asks of it.
func (o *observation) invalidAsleep() []string {
	if !o.config.Treatment.Awake {
		return nil
	}
	switch share, err := o.asleep(); {
	case err != nil:
		return []string{fmt.Sprintf("the CPUs were to stay awake, and how much they slept is not known: %v", err)}
	case share > asleepLimit:
		return []string{fmt.Sprintf("the CPUs were to stay awake, and slept %.0f %% of the time", 100*share)}
	}
	return nil
}
