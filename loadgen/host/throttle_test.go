package host

import (
	"errors"
	"strings"
	"testing"

	"pushbench/servers/count"
)

// What is counted at each level that has a quota is summed up, in either version's
// unit.
func TestReadThrottle(t *testing.T) {
	const cpu, unified = "sys/fs/cgroup/cpu", "sys/fs/cgroup/unified"
	counts := func(dir, text string) map[string]string { return map[string]string{dir + "/cpu.stat": text} }
	const without = "usage_usec 5\nuser_usec 3\nsystem_usec 2\n"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  Throttle
		err   string
	}{
		{name: "no control groups"},
		{"version 1", with(in(mountsFirst, "1:cpu:/a"), counts(cpu+"/a", "nr_periods 8\nnr_throttled 2\nthrottled_time 1500000000\n"), counts(cpu, "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n")),
			Throttle{8, 2, 1.5}, ""},
		{"version 2", with(in(mountsSecond, "0::/a"), counts("sys/fs/cgroup/a", without+"nr_periods 40\nnr_throttled 10\nthrottled_usec 250000\nnr_bursts 0\n"), counts("sys/fs/cgroup", without)),
			Throttle{40, 10, 0.25}, ""},
		{"at two levels", with(in(mountsSecond, "0::/a/b"), counts("sys/fs/cgroup/a/b", "nr_periods 40\nnr_throttled 10\nthrottled_usec 250000\n"), counts("sys/fs/cgroup/a", "nr_periods 10\nnr_throttled 1\nthrottled_usec 50000\n")),
			Throttle{50, 11, 0.3}, ""},
		{"both versions", with(in(mountsBoth, "1:cpu:/a", "0::/b"), counts(cpu+"/a", "nr_periods 8\nnr_throttled 2\nthrottled_time 500000000\n"), counts(unified+"/b", without)),
			Throttle{8, 2, 0.5}, ""},
		{name: "another's", files: with(in(mountsFirst, "1:cpu:/a"), counts(cpu+"/b", "nr_periods 8\n"))},
		{name: "nothing counted", files: with(in(mountsSecond, "0::/"), counts("sys/fs/cgroup", without))},
		{name: "in no group, none mounted", files: in("", "1:cpu:/", "0::/")},
		{name: "in one, none mounted", files: in("", "1:cpu:/a", "0::/"), err: "it is in the control group /a, and none is mounted here"},
		{name: "damaged", files: with(in(mountsSecond, "0::/a"), counts("sys/fs/cgroup/a", "nr_periods 8\nnr_throttled many\n")),
			err: `/sys/fs/cgroup/a/cpu.stat: nr_throttled is "many", which is no count`},
		{name: "below 0", files: with(in(mountsSecond, "0::/a"), counts("sys/fs/cgroup/a", "throttled_usec -1\n")), err: `throttled_usec is "-1"`},
	} {
		got, err := readThrottle(files(t, test.files))
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.err)
		}
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestThrottleText(t *testing.T) {
	got := Throttle{20, 5, 0.5}
	if text := got.String(); text != "stopped in 5 of 20 periods of its CPU quota, for 0.5 s in all" {
		t.Errorf("it reads %q", text)
	}
}

// This host's own can be read, but where a container hides its groups, and does not
// run backwards.
func TestReadThrottleHere(t *testing.T) {
	before, hidden := ReadThrottle()
	after, err := ReadThrottle()
	if hidden != nil && strings.Contains(hidden.Error(), "none is mounted here") && err != nil {
		return
	}
	if d := count.Sub(after, before); hidden != nil || err != nil || d.Periods < 0 || d.Stopped < 0 || d.Time < 0 {
		t.Errorf("%+v, then %+v, %v", before, after, errors.Join(hidden, err))
	}
}
