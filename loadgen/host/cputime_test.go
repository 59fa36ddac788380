package host

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/procfs"
)

// The same second of two CPUs, as kernels of each kind tell it. CPU 1 ran tasks for
// 0.25 s, of which 0.02 s were interrupts where those are counted; CPU 0 ran none.
var (
	plainStat   = [2]string{"cpu0 7 7 7 4000 50 0 70 8\ncpu1 7 7 7 4000 50 0 70 8\n", "cpu0 9 9 9 4100 50 0 70 8\ncpu1 9 9 9 4070 53 0 79 10\n"}
	exactStat   = [2]string{"cpu0 7 7 7 4000 50 6 70 8\ncpu1 7 7 7 4000 50 6 70 8\n", "cpu0 9 9 9 4100 50 6 70 8\ncpu1 9 9 9 4070 53 7 71 10\n"}
	charged     = [2]string{"10000000000 20000000000\n", "10000000000 20250000000\n"}
	chargedLess = [2]string{"10000000000 20000000000\n", "10000000000 20230000000\n"}
	schedstat   = [2]string{schedstatOf(10e9, 20e9), strings.ReplaceAll(schedstatOf(10e9, 20.25e9), "5 6", "500000005 6")}
)

// reading makes a host of what it is told and reads its CPUs at two instants.
func reading(t *testing.T, stat [2]string, more map[string][2]string) CPUTime {
	t.Helper()
	var at [2]CPUTime
	for i := range at {
		host := files(t, map[string]string{"proc/stat": stat[i], "sys/devices/system/cpu/possible": "0-1\n"})
		for name, text := range more {
			host.write(t, name, text[i])
		}
		var err error
		if at[i], err = readCPU(host, []int{0, 1}, func() float64 { return 100 + float64(i) }); err != nil {
			t.Fatal(err)
		}
	}
	return at[1].Sub(at[0])
}

