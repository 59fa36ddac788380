package trial

import (
	"testing"
)

// A trial of memory with the real servers: whatever it costs, each step is read,
// and each connection has one event.
func TestIdle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		transport, http string
		tls             bool
		quiet           bool // nothing is sent while the feed is quiet
	}{
		{"poll?interval=50ms", "1.1", false, false},
		{"poll?interval=50ms", "2", true, false},
		{"longpoll?hold=30s", "1.1", false, true},
		{"raw", "1.1", false, true},
		{"ws", "1.1", true, true},
	} {
		t.Run(test.transport+" HTTP/"+test.http, func(t *testing.T) {
			t.Parallel()
			c := realConfig(t, test.transport)
			c.Treatment.HTTP, c.Treatment.TLS = test.http, test.tls
			c.Steps, c.Treatment.Subscribers, c.Treatment.Rate = []int{2, 8, 20}, 20, 0
			trial := runTrial(t, c)
			wantBroken(t, trial)
			for _, metric := range []string{
				"idle/server-rss", "idle/server-heap", "idle/server-stacks", "idle/fleet-rss", "idle/kernel", "idle/fit-error",
				"held/server-rss", "held/server-heap", "held/server-stacks", "held/fleet-rss", "held/kernel",
			} {
				value(t, trial, metric) // of so few connections it may be anything
			}
			if got := value(t, trial, "idle/server-heap"); got <= 0 {
				t.Errorf("a connection takes %v bytes of heap", got)
			}
			if got := value(t, trial, "idle/bytes/up"); (got == 0) != test.quiet {
				t.Errorf("a connection sends %v bytes a second while the feed is quiet", got)
			}
			if got := value(t, trial, "events/lost"); got != 0 {
				t.Errorf("%v events lost", got)
			}
		})
	}
}
