package host

import (
	"math"
	"strings"
	"testing"
)

// threads makes a process of what each of its threads is told.
func threads(t *testing.T, name string, of map[string]string) root {
	t.Helper()
	all := map[string]string{"proc/7/task/x": ""}
	for tid, text := range of {
		all["proc/7/task/"+tid+"/"+name] = text
	}
	return files(t, all)
}

// The waits of all threads count, not of the first alone; of those that ended between
// two readings, none.
func TestProcessWaits(t *testing.T) {
	read := func(calls string, of map[string]string) ProcessTime {
		t.Helper()
		host := threads(t, "schedstat", of)
		host.write(t, "proc/7/io", "rchar: 9\nwchar: 9\n"+calls+"read_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n")
		got, err := readProcess(host, 7)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	before := read("syscr: 10\nsyscw: 20\n", map[string]string{"7": "9 1000000000 3\n", "8": "9 2000000000 4\n", "9": "9 4000000000 5\n"})
	if waited, known := before.Waited(); waited != 7 || !known {
		t.Errorf("%+v waited %v s, known: %v; want 7 s", before, waited, known)
	}
	after := read("syscr: 13\nsyscw: 24\n", map[string]string{"7": "9 1500000000 13\n", "8": "9 2000000000 4\n", "10": "9 250000000 2\n"})
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
	for name, host := range map[string]root{
		"no process": files(t, nil),
		"no numbers": threads(t, "schedstat", map[string]string{"8": "12 x 3\n"}),
	} {
		if got, err := readProcess(host, 7); err == nil || !strings.Contains(err.Error(), "read the threads of process 7: ") {
			t.Errorf("%s: %+v, error %v", name, got, err)
		}
	}
	if _, err := resting(threads(t, "stat", map[string]string{"8": "8 (x) S"}), 7); err == nil {
		t.Error("a thread that tells little has no error")
	}
}

// A process rests once no thread of it runs, or could.
func TestResting(t *testing.T) {
	for _, test := range []struct {
		states []string // of each thread, behind its name
		rests  bool
	}{
		{[]string{"(server) S"}, true},
		{[]string{"(server) S", "(server) I", "(server) T"}, true},
		{[]string{"(server) S", "(server) R"}, false},
		{[]string{"(server) D", "(server) S"}, false},
		{[]string{"(a) R (b) S"}, true},
		{[]string{"(a) S (b) R"}, false},
	} {
		of := map[string]string{}
		for i, s := range test.states {
			of[strings.Repeat("1", i+1)] = "7 " + s + strings.Repeat(" 1", 41)
		}
		if rests, err := resting(threads(t, "stat", of), 7); err != nil || rests != test.rests {
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
		if got := readFrequency(files(t, test.files), []int{2, 0}); [2]float64(got) != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
