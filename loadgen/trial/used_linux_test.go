package trial

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pushbench/loadgen/host"
	"pushbench/loadgen/measure"
	"pushbench/results"
)

// Of each core that a trial is on, its record has what the host tells.
func TestHostIsRead(t *testing.T) {
	t.Parallel()
	c := config(t, "poll?interval=50ms")
	now, err := host.ReadCPU(measure.Asked{Layout: c.Layout}.Cores())
	if err != nil {
		t.Fatal(err)
	}
	trial := runTrial(t, c)
	if trial.Host == nil || trial.Host.Source != string(now.Source) || len(trial.Host.Cores) != len(now.Cores) {
		t.Fatalf("the record has %+v of a host with %+v", trial.Host, now)
	}
	for _, metric := range []string{"host/cpu", "host/steal", "host/foreign", "server/wait", "fleet/wait"} {
		if got := value(t, trial, metric); got < 0 && metric != "host/foreign" {
			t.Errorf("%s is %v", metric, got)
		}
	}
	if _, has := trial.Metrics["host/softirq"]; has != now.Interrupts {
		t.Errorf("host/softirq is there: %t, and the kernel counts interrupts: %t", has, now.Interrupts)
	}
}

// A process that may run elsewhere than it was held to is found out, whatever made it so:
// no CPU time and no latency of its trial counts.
func TestStrayedProcess(t *testing.T) {
	t.Parallel()
	c := config(t, "poll?interval=50ms")
	c.moment = when("started", func(r *run) { r.parties[0].CPUs = []int{5000} })
	trial := runTrial(t, c)
	sound(t, trial)
	want := fmt.Sprintf("server: held to CPU 5000, it may run on CPU %d: ", c.Layout.Server[0])
	if !slices.ContainsFunc(trial.Broken, func(b results.Broken) bool { return b.Rule == "affinity" && strings.HasPrefix(b.Text, want) }) {
		t.Errorf("broken rules %v, want one that says %q", trial.Broken, want)
	}
	if trial.Bears("server/cpu") || trial.Bears("staleness/p50") || !trial.Bears("bytes/total/down") {
		t.Error("it voids what it should not, or not what it should")
	}
}

// What the ends are asked before a mark is charged to nobody: a server that takes long
// to tell its tally does so after it has been read.
func TestSettlingIsNotCharged(t *testing.T) {
	t.Parallel()
	o, _ := observeTrial(t, faultyConfig(t, "dear"))
	if took := o.seen.After.Server.At - o.seen.After.At; took < 2*int64(dear) {
		t.Errorf("the server settled in %d ns", took)
	}
	if used := o.seen.After.Server.Usage.CPU() - o.seen.Before.Server.Usage.CPU(); used <= 0 || used >= dear.Seconds() {
		t.Errorf("the server is charged with %v s, where each question took it %v", used, dear)
	}
}
