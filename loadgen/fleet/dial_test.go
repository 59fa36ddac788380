package fleet

import (
	"context"
	"net"
	"net/netip"
	"testing"
)

// On loopback every 5,000 subscribers have an address of their own, and the first have
// the one that the kernel chooses. Elsewhere the kernel does.
func TestSources(t *testing.T) {
	for _, test := range []struct {
		addr   string
		number int
		want   string
	}{
		{"127.0.0.1:80", 0, ""},
		{"127.0.0.1:80", 4999, ""},
		{"127.0.0.1:80", 5000, "127.0.0.2"},
		{"127.0.0.1:80", 9999, "127.0.0.2"},
		{"127.0.0.1:80", 10_000, "127.0.0.3"},
		{"127.0.0.1:80", 999_999, "127.0.0.200"},
		{"127.0.0.1:80", 256 * 5000, "127.0.1.1"},
		{"198.18.0.1:80", 10_000, ""},
		{"[::1]:80", 10_000, ""},
		{"", 10_000, ""},
	} {
		want := netip.Addr{}
		if test.want != "" && manyLoopbacks {
			want = netip.MustParseAddr(test.want)
		}
		if got := sourceOf(test.addr, test.number); got != want {
			t.Errorf("subscriber %d of %q dials from %v, want %v", test.number, test.addr, got, want)
		}
	}
}

// A connection comes from its source, and from a port that the kernel chooses.
func TestDialFromSource(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	all := dialers{addr: l.Addr().String()}
	for _, number := range []int{0, PerSource, PerSource + 1, 3 * PerSource} {
		c, err := all.of(number)(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		want := netip.MustParseAddr("127.0.0.1")
		if source := sourceOf(all.addr, number); source.IsValid() {
			want = source
		}
		if from := c.LocalAddr().(*net.TCPAddr).AddrPort(); from.Addr() != want || from.Port() == 0 {
			t.Errorf("subscriber %d dials from %v, want %v", number, from, want)
		}
		c.Close()
	}
}
