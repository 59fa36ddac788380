package host

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ReadFrequency returns how fast each CPU runs at the moment, or ran when it last did
// (Hz); 0 where the kernel does not know, as in most virtual machines.
func ReadFrequency(cpus []int) []float64 { return readFrequency("/", cpus) }

// readFrequency asks cpufreq (Documentation/admin-guide/pm/cpufreq.rst, in kHz), and
// where that is not there /proc/cpuinfo. The latter tells the nominal rate of the
// counter of time stamps, unless the CPU counts its cycles (aperfmperf).
func readFrequency(r root, cpus []int) []float64 {
	hz := make([]float64, len(cpus))
	for i, cpu := range cpus {
		kHz, _ := strconv.ParseUint(r.text(fmt.Sprintf("sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", cpu)), 10, 32) // else 0
		hz[i] = float64(kHz) * 1e3
	}
	for block := range strings.SplitSeq(r.text("proc/cpuinfo"), "\n\n") {
		cpu, err := strconv.Atoi(infoValue(block, "processor"))
		i := slices.Index(cpus, cpu)
		if err != nil || i < 0 || hz[i] > 0 || !slices.Contains(strings.Fields(infoValue(block, "flags")), "aperfmperf") {
			continue
		}
		if mhz, err := strconv.ParseFloat(infoValue(block, "cpu MHz"), 64); err == nil && mhz > 0 && mhz < 1e6 {
			hz[i] = mhz * 1e6
		}
	}
	return hz
}
