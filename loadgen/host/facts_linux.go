package host

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

// facts are what of a host changes a figure beside what a record has a field for, and
// how the kernel tells it. What it does not tell is "", and no fact.
var facts = []struct {
	name string
	read func(reader) string
}{
	// The kernel.
	{"kernel-build", text("proc/sys/kernel/version")}, // its flavour: SMP, PREEMPT_DYNAMIC, and which build
	{"preemption", reader.preemption},
	{"realtime", text("sys/kernel/realtime")},
	{"seccomp", reader.seccomp}, // a filter is run at each system call
	{"autogroup", text("proc/sys/kernel/sched_autogroup_enabled")},
	{"isolated-cpus", list("sys/devices/system/cpu/isolated")},
	{"tickless-cpus", list("sys/devices/system/cpu/nohz_full")},
	{"nice", reader.nice},

	// The CPUs and their power.
	{"microcode", func(r reader) string { return infoValue(r.text("proc/cpuinfo"), "microcode") }},
	{"smt", text("sys/devices/system/cpu/smt/control")},
	{"frequency-driver", perCPU("scaling_driver")},
	{"governor", perCPU("scaling_governor")},
	{"energy-preference", perCPU("energy_performance_preference")},
	{"frequency-least", perCPU("scaling_min_freq")}, // kHz
	{"frequency-most", perCPU("scaling_max_freq")},
	{"boost", reader.boost},
	{"idle-driver", text("sys/devices/system/cpu/cpuidle/current_driver")},
	{"idle-governor", text("sys/devices/system/cpu/cpuidle/current_governor_ro", "sys/devices/system/cpu/cpuidle/current_governor")},

	// Memory.
	{"huge-pages", reader.hugePages},
	{"swap", reader.swap},
	{"numa-nodes", text("sys/devices/system/node/online")},
	{"numa-balancing", text("proc/sys/kernel/numa_balancing")},

	// What is granted, and by whom.
	{"cpu-quota", func(r reader) string { return r.limit("cpu", readQuota, "%.3g CPUs") }},
	{"memory-limit", func(r reader) string { return r.limit("memory", readMemoryLimit, "%.0f B") }},
	{"hypervisor", text("sys/hypervisor/type", "proc/device-tree/hypervisor/compatible")},
	{"machine", reader.machine},
	{"container", reader.container},

	// The network: each of these changes how many segments there are, or how large.
	{"tcp-timestamps", sysctl("net/ipv4/tcp_timestamps")},
	{"tcp-sack", sysctl("net/ipv4/tcp_sack")},
	{"tcp-ecn", sysctl("net/ipv4/tcp_ecn")},
	{"tcp-window-scaling", sysctl("net/ipv4/tcp_window_scaling")},
	{"tcp-autocorking", sysctl("net/ipv4/tcp_autocorking")},
	{"tcp-slow-start-after-idle", sysctl("net/ipv4/tcp_slow_start_after_idle")},
	{"tcp-rmem", sysctl("net/ipv4/tcp_rmem")},
	{"tcp-wmem", sysctl("net/ipv4/tcp_wmem")},
	{"busy-poll", sysctl("net/core/busy_poll")},
	{"qdisc", sysctl("net/core/default_qdisc")},
	{"loopback-mtu", text("sys/class/net/lo/mtu")},
}

// reader is where facts are read from, and the CPUs that this process may use.
type reader struct {
	root
	cpus []int
}

func readFacts(host root, cpus []int) map[string]string {
	r := reader{host, cpus}
	all := make(map[string]string)
	for _, f := range facts {
		if v := f.read(r); v != "" {
			all[f.name] = v
		}
	}
	// What the kernel does about each fault of the CPU costs time at each system call or
	// switch.
	const dir = "sys/devices/system/cpu/vulnerabilities/"
	faults, _ := os.ReadDir(r.path(dir)) // none are no facts
	for _, fault := range faults {
		if v := r.text(dir + fault.Name()); v != "" {
			all["mitigation "+fault.Name()] = v
		}
	}
	return all
}

