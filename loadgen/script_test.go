package main

import (
	"errors"
	"flag"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"pushbench/servers/all"
	"pushbench/servers/feed"
)

var update = flag.Bool("update", false, "write what the scripts compare with")

// TestScripts runs testdata/script. Beside testscript's own commands there is
//
//	loadgen CODE ARGS…
//
// which runs loadgen and wants it to exit with the code. $SERVERS is the
// servers' program, $ECHO a WebSocket that echoes.
func TestScripts(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := servers(t)
	echo := httptest.NewServer(all.Handler(feed.NewLog(feed.Text, 1, feed.NewClock())))
	t.Cleanup(echo.Close) // when the scripts have run, which are parallel
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv(asVar, "loadgen")
			e.Setenv("SERVERS", program)
			e.Setenv("ECHO", "ws"+strings.TrimPrefix(echo.URL, "http")+all.EchoPath)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"loadgen": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) == 0 {
					ts.Fatalf("usage: loadgen CODE ARGS…")
				}
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				got := 0
				var exit *exec.ExitError
				if err := ts.Exec(self, args[1:]...); errors.As(err, &exit) {
					got = exit.ExitCode()
				} else {
					ts.Check(err)
				}
				if got != want {
					ts.Fatalf("exit code %d, want %d", got, want)
				}
			},
		},
	})
}
