package control

import (
	"os"
	"runtime"
	"testing"

	"pushbench/servers/test/need"
)

// What a process takes from its host shows in its usage.
func TestReadUsage(t *testing.T) {
	read := func() Usage {
		t.Helper()
		u, err := ReadUsage()
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	runtime.GC() // so that what earlier tests left is not taken for used
	before := read()
	if before.Heap <= 0 || before.Stacks <= 0 || before.Goroutines != runtime.NumGoroutine() {
		t.Errorf("the usage is %+v", before)
	}

	// CPU time goes on while the process does; the loop ends because it does.
	for read().CPU() == before.CPU() {
	}

	const size = 64 << 20
	ballast := make([]byte, size)
	for i := 0; i < size; i += os.Getpagesize() {
		ballast[i] = 1
	}
	after := read()
	if grown := after.Heap - before.Heap; grown < size*9/10 {
		t.Errorf("with 64 MB more on the heap it is %d bytes larger", grown)
	}
	if after.CPU() < before.CPU() || after.User+after.System != after.CPU() {
		t.Errorf("CPU time went from %+v to %+v", before, after)
	}
	if runtime.GOOS == "linux" && after.RSS < size {
		t.Errorf("with 64 MB in use the process has %d bytes", after.RSS)
	}
	runtime.KeepAlive(ballast)
}

// Descriptors are counted as they are, without the one that counts them.
func TestUsageCountsDescriptors(t *testing.T) {
	need.That(t, runtime.GOOS == "linux", "Linux, which lists a process's descriptors")
	count := func() int {
		t.Helper()
		u, err := ReadUsage()
		if err != nil {
			t.Fatal(err)
		}
		return u.FDs
	}
	before := count()
	for i := 1; i <= 3; i++ {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if got := count(); got != before+i {
			t.Errorf("with %d more descriptors than %d there are %d", i, before, got)
		}
	}
	if before < 3 {
		t.Errorf("a process with standard input, output and error has %d descriptors", before)
	}
	listed, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	if got := count(); got != len(listed)-1 {
		t.Errorf("%d descriptors are open, and %d counted", len(listed)-1, got)
	}
}
