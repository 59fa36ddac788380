package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"pushbench/results"
)

func TestDescribeLinux(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  results.Host
	}{
		{"x86 guest", map[string]string{
			"proc/cpuinfo":              "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) @ 2.50GHz\nflags\t\t: fpu vme hypervisor lm\n\nprocessor\t: 1\nmodel name\t: other\n",
			"proc/meminfo":              "MemTotal:        4028416 kB\nMemFree: 1 kB\n",
			"proc/loadavg":              "0.66 0.20 0.07 1/86 3836\n",
			"proc/self/status":          "Cpus_allowed_list:\t0-1\n",
			"proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
			"proc/sys/net/ipv4/tcp_congestion_control":                        "cubic\n",
			"sys/devices/system/clocksource/clocksource0/current_clocksource": "kvm-clock\n",
			"etc/os-release": "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
		}, results.Host{
			CPU: "Intel(R) Xeon(R) @ 2.50GHz", Cores: 2, Memory: 4028416 * 1024, OS: "linux (Debian GNU/Linux 12 (bookworm))",
			Kernel: "6.1.0-18-amd64", Congestion: "cubic", Clock: "kvm-clock", Virtual: true, Load: 0.66,
		}},
		{"x86 on metal, hypervisor in another word", map[string]string{
			"proc/cpuinfo":           "model name: AMD\nflags: fpu nohypervisor\n",
			"proc/self/status":       "Cpus_allowed_list:\t7\n",
			"usr/lib/os-release":     "PRETTY_NAME='Alpine'\n",
			"proc/device-tree/model": "x",
		}, results.Host{CPU: "AMD", Cores: 1, OS: "linux (Alpine)"}},
		{"arm guest", map[string]string{
			"proc/cpuinfo":                           "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n",
			"proc/self/status":                       "Cpus_allowed_list:\t0-3\n",
			"proc/device-tree/hypervisor/compatible": "linux,kvm",
		}, results.Host{CPU: "ARM implementer 0x41 part 0xd0c", Cores: 4, OS: "linux", Virtual: true}},
		{"damaged", map[string]string{
			"proc/cpuinfo":     "model name\nflags\n:\n",
			"proc/meminfo":     "MemTotal: -1 kB\n",
			"proc/loadavg":     "\n",
			"proc/self/status": "Cpus_allowed_list:\t0\n",
			"etc/os-release":   "PRETTY_NAME=\n",
		}, results.Host{Cores: 1, OS: "linux"}},
	} {
		got := describe(files(t, test.files))
		got.Facts = nil // of which there is a test of its own
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
