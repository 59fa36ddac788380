// Package netns is for tests: it tells network namespaces apart, and who still
// holds one (namespaces(7)), as /proc shows it on Linux.
package netns

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Of is the network namespace that a process is in.
func Of(t testing.TB, pid int) string {
	t.Helper()
	return At(t, fmt.Sprintf("/proc/%d/ns/net", pid))
}

// At is the network namespace that a path of /proc stands for. The test holds it until
// it ends, so that no other namespace gets its number meanwhile.
func At(t testing.TB, path string) string {
	t.Helper()
	held, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { held.Close() })
	space, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	return space
}

// Holders are the threads and descriptors that keep a namespace, those of this test
// left out. A process that another test is starting has this one's descriptors for a
// moment, hence the looks.
func Holders(t testing.TB, space string) (found []string) {
	t.Helper()
	const looks = 20
	for range looks {
		if found = holders(t, space); found == nil {
			break
		}
	}
	return found
}

func holders(t testing.TB, space string) (found []string) {
	t.Helper()
	own := fmt.Sprintf("/proc/%d/fd/", os.Getpid())
	for _, pattern := range []string{"/proc/[0-9]*/task/[0-9]*/ns/net", "/proc/[0-9]*/fd/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if at, err := os.Readlink(path); err == nil && at == space && !strings.HasPrefix(path, own) { // else it has ended meanwhile
				found = append(found, path)
			}
		}
	}
	return found
}
