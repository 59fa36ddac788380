package conform

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/test/golden"
)

// soundly are options under which no check is skipped.
var soundly = Options{Timeout: 2 * time.Second, Slow: 2 * soundPatience, Max: soundMax}

// against runs the suite against a server in a bubble, where waiting for an
// answer that does not come takes no time.
func against(t *testing.T, s *sound) *Report {
	t.Helper()
	var report *Report
	synctest.Test(t, func(t *testing.T) {
		var err error
		if report, err = Run(context.Background(), s.target(), soundly, nil); err != nil {
			t.Fatal(err)
		}
	})
	return report
}

// A server without a defect passes every check, and none is left out.
func TestSound(t *testing.T) {
	report := against(t, new(sound))
	for _, r := range report.Results {
		if r.Outcome != Pass {
			t.Errorf("%s: %s: %q", r.Name, r.Outcome, r.Details)
		}
	}
	if report.Failed() || report.offered() != "opens, echo, permessage-deflate" || report.Untested() != "" {
		t.Errorf("%s: %s %s", report.offered(), report.Summary(), report.Untested())
	}
}

// Each check can fail: testdata/defects.golden says which do for each of the
// defects that the sound server can be given. Where its handshake has none it has
// much to say besides, of which no check may fail. A check that another defect
// has put out of reach is not applicable, and not listed.
func TestDefects(t *testing.T) {
	all, handshakes := defects(t)
	lists := make([]string, len(all))
	failed := make([]map[string]bool, len(all))
	t.Run("each", func(t *testing.T) {
		for i, defect := range all {
			failed[i] = make(map[string]bool)
			t.Run(defect, func(t *testing.T) {
				t.Parallel()
				server := &sound{defect: defect}
				if i >= handshakes {
					server.manner = "chatters"
				}
				lists[i] = failing(t, server, failed[i])
			})
		}
	})
	for _, c := range Suite() {
		if !slices.ContainsFunc(failed, func(names map[string]bool) bool { return names[c.Name] }) {
			t.Errorf("no defect makes this check fail: %s", c.Name)
		}
	}
	golden.Compare(t, "testdata/defects.golden", strings.Join(lists, ""))
}

// failing lists the checks that a server fails, and adds their names to failed.
func failing(t *testing.T, s *sound, failed map[string]bool) string {
	list := fmt.Sprintf("a server that %s\n", s.defect)
	for _, r := range against(t, s).Results {
		if r.Outcome == Fail || r.Outcome == No {
			list += fmt.Sprintf("  %s\n", r.Name)
			failed[r.Name] = true
		}
		if r.Outcome == Untested {
			t.Errorf("%s: untested: %q", r.Name, r.Details)
		}
		for _, detail := range r.Details {
			if r.Outcome == Fail && !strings.Contains(detail, "; ") {
				t.Errorf("%s: the detail %q does not say what was sent and what came", r.Name, detail)
			}
		}
	}
	if len(failed) == 0 {
		t.Error("no check sees it")
	}
	return list
}

// defects are those that the sound server's code asks for, in its order: first
// those of its handshake.
func defects(t *testing.T) (all []string, handshakes int) {
	t.Helper()
	seen := make(map[string]bool)
	for _, file := range []string{"sound_test.go", "sound_frames_test.go", "sound_message_test.go"} {
		if file != "sound_test.go" && handshakes == 0 {
			handshakes = len(all)
		}
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\.is\("([^"]+)"\)`).FindAllSubmatch(code, -1) {
			if defect := string(m[1]); !seen[defect] {
				seen[defect] = true
				all = append(all, defect)
			}
		}
	}
	return all, handshakes
}

// Each failure of a check is told, and not the first one only.
func TestEachFailure(t *testing.T) {
	for defect, want := range map[string]map[string]int{
		"takes unknown data frames":          {"opcodes that mean nothing, 0x3 to 0x7: the connection fails": 5, "a broken protocol is told with status 1002": 1},
		"answers a close without its status": {"the answer to a close has its status": len(goodStatuses)},
		"compares Upgrade to the letter":     {"Upgrade in any case: agreed to": 2, "empty elements in lists: agreed to": 1},
		"says 1011 whatever is wrong":        {"not UTF-8 is told with status 1007": 3, "what is too big is told with status 1009": 2},
	} {
		report := against(t, &sound{defect: defect})
		var text bytes.Buffer
		if err := report.Text(&text); err != nil {
			t.Fatal(err)
		}
		for _, r := range report.Results {
			n, ok := want[r.Name]
			if ok && len(r.Details) != n {
				t.Errorf("%s: %s: %d failures, not %d: %q", defect, r.Name, len(r.Details), n, r.Details)
			}
			for i, detail := range r.Details {
				if slices.Contains(r.Details[:i], detail) || !strings.Contains(text.String(), "\n"+strings.Repeat(" ", 21)+detail+"\n") {
					t.Errorf("%s: %s: the report does not have, or twice, %s", defect, r.Name, detail)
				}
			}
		}
	}
}
