package host

import (
	"runtime"
	"strconv"
)

// Topology is the CPUs that this process may use.
type Topology struct {
	CPUs []CPU // by ascending ID
	// Quota is the CPU seconds per second that the control groups grant to all
	// of them together; 0 is no limit.
	Quota float64
}

// CPU is one hardware thread. CPUs of one Core are SMT siblings: they share its
// execution units. Cores of one Package share its last cache.
type CPU struct{ ID, Core, Package int }

// IDs returns the CPUs' numbers, as ReadCPU takes them.
func (t Topology) IDs() []int {
	ids := make([]int, len(t.CPUs))
	for i, c := range t.CPUs {
		ids[i] = c.ID
	}
	return ids
}

// Cores returns the CPUs that this process may use and how they lie. Where the
// kernel does not tell, there are runtime.NumCPU of them, each a core.
func Cores() Topology { return readTopology("/") }

func readTopology(r root) Topology {
	// Read from /proc, not by sched_getaffinity(2), because the main thread
	// answers whatever thread asks, and the file knows no limit of 1024 CPUs.
	allowed, err := parseCPUs(infoValue(r.text("proc/self/status"), "Cpus_allowed_list"))
	if err != nil || len(allowed) == 0 {
		allowed = make([]int, runtime.NumCPU())
		for i := range allowed {
			allowed[i] = i
		}
	}
	t := Topology{CPUs: make([]CPU, len(allowed)), Quota: readQuota(r)}
	for i, id := range allowed {
		t.CPUs[i] = readCPUPlace(r, id)
	}
	return t
}

// readCPUPlace identifies a core by its lowest sibling: core_id alone repeats
// from package to package.
func readCPUPlace(r root, id int) CPU {
	dir := "sys/devices/system/cpu/cpu" + strconv.Itoa(id) + "/topology/"
	place := CPU{ID: id, Core: id}
	if siblings, err := parseCPUs(r.text(dir + "thread_siblings_list")); err == nil && len(siblings) > 0 {
		place.Core = siblings[0]
	}
	if n, err := strconv.Atoi(r.text(dir + "physical_package_id")); err == nil {
		place.Package = n
	}
	return place
}
