package conform

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
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
			t.Errorf("%s: %s: %s", r.Name, r.Outcome, r.Detail)
		}
	}
	if report.Failed() || !report.Open || !report.Echo || !report.Deflate {
		t.Errorf("%s: %s", report.offers(), report.Summary())
	}
}

// Each check can fail: testdata/defects.golden says which do for each of the
// defects that the sound server can be given. A check that another defect has
// put out of reach is not applicable, and not listed.
func TestDefects(t *testing.T) {
	all := defects(t)
	lists := make([]string, len(all))
	failed := make([]map[string]bool, len(all))
	t.Run("each", func(t *testing.T) {
		for i, defect := range all {
			failed[i] = make(map[string]bool)
			t.Run(defect, func(t *testing.T) {
				t.Parallel()
				lists[i] = failing(t, defect, failed[i])
			})
		}
	})
	for _, c := range Suite() {
		if !slices.ContainsFunc(failed, func(names map[string]bool) bool { return names[c.Name] }) {
			t.Errorf("no defect makes this check fail: %s", c.Name)
		}
	}
	golden(t, "defects", []byte(strings.Join(lists, "")))
}

// failing lists the checks that a defect fails, and adds their names to failed.
func failing(t *testing.T, defect string, failed map[string]bool) string {
	list := fmt.Sprintf("a server that %s\n", defect)
	for _, r := range against(t, &sound{defect: defect}).Results {
		if r.Outcome == Fail || r.Outcome == No {
			list += fmt.Sprintf("  %s\n", r.Name)
			failed[r.Name] = true
		}
		if r.Outcome == Fail && !strings.Contains(r.Detail, "; ") {
			t.Errorf("%s: the detail %q does not say what was sent and what came", r.Name, r.Detail)
		}
	}
	if len(failed) == 0 {
		t.Error("no check sees it")
	}
	return list
}

// defects are those that the sound server's code asks for, in its order.
func defects(t *testing.T) []string {
	t.Helper()
	var all []string
	seen := make(map[string]bool)
	for _, file := range []string{"sound_test.go", "sound_frames_test.go", "sound_message_test.go"} {
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
	return all
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.SplitAfter(string(want), "\n"), strings.SplitAfter(string(got), "\n")); diff != "" {
		t.Errorf("%s (-want +got; -update accepts it):\n%s", file, diff)
	}
}
