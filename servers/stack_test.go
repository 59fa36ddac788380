package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/synctest"

	"pushbench/servers/wire"
)

// A request that is parked keeps as much stack as its reading took, and a server has
// thousands of them: 4 KB for the handler, and 2 KB for net/http, which waits for the
// client to leave.
func TestParkedRequestHasAShallowStack(t *testing.T) {
	const requests, most = 400, 7 << 10
	synctest.Test(t, func(t *testing.T) {
		s := openSite(t, false)
		defer s.close()
		before := stacks()
		for range requests {
			near := s.pipe()
			defer near.Close()
			if _, err := fmt.Fprintf(near, "GET /longpoll?since=%019d&hold=30s HTTP/1.1\r\nHost: %s\r\n\r\n", 1, wire.Host); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if each := (stacks() - before) / requests; each > most {
			t.Errorf("a parked request has %d bytes of stack, not %d at most", each, most)
		}
	})
}

// stacks is what all goroutines have of it, once none is larger than it has to be.
func stacks() uint64 {
	debug.FreeOSMemory()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse
}