// Each source of run time gives the same time of tasks and interrupts, whether the
// kernel counts interrupts or not. The columns of busy time say nothing.
func TestReadCPUFromEachSource(t *testing.T) {
	root := func(text [2]string) map[string][2]string {
		return map[string][2]string{cpuacct + "/release_agent": {}, cpuacct + "/cpuacct.usage_percpu": text}
	}
	for _, test := range []struct {
		name string
		stat [2]string
		more map[string][2]string
		want CPUTime
	}{
		{"cpuacct", plainStat, root(charged), CPUTime{Source: Cpuacct, Cores: []CoreTime{
			{CPU: 0, Wall: 1, Idle: 1}, {CPU: 1, Wall: 1, Idle: 0.73, Tasks: 0.25, Steal: 0.02}}}},
		{"cpuacct beside counted interrupts", exactStat, root(chargedLess), CPUTime{Source: Cpuacct, Interrupts: true, Cores: []CoreTime{
			{CPU: 0, Wall: 1, Idle: 1}, {CPU: 1, Wall: 1, Idle: 0.73, Tasks: 0.23, Interrupts: 0.02, Softirq: 0.01, Steal: 0.02}}}},
		{"schedstat", plainStat, map[string][2]string{"proc/schedstat": schedstat}, CPUTime{Source: Schedstat, Waits: true, Cores: []CoreTime{
			{CPU: 0, Wall: 1, Idle: 1, Waited: 0.5}, {CPU: 1, Wall: 1, Idle: 0.73, Tasks: 0.25, Steal: 0.02, Waited: 0.5}}}},
		{"schedstat with counted interrupts in it", exactStat, map[string][2]string{"proc/schedstat": schedstat}, CPUTime{Source: Schedstat, Interrupts: true, Waits: true, Cores: []CoreTime{
			{CPU: 0, Wall: 1, Idle: 1, Waited: 0.5}, {CPU: 1, Wall: 1, Idle: 0.73, Tasks: 0.23, Interrupts: 0.02, Softirq: 0.01, Steal: 0.02, Waited: 0.5}}}},
		{"neither", plainStat, nil, CPUTime{Source: Idle, Cores: []CoreTime{
			{CPU: 0, Wall: 1, Idle: 1}, {CPU: 1, Wall: 1, Idle: 0.73, Tasks: 0.25, Steal: 0.02}}}},
		{"neither, with counted interrupts", exactStat, nil, CPUTime{Source: Idle, Interrupts: true, Cores: []CoreTime{
			{CPU: 0, Wall: 1, Idle: 1}, {CPU: 1, Wall: 1, Idle: 0.73, Tasks: 0.23, Interrupts: 0.02, Softirq: 0.01, Steal: 0.02}}}},
		{"a container's own cpuacct", plainStat, map[string][2]string{cpuacct + "/cpuacct.usage_percpu": charged}, CPUTime{Source: Idle, Cores: []CoreTime{
			{CPU: 0, Wall: 1, Idle: 1}, {CPU: 1, Wall: 1, Idle: 0.73, Tasks: 0.25, Steal: 0.02}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := reading(t, test.stat, test.more)
			if diff := cmp.Diff(test.want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if busy := got.Sum().Busy(); math.Abs(busy-0.25) > 1e-6 {
				t.Errorf("busy for %v s, want 0.25", busy)
			}
			if told := got.Source.Inexact(); (told != "") != (got.Source == Idle) {
				t.Errorf("%s: %q", got.Source, told)
			}
		})
	}
}

// A source that is there at one reading only is none.
func TestSubOfTwoSources(t *testing.T) {
	before := CPUTime{Source: Cpuacct, Interrupts: true, Waits: true, Cores: []CoreTime{{Wall: 100, Tasks: 7000, Interrupts: 1, Idle: 50, Steal: 3, Waited: 9}}}
	after := CPUTime{Source: Idle, Cores: []CoreTime{{Wall: 101, Tasks: 48, Idle: 50.5, Steal: 3.25}}}
	d := after.Sub(before)
	if c := d.Cores[0]; d.Source != Idle || d.Interrupts || d.Waits || c.Tasks != 0.25 || c.Interrupts != 0 {
		t.Errorf("%+v, want a quarter of a second that was neither idle nor stolen", d)
	}
}

// A CPU's number is its place among those that are possible, which may have gaps.
func TestCpuacctWithGaps(t *testing.T) {
	host := files(t, map[string]string{
		"sys/devices/system/cpu/possible": "0,2-3\n",
		cpuacct + "/release_agent":        "",
		cpuacct + "/cpuacct.usage_percpu": "1000000000 2000000000 3000000000 \n",
	})
	if got := readCpuacct(host, []int{3, 2}); len(got) != 2 || got[0] != 3 || got[1] != 2 {
		t.Errorf("CPUs 3 and 2 ran for %v s", got)
	}
	if got := readCpuacct(host, []int{1}); got != nil {
		t.Errorf("CPU 1, which is not there, ran for %v s", got)
	}
}

// What is not whole is no source: the next one is asked.
func TestSchedstatErrors(t *testing.T) {
	for name, text := range map[string]string{
		"empty":        "",
		"short":        "version 15\ncpu0 0 0 0 0 0 0 1000\n",
		"another CPU":  "version 15\ncpu1 0 0 0 0 0 0 1000 5 6\ncpu00x 0 0 0 0 0 0 1000 5 6\n",
		"no numbers":   "version 15\ncpu0 0 0 0 0 0 0 many 5 6\n",
		"nothing ran":  "version 15\ncpu0 0 0 0 0 0 0 0 0 0\n",
		"huge numbers": "version 15\ncpu0 0 0 0 0 0 0 99999999999999999999 5 6\n",
	} {
		if got := readSchedstat(files(t, map[string]string{"proc/schedstat": text}), []int{0}); got != nil {
			t.Errorf("%s: %+v", name, got[0])
		}
	}
}

// The columns of /proc/stat are in their places, and each CPU has its own line. A kernel
// before 2.6 ends it early.
func TestReadStat(t *testing.T) {
	const stat = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1000 200 300 4000 50 6 70 8 900 100\ncpu1 1 2 3 4 5 6 7 8 9 10\n" +
		"cpu2 100 200 300 400\ncpu12 500 0 0 100 0 0 0 0 0 0 77777\nintr 1 2 3\nctxt 5\n\nprocs_running 1\n"
	host := files(t, map[string]string{"proc/stat": stat})
	got, err := readStat(host, []int{12, 0, 2})
	want := []procfs.CPUStat{
		{User: 5, Idle: 1},
		{User: 10, Nice: 2, System: 3, Idle: 40, Iowait: 0.5, IRQ: 0.06, SoftIRQ: 0.7, Steal: 0.08, Guest: 9, GuestNice: 1},
		{User: 1, Nice: 2, System: 3, Idle: 4},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []struct {
		host root
		want string
	}{
		{host, "read CPU time: /proc/stat: CPU 7 is missing: is it offline?"},
		{files(t, map[string]string{"proc/stat": "cpu7 1 -2 3 many\n"}), "read CPU time: "},
		{files(t, nil), "read CPU time: "},
		{root(t.TempDir()), "read CPU time: "},
	} {
		if got, err := readCPU(bad.host, []int{7}, func() float64 { return 1 }); err == nil || !strings.HasPrefix(err.Error(), bad.want) || got.Cores != nil {
			t.Errorf("%+v, %v; want %q", got, err, bad.want)
		}
	}
}

func TestCoreTime(t *testing.T) {
	both := CPUTime{Cores: []CoreTime{
		{CPU: 0, Wall: 10, Tasks: 2, Interrupts: 1, Softirq: 0.5, Idle: 4, Steal: 0.5, Waited: 3},
		{CPU: 4, Wall: 10, Tasks: 1, Idle: 5, Steal: 0.5},
	}}
	sum := both.Sum()
	if want := (CoreTime{CPU: -1, Wall: 20, Tasks: 3, Interrupts: 1, Softirq: 0.5, Idle: 9, Steal: 1, Waited: 3}); sum != want {
		t.Errorf("%+v, want %+v", sum, want)
	}
	if sum.StealShare() != 0.05 || sum.BusyShare() != 0.2 {
		t.Errorf("stolen %v, busy %v", sum.StealShare(), sum.BusyShare())
	}
	for _, odd := range []CoreTime{{}, {Steal: 1}, {Steal: 1, Wall: -1}, {Steal: -1, Wall: 1}, {Steal: 2, Wall: 1}, {Steal: math.NaN(), Wall: math.NaN()}} {
		if got := odd.StealShare(); !(got >= 0 && got <= 1) {
			t.Errorf("StealShare of %+v: %v, want a share", odd, got)
		}
	}
}
