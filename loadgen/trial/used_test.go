package trial

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pushbench/loadgen/host"
	"pushbench/results"
)

// hostHasAll fails the test unless the trial's cores ran at least what its processes
// did.
func hostHasAll(t *testing.T, trial *results.Trial) {
	t.Helper()
	cpu, measured := trial.Metrics["host/cpu"]
	if !measured || host.Source(trial.Host.Source).Inexact() != "" {
		return // host.TestBurn tells what a host lacks
	}
	const limit = 0.02
	var own float64
	for _, process := range []string{"server", "fleet", "link"} {
		own += trial.Metrics[process+"/cpu"].Value
	}
	if cpu.Value < (1-limit)*own {
		t.Errorf("the host used %v s for each event, and the trial's processes %v s", cpu.Value, own)
	}
}

// The record tells of each core what it ran that was not the trial's.
func TestMeanwhile(t *testing.T) {
	o := clean(t)
	o.before.link.Usage.User, o.after.link.Usage.User = 1, 1.011 // on the fleet's core
	o.after.cpu.Cores[1].Tasks += 0.011
	o.after.cpu.Cores[0].Idle += 1.045
	interrupts, none, wait := 0.01, 0., 0.02
	want := &results.Meanwhile{Source: "cpuacct", Cores: []results.CoreFact{
		{CPU: 4, Busy: 0.04, Foreign: 0.01, Idle: 0.95, Steal: 0.02, Interrupts: &interrupts, Wait: &wait, Frequency: 3e9},
		{CPU: 5, Busy: 0.02, Interrupts: &none, Wait: &none},
	}}
	if diff := cmp.Diff(want, o.meanwhile(), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	o.before.cpu.Interrupts, o.before.cpu.Waits = false, false
	if got := o.meanwhile().Cores[0]; got.Interrupts != nil || got.Wait != nil {
		t.Errorf("what the kernel does not tell is %+v", got)
	}
	o.after.used = o.before.used
	if got := o.meanwhile(); got != nil {
		t.Errorf("in no time the host did %+v", got)
	}
}
