package measure

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"pushbench/loadgen/host"
)

// What several processes of one name used is what all of them did, as of fleets that
// share the subscribers.
func TestUsedAddsUp(t *testing.T) {
	u := Used{Process: map[string]host.ProcessTime{}}
	server := host.ProcessTime{CPU: 8, Syscalls: 16, Threads: map[int]host.ThreadTime{7: {Waited: 0.25, Switches: 1}}}
	u.Add("server", server)
	u.Add("fleet", host.ProcessTime{CPU: 1, Syscalls: 2, Threads: map[int]host.ThreadTime{8: {Waited: 0.5, Switches: 2}}})
	u.Add("fleet", host.ProcessTime{CPU: 3, Syscalls: 4, Threads: map[int]host.ThreadTime{9: {Waited: 1, Switches: 3}}})
	// What the threads of one waited is not known, since it has just ended.
	u.Add("ended first", host.ProcessTime{CPU: 1})
	u.Add("ended first", server)
	u.Add("ended last", server)
	u.Add("ended last", host.ProcessTime{CPU: 1})
	want := map[string]host.ProcessTime{
		"server": server,
		"fleet":  {CPU: 4, Syscalls: 6, Threads: map[int]host.ThreadTime{8: {Waited: 0.5, Switches: 2}, 9: {Waited: 1, Switches: 3}}},

		"ended first": {CPU: 9, Syscalls: 16},
		"ended last":  {CPU: 9, Syscalls: 16},
	}
	if diff := cmp.Diff(want, u.Process); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
