package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pushbench/servers/test/need"
)

const module = "pushbench"

// layer is what of this module its packages may import, and why no more. In
// patterns * stands for one folder, … for any.
type layer struct {
	of  string
	may []string
	why string
}

// layers is the module from the feed up. The first that a package matches is
// its own.
var layers = []layer{
	{"servers/cmdline", nil, "a command line is read below everything"},
	{"servers/test/hard", nil, "texts are read without knowing who writes them"},
	{"servers/units", nil, "numbers with units are read below everything, and in the measured program too"},
	{"servers/count", nil, "readings are added and subtracted below whoever takes them"},
	{"servers/epoll", nil, "it waits for sockets, whatever goes over them"},
	{"servers/feed", []string{"servers/units"}, "the contract stands on its own, so that a transport can be understood with nothing else"},
	{"servers/wire", []string{"servers/count", "servers/epoll", "servers/units"}, "it wraps any connection, whatever is carried"},
	{"servers/control", []string{"servers/wire"}, "it steers any child, whatever it serves"},
	{"servers/steer", []string{"servers/control", "servers/feed", "servers/wire"}, "it steers a server of the feed, whatever carries it"},
	{"servers/all", []string{"servers/feed", "servers/*"}, "it is the table of transports"},
	{"servers/ws", []string{"servers/feed", "servers/wsbare"}, "one client end for every WebSocket server, and no other transport"},
	{"servers/*", []string{"servers/feed"}, "a transport is one folder: it knows the feed, and neither who counts its bytes nor another transport"},
	{"servers", []string{"servers/all", "servers/cmdline", "servers/control", "servers/feed", "servers/steer", "servers/units", "servers/wire"}, "the process under test has what a server needs"},
	{"results", []string{"servers/units"}, "a record explains itself"},
	{"scenarios", []string{"results", "servers/feed", "servers/units"}, "a scenario knows the claims it makes and the types of a transport, and not who runs it"},
	{"plots", []string{"scenarios", "results", "servers/cmdline", "servers/units"}, "figures are drawn from files alone"},
	{"loadgen/host", []string{"results", "servers/count"}, "it knows the machine and nothing of what runs on it"},
	{"loadgen/run", []string{"scenarios", "results", "servers/all", "servers/units", "loadgen/host", "loadgen/lab", "loadgen/party", "loadgen/stage", "loadgen/trial"}, "the run leaves a trial's inside to package trial, and has the stages made that it needs"},
	{"loadgen/measure", []string{"scenarios", "results", "servers/control", "servers/count", "servers/feed", "servers/wire", "loadgen/fleet", "loadgen/host", "loadgen/lab"}, "it computes from what was seen, and starts nothing"},
	{"loadgen/trial", []string{"scenarios", "results", "servers/all", "servers/control", "servers/count", "servers/feed", "servers/wire", "loadgen/fleet", "loadgen/host", "loadgen/lab", "loadgen/measure", "loadgen/party", "loadgen/stage"}, "it acts on parties, and leaves what comes of it to package measure"},
	{"loadgen/party", []string{"servers/control", "servers/count", "servers/wire", "loadgen/fleet", "loadgen/host"}, "it asks, and knows no metric"},
	{"loadgen/stage", []string{"scenarios", "servers/control", "servers/feed", "servers/wire", "loadgen/host", "loadgen/lab", "loadgen/measure", "loadgen/party"}, "it starts what the feed passes through, whatever a trial does with it"},
	{"loadgen/…", []string{"scenarios", "results", "servers/all", "servers/control", "servers/count", "servers/feed", "servers/units", "servers/wire", "loadgen/…"}, "the generator knows a server by its contract, and never draws"},
	{"loadgen", []string{"servers/cmdline", "servers/units", "loadgen/conform", "loadgen/fleet", "loadgen/host", "loadgen/lab", "loadgen/run", "loadgen/stage"}, "it is the command line, and leaves the run to package run"},
}

