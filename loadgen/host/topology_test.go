package host

import (
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func files(content map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range content {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func TestReadTopology(t *testing.T) {
	const cpu = "sys/devices/system/cpu/cpu"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  Topology
	}{
		{"two sockets with hyperthreads, part of them allowed", map[string]string{
			"proc/self/status":                      "Name:\tx\nCpus_allowed:\tf\nCpus_allowed_list:\t1-2,4-5\n",
			cpu + "1/topology/thread_siblings_list": "1,5\n",
			cpu + "1/topology/physical_package_id":  "1\n",
			cpu + "2/topology/thread_siblings_list": "2,6\n",
			cpu + "2/topology/physical_package_id":  "0\n",
			cpu + "4/topology/thread_siblings_list": "0,4\n",
			cpu + "4/topology/physical_package_id":  "0\n",
			cpu + "5/topology/thread_siblings_list": "1,5\n",
			cpu + "5/topology/physical_package_id":  "1\n",
			"proc/self/mountinfo":                   mountsSecond,
			"proc/self/cgroup":                      "1:cpu:/ignored\n0::/a/b\n",
			"sys/fs/cgroup/a/cpu.max":               "150000 100000\n",
		}, Topology{
			CPUs:  []CPU{{1, 1, 1}, {2, 2, 0}, {4, 0, 0}, {5, 1, 1}},
			Quota: 1.5,
		}},
		{"no topology: each CPU is a core", map[string]string{
			"proc/self/status": "Cpus_allowed_list:\t0,2\n",
		}, Topology{CPUs: []CPU{{0, 0, 0}, {2, 2, 0}}}},
		{"damaged files", map[string]string{
			"proc/self/status":                      "Cpus_allowed_list:\t3\n",
			cpu + "3/topology/thread_siblings_list": "3-\n",
			cpu + "3/topology/physical_package_id":  "one\n",
		}, Topology{CPUs: []CPU{{3, 3, 0}}}},
	} {
		if diff := cmp.Diff(test.want, readTopology(files(test.files))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestReadTopologyOfNothing(t *testing.T) {
	if got := len(readTopology(files(nil)).CPUs); got != runtime.NumCPU() {
		t.Errorf("%d CPUs, want runtime.NumCPU() = %d", got, runtime.NumCPU())
	}
}

func TestCores(t *testing.T) {
	if got := len(Cores().IDs()); got != runtime.NumCPU() {
		t.Errorf("%d CPUs, want runtime.NumCPU() = %d", got, runtime.NumCPU())
	}
}
