package main

import (
	"slices"
	"testing"

	"pushbench/scenarios"
)

// Servers of other people stand in the same table as ours, whose transports the answer is
// about; where a whole run is theirs, it is about them.
func TestRivalsAreRows(t *testing.T) {
	for _, test := range []struct {
		servers             string
		rows, answered, per []string
	}{
		{"[ours, gobwas]", []string{"ws", "wsbare", "ws, gobwas"}, []string{"ws", "wsbare"}, nil},
		{"[gobwas]", []string{"ws", "wsbare"}, []string{"ws", "wsbare"}, nil},
		{"[ours, gobwas]\n  rate: [10/s, 40/s]", []string{"ws", "wsbare", "ws, gobwas"}, []string{"ws", "wsbare", ""}, []string{"10 events/s", "40 events/s"}},
	} {
		text := "question: Q?\nfactors:\n  transport: [ws, wsbare]\n  server: " + test.servers + "\nwarmup: 1s\nmeasure: 4s\nblocks: 6\nplots: [{mark: dots, x: claims}]\nclaims: [{id: V1, says: So it is., expect: \"server/cpu[ws] < 1ms/event\"}]\n"
		if test.servers != "[gobwas]" {
			text += "except: [{transport: wsbare, server: gobwas}]\n"
		}
		s, err := scenarios.Parse("r.yaml", []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		r := newReport("r.jsonl", syntheticRun(t, s), s)
		gs := r.groups()
		if len(gs) != max(1, len(test.per)) {
			t.Errorf("%s: %d tables", test.servers, len(gs))
		}
		for i, g := range gs {
			if slices.Sort(g.Names); !slices.Equal(g.Names, slices.Sorted(slices.Values(test.rows))) || !slices.Equal(g.Condition, test.per[min(i, len(test.per)):min(i+1, len(test.per))]) {
				t.Errorf("%s: under %q the rows are %q, want %q", test.servers, g.Condition, g.Names, test.rows)
			}
		}
		if names, _ := r.answer(); !slices.Equal(names, test.answered) {
			t.Errorf("%s: the answer is about %q, want %q", test.servers, names, test.answered)
		}
	}
}
