package host

import (
	"math"
	"strings"
	"testing"
	"testing/fstest"
)

// threads makes a process of what each of its threads is told.
func threads(name string, of map[string]string) fstest.MapFS {
	root := fstest.MapFS{"proc/7/task/x": {}}
	for tid, text := range of {
		root["proc/7/task/"+tid+"/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return root
}

// The waits of all threads count, not of the first alone; of those that ended between
// two readings, none.
func TestProcessWaits(t *testing.T) {
	read := func(io string, of map[string]string) ProcessTime {
		t.Helper()
		root := threads("schedstat", of)
		root["proc/7/io"] = &fstest.MapFile{Data: []byte(io)}
		got, err := readProcess(root, 7)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	before := read("rchar: 9\nsyscr: 10\nsyscw: 20\n", map[string]string{"7": "9 1000000000 3\n", "8": "9 2000000000 4\n", "9": "9 4000000000 5\n"})
	if waited, known := before.Waited(); waited != 7 || !known {
		t.Errorf("%+v waited %v s, known: %v; want 7 s", before, waited, known)
	}
	after := read("rchar: 9\nsyscr: 13\nsyscw: 24\n", map[string]string{"7": "9 1500000000 13\n", "8": "9 2000000000 4\n", "10": "9 250000000 2\n"})
	before.CPU, after.CPU = 10, 12.5
	d := after.Sub(before)
	waited, known := d.Waited()
	switches, counted := d.Switches()
	if d.CPU != 2.5 || d.Syscalls != 7 || math.Abs(waited-0.75) > 1e-9 || switches != 12 || !known || !counted {
		t.Errorf("%+v, want 0.5 s of thread 7 and 0.25 s of thread 10, which got a CPU 10 and 2 times", d)
	}
	for name, texts := range map[string]map[string]string{
		"noughts": {"7": "0 0 0\n", "8": "0 0 0\n"},
		"no file": nil,
	} {
		got := read("syscr: x\n", texts)
		_, known := got.Waited()
		_, later := after.Sub(got).Switches()
		if known || later || got.Syscalls != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestProcessErrors(t *testing.T) {
	for name, test := range map[string]struct {
		root fstest.MapFS
		want string
	}{
		"no process": {fstest.MapFS{}, "read the threads of process 7: "},
		"one number": {threads("schedstat", map[string]string{"8": "12 1\n"}), "/proc/7/task/8/schedstat: \"12 1\\n\" is not"},
		"no number":  {threads("schedstat", map[string]string{"8": "12 x 3\n"}), "/proc/7/task/8/schedstat: "},
	} {
		if got, err := readProcess(test.root, 7); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %+v, error %v, want %q", name, got, err, test.want)
		}
	}
	if _, err := resting(threads("stat", map[string]string{"8": "8 (x)"}), 7); err == nil {
		t.Error("a thread without a state has no error")
	}
}

// A process rests once no thread of it runs, or could.
func TestResting(t *testing.T) {
	for _, test := range []struct {
		states []string
		rests  bool
	}{
		{[]string{"8 (server) S 1"}, true},
		{[]string{"8 (server) S 1", "9 (server) I 1", "10 (server) T 1"}, true},
		{[]string{"8 (server) S 1", "9 (server) R 1"}, false},
		{[]string{"8 (server) D 1", "9 (server) S 1"}, false},
		{[]string{"8 (a) R (b) S 1"}, true},
		{[]string{"8 (a) S (b) R 1"}, false},
	} {
		states := map[string]string{}
		for i, s := range test.states {
			states[strings.Repeat("1", i+1)] = s
		}
		if rests, err := resting(threads("stat", states), 7); err != nil || rests != test.rests {
			t.Errorf("%q: rests %v, %v; want %v", test.states, rests, err, test.rests)
		}
	}
}

func TestFrequency(t *testing.T) {
	const info = "processor\t: 0\nflags\t\t: fpu aperfmperf\ncpu MHz\t\t: 2100.500\n\nprocessor\t: 2\nflags\t\t: fpu aperfmperf sse\ncpu MHz\t\t: 800.000\n\n"
	nominal := strings.ReplaceAll(info, " aperfmperf", "")
	const governed = "sys/devices/system/cpu/cpu2/cpufreq/scaling_cur_freq"
	for name, test := range map[string]struct {
		files map[string]string
		want  [2]float64 // of CPUs 2 and 0
	}{
		"counted cycles":    {map[string]string{"proc/cpuinfo": info}, [2]float64{800e6, 2100.5e6}},
		"nominal":           {map[string]string{"proc/cpuinfo": nominal}, [2]float64{}},
		"cpufreq":           {map[string]string{"proc/cpuinfo": info, governed: "3100000\n"}, [2]float64{3.1e9, 2100.5e6}},
		"cpufreq of one":    {map[string]string{"proc/cpuinfo": nominal, governed: "3100000\n"}, [2]float64{3.1e9, 0}},
		"cpufreq fails":     {map[string]string{governed: "<unknown>\n"}, [2]float64{}},
		"no such processor": {map[string]string{"proc/cpuinfo": "processor : 1\nflags : aperfmperf\ncpu MHz : x\n"}, [2]float64{}},
	} {
		if got := readFrequency(files(test.files), []int{2, 0}); [2]float64(got) != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
