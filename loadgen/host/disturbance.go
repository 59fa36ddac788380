package host

import "fmt"

// A trial is disturbed when the hypervisor took more than stealLimit of its
// CPUs' time, when other processes of this host did, or when the calibration
// loop before it was off its run median by more than canaryLimit. Shared hosts
// show steal from 0 to 48 % and drifts of ±35 % within an hour; medians over
// blocks absorb less than these limits.
const (
	stealLimit  = 0.05
	canaryLimit = 0.15
)

// Conditions is what a trial ran under. NaN is "not measured", and no reason to
// call it disturbed.
type Conditions struct {
	Steal   float64 // share of the CPUs' time that the hypervisor took (CPUTime.StealShare)
	Foreign float64 // share of the CPUs' time that processes other than the trial's used
	Canary  float64 // the calibration loop's Ratio
}

// Disturbance returns what disturbed a trial, with its numbers, or nothing.
func (c Conditions) Disturbance() []string {
	var reasons []string
	if c.Steal > stealLimit {
		reasons = append(reasons, fmt.Sprintf("steal %.1f %% of the CPU time (limit %.0f %%)", c.Steal*100, stealLimit*100))
	}
	if c.Foreign > stealLimit {
		reasons = append(reasons, fmt.Sprintf("other processes used %.1f %% of the CPU time (limit %.0f %%)", c.Foreign*100, stealLimit*100))
	}
	switch {
	case c.Canary > 1+canaryLimit:
		reasons = append(reasons, canaryReason(c.Canary-1, "slower"))
	case c.Canary < 1-canaryLimit:
		reasons = append(reasons, canaryReason(1-c.Canary, "faster"))
	}
	return reasons
}

func canaryReason(off float64, way string) string {
	return fmt.Sprintf("calibration loop %.1f %% %s than its run median (limit %.0f %%)", off*100, way, canaryLimit*100)
}
