package host

import (
	"runtime"
	"slices"
	"strings"

	"github.com/prometheus/procfs"

	"pushbench/results"
)

func describe(r root) results.Host {
	cpuinfo := r.text("proc/cpuinfo")
	cpus := readTopology(r).IDs()
	h := results.Host{
		CPU:        cpuModel(cpuinfo),
		Cores:      len(cpus),
		OS:         runtime.GOOS,
		Kernel:     r.text("proc/sys/kernel/osrelease"),
		Congestion: r.text("proc/sys/net/ipv4/tcp_congestion_control"),
		Clock:      r.text("sys/devices/system/clocksource/clocksource0/current_clocksource"),
		Virtual:    virtual(r, cpuinfo),
		Facts:      readFacts(r, cpus),
	}
	if memory, err := fromProc(r, procfs.FS.Meminfo); err == nil && memory.MemTotalBytes != nil {
		h.Memory = int64(*memory.MemTotalBytes)
	}
	if name := distribution(r); name != "" {
		h.OS += " (" + name + ")"
	}
	if load, err := fromProc(r, procfs.FS.LoadAvg); err == nil {
		h.Load = load.Load1
	}
	return h
}

// cpuModel returns the CPU's name from /proc/cpuinfo, whose keys differ by
// architecture: "model name" on x86, "cpu" on POWER, "cpu model" on MIPS. ARM
// gives numbers only.
func cpuModel(cpuinfo string) string {
	for _, key := range []string{"model name", "cpu model", "cpu", "uarch"} {
		if v := infoValue(cpuinfo, key); v != "" {
			return v
		}
	}
	if part := infoValue(cpuinfo, "CPU part"); part != "" {
		return "ARM implementer " + infoValue(cpuinfo, "CPU implementer") + " part " + part
	}
	return ""
}

// virtual reports whether a hypervisor is announced: by CPUID on x86, by the
// device tree on ARM, by the kernel under Xen.
func virtual(r root, cpuinfo string) bool {
	return slices.Contains(strings.Fields(infoValue(cpuinfo, "flags")), "hypervisor") || r.has("proc/device-tree/hypervisor") || r.text("sys/hypervisor/type") != ""
}

// distribution returns PRETTY_NAME of os-release(5).
func distribution(r root) string {
	for _, name := range []string{"etc/os-release", "usr/lib/os-release"} {
		for line := range strings.Lines(r.text(name)) {
			if v, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
				return strings.Trim(v, `"'`)
			}
		}
	}
	return ""
}
