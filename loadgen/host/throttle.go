package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"pushbench/servers/count"
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
