package host

import (
	"maps"
	"strings"
	"testing"
)

// Where control groups are mounted: version 1 alone, version 2 alone, and both, as
// distributions and containers have them.
const (
	mountsFirst = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 master:2 - cgroup cgroup rw,cpu,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
`
	mountsSecond = `30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
`
	mountsBoth = mountsFirst + `41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`
)

// with joins what a host's files are.
func with(parts ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

// first and second are a group's files, in is where a process is.
func first(dir, quota, period string) map[string]string {
	return map[string]string{dir + "/cpu.cfs_quota_us": quota + "\n", dir + "/cpu.cfs_period_us": period + "\n"}
}

func second(dir, text string) map[string]string {
	return map[string]string{dir + "/cpu.max": text + "\n"}
}

func in(mounts string, groups ...string) map[string]string {
	return map[string]string{"proc/self/mountinfo": mounts, "proc/self/cgroup": strings.Join(groups, "\n") + "\n"}
}

// The quota is the tightest of all groups that a process is in, of both versions.
func TestReadQuota(t *testing.T) {
	const cpu, unified = "sys/fs/cgroup/cpu", "sys/fs/cgroup/unified"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  float64
	}{
		{"no control groups", nil, 0},
		{"version 1", with(in(mountsFirst, "3:cpuset:/", "1:cpu,cpuacct:/a"), first(cpu+"/a", "50000", "100000"), first(cpu, "-1", "100000")), 0.5},
		{"version 1, none", with(in(mountsFirst, "1:cpu:/a"), first(cpu+"/a", "-1", "100000")), 0},
		{"version 1, a group above", with(in(mountsFirst, "1:cpu:/a/b/c"), first(cpu+"/a/b/c", "200000", "100000"), first(cpu+"/a", "150000", "100000")), 1.5},
		{"version 1, another controller's group", with(in(mountsFirst, "1:cpu:/", "4:memory:/a"), first(cpu+"/a", "1000", "100000")), 0},
		{"version 1, without its period", with(in(mountsFirst, "1:cpu:/a"), map[string]string{cpu + "/a/cpu.cfs_quota_us": "5000"}), 0},
		{"version 2", with(in(mountsSecond, "0::/a/b"), second("sys/fs/cgroup/a/b", "max 100000"), second("sys/fs/cgroup/a", "150000 100000"),
			second("sys/fs/cgroup", "400000 100000"), second("sys/fs/cgroup/a/b/c", "1 100000")), 1.5},
		{"version 2, another period", with(in(mountsSecond, "0::/a"), second("sys/fs/cgroup/a", "5000 20000")), 0.25},
		{"both, version 1 tighter", with(in(mountsBoth, "1:cpu:/a", "0::/b"), first(cpu+"/a", "50000", "100000"), second(unified+"/b", "80000 100000")), 0.5},
		{"both, version 2 tighter", with(in(mountsBoth, "1:cpu:/a", "0::/b"), first(cpu+"/a", "90000", "100000"), second(unified+"/b", "80000 100000")), 0.8},
		{"both, the group of version 2 is not that of version 1", with(in(mountsBoth, "1:cpu:/a", "0::/"), first(cpu, "-1", "100000"), second(unified+"/a", "80000 100000")), 0},

		{"a container sees its own group as the mount", with(
			in("32 31 0:29 /docker/x /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n", "1:cpu:/docker/x"), first(cpu, "25000", "100000")), 0.25},
		{"a group within it", with(
			in("32 31 0:29 /docker/x /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n", "1:cpu:/docker/x/y"), first(cpu+"/y", "20000", "100000"), first(cpu, "25000", "100000")), 0.2},
		{"a namespace whose mount is above it", with(
			in("32 31 0:29 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/"), second("sys/fs/cgroup", "30000 100000")), 0.3},
		{"a group outside its namespace", with(in(mountsSecond, "0::/../x"), second("sys/fs/cgroup", "30000 100000"), second("sys/fs/cgroup/x", "10000 100000")), 0.3},
		{"a name that begins with another's", with(
			in("32 31 0:29 /a /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", "1:cpu:/ab"), first(cpu, "30000", "100000"), first(cpu+"/b", "10000", "100000")), 0.3},
		{"mounted twice", with(
			in("9 1 0:29 /a /mnt/part rw - cgroup cgroup rw,cpu\n"+mountsFirst, "1:cpu:/b"), first(cpu+"/b", "10000", "100000"), first("mnt/part", "5000", "100000")), 0.1},
		{"mounted elsewhere, with a blank", with(
			in(`9 1 0:29 / /mnt/my\040groups rw - cgroup cgroup rw,cpu`+"\n", "1:cpu:/b"), first("mnt/my groups/b", "10000", "100000")), 0.1},
		{"a colon in the name", with(in(mountsSecond, "0::/a:b"), second("sys/fs/cgroup/a:b", "10000 100000")), 0.1},

		{"damaged", with(in(mountsSecond+"x - y\n-\n", "0::/a", "nonsense"), second("sys/fs/cgroup/a", "100000 0"), second("sys/fs/cgroup", "-5 100000")), 0},
	} {
		host := files(t, test.files)
		if got := readQuota(host); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		if got := readTopology(host).Quota; got != test.want {
			t.Errorf("%s: the topology has %v, want %v", test.name, got, test.want)
		}
	}
}

func TestReadMemoryLimit(t *testing.T) {
	const v1, v2 = "sys/fs/cgroup/memory", "sys/fs/cgroup"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  float64
	}{
		{"version 1", with(in(mountsFirst, "4:memory:/a"), map[string]string{v1 + "/a/memory.limit_in_bytes": "1073741824\n", v1 + "/memory.limit_in_bytes": "9223372036854771712\n"}), 1 << 30},
		{"version 1, none", with(in(mountsFirst, "4:memory:/"), map[string]string{v1 + "/memory.limit_in_bytes": "9223372036854771712\n"}), 0},
		{"version 2", with(in(mountsSecond, "0::/a/b"), map[string]string{v2 + "/a/b/memory.max": "max\n", v2 + "/a/memory.max": "4096\n"}), 4096},
		{"none", nil, 0},
	} {
		if got := readMemoryLimit(files(t, test.files)); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