// owners is the one folder that each third-party package has, so that it can be
// replaced there.
var owners = []struct{ pkg, owner string }{
	{"github.com/coder/websocket", "servers/ws"},
	{"github.com/HdrHistogram/hdrhistogram-go", "results"},
	{"golang.org/x/perf", "results"},
	{"go.yaml.in/yaml/v4", "scenarios"},
	{"gonum.org/v1/gonum", "results"},
	{"gonum.org/v1/plot", "plots"},
	{"golang.org/x/image", "plots"}, // names the weights and styles of gonum's fonts
	{"github.com/jedib0t/go-pretty/v6", "plots"},
	{"github.com/gopacket/gopacket", "loadgen/internal/capture"},
	{"golang.org/x/net/bpf", "loadgen/internal/capture"},
	{"golang.org/x/net/idna", "loadgen/conform"},
	{"github.com/vishvananda/netlink", "loadgen/lab"},
	{"github.com/prometheus/procfs", "loadgen/host"},
	{"golang.org/x/sys", "…"}, // the standard library by another name
}

// linked is all that may be in the servers' program beside its own packages:
// what is in it is measured with it.
var linked = []string{"github.com/coder/websocket", "golang.org/x/sys"}

// listed is what go list tells of a package. Imports are those of its program
// alone, without its tests'.
type listed struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
	Error      *struct{ Err string }
}

func TestImportRules(t *testing.T) {
	need.Go(t)
	if err := need.Sources(module + "/..."); err != nil {
		t.Fatal(err)
	}
	for _, system := range []string{"linux", "darwin"} { // files of one are not seen from the other
		pkgs, err := list(system)
		if err != nil {
			t.Errorf("%s: %v", system, err)
		}
		for _, v := range violations(pkgs) {
			t.Errorf("%s: %s", system, v)
		}
	}
}

// list is every package of this module and every one that they need.
func list(system string) ([]listed, error) {
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Standard,Imports,Deps,Error", module+"/...")
	cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list imports: %w: %s", err, &stderr)
	}
	var pkgs []listed
	var problems []error
	for in := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := in.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("list imports: %w", err)
		}
		if p.Error != nil {
			problems = append(problems, fmt.Errorf("%s: %s", p.ImportPath, p.Error.Err))
		}
		pkgs = append(pkgs, p)
	}
	return pkgs, errors.Join(problems...)
}

// violations lists the imports that break a rule, each with the rule's reason.
func violations(pkgs []listed) []string {
	var broken []string
	say := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	standard, support := map[string]bool{}, map[string]bool{}
	for _, p := range pkgs {
		standard[p.ImportPath] = p.Standard
		// What imports package testing is itself part of tests, which may import anything.
		support[p.ImportPath] = slices.Contains(p.Imports, "testing")
	}
	for _, p := range pkgs {
		self, ours := within(p.ImportPath, module)
		if !ours || support[p.ImportPath] {
			continue
		}
		i := slices.IndexFunc(layers, func(l layer) bool { return matches(self, l.of) })
		if i < 0 {
			say("%s: there is no rule for it; add one to layers", self)
			continue
		}
		for _, imported := range p.Imports {
			other, ours := within(imported, module)
			switch {
			case standard[imported] || imported == "C" || imported == "unsafe":
			case support[imported]:
				say("%s imports %s, which is for tests", self, other)
			case ours:
				if !slices.ContainsFunc(layers[i].may, func(pattern string) bool { return matches(other, pattern) }) {
					say("%s imports %s: %s", self, other, layers[i].why)
				}
			default:
				if owner := ownerOf(imported); owner == "" {
					say("%s imports %s, which has no owner; add one to owners, or do without", self, imported)
				} else if !matches(self, owner) {
					say("%s imports %s, which belongs to %s alone", self, imported, owner)
				}
			}
		}
		if self == "servers" {
			for _, dep := range p.Deps {
				_, own := within(dep, module+"/servers")
				if !own && !standard[dep] && !slices.ContainsFunc(linked, func(root string) bool { _, ok := within(dep, root); return ok }) {
					say("the servers' program links %s, and would be measured with it", dep)
				}
			}
		}
	}
	slices.Sort(broken)
	return broken
}

// within reports whether a package is root or lies below it, and where.
func within(pkg, root string) (rest string, ok bool) {
	if pkg == root {
		return "", true
	}
	return strings.CutPrefix(pkg, root+"/")
}

// matches compares a package's path in the module with a pattern.
func matches(pkg, pattern string) bool {
	if root, any := strings.CutSuffix(pattern, "…"); any {
		return strings.HasPrefix(pkg, root)
	}
	ok, err := path.Match(pattern, pkg)
	return ok && err == nil
}

func ownerOf(imported string) string {
	for _, o := range owners {
		if _, ok := within(imported, o.pkg); ok {
			return o.owner
		}
	}
	return ""
}

