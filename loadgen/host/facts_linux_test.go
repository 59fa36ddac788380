package host

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const cpuDir = "sys/devices/system/cpu/"

// selfStat is a process of nice −5 (proc_pid_stat(5)), whose name holds a bracket.
const selfStat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 20 -5 1 0 1 2 3 4 5 6 7 8 9 0 0 0 0 0 0 0 0 0 1 2 3 4 5 6"

// metal is a host that tells everything.
func metal() map[string]string {
	return with(in(mountsBoth, "1:cpu:/a", "4:memory:/a", "0::/"), first("sys/fs/cgroup/cpu/a", "150000", "100000"), map[string]string{
		"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1073741824\n",

		"proc/sys/kernel/version":                    "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)\n",
		"sys/kernel/debug/sched/preempt":             "none (voluntary) full\n",
		"sys/kernel/realtime":                        "0\n",
		"proc/self/status":                           "Seccomp:\t2\n",
		"proc/self/stat":                             selfStat + "\n",
		"proc/sys/kernel/sched_autogroup_enabled":    "1\n",
		"proc/sys/kernel/numa_balancing":             "0\n",
		"proc/cpuinfo":                               "processor\t: 0\nmicrocode\t: 0xd0003d1\n",
		"proc/meminfo":                               "MemTotal: 8 kB\nSwapTotal:       2048 kB\n",
		"sys/devices/system/node/online":             "0-1\n",
		"sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",

		cpuDir + "isolated":                                   "2-3\n",
		cpuDir + "nohz_full":                                  "(null)\n",
		cpuDir + "smt/control":                                "on\n",
		cpuDir + "cpufreq/boost":                              "1\n",
		cpuDir + "cpu0/cpufreq/scaling_driver":                "intel_pstate\n",
		cpuDir + "cpu0/cpufreq/scaling_governor":              "performance\n",
		cpuDir + "cpu1/cpufreq/scaling_governor":              "powersave\n",
		cpuDir + "cpu2/cpufreq/scaling_governor":              "performance\n",
		cpuDir + "cpu3/cpufreq/scaling_governor":              "of a CPU that is not ours\n",
		cpuDir + "cpu0/cpufreq/energy_performance_preference": "balance_performance\n",
		cpuDir + "cpu0/cpufreq/scaling_min_freq":              "800000\n",
		cpuDir + "cpu0/cpufreq/scaling_max_freq":              "4200000\n",
		cpuDir + "cpuidle/current_driver":                     "intel_idle\n",
		cpuDir + "cpuidle/current_governor_ro":                "menu\n",
		cpuDir + "vulnerabilities/meltdown":                   "Mitigation: PTI\n",
		cpuDir + "vulnerabilities/l1tf":                       "Not affected\n",

		"sys/class/dmi/id/sys_vendor":   "Dell Inc.\n",
		"sys/class/dmi/id/product_name": "PowerEdge R640\n",
		"sys/hypervisor/type":           "xen\n",
		"run/systemd/container":         "lxc\n",

		"proc/sys/net/ipv4/tcp_timestamps":            "1\n",
		"proc/sys/net/ipv4/tcp_sack":                  "1\n",
		"proc/sys/net/ipv4/tcp_ecn":                   "2\n",
		"proc/sys/net/ipv4/tcp_window_scaling":        "1\n",
		"proc/sys/net/ipv4/tcp_autocorking":           "1\n",
		"proc/sys/net/ipv4/tcp_slow_start_after_idle": "1\n",
		"proc/sys/net/ipv4/tcp_rmem":                  "4096\t131072\t6291456\n",
		"proc/sys/net/ipv4/tcp_wmem":                  "4096\t16384\t4194304\n",
		"proc/sys/net/core/busy_poll":                 "0\n",
		"proc/sys/net/core/default_qdisc":             "fq_codel\n",
		"sys/class/net/lo/mtu":                        "65536\n",
	})
}

