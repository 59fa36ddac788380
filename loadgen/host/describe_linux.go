package host

import (
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"

	"pushbench/results"
)

func describe() results.Host { return describeLinux(os.DirFS("/")) }

// describeLinux reads the machine from files, which is the root of the file
// system.
func describeLinux(files fs.FS) results.Host {
	cpuinfo := readText(files, "proc/cpuinfo")
	cpus := readTopology(files).IDs()
	h := results.Host{
		CPU:        cpuModel(cpuinfo),
		Cores:      len(cpus),
		OS:         runtime.GOOS,
		Kernel:     readText(files, "proc/sys/kernel/osrelease"),
		Congestion: readText(files, "proc/sys/net/ipv4/tcp_congestion_control"),
		Clock:      readText(files, "sys/devices/system/clocksource/clocksource0/current_clocksource"),
		Virtual:    virtual(files, cpuinfo),
		Facts:      readFacts(files, cpus),
	}
	h.Memory, _ = memory(files, "MemTotal")
	if name := distribution(files); name != "" {
		h.OS += " (" + name + ")"
	}
	if fields := strings.Fields(readText(files, "proc/loadavg")); len(fields) > 0 {
		h.Load, _ = strconv.ParseFloat(fields[0], 64)
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

// memory is a line of /proc/meminfo in bytes, false where it tells none; the file
// counts in KiB.
func memory(files fs.FS, key string) (bytes int64, ok bool) {
	number, _, _ := strings.Cut(infoValue(readText(files, "proc/meminfo"), key), " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	if err != nil || kib < 0 || kib > 1<<50 {
		return 0, false
	}
	return kib << 10, true
}

// virtual reports whether a hypervisor is announced: by CPUID on x86, by the
// device tree on ARM, by the kernel under Xen.
func virtual(files fs.FS, cpuinfo string) bool {
	for flag := range strings.FieldsSeq(infoValue(cpuinfo, "flags")) {
		if flag == "hypervisor" {
			return true
		}
	}
	_, err := fs.Stat(files, "proc/device-tree/hypervisor")
	return err == nil || readText(files, "sys/hypervisor/type") != ""
}

// distribution returns PRETTY_NAME of os-release(5).
func distribution(files fs.FS) string {
	for _, name := range []string{"etc/os-release", "usr/lib/os-release"} {
		for line := range strings.Lines(readText(files, name)) {
			if v, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
				return strings.Trim(v, `"'`)
			}
		}
	}
	return ""
}
