package host

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func init() {
	// A process can lower its hard limit, never raise it again: only a child
	// may try.
	children["limited"] = func() error {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 128}); err != nil {
			return err
		}
		if err := NeedOpenFiles(128); err != nil {
			return fmt.Errorf("128 of 128: %w", err)
		}
		if limit, reach, err := openFiles(); limit.Cur != 128 || reach != 128 || err != nil {
			return fmt.Errorf("then the limits are %+v, reach %d, %v", limit, reach, err)
		}
		inherited, err := exec.Command("sh", "-c", "ulimit -Sn").Output()
		if err != nil || strings.TrimSpace(string(inherited)) != "128" {
			return fmt.Errorf("a child of this process has a soft limit of %q, %v", inherited, err)
		}
		fmt.Println(NeedOpenFiles(FilesFor(2000)))
		return nil
	}
}

func TestOpenFilesLimit(t *testing.T) {
	out, err := child(t, "limited").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const want = "open files: 2064 are needed per process, the hard limit is 128; use fewer subscribers, or raise it: " +
		"`ulimit -Hn 2064` in a root shell, LimitNOFILE=2064 in a systemd unit, --ulimit nofile=2064 for a container\n"
	if string(out) != want {
		t.Errorf("message\n%swant\n%s", out, want)
	}
}
