package results

// Meanwhile is what the host did between the marks of a trial. These are facts: they
// explain a result, and void none.
type Meanwhile struct {
	// Source is where the run time of tasks comes from: "cpuacct" or "schedstat", which
	// are exact, or "idle", which is not.
	Source string     `json:"source"`
	Cores  []CoreFact `json:"cores"` // of the trial's processes
}

// CoreFact is one of the trial's cores. All but the frequency are shares of the time
// between the marks. What is missing to 1 went into interrupts of an idle core. What is
// beyond 1 is steal from a core that woke up, which counts as idle, too.
type CoreFact struct {
	CPU     int     `json:"cpu"`
	Busy    float64 `json:"busy"`    // it ran something
	Foreign float64 `json:"foreign"` // it ran other tasks than the trial's
	Idle    float64 `json:"idle"`    // it had nothing to run
	Steal   float64 `json:"steal"`   // the hypervisor took it
	// Interrupts is there where the kernel counts them by themselves; else they are in
	// the time of the tasks that they interrupt.
	Interrupts *float64 `json:"interrupts,omitempty"`
	// Wait is how long tasks were ready to run and waited for it, summed over them, so
	// that it can be above 1. It is there where the kernel tells.
	Wait *float64 `json:"wait,omitempty"`
	// Frequency is what it ran at when the second mark was read (Hz); 0: not known.
	Frequency float64 `json:"frequency,omitempty"`
}
