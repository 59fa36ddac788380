//go:build planted

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pushbench/loadgen/host"
	"pushbench/loadgen/trial"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/all"
)

// plantedBlocks is how many blocks may pass until a planted effect is found.
const plantedBlocks = 8

// effects are what is planted, and the claim that finds it. A line of a transport's
// own code is changed for the planted server, and for that alone.
var effects = []struct {
	name   string
	line   string // of servers/ws/serve.go, before which the plant stands
	plant  string
	more   int // B of payload more
	expect string
	effect float64 // in the unit of what is compared
}{
	{
		name: "a delay of 5 ms", line: "	if len(records) == 1 {\n",
		plant:  "	time.Sleep(5 * time.Millisecond)\n",
		expect: "staleness/mean[ws#planted] > staleness/mean[ws]", effect: 5e-3,
	},
	{
		name: "3 % of bytes", more: 12, // of some 385 on the wire
		expect: "bytes/total/down[ws#planted] + bytes/total/up[ws#planted] > bytes/total/down[ws] + bytes/total/up[ws]", effect: 12,
	},
	{
		name: "half as much CPU again", line: "	if len(records) == 1 {\n",
		plant:  "	for begun := time.Now(); time.Since(begun) < 8*time.Microsecond; {\n	}\n",
		expect: "server/cpu[ws#planted] > server/cpu[ws]", effect: 8e-6,
	},
}

// TestPlantedEffects plants effects of a known size in a real server, and judges
// trials of it against the server as it is. It measures, and so has a build tag of its
// own: what a busy host may change is no part of the suite.
func TestPlantedEffects(t *testing.T) {
	dir := t.TempDir()
	fleet := built(t, filepath.Join(dir, "loadgen"), "./loadgen")
	plain := built(t, filepath.Join(dir, "servers"), "./servers")
	s, err := scenarios.Parse("planted.yaml", []byte(`question: Is it found?
factors: {transport: [ws, ws#planted]}
fixed: {subscribers: 50, rate: 40/s, arrivals: poisson, payload: 200B, encoding: text}
warmup: 300ms
measure: 2s
blocks: 8
`), all.Parse)
	if err != nil {
		t.Fatal(err)
	}
	ts, _, err := s.Treatments()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range effects {
		t.Run(e.name, func(t *testing.T) {
			server := plain
			if e.line != "" {
				server = built(t, filepath.Join(t.TempDir(), "servers"), "./servers", "-overlay", overlay(t, e.line, e.plant+e.line))
			}
			run := &results.Run{Path: "planted"}
			run.Header.Plan, err = s.Plan()
			if err != nil {
				t.Fatal(err)
			}
			for block := 1; block <= plantedBlocks; block++ {
				order := slices.Clone(ts)
				if block%2 == 0 {
					slices.Reverse(order)
				}
				for _, tr := range order {
					c := trial.Config{
						ServerPath: plain, FleetPath: fleet, Layout: host.Split(host.Cores()), Treatment: tr,
						Seed: s.Seed, Block: block, Warmup: s.Warmup, Measure: s.Measure,
					}
					if strings.HasSuffix(tr.Labels.Transport(), "#planted") {
						c.ServerPath, c.Treatment.Payload = server, tr.Payload+e.more
					}
					one, err := trial.Run(t.Context(), c)
					if err != nil {
						t.Fatal(err)
					}
					run.Trials = append(run.Trials, one)
				}
				v := run.Judge([]results.Claim{{ID: "planted", Expect: e.expect}})[0]
				t.Logf("%d blocks: %s: %s", block, v.Outcome, v.Found())
				if v.Outcome == results.Holds {
					d := v.Cells[0].Diff
					t.Logf("planted were %g, found are %g (%g to %g)", e.effect, d.Center, d.Lo, d.Hi)
					return
				}
			}
			t.Errorf("not found in %d blocks", plantedBlocks)
		})
	}
}

// overlay makes a file for go build's -overlay, in which a line of the WebSocket
// server is another.
func overlay(t *testing.T, line, with string) string {
	t.Helper()
	path, err := filepath.Abs("../servers/ws/serve.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), line) != 1 {
		t.Fatalf("%s has the line %q %d times; the plant has lost its place", path, line, strings.Count(string(text), line))
	}
	changed := strings.Replace(string(text), line, with, 1)
	changed = strings.Replace(changed, "import (\n", "import (\n\t\"time\"\n", 1)
	other := filepath.Join(t.TempDir(), "serve.go")
	if err := os.WriteFile(other, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: other}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(file, list, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// built is a program of this module, built with flags.
func built(t *testing.T, path, pkg string, flags ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", slices.Concat([]string{"build", "-buildvcs=false", "-o", path}, flags, []string{pkg})...)
	cmd.Dir, cmd.WaitDelay = "..", 10*time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("build %s: %w\n%s", pkg, err, out))
	}
	return path
}
