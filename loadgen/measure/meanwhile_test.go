package measure

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pushbench/results"
)

// The record tells of each core what it ran that was not the trial's.
func TestMeanwhile(t *testing.T) {
	o := clean(t)
	o.Before.Link.Usage.User, o.After.Link.Usage.User = 1, 1.011 // on the fleet's core
	o.After.CPU.Cores[1].Tasks += 0.011
	o.After.CPU.Cores[0].Idle += 1.045
	interrupts, none, wait := 0.01, 0., 0.02
	want := &results.Meanwhile{Source: "cpuacct", Cores: []results.CoreFact{
		{CPU: 4, Busy: 0.04, Foreign: 0.01, Idle: 0.95, Steal: 0.02, Interrupts: &interrupts, Wait: &wait, Frequency: 3e9},
		{CPU: 5, Busy: 0.02, Interrupts: &none, Wait: &none},
	}}
	if diff := cmp.Diff(want, o.meanwhile(), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	o.Before.CPU.Interrupts, o.Before.CPU.Waits = false, false
	if got := o.meanwhile().Cores[0]; got.Interrupts != nil || got.Wait != nil {
		t.Errorf("what the kernel does not tell is %+v", got)
	}
	o.After.Used = o.Before.Used
	if got := o.meanwhile(); got != nil {
		t.Errorf("in no time the host did %+v", got)
	}
}
