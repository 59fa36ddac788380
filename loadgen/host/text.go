package host

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxCPU bounds what a CPU list may name, so that a damaged one cannot ask for
// gigabytes. Linux itself stops at 8192 (NR_CPUS).
const maxCPU = 1 << 14

// parseCPUs reads the kernel's list format: "0-3,8,10-11" (cpuset(7), List
// format). An empty list is empty, not an error.
func parseCPUs(list string) ([]int, error) {
	var cpus []int
	for part := range strings.SplitSeq(strings.TrimSpace(list), ",") {
		if part == "" && len(cpus) == 0 {
			continue
		}
		from, to, isRange := strings.Cut(part, "-")
		first, err1 := strconv.Atoi(from)
		last, err2 := first, error(nil)
		if isRange {
			last, err2 = strconv.Atoi(to)
		}
		if err1 != nil || err2 != nil || first < 0 || last < first || last >= maxCPU || len(cpus) >= maxCPU {
			return nil, fmt.Errorf("CPU list %q: %q is not a number or a range below %d", list, part, maxCPU)
		}
		for cpu := first; cpu <= last; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// cpuText names CPUs in a sentence: "CPU 0", "CPUs 0, 2".
func cpuText(cpus []int) string {
	text := make([]string, len(cpus))
	for i, cpu := range cpus {
		text[i] = strconv.Itoa(cpu)
	}
	if len(cpus) == 1 {
		return "CPU " + text[0]
	}
	return "CPUs " + strings.Join(text, ", ")
}

// plural writes a number with its noun: "1 CPU", "2 CPUs".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// nonEmpty drops empty texts, for strings.Join.
func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(t string) bool { return t == "" })
}
