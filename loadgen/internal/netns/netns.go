// Package netns is for tests: it tells network namespaces apart, and who still
// holds one (namespaces(7)), as /proc shows it on Linux.
package netns

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Of is the network namespace that a process is in.
func Of(t testing.TB, pid int) string {
	t.Helper()
	return At(t, fmt.Sprintf("/proc/%d/ns/net", pid))
}

// At is the network namespace that a path of /proc stands for. Until the test ends it
// is kept: its name is a number, which the kernel may give to another when it is gone.
func At(t testing.TB, path string) string {
	t.Helper()
	keep, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	descriptor := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), keep.Fd())
	kept.Store(descriptor, true)
	t.Cleanup(func() {
		kept.Delete(descriptor)
		keep.Close()
	})
	space, err := os.Readlink(descriptor)
	if err != nil {
		t.Fatal(err)
	}
	return space
}

// kept is the descriptors by which At keeps namespaces.
var kept sync.Map

// Holders are the threads and descriptors that keep a namespace, but for those of At. A
// process that another test is starting has these for a moment, so that one look is not
// enough.
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
	for _, pattern := range []string{"/proc/[0-9]*/task/[0-9]*/ns/net", "/proc/[0-9]*/fd/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if _, ours := kept.Load(path); ours {
				continue
			}
			if at, err := os.Readlink(path); err == nil && at == space { // else it has ended meanwhile
				found = append(found, path)
			}
		}
	}
	return found
}