// A made-up module that breaks each rule once: the test above can fail.
func TestImportRulesCanFail(t *testing.T) {
	pkg := func(name string, imports ...string) listed {
		return listed{ImportPath: name, Imports: imports}
	}
	sound := []listed{
		{ImportPath: "net/http", Standard: true},
		{ImportPath: "testing", Standard: true},
		pkg("pushbench/servers/feed", "net/http", "golang.org/x/sys/unix"),
		pkg("pushbench/servers/feed/feedtest", "testing", "pushbench/servers/wire", "github.com/google/go-cmp/cmp"),
		pkg("pushbench/servers/wire", "net/http"),
		pkg("pushbench/servers/control", "pushbench/servers/wire"),
		pkg("pushbench/servers/wsbare", "pushbench/servers/feed", "net/http"),
		pkg("pushbench/servers/ws", "pushbench/servers/feed", "pushbench/servers/wsbare", "github.com/coder/websocket"),
		pkg("pushbench/servers/raw", "pushbench/servers/feed", "net/http"),
		pkg("pushbench/servers/all", "pushbench/servers/feed", "pushbench/servers/raw", "pushbench/servers/ws"),
		{ImportPath: "pushbench/servers", Imports: []string{"pushbench/servers/all", "pushbench/servers/wire"},
			Deps: []string{"net/http", "pushbench/servers/all", "pushbench/servers/ws", "github.com/coder/websocket/internal/xsync", "golang.org/x/sys/unix"}},
		pkg("pushbench/results", "golang.org/x/perf/benchmath"),
		pkg("pushbench/scenarios", "pushbench/results", "pushbench/servers/feed", "go.yaml.in/yaml/v4"),
		pkg("pushbench/plots", "pushbench/results", "pushbench/scenarios", "gonum.org/v1/plot/vg"),
		pkg("pushbench/loadgen/lab", "pushbench/results", "pushbench/servers/control", "pushbench/servers/feed", "github.com/vishvananda/netlink"),
		pkg("pushbench/loadgen/measure", "pushbench/loadgen/lab", "pushbench/results"),
		pkg("pushbench/loadgen/trial", "pushbench/loadgen/lab", "pushbench/loadgen/fleet", "pushbench/servers/control"),
		pkg("pushbench/loadgen/run", "pushbench/loadgen/trial", "pushbench/servers/all", "pushbench/scenarios"),
		pkg("pushbench/loadgen", "pushbench/loadgen/run", "pushbench/loadgen/conform"),
		pkg("github.com/coder/websocket", "net/http"), // its own business
	}
	if v := violations(sound); len(v) > 0 {
		t.Fatalf("violations %q of a sound module", v)
	}
	for _, test := range []struct {
		pkg  listed
		want string
	}{
		{pkg("pushbench/servers/feed", "pushbench/servers/wire"), "servers/feed imports servers/wire: the contract stands on its own"},
		{pkg("pushbench/servers/feed", "github.com/coder/websocket"), "servers/feed imports github.com/coder/websocket, which belongs to servers/ws alone"},
		{pkg("pushbench/servers/wire", "pushbench/servers/feed"), "servers/wire imports servers/feed: it wraps any connection"},
		{pkg("pushbench/servers/control", "pushbench/servers/feed"), "servers/control imports servers/feed: it steers any child"},
		{pkg("pushbench/servers/sse", "pushbench/servers/ws"), "servers/sse imports servers/ws: a transport is one folder"},
		{pkg("pushbench/servers/ws", "pushbench/servers/raw"), "servers/ws imports servers/raw: one client end for every WebSocket server"},
		{pkg("pushbench/servers/raw", "pushbench/servers/wsbare"), "servers/raw imports servers/wsbare: a transport is one folder"},
		{pkg("pushbench/servers/wsbare", "github.com/coder/websocket"), "servers/wsbare imports github.com/coder/websocket, which belongs to servers/ws alone"},
		{pkg("pushbench/servers/sse", "pushbench/servers/wire"), "servers/sse imports servers/wire: a transport is one folder"},
		{pkg("pushbench/servers/all", "pushbench/results"), "servers/all imports results: it is the table of transports"},
		{pkg("pushbench/servers", "pushbench/results"), "servers imports results: the process under test"},
		{listed{ImportPath: "pushbench/servers", Deps: []string{"github.com/HdrHistogram/hdrhistogram-go"}}, "the servers' program links github.com/HdrHistogram/hdrhistogram-go, and would be measured with it"},
		{listed{ImportPath: "pushbench/servers", Deps: []string{"pushbench/scenarios"}}, "the servers' program links pushbench/scenarios"},
		{listed{ImportPath: "pushbench/servers", Deps: []string{"gonum.org/v1/plot"}}, "the servers' program links gonum.org/v1/plot"},
		{pkg("pushbench/results", "pushbench/scenarios"), "results imports scenarios: a record explains itself"},
		{pkg("pushbench/scenarios", "pushbench/servers/all"), "scenarios imports servers/all: a scenario knows"},
		{pkg("pushbench/scenarios", "github.com/HdrHistogram/hdrhistogram-go"), "scenarios imports github.com/HdrHistogram/hdrhistogram-go, which belongs to results alone"},
		{pkg("pushbench/plots", "pushbench/loadgen/host"), "plots imports loadgen/host: figures are drawn from files alone"},
		{pkg("pushbench/plots", "go.yaml.in/yaml/v4"), "plots imports go.yaml.in/yaml/v4, which belongs to scenarios alone"},
		{pkg("pushbench/loadgen/host", "pushbench/servers/feed"), "loadgen/host imports servers/feed: it knows the machine"},
		{pkg("pushbench/loadgen/host", "github.com/vishvananda/netlink"), "loadgen/host imports github.com/vishvananda/netlink, which belongs to loadgen/lab alone"},
		{pkg("pushbench/loadgen/host", "pushbench/loadgen/lab"), "loadgen/host imports loadgen/lab: it knows the machine"},
		{pkg("pushbench/loadgen/trial", "pushbench/loadgen/run"), "loadgen/trial imports loadgen/run: it acts on parties"},
		{pkg("pushbench/loadgen/party", "pushbench/loadgen/measure"), "loadgen/party imports loadgen/measure: it asks"},
		{pkg("pushbench/loadgen/stage", "pushbench/loadgen/trial"), "loadgen/stage imports loadgen/trial: it starts what"},
		{pkg("pushbench/loadgen/measure", "pushbench/loadgen/trial"), "loadgen/measure imports loadgen/trial: it computes from what was seen"},
		{pkg("pushbench/loadgen/fleet", "pushbench/servers/ws"), "loadgen/fleet imports servers/ws: the generator knows a server by its contract"},
		{pkg("pushbench/loadgen/fleet", "pushbench/servers/feed/feedtest"), "loadgen/fleet imports servers/feed/feedtest, which is for tests"},
		{pkg("pushbench/loadgen", "pushbench/loadgen/trial"), "loadgen imports loadgen/trial: it is the command line"},
		{pkg("pushbench/loadgen/run", "pushbench/plots"), "loadgen/run imports plots: the run leaves"},
		{pkg("pushbench/loadgen", "github.com/jedib0t/go-pretty/v6/table"), "loadgen imports github.com/jedib0t/go-pretty/v6/table, which belongs to plots alone"},
		{pkg("pushbench/loadgen", "github.com/spf13/cobra"), "loadgen imports github.com/spf13/cobra, which has no owner"},
		{pkg("pushbench/tools"), "tools: there is no rule for it"},
		{pkg("pushbench/servers/ws/frames"), "servers/ws/frames: there is no rule for it"},
	} {
		got := violations(append(slices.Clone(sound), test.pkg))
		if len(got) != 1 || !strings.HasPrefix(got[0], test.want) {
			t.Errorf("%s: violations %q, want one: %q", test.pkg.ImportPath, got, test.want)
		}
	}
}

func TestMatches(t *testing.T) {
	got := map[string]bool{}
	for _, c := range [][2]string{
		{"servers/ws", "servers/*"}, {"servers", "servers/*"}, {"servers/ws/x", "servers/*"}, {"servers/feed", "servers/feed"},
		{"loadgen/trial", "loadgen/…"}, {"loadgen/a/b", "loadgen/…"}, {"loadgen", "loadgen/…"}, {"anything", "…"},
	} {
		got[c[0]+" "+c[1]] = matches(c[0], c[1])
	}
	want := map[string]bool{
		"servers/ws servers/*": true, "servers servers/*": false, "servers/ws/x servers/*": false, "servers/feed servers/feed": true,
		"loadgen/trial loadgen/…": true, "loadgen/a/b loadgen/…": true, "loadgen loadgen/…": false, "anything …": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
