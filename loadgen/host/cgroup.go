package host

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"pushbench/servers/count"
)

// Control groups (cgroups(7)) grant processes less than the whole host has. A group
// is bound by its own limits and by those of every group above it. Version 1 has a
// tree of groups for each controller, version 2 one for all, and a host may have both
// at once: files of the two have other names.

// groups are the directories of the groups that bound what this process is granted of
// a controller, in each tree from its own group up to the highest that is mounted. An
// error says that there are control groups, and that none can be read.
func groups(r root, controller string) (dirs []string, err error) {
	own, err := fromProcess(r, 0, procfs.Proc.Cgroups)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // a kernel without control groups
	} else if err != nil {
		return nil, err
	}
	mounts, err := fromProc(r, procfs.FS.GetMounts)
	if err != nil {
		return nil, err
	}
	// Of several mounts of one tree the one that shows most of it comes first.
	slices.SortStableFunc(mounts, func(a, b *procfs.MountInfo) int { return cmp.Compare(len(a.Root), len(b.Root)) })
	unseen := ""
	for _, group := range own {
		unified := group.HierarchyID == 0 && group.Controllers == nil
		if !unified && !slices.Contains(group.Controllers, controller) {
			continue
		}
		tree := slices.DeleteFunc(slices.Clone(mounts), func(m *procfs.MountInfo) bool {
			_, of := m.SuperOptions[controller]
			return unified && m.FSType != "cgroup2" || !unified && !(m.FSType == "cgroup" && of)
		})
		if above := directories(tree, group.Path); above != nil {
			dirs = append(dirs, above...)
		} else if group.Path != "/" {
			unseen = group.Path
		}
	}
	if dirs == nil && unseen != "" {
		return nil, fmt.Errorf("it is in the control group %s, and none is mounted here (see /proc/self/mountinfo)", unseen)
	}
	return dirs, nil
}

// directories are those of a group and of all above it, as far as they are mounted.
// Where a group does not lie in what is mounted, as seen from a namespace, only the
// mounted one is known.
func directories(mounts []*procfs.MountInfo, group string) (dirs []string) {
	for _, m := range mounts {
		below, ok := strings.CutPrefix(group, strings.TrimSuffix(unescape(m.Root), "/"))
		if ok = ok && (below == "" || below[0] == '/') && !strings.HasPrefix(below, "/.."); !ok {
			below = ""
		}
		if !ok && dirs != nil {
			continue
		}
		dirs = nil
		for dir := path.Clean("/" + below); ; dir = path.Dir(dir) {
			dirs = append(dirs, path.Join(unescape(m.MountPoint), dir))
			if dir == "/" {
				break
			}
		}
		if ok {
			break
		}
	}
	return dirs
}

// unescape reads a path of /proc/self/mountinfo, in which blanks and backslashes are
// three octal digits.
func unescape(s string) string {
	if text, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`); err == nil {
		return text
	}
	return s
}

// tightest is the lowest limit of the groups that bound a controller; 0 where none has
// one.
func tightest(r root, controller string, limit func(dir string) float64) (lowest float64) {
	dirs, _ := groups(r, controller) // what cannot be read limits nothing that we know of
	for _, dir := range dirs {
		if l := limit(dir); l > 0 && (lowest == 0 || l < lowest) {
			lowest = l
		}
	}
	return lowest
}

// readQuota returns the CPU seconds per second that this process's control groups
// grant, 0 without a limit. Version 2 has "$MAX $PERIOD", where $MAX may be "max";
// version 1 has two files, with a quota of −1 for none. All are in µs.
func readQuota(r root) float64 {
	return tightest(r, "cpu", func(dir string) float64 {
		quota, period, _ := strings.Cut(cmp.Or(r.text(dir+"/cpu.max"),
			r.text(dir+"/cpu.cfs_quota_us")+" "+r.text(dir+"/cpu.cfs_period_us")), " ")
		q, err1 := strconv.ParseUint(quota, 10, 63)
		p, err2 := strconv.ParseUint(period, 10, 63)
		if err1 != nil || err2 != nil || p == 0 {
			return 0
		}
		return float64(q) / float64(p)
	})
}

// readMemoryLimit returns the bytes of memory that this process's control groups
// grant, 0 without a limit. Version 1 writes none as the greatest multiple of a page.
func readMemoryLimit(r root) float64 {
	const none = 1 << 62
	return tightest(r, "memory", func(dir string) float64 {
		n, err := strconv.ParseUint(cmp.Or(r.text(dir+"/memory.max"), r.text(dir+"/memory.limit_in_bytes")), 10, 64)
		if err != nil || n >= none {
			return 0
		}
		return float64(n)
	})
}

// Throttle is how often and for how long CPU quotas have stopped the control group of
// this process, since it was made or between two readings: its own quota and those of
// the groups above it, summed up. It is no steal, and shows nowhere else.
type Throttle struct {
	Periods int64   // of the quota, in which something of the group ran
	Stopped int64   // of those, in which it had used up its quota
	Time    float64 // s for which it was stopped then, summed over CPUs
}

func (t Throttle) String() string {
	return fmt.Sprintf("stopped in %d of %d periods of its CPU quota, for %.3g s in all", t.Stopped, t.Periods, t.Time)
}

// ReadThrottle reads the control groups of this process, in which its children are
// too. Where no quota can stop it, all is 0. An error says that there are control
// groups and that what they count cannot be read.
func ReadThrottle() (Throttle, error) { return readThrottle("/") }

func readThrottle(r root) (sum Throttle, err error) {
	dirs, err := groups(r, "cpu")
	for _, dir := range dirs {
		t, e := readGroupThrottle(r, dir+"/cpu.stat")
		sum, err = count.Add(sum, t), errors.Join(err, e)
	}
	if err != nil {
		return Throttle{}, fmt.Errorf("read how often a CPU quota stopped this process: %w", err)
	}
	return sum, nil
}

// readGroupThrottle reads a group's cpu.stat, whose lines are a key and a number. The
// highest group has no quota, and so no such file or none of these keys.
func readGroupThrottle(r root, name string) (t Throttle, err error) {
	text, err := os.ReadFile(r.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return Throttle{}, nil
	} else if err != nil {
		return Throttle{}, err
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, bad := strconv.ParseUint(value, 10, 63)
		switch key {
		case "nr_periods":
			t.Periods = int64(n)
		case "nr_throttled":
			t.Stopped = int64(n)
		case "throttled_time": // of version 1
			t.Time = float64(n) * 1e-9
		case "throttled_usec": // of version 2
			t.Time = float64(n) * 1e-6
		default:
			continue
		}
		if bad != nil {
			return Throttle{}, fmt.Errorf("%s: %s is %q, which is no count", name, key, value)
		}
	}
	return t, nil
}
