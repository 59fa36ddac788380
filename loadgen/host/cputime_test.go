package host

import (
	"math"
	"strings"
	"testing"
)

// stat has CPU 0 and 1 with every column of proc_stat(5) different, CPU 2 as a
// kernel before 2.6 ends it, CPU 3 with columns nobody knows yet, and CPU 12,
// which is not CPU 1.
const stat = `cpu  9 9 9 9 9 9 9 9 9 9
cpu0 1000 200 300 4000 50 6 70 8 900 100
cpu1 1 2 3 4 5 6 7 8 9 10
cpu2 100 200 300 400
cpu3 100 0 0 100 0 0 0 0 0 0 77777 88888
cpu12 500 0 0 0 0 0 0 0 0 0
intr 1 2 3
ctxt 5

procs_running 1
`

func TestParseStat(t *testing.T) {
	for _, test := range []struct {
		name string
		cpus []int
		want CPUTime
	}{
		// 1000+200+300+6+70 = 1576 ticks; guest time is in user and nice already.
		{"guest is not counted twice", []int{0}, CPUTime{Busy: 15.76, Softirq: 0.70, Steal: 0.08, Total: 56.34}},
		{"two CPUs are summed", []int{1, 0}, CPUTime{Busy: 15.95, Softirq: 0.77, Steal: 0.16, Total: 56.70}},
		{"missing columns are zero", []int{2}, CPUTime{Busy: 6, Total: 10}},
		{"new columns are left out", []int{3}, CPUTime{Busy: 1, Total: 2}},
		{"two digits", []int{12}, CPUTime{Busy: 5, Total: 5}},
	} {
		got, err := parseStat([]byte(stat), test.cpus)
		if err != nil || !near(got, test.want) {
			t.Errorf("%s: %+v, %v; want %+v", test.name, got, err, test.want)
		}
	}
}

func TestParseStatErrors(t *testing.T) {
	for _, test := range []struct {
		stat string
		cpus []int
		want string
	}{
		{stat, nil, "no CPU was named"},
		{stat, []int{0, 7}, "CPU 7 is missing: is it offline?"},
		{"", []int{0}, "CPU 0 is missing"},
		{"cpu0 1 2 3\n", []int{0}, "line 1: CPU 0: 3 numbers, at least 4 were expected"},
		{"cpu 1 2 3 4\ncpu0 1 -2 3 4\n", []int{0}, `line 2: CPU 0: number 2 is "-2"`},
		{"cpu0 1 2 3 99999999999999999999\n", []int{0}, `number 4 is "99999999999999999999"`},
		{"cpu0 1 2 3 4\ncpu0 1 2 3 4\n", []int{0}, "line 2: CPU 0 is there twice"},
	} {
		got, err := parseStat([]byte(test.stat), test.cpus)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q %v: error %v, want %q", test.stat, test.cpus, err, test.want)
		}
		if got != (CPUTime{}) {
			t.Errorf("%q %v: %+v beside an error", test.stat, test.cpus, got)
		}
	}
}

func TestCPUTimeBetween(t *testing.T) {
	before := CPUTime{Busy: 100, Softirq: 10, Steal: 1, Total: 1000}
	after := CPUTime{Busy: 103, Softirq: 11, Steal: 1.5, Total: 1010}
	d := after.Sub(before)
	if want := (CPUTime{Busy: 3, Softirq: 1, Steal: 0.5, Total: 10}); !near(d, want) {
		t.Errorf("Sub: %+v, want %+v", d, want)
	}
	if got := d.StealShare(); math.Abs(got-0.05) > 1e-9 {
		t.Errorf("StealShare: %v, want 0.05", got)
	}
	if got := d.BusyShare(); math.Abs(got-0.3) > 1e-9 {
		t.Errorf("BusyShare: %v, want 0.3", got)
	}
	for _, odd := range []CPUTime{{}, {Steal: 1}, {Steal: 1, Total: -1}, {Steal: -1, Total: 1}, {Steal: 2, Total: 1}, {Steal: math.NaN(), Total: math.NaN()}} {
		if got := odd.StealShare(); !(got >= 0 && got <= 1) {
			t.Errorf("StealShare of %+v: %v, want a share", odd, got)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte(stat), 0)
	f.Add([]byte("cpu0 1 2 3\n"), 0)
	f.Add([]byte("cpu0 18446744073709551615 18446744073709551615 1 1 1 1 1 18446744073709551615"), 0)
	f.Add([]byte("cpu+1 1 2 3 4\ncpu01 1 2 3 4\n"), 1)
	f.Add([]byte("cpu1\x00 1 2 3 4\r\ncpu1 1 2 3 4 5 6 7 8 9 10 11 12"), 1)
	f.Fuzz(func(t *testing.T, stat []byte, cpu int) {
		got, err := parseStat(stat, []int{cpu})
		if err != nil {
			return
		}
		// Every column is a sum of ticks: nothing is negative, infinite or
		// more than the whole.
		if got.Softirq < 0 || got.Softirq > got.Busy || got.Steal < 0 || !(got.Busy+got.Steal <= got.Total) || math.IsInf(got.Total, 0) {
			t.Errorf("%q: %+v", stat, got)
		}
	})
}

func near(a, b CPUTime) bool {
	const eps = 1e-9
	return math.Abs(a.Busy-b.Busy) < eps && math.Abs(a.Softirq-b.Softirq) < eps &&
		math.Abs(a.Steal-b.Steal) < eps && math.Abs(a.Total-b.Total) < eps
}