// text is the first of some small files that is there.
func text(names ...string) func(reader) string {
	return func(r reader) string {
		for _, name := range names {
			if v := r.text(name); v != "" {
				return strings.Join(strings.FieldsFunc(v, func(r rune) bool { return r <= ' ' }), " ")
			}
		}
		return ""
	}
}

func sysctl(name string) func(reader) string { return text("proc/sys/" + name) }

// list is a file with a list of CPUs, which may be empty.
func list(name string) func(reader) string {
	return func(r reader) string {
		if !r.has(name) {
			return ""
		}
		if v := r.text(name); v != "" && v != "(null)" {
			return v
		}
		return "none"
	}
}

// perCPU is what the frequency of the CPUs is governed by, each value once. Where the
// kernel governs none, as in most virtual machines, that is "none".
func perCPU(name string) func(reader) string {
	return func(r reader) string {
		const dir = "sys/devices/system/cpu"
		var values []string
		for _, cpu := range r.cpus {
			if v := r.text(fmt.Sprintf("%s/cpu%d/cpufreq/%s", dir, cpu, name)); v != "" && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		if values == nil && r.has(dir) {
			return "none"
		}
		slices.Sort(values)
		return strings.Join(values, ", ")
	}
}

// preemption is the model that was chosen at boot or since, which debugfs tells root,
// and else what the kernel was built for.
func (r reader) preemption() string {
	for _, told := range []struct{ file, mark string }{{"sys/kernel/debug/sched/preempt", "("}, {"proc/cmdline", "preempt="}} {
		for word := range strings.FieldsSeq(r.text(told.file)) {
			if chosen, ok := strings.CutPrefix(word, told.mark); ok {
				return strings.TrimSuffix(chosen, ")")
			}
		}
	}
	return ""
}

func (r reader) seccomp() string {
	mode := infoValue(r.text("proc/self/status"), "Seccomp")
	return cmp.Or(map[string]string{"0": "off", "1": "strict", "2": "filter"}[mode], mode)
}

// nice is this process's priority, which its children have too.
func (r reader) nice() string {
	stat, err := fromProcess(r.root, 0, procfs.Proc.Stat)
	if err != nil {
		return ""
	}
	return strconv.Itoa(stat.Nice)
}

// boost is whether CPUs may run above their nominal frequency. intel_pstate asks the
// other way round.
func (r reader) boost() string {
	boost, none := r.text("sys/devices/system/cpu/cpufreq/boost"), r.text("sys/devices/system/cpu/intel_pstate/no_turbo")
	switch {
	case boost == "1", none == "0":
		return "on"
	case boost == "0", none == "1":
		return "off"
	}
	return ""
}

// hugePages is the one in brackets of "always [madvise] never".
func (r reader) hugePages() string {
	_, after, _ := strings.Cut(r.text("sys/kernel/mm/transparent_hugepage/enabled"), "[")
	chosen, _, _ := strings.Cut(after, "]")
	return chosen
}

func (r reader) swap() string {
	memory, err := fromProc(r.root, procfs.FS.Meminfo)
	if err != nil || memory.SwapTotalBytes == nil {
		return ""
	}
	return orNone(float64(*memory.SwapTotalBytes), "%.0f B")
}

// limit is what control groups grant of a controller, where they can be read.
func (r reader) limit(controller string, read func(root) float64, format string) string {
	if dirs, _ := groups(r.root, controller); dirs == nil {
		return ""
	}
	return orNone(read(r.root), format)
}

func orNone(value float64, format string) string {
	if value == 0 {
		return "none"
	}
	return fmt.Sprintf(format, value)
}

// machine is the maker's name of it: of a virtual one the hypervisor's or the cloud's.
func (r reader) machine() string {
	const dir = "sys/class/dmi/id/"
	return strings.Join(nonEmpty(r.text(dir+"sys_vendor"), r.text(dir+"product_name")), " ")
}

// container is what this process is in, where that leaves a trace.
func (r reader) container() string {
	for _, known := range []struct{ name, trace string }{{"docker", ".dockerenv"}, {"podman", "run/.containerenv"}} {
		if r.has(known.trace) {
			return known.name
		}
	}
	return r.text("run/systemd/container")
}
