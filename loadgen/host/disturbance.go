package host

import "fmt"

// A trial is disturbed when the hypervisor took more than stealLimit of its
// CPUs' time, or when the calibration loop before it was off its run median by
// more than canaryLimit. Shared hosts show steal from 0 to 48 % and drifts of
// ±35 % within an hour; medians over blocks absorb less than these limits.
const (
	stealLimit  = 0.05
	canaryLimit = 0.15
)

// Disturbance returns what disturbed a trial, with its numbers, or nothing.
// steal is a share (CPUTime.StealShare), canaryRatio a Canary's Ratio. NaN is
// "not measured", and no reason.
func Disturbance(steal, canaryRatio float64) []string {
	var reasons []string
	if steal > stealLimit {
		reasons = append(reasons, fmt.Sprintf("steal %.1f %% of the CPU time (limit %.0f %%)", steal*100, stealLimit*100))
	}
	switch {
	case canaryRatio > 1+canaryLimit:
		reasons = append(reasons, canaryReason(canaryRatio-1, "slower"))
	case canaryRatio < 1-canaryLimit:
		reasons = append(reasons, canaryReason(1-canaryRatio, "faster"))
	}
	return reasons
}

func canaryReason(off float64, way string) string {
	return fmt.Sprintf("calibration loop %.1f %% %s than its run median (limit %.0f %%)", off*100, way, canaryLimit*100)
}
