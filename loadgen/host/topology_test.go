package host

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// files makes a host of what its files hold. Its /proc/self is process 7.
func files(t testing.TB, content map[string]string) root {
	t.Helper()
	r := root(t.TempDir())
	if err := errors.Join(os.MkdirAll(r.path("proc/7"), 0o700), os.Symlink("7", r.path("proc/self"))); err != nil {
		t.Fatal(err)
	}
	for name, text := range content {
		r.write(t, name, text)
	}
	return r
}

func (r root) write(t testing.TB, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(r.path(name)), 0o700), os.WriteFile(r.path(name), []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
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
		if diff := cmp.Diff(test.want, readTopology(files(t, test.files))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestReadTopologyOfNothing(t *testing.T) {
	if got := len(readTopology(files(t, nil)).CPUs); got != runtime.NumCPU() {
		t.Errorf("%d CPUs, want runtime.NumCPU() = %d", got, runtime.NumCPU())
	}
}
