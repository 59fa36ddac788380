package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

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
func ReadThrottle() (Throttle, error) { return readThrottle(os.DirFS("/")) }

func readThrottle(files fs.FS) (sum Throttle, err error) {
	own, err := fs.ReadFile(files, "proc/self/cgroup")
	if errors.Is(err, fs.ErrNotExist) {
		return Throttle{}, nil // a kernel without control groups
	}
	if err != nil {
		return Throttle{}, fmt.Errorf("read how often a CPU quota stopped this process: %w", err)
	}
	first, second := groups(files, "cpu")
	for _, group := range ownGroups(string(own), "cpu") {
		if len(first)+len(second) == 0 && group != "/" {
			return Throttle{}, fmt.Errorf("read how often a CPU quota stopped this process: it is in the control group %s, and none is mounted here (see /proc/self/mountinfo)", group)
		}
	}
	add := func(dirs []string, unit string, seconds float64) {
		for _, dir := range dirs {
			t, e := parseThrottle(files, dir+"/cpu.stat", unit, seconds)
			sum.Periods += t.Periods
			sum.Stopped += t.Stopped
			sum.Time += t.Time
			err = errors.Join(err, e)
		}
	}
	add(first, "throttled_time", 1e-9)
	add(second, "throttled_usec", 1e-6)
	if err != nil {
		return Throttle{}, fmt.Errorf("read how often a CPU quota stopped this process: %w", err)
	}
	return sum, nil
}

// parseThrottle reads a group's cpu.stat, whose lines are a key and a number. The
// highest group has no quota, and so no such file or none of these keys.
func parseThrottle(files fs.FS, name, unit string, seconds float64) (t Throttle, err error) {
	text, err := fs.ReadFile(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return Throttle{}, nil
	}
	if err != nil {
		return Throttle{}, err
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch key {
		case "nr_periods", "nr_throttled", unit:
		default:
			continue
		}
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return Throttle{}, fmt.Errorf("/%s: %s is %q, which is no count", name, key, value)
		}
		switch key {
		case "nr_periods":
			t.Periods = n
		case "nr_throttled":
			t.Stopped = n
		default:
			t.Time = float64(n) * seconds
		}
	}
	return t, nil
}