func TestFacts(t *testing.T) {
	want := map[string]string{
		"kernel-build": "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)", "preemption": "voluntary", "realtime": "0",
		"seccomp": "filter", "autogroup": "1", "isolated-cpus": "2-3", "tickless-cpus": "none", "nice": "-5",
		"microcode": "0xd0003d1", "smt": "on", "frequency-driver": "intel_pstate", "governor": "performance, powersave",
		"energy-preference": "balance_performance", "frequency-least": "800000", "frequency-most": "4200000", "boost": "on",
		"idle-driver": "intel_idle", "idle-governor": "menu",
		"huge-pages": "madvise", "swap": "2097152 B", "numa-nodes": "0-1", "numa-balancing": "0",
		"cpu-quota": "1.5 CPUs", "memory-limit": "1073741824 B", "hypervisor": "xen", "machine": "Dell Inc. PowerEdge R640", "container": "lxc",
		"tcp-timestamps": "1", "tcp-sack": "1", "tcp-ecn": "2", "tcp-window-scaling": "1", "tcp-autocorking": "1", "tcp-slow-start-after-idle": "1",
		"tcp-rmem": "4096 131072 6291456", "tcp-wmem": "4096 16384 4194304", "busy-poll": "0", "qdisc": "fq_codel", "loopback-mtu": "65536",
		"mitigation meltdown": "Mitigation: PTI", "mitigation l1tf": "Not affected",
	}
	if diff := cmp.Diff(want, readFacts(files(t, metal()), []int{0, 1, 2})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, f := range facts {
		if want[f.name] == "" {
			t.Errorf("there is no example of the fact %s", f.name)
		}
	}
}

// What a host does not tell is no fact, and what it has not is told where that is known.
func TestFactsOfLittle(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  map[string]string
	}{
		{"nothing", nil, map[string]string{}},
		{"damaged", map[string]string{
			"proc/self/stat":                             "7 (a\n",
			"proc/meminfo":                               "SwapTotal: many kB\n",
			"proc/self/status":                           "Seccomp:\n",
			"proc/self/cgroup":                           "nonsense\n",
			"proc/sys/kernel/version":                    "\n",
			"sys/kernel/mm/transparent_hugepage/enabled": "always madvise never\n",
		}, map[string]string{}},
		{"a guest", with(in(mountsSecond, "0::/"), map[string]string{
			cpuDir + "online":                "0-1\n",
			cpuDir + "isolated":              "\n",
			"proc/meminfo":                   "SwapTotal: 0 kB\n",
			"proc/self/status":               "Seccomp: 0\n",
			"proc/cmdline":                   "console=ttyS0 preempt=none quiet\n",
			"sys/kernel/debug/sched/preempt": "\n",
			".dockerenv":                     "",
		}), map[string]string{
			"isolated-cpus": "none", "governor": "none", "frequency-driver": "none", "energy-preference": "none", "frequency-least": "none", "frequency-most": "none",
			"swap": "none", "seccomp": "off", "preemption": "none", "cpu-quota": "none", "memory-limit": "none", "container": "docker",
		}},
	} {
		if diff := cmp.Diff(test.want, readFacts(files(t, test.files), []int{0})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// Boost is asked for in two ways.
func TestBoost(t *testing.T) {
	for _, test := range []struct {
		file, value, want string
	}{
		{"cpufreq/boost", "1", "on"}, {"cpufreq/boost", "0", "off"},
		{"intel_pstate/no_turbo", "0", "on"}, {"intel_pstate/no_turbo", "1", "off"},
		{"cpufreq/boost", "", ""},
	} {
		if got := (reader{root: files(t, map[string]string{cpuDir + test.file: test.value})}).boost(); got != test.want {
			t.Errorf("%s is %q: boost is %q, want %q", test.file, test.value, got, test.want)
		}
	}
}

// This host's facts are those of every time it is asked.
func TestFactsOfThisHost(t *testing.T) {
	one, two := Describe().Facts, Describe().Facts
	if len(one) == 0 || !maps.Equal(one, two) {
		t.Errorf("(-first +second):\n%s", cmp.Diff(one, two))
	}
	for name, value := range one {
		if name == "" || value == "" {
			t.Errorf("the fact %q is %q", name, value)
		}
	}
}
