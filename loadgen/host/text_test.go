package host

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestParseCPUs(t *testing.T) {
	for _, test := range []struct {
		list string
		want []int
	}{
		{"", nil},
		{"\n", nil},
		{"0\n", []int{0}},
		{"0-3", []int{0, 1, 2, 3}},
		{"0,64", []int{0, 64}},
		{"2-3,8,10-11\n", []int{2, 3, 8, 10, 11}},
		{"5-5", []int{5}},
	} {
		got, err := parseCPUs(test.list)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%q: %v, %v; want %v", test.list, got, err, test.want)
		}
	}
	for _, list := range []string{"a", "-1", "3-1", "0-", "0-4294967295", "99999999999999999999", "0,,1", "0,", "0x1", "0 1", "1-2-3", "0:1"} {
		if got, err := parseCPUs(list); err == nil {
			t.Errorf("%q: %v, want an error", list, got)
		}
	}
}

func FuzzParseCPUs(f *testing.F) {
	for _, list := range []string{"", "0", "0-3", "2-3,8,10-11", "0-16383", "0-16383,0-16383", "3-1", ",", "\n1\n"} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		cpus, err := parseCPUs(list)
		if err != nil {
			return
		}
		if len(cpus) > 2*maxCPU {
			t.Fatalf("%d CPUs", len(cpus))
		}
		// Written out one by one, the list means the same.
		text := make([]string, len(cpus))
		for i, cpu := range cpus {
			text[i] = strconv.Itoa(cpu)
		}
		again, err := parseCPUs(strings.Join(text, ","))
		if len(cpus) <= maxCPU && (err != nil || !slices.Equal(again, cpus)) {
			t.Errorf("%q: %v, then %v, %v", list, cpus, again, err)
		}
	})
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		cpuText([]int{0}):    "CPU 0",
		cpuText([]int{0, 2}): "CPUs 0, 2",
		plural(1, "CPU"):     "1 CPU",
		plural(2, "CPU"):     "2 CPUs",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
