package host

import (
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

// cpuacct is where systemd and its like mount it, or a link to that.
const cpuacct = "sys/fs/cgroup/cpuacct"

// readCpuacct reads how long tasks ran on each CPU (s) from the root of cgroup v1's
// cpuacct: a number (ns) for each CPU that the kernel can have
// (Documentation/admin-guide/cgroup-v1/cpuacct.rst). It is nil where that is not there.
func readCpuacct(r root, cpus []int) []float64 {
	// A container may see its own group there, which has nobody else's tasks. The root
	// alone has this file.
	if !r.has(cpuacct + "/release_agent") {
		return nil
	}
	possible, err := parseCPUs(r.text("sys/devices/system/cpu/possible"))
	fields := strings.Fields(r.text(cpuacct + "/cpuacct.usage_percpu"))
	if err != nil || len(fields) != len(possible) {
		return nil
	}
	ran := make([]float64, len(cpus))
	for i, cpu := range cpus {
		at := slices.Index(possible, cpu)
		if at < 0 {
			return nil
		}
		ns, err := strconv.ParseUint(fields[at], 10, 64)
		if err != nil {
			return nil
		}
		ran[i] = float64(ns) / 1e9
	}
	return ran
}

// readSchedstat reads how long tasks ran on each CPU, and how long they waited for it.
// It is nil where the kernel does not tell
// (Documentation/scheduler/sched-stats.rst): a CPU that has run nothing reads no file.
func readSchedstat(r root, cpus []int) []*procfs.SchedstatCPU {
	all, err := fromProc(r, procfs.FS.Schedstat)
	if err != nil {
		return nil
	}
	of := make([]*procfs.SchedstatCPU, len(cpus))
	for i, cpu := range cpus {
		at := slices.IndexFunc(all.CPUs, func(c *procfs.SchedstatCPU) bool { return c.CPUNum == strconv.Itoa(cpu) })
		if at < 0 || all.CPUs[at].RunningNanoseconds == 0 {
			return nil
		}
		of[i] = all.CPUs[at]
	}
	return of
}
