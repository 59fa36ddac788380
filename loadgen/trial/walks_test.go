package trial

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pushbench/loadgen/stage"
	"pushbench/scenarios"
	"pushbench/servers/all"
	"pushbench/servers/test/need"
)

// asked is a trial as a scenario asks for it by such keys, with all else as in config.
func asked(t *testing.T, fixed string) Config {
	t.Helper()
	text := "question: q\nwarmup: 60ms\nmeasure: 200ms\nblocks: 1\nfixed: {subscribers: 4, rate: 400/s, arrivals: constant, payload: 100B, " + fixed + "}\n"
	s, err := scenarios.Parse("walk.yaml", []byte(text), all.Parse)
	if err != nil {
		t.Fatal(err)
	}
	ts, _, err := s.Treatments()
	if err != nil || len(ts) != 1 {
		t.Fatalf("%d treatments: %v", len(ts), err)
	}
	c := realConfig(t, ts[0].Transport)
	c.Treatment = ts[0]
	return c
}

// The stages that scenarios name are those that there are.
func TestStagesAreThoseOfScenarios(t *testing.T) {
	same := func(stages, names []string) {
		t.Helper()
		if slices.Sort(stages); !slices.Equal(stages, slices.Sorted(slices.Values(names))) {
			t.Errorf("stages %q, scenarios %q", stages, names)
		}
	}
	same(slices.Collect(maps.Keys(stage.Servers)), scenarios.Servers)
	same(append(slices.Collect(maps.Keys(stage.Proxies)), scenarios.NoProxy), scenarios.Proxies)
}

// A relay between server and fleet takes nothing from the record. It adds what it costs
// itself, of which nothing is charged to the ends.
func TestThroughARelay(t *testing.T) {
	t.Parallel()
	for _, fixed := range []string{"transport: ws", "transport: poll?interval=50ms, tls: on", "transport: poll?interval=50ms&keepalive=off, fleets: 2"} {
		t.Run(fixed, func(t *testing.T) {
			t.Parallel()
			r, trial := observeTrial(t, asked(t, "proxy: relay, "+fixed))
			near(t, trial, "bytes/payload/down", 100)
			sums(t, trial)
			if listens := r.chains[0][len(r.chains[0])-1].Party(); listens.Name != "proxy" {
				t.Errorf("the fleets connect to %s", listens.Name)
			}
			if runtime.GOOS == "linux" {
				spent := r.seen.After.Process["proxy"].CPU - r.seen.Before.Process["proxy"].CPU
				near(t, trial, "proxy/cpu", spent/float64(r.seen.After.Fleet.Delivered-r.seen.Before.Fleet.Delivered))
			}
			if trial.Treatment["proxy"] != "relay" {
				t.Errorf("the record says %v", trial.Treatment)
			}
		})
	}
}

// What a server of somebody else does not promise is not asked of it, and stands in no
// record; that every event came, and how old it was, does.
func TestForeignServer(t *testing.T) {
	t.Parallel()
	r, trial := observeTrial(t, asked(t, "server: list, transport: poll?interval=50ms"))
	if due, want := r.inWindow(), scheduled(t, r.config, r.plan); !slices.Equal(due, want) {
		t.Errorf("events are due at %v, and of our own server at %v", due, want)
	}
	if n := value(t, trial, "events/delivered"); n == 0 || n != value(t, trial, "events/expected") {
		t.Errorf("%v events were delivered", n)
	}
	near(t, trial, "bytes/payload/down", 100)
	for _, untold := range []string{"server/rss", "server/fds", "conn/count", "bytes/tls/down", "publisher/cpu"} {
		if m, told := trial.Metrics[untold]; told {
			t.Errorf("%s is %v of a server that tells nothing", untold, m.Value)
		}
	}
	if !slices.ContainsFunc(trial.Warnings, func(w string) bool { return strings.HasPrefix(w, "the server counts nothing for us") }) {
		t.Errorf("the record says nothing of what it leaves out: %q", trial.Warnings)
	}
}

// Every server of other people takes part in a trial, as far as scenarios may ask for
// it: each event comes to each subscriber, once and in order.
func TestRivals(t *testing.T) {
	t.Parallel()
	const modules = "../../servers/rivals"
	made := func(t *testing.T, server string) string {
		t.Helper()
		dir := t.TempDir()
		if err := stage.Make(context.WithoutCancel(t.Context()), dir, server); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for _, c := range []struct {
		fixed string
		needs func(*testing.T)
	}{
		{"server: gobwas, transport: ws", func(t *testing.T) { need.Modules(t, modules) }},
		{"server: gws, transport: ws, fleets: 2", func(t *testing.T) { need.Modules(t, modules) }},
		{"server: fasthttp, transport: poll?interval=50ms, want: latest", func(t *testing.T) { need.Modules(t, modules) }},
		{"server: node, transport: ws", func(t *testing.T) { npm(t, filepath.Join(modules, "node")) }},
		{"server: nginx, transport: poll?interval=50ms&conditional=on, want: latest", has("nginx")},
		{"server: nchan, transport: longpoll", has("nchan")},
		{"server: nchan, transport: stream", has("nchan")},
		{"server: nchan, transport: ws", has("nchan")},
	} {
		t.Run(c.fixed, func(t *testing.T) {
			t.Parallel()
			c.needs(t)
			config := asked(t, c.fixed)
			config.RivalsPath = made(t, config.Treatment.Server)
			_, trial := observeTrial(t, config)
			near(t, trial, "bytes/payload/down", 100)
			if n := value(t, trial, "events/delivered"); n == 0 || config.Treatment.Want == "every" && n != value(t, trial, "events/expected") {
				t.Errorf("%v events were delivered", n)
			}
			if versions := stage.Versions(t.Context(), config.RivalsPath, config.Treatment.Server); len(versions) == 0 {
				t.Error("nothing says of which version the server is")
			}
		})
	}
}

// has asks for what a server takes.
func has(server string) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		err := stage.Lacks(server)
		need.That(t, err == nil, fmt.Sprint(err))
	}
}

// npm asks for the packages that a folder's lock names.
func npm(t *testing.T, dir string) {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		_, err := exec.LookPath(program)
		need.That(t, err == nil, "Node.js with npm, and "+program+" is not there")
	}
	cmd := exec.Command("npm", "ci", "--dry-run", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	need.That(t, err == nil, "what "+dir+" names, which npm ci could not install:\n"+string(out))
}
