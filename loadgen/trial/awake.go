package trial

import (
	"pushbench/loadgen/host"
)

// A trial may ask for CPUs that do not sleep while they wait, so that what remains
// of a latency is the transport's and the path's, and not the waking up of whoever
// is waited for. How much they slept is in each record, whatever was asked.

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
