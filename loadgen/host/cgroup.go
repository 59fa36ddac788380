package host

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"io/fs"
)

// Control groups (cgroups(7)) grant processes less than the whole host has. A group
// is bound by its own limits and by those of every group above it. Version 1 has a
// tree of groups for each controller, version 2 one for all, and a host may have both
// at once. Which trees there are, and where, /proc/self/mountinfo tells; which group
// of each this process is in, /proc/self/cgroup.

// tree is one mounted tree of control groups.
type tree struct {
	unified bool   // version 2
	root    string // the group that is mounted, from the top of its tree
	point   string // where
}

// groups are the directories of the groups that bound what this process is granted of
// a controller, in each tree from its own group up to the highest that is mounted.
// Those of version 2 are told apart, as their files have other names.
func groups(files fs.FS, controller string) (first, second []string) {
	mounted := trees(files, controller)
	for unified, group := range ownGroups(readText(files, "proc/self/cgroup"), controller) {
		dirs := directories(mounted, unified, group)
		if unified {
			second = dirs
		} else {
			first = dirs
		}
	}
	return first, second
}

// ownGroups is the group that /proc/self/cgroup names in the tree of a controller, and
// in that of version 2 (true).
func ownGroups(text, controller string) map[bool]string {
	own := make(map[bool]string)
	for line := range strings.Lines(text) {
		// ID, controllers (none in version 2), group
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		if unified := fields[0] == "0" && fields[1] == ""; unified || slices.Contains(strings.Split(fields[1], ","), controller) {
			own[unified] = fields[2]
		}
	}
	return own
}

// directories are those of a group and of all above it, as far as they are mounted.
// Where a group does not lie in what is mounted, as seen from a namespace, only the
// mounted one is known.
func directories(mounted []tree, unified bool, group string) (dirs []string) {
	for _, t := range mounted {
		if t.unified != unified {
			continue
		}
		below, ok := t.below(group)
		if !ok && dirs != nil {
			continue
		}
		dirs = nil
		for dir := path.Clean("/" + below); ; dir = path.Dir(dir) {
			dirs = append(dirs, path.Join(t.point, dir))
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

// below is where in the mounted tree a group lies; not ok where it does not.
func (t tree) below(group string) (string, bool) {
	below, ok := strings.CutPrefix(group, strings.TrimSuffix(t.root, "/"))
	if !ok || below != "" && below[0] != '/' || strings.HasPrefix(below, "/..") {
		return "", false
	}
	return below, true
}

// trees are the mounted trees that may limit a controller. Of several mounts of one
// tree the one that shows most of it comes first.
func trees(files fs.FS, controller string) (all []tree) {
	for line := range strings.Lines(readText(files, "proc/self/mountinfo")) {
		// proc_pid_mountinfo(5): ID, parent, device, root, mount point, options,
		// optional fields, -, type, source, options of the file system
		before, after, _ := strings.Cut(line, " - ")
		mount, system := strings.Fields(before), strings.Fields(after)
		if len(mount) < 5 || len(system) < 1 {
			continue
		}
		t := tree{root: unescape(mount[3]), point: strings.TrimPrefix(unescape(mount[4]), "/")}
		switch options := system[len(system)-1]; {
		case system[0] == "cgroup2":
			t.unified = true
		case system[0] == "cgroup" && slices.Contains(strings.Split(options, ","), controller):
		default:
			continue
		}
		all = append(all, t)
	}
	slices.SortStableFunc(all, func(a, b tree) int { return cmp.Compare(len(a.root), len(b.root)) })
	return all
}

// unescape reads a path of /proc/self/mountinfo, in which blanks and backslashes are
// three octal digits.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// tightest is the lowest of the limits that the groups have; 0 where none has one.
func tightest(dirs []string, limit func(dir string) float64) (lowest float64) {
	for _, dir := range dirs {
		if l := limit(dir); l > 0 && (lowest == 0 || l < lowest) {
			lowest = l
		}
	}
	return lowest
}

// lower is the lower of two limits, of which 0 is none.
func lower(a, b float64) float64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// readQuota returns the CPU seconds per second that this process's control groups
// grant, 0 without a limit. Version 1 has two files, with a quota of −1 for none;
// version 2 has "$MAX $PERIOD", where $MAX may be "max". All are in µs.
func readQuota(files fs.FS) float64 {
	share := func(quota, period string) float64 {
		q, err1 := strconv.ParseUint(quota, 10, 63)
		p, err2 := strconv.ParseUint(period, 10, 63)
		if err1 != nil || err2 != nil || p == 0 {
			return 0
		}
		return float64(q) / float64(p)
	}
	first, second := groups(files, "cpu")
	return lower(tightest(first, func(dir string) float64 {
		return share(readText(files, dir+"/cpu.cfs_quota_us"), readText(files, dir+"/cpu.cfs_period_us"))
	}), tightest(second, func(dir string) float64 {
		quota, period, _ := strings.Cut(readText(files, dir+"/cpu.max"), " ")
		return share(quota, period)
	}))
}

// readMemoryLimit returns the bytes of memory that this process's control groups
// grant, 0 without a limit. Version 1 writes none as the greatest multiple of a page.
func readMemoryLimit(files fs.FS) float64 {
	const none = 1 << 62
	read := func(file string) func(string) float64 {
		return func(dir string) float64 {
			n, err := strconv.ParseUint(readText(files, dir+file), 10, 64)
			if err != nil || n >= none {
				return 0
			}
			return float64(n)
		}
	}
	first, second := groups(files, "memory")
	return lower(tightest(first, read("/memory.limit_in_bytes")), tightest(second, read("/memory.max")))
}
