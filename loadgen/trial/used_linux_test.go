package trial

import (
	"testing"

	"pushbench/loadgen/host"
	"pushbench/loadgen/measure"
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
