package conform

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"pushbench/loadgen/internal/article"
	"pushbench/servers/all"
	"pushbench/servers/feed"
	"pushbench/servers/test/golden"
	"pushbench/servers/test/need"
)

// maxEcho is the largest message that /echo returns, at either server end.
const maxEcho = 16 << 20

// patient are options for servers that answer, on a host that may be busy: they
// are not waited for in vain. The article's server answers no frame, and each
// case that wants an answer waits, many at a time.
var (
	patient = Options{Timeout: time.Minute}
	brief   = Options{Timeout: 2 * time.Second, Parallel: 128}
)

// servers are those of this module, on one port.
func servers(t *testing.T) string {
	t.Helper()
	log := feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())
	log.Publish(1, []byte("body"))
	server := httptest.NewServer(all.Handler(log))
	t.Cleanup(func() {
		log.Close()
		server.Close()
	})
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

func hold(t *testing.T, url string, o Options) *Report {
	t.Helper()
	report, err := Run(t.Context(), targetOf(t, url), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// failures are what a server does wrong.
func failures(r *Report) []string {
	list := []string{}
	for _, result := range r.Results {
		if result.Outcome == Fail {
			list = append(list, fmt.Sprintf("%s: %s", result.Severity, result.Name))
		}
	}
	return list
}

// knownOfWS is what the library of ws leaves to its callers or does otherwise,
// github.com/coder/websocket v1.8.15.
var knownOfWS = []string{
	"SHOULD: a version twice: refused",
	"MUST: an illegal offer of permessage-deflate is declined",
	"SHOULD: a length in more bytes than it takes: the connection fails",
	"MUST: a reason that is not UTF-8: the connection fails",
}

const reference = "../../results/reference/conformance.md"

// The committed table is what the suite finds. go test ./loadgen/conform -run
// TestReference -update writes it.
func TestReference(t *testing.T) {
	base := servers(t)
	full := patient
	full.Max = maxEcho
	ws, bare := hold(t, base+"/echo?end=ws", full), hold(t, base+"/echo", full)
	if diff := cmp.Diff([]string{}, failures(bare)); diff != "" {
		t.Errorf("what wsbare fails (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(knownOfWS, failures(ws)); diff != "" {
		t.Errorf("what ws fails (-want +got):\n%s", diff)
	}
	theirs := theArticles(t)
	checkArticle(t, theirs)

	var got bytes.Buffer
	got.WriteString(preface)
	if err := Markdown(&got, Column{"ws", ws}, Column{"wsbare", bare}, Column{"the article's server", theirs}); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, reference, got.String())
}

// So do the feed's own ends, in all that can be asked of a server that does not
// echo.
func TestFeed(t *testing.T) {
	base := servers(t)
	for path, known := range map[string][]string{
		"/ws?since=0":                       knownOfWS,
		"/ws?since=0&compress=takeover":     knownOfWS,
		"/wsbare?since=0":                   nil,
		"/wsbare?since=0&compress=takeover": nil,
	} {
		t.Run(path, func(t *testing.T) {
			report := hold(t, base+path, patient)
			for _, failure := range failures(report) {
				if !slices.Contains(known, failure) {
					t.Error(failure)
				}
			}
			if !report.Open || report.Echoes[opText] || (report.Deflate != "") != strings.Contains(path, "compress") {
				t.Errorf("%s", report.offered())
			}
		})
	}
}

// theArticles is what a stand-in for the article's server comes to, in a bubble,
// where waiting for answers that do not come takes no time.
func theArticles(t *testing.T) *Report {
	t.Helper()
	var report *Report
	synctest.Test(t, func(t *testing.T) {
		target := targetOf(t, "ws://127.0.0.1/")
		target.Dial = func(context.Context) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				article.Serve(server)
			}()
			return client, nil
		}
		var err error
		if report, err = Run(t.Context(), target, brief, nil); err != nil {
			t.Fatal(err)
		}
	})
	return report
}

// checkArticle is what the article's server does by its own code, as it was
// recorded.
func checkArticle(t *testing.T, report *Report) {
	t.Helper()
	outcome := make(map[string]Outcome)
	for _, r := range report.Results {
		outcome[r.Name] = r.Outcome
	}
	for name, want := range map[string]Outcome{
		// four illegal upgrades that it agrees to
		"no key: refused":                          Fail,
		"the key that the article prints: refused": Fail,
		"version 8: refused":                       Fail,
		"a method other than GET: not agreed to, in well-formed HTTP": Fail,
		// two legal ones that it refuses
		"Upgrade in any case: agreed to":                      Fail,
		"websocket as one of the list in Upgrade: agreed to":  Fail,
		"Upgrade as one of the list in Connection: agreed to": Pass,
		// a refusal that is no HTTP, and a page where no upgrade is asked for
		"Upgrade to another protocol: not agreed to, in well-formed HTTP": Fail,
		"no Upgrade: not agreed to, in well-formed HTTP":                  Pass,
		"no Connection: not agreed to, in well-formed HTTP":               Pass,
		// and no frames
		"text of every class of length comes back unchanged": NotApplicable,
		"a ping is answered with a pong":                     Fail,
	} {
		if outcome[name] != want {
			t.Errorf("%s: %q, want %s", name, outcome[name], want)
		}
	}
	if !report.Open || report.Echoes[opText] || report.Deflate != "" || !report.Failed() {
		t.Errorf("%s", report.offered())
	}
}

// The stand-in for the article's server does what Node does under such code.
func TestArticleAsUnderNode(t *testing.T) {
	node, err := exec.LookPath("node")
	need.That(t, err == nil, "node, version 20 or later")
	// Node closes what it has no descriptor for, and is then not tested.
	var files unix.Rlimit
	err = unix.Getrlimit(unix.RLIMIT_NOFILE, &files)
	need.That(t, err == nil && files.Cur >= 1024, "1024 open files (ulimit -n)")
	cmd := exec.CommandContext(t.Context(), node, "testdata/observed.js")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer stdin.Close() // which ends it
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("node has not said its port: %v", err)
	}
	lines := func(r *Report) []string {
		var list []string
		for _, result := range r.Results {
			list = append(list, fmt.Sprintf("%s: %s", result.Name, result.Outcome))
		}
		return list
	}
	got, want := lines(theArticles(t)), lines(hold(t, "ws://127.0.0.1:"+strings.TrimSpace(port)+"/", brief))
	if !slices.Equal(got, want) {
		t.Errorf("(-node +ours):\n%s", cmp.Diff(want, got))
	}
}
