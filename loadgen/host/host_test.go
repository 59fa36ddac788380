package host

import (
	"runtime"
	"slices"
	"testing"

	"pushbench/results"
)

func TestDescribe(t *testing.T) {
	h := Describe()
	if h.Cores != runtime.NumCPU() {
		t.Errorf("%d cores, want %d", h.Cores, runtime.NumCPU())
	}
	if h.OpenFiles <= 0 {
		t.Errorf("open-files limit %d", h.OpenFiles)
	}
	if h.ServerCPUs != nil || h.FleetCPUs != nil || h.Canary != nil {
		t.Errorf("%+v: what the caller decides is filled in", h)
	}
}

func TestDoubts(t *testing.T) {
	for _, test := range []struct {
		name   string
		host   results.Host
		layout Layout
		want   []string
	}{
		{"quiet", results.Host{Cores: 2, Load: 0.4, Clock: "tsc"}, Layout{}, nil},
		{"half busy is the limit", results.Host{Cores: 2, Load: 1}, Layout{}, nil},
		{"busy", results.Host{Cores: 2, Load: 1.25}, Layout{},
			[]string{"load average 1.25 on 2 CPUs before the start: other work ran within the last minute"}},
		{"layout and clock", results.Host{Cores: 1, Clock: "hpet"}, Layout{Shared: true, Note: "shared"},
			[]string{"shared", "clock source hpet: each time stamp costs a system call or more, and is charged to whoever takes it"}},
		{"nothing known", results.Host{}, Layout{}, nil},
	} {
		if got := Doubts(test.host, test.layout); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
