package host

import (
	"os"
	"strings"
	"testing"
)

// What a kernel does not tell is an error, and no 0.
func TestKernel(t *testing.T) {
	const meminfo = "MemTotal:       24623456 kB\nSlab:              60316 kB\nHugePages_Total:       0\n"
	const sockstat = "sockets: used 40\nTCP: inuse 8 orphan 0 tw 3 alloc 9 mem 17\nUDP: inuse 1 mem 2\n"
	const ip, udp = "Ip: A\nIp: 1\n", "Udp: InDatagrams RetransSegs\nUdp: 1 99\n"
	page := int64(os.Getpagesize())
	for _, test := range []struct {
		meminfo, sockstat, snmp string
		memory, resent          int64 // 0: an error
	}{
		{meminfo, sockstat, ip + "Tcp: RtoMin RetransSegs InErrs\nTcp: 200 17 3\n" + udp, 60316<<10 + 17*page, 17},
		{"MemTotal: 1 kB\n", sockstat, udp, 0, 0},
		{"Slab: many kB\n", sockstat, "Tcp: RtoMin\nTcp: 200\n", 0, 0},
		{"Slab: -1 kB\n", sockstat, "Tcp: RtoMin RetransSegs\nTcp: 200\n", 0, 0},
		{meminfo, "UDP: inuse 1 mem 2\n", "Tcp: RtoMin RetransSegs\n", 0, 0},
		{meminfo, "TCP: inuse 8\n", "Tcp: RetransSegs\nTcp: many\n", 0, 0},
		{"", "", "", 0, 0},
	} {
		host := files(t, map[string]string{"proc/meminfo": test.meminfo, "proc/net/sockstat": test.sockstat, "proc/7/net/snmp": test.snmp})
		if got, err := readKernelMemory(host); got != test.memory || (err != nil) != (test.memory == 0) {
			t.Errorf("%q and %q: %d, %v; want %d", test.meminfo, test.sockstat, got, err, test.memory)
		}
		if got, err := readResent(host, 7); got != test.resent || (err != nil) != (test.resent == 0) {
			t.Errorf("%q: %d, %v; want %d", test.snmp, got, err, test.resent)
		}
	}
	if _, err := readResent(root(t.TempDir()), 7); err == nil || !strings.Contains(err.Error(), "read what TCP sent again: ") {
		t.Errorf("no such process: %v", err)
	}
}
