package host

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
)

// few is a host with sockets, and little of what they take.
func few(t *testing.T) root {
	self := fmt.Sprintf("proc/%d", os.Getpid())
	r := files(t, map[string]string{
		"proc/meminfo":                              "MemTotal:       1024000 kB\nMemAvailable:    512000 kB\nSlab:              60316 kB\n",
		"proc/net/sockstat":                         "TCP: inuse 8 orphan 0 tw 1 alloc 9 mem 17\n",
		"proc/sys/fs/file-nr":                       "900\t0\t1000\n",
		"proc/sys/net/ipv4/ip_local_port_range":     "32768\t60999\n",
		"proc/sys/net/core/somaxconn":               "4096\n",
		"proc/sys/net/netfilter/nf_conntrack_count": "0\n",
		"proc/sys/net/netfilter/nf_conntrack_max":   "1000\n",
		"proc/7/net/sockstat":                       "sockets: used 40\nTCP: inuse 8 orphan 0 tw 3 alloc 9 mem 17\nUDP: inuse 1 mem 2\n",
		"proc/7/net/netstat":                        "TcpExt: SyncookiesSent ListenOverflows TCPMemoryPressures\nTcpExt: 1 5 2\nIpExt: InNoRoutes ListenOverflows\nIpExt: 9 99\n",
		"proc/7/net/snmp":                           "Tcp: RtoMin RetransSegs\nTcp: 200 11\n",
		self + "/net/sockstat":                      "TCP: inuse 8 orphan 0 tw 3 alloc 9 mem 17\n",
		self + "/net/netstat":                       "TcpExt: ListenOverflows TCPMemoryPressures\nTcpExt: 5 2\n",
		self + "/net/snmp":                          "Tcp: RtoMin RetransSegs\nTcp: 200 11\n",
	})
	return r
}

func TestSockets(t *testing.T) {
	page := int64(os.Getpagesize())
	r := few(t)
	want := Sockets{Kernel: 60316<<10 + 17*page, Memory: 17 * page, TimeWaits: 3, Pressures: 2, Resent: 11, Overflows: 5}
	if got, err := readSockets(r, 7); got != want || err != nil {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if _, err := readSockets(r, 8); err == nil || !strings.Contains(err.Error(), "read the sockets of process 8: ") {
		t.Errorf("no such process: %v", err)
	}
	for text, want := range map[string]int64{
		"": 0, "A: x y\nA: 1 2\n": 2, "A: x\nA: 1\nB: y\nB: 3\n": 3, "A: x y\nA: 1\n": 0, "A: y\nB: 2\n": 0, "A: y\nA: many\n": 0,
	} {
		if got := counted(text, "y"); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	if runtime.GOOS != "linux" {
		return
	}
	if s, err := ReadSockets(os.Getpid()); err != nil || s.Kernel <= 0 {
		t.Errorf("of this host: %+v, %v", s, err)
	}
}

// What connections take of a host is read, or why it cannot be is an error.
func TestWhatConnectionsTake(t *testing.T) {
	r, none := few(t), root(t.TempDir())
	if free, err := freeMemory(r); free != 512000<<10 || err != nil {
		t.Errorf("%d B are free, %v", free, err)
	}
	if open, most, err := hostFiles(r); open != 900 || most != 1000 || err != nil {
		t.Errorf("%d of %d files, %v", open, most, err)
	}
	if first, last, err := ports(r); first != 32768 || last != 60999 || err != nil {
		t.Errorf("ports from %d to %d, %v", first, last, err)
	}
	_, noMemory := freeMemory(none)
	_, _, noFiles := hostFiles(none)
	_, _, noPorts := ports(none)
	for _, err := range []error{noMemory, noFiles, noPorts} {
		if err == nil {
			t.Error("a host that tells nothing has no error")
		}
	}
	r.write(t, "proc/sys/net/ipv4/ip_local_port_range", "60999 32768\n")
	if _, _, err := ports(r); err == nil {
		t.Error("a range that ends before it begins is none")
	}
	for files, want := range map[int64]int{20_000: 19_500, 1024: 960, 64: 0, 10: 0, 1 << 62: 1<<31 - 1} {
		if got := Holds(files); got != want {
			t.Errorf("of %d open files %d connections, want %d", files, got, want)
		}
	}
}

// Which limit was in the way, an error says or the kernel tells.
func TestLimitsReached(t *testing.T) {
	before := Sockets{Pressures: 2, Overflows: 5}
	for _, test := range []struct {
		name   string
		failed string
		before Sockets
		spoil  map[string]string
		want   []string
	}{
		{"none", "connection reset by peer", before, nil, nil},
		{"files of a process", "subscriber 7: socket: too many open files; subscriber 8: socket: too many open files", before, nil,
			[]string{"open files of a process: `ulimit -n` raises the limit"}},
		{"files of the host", "accept: too many open files in system", before, map[string]string{"proc/sys/fs/file-nr": "999 0 1000"},
			[]string{"open files of the host, 999 of 1000: raise fs.file-max"}},
		{"ports", "dial tcp 127.0.0.2:0->127.0.0.1:7: connect: cannot assign requested address", before, nil,
			[]string{"ports for connections: widen net.ipv4.ip_local_port_range, or wait a minute until those of closed connections are free"}},
		{"memory", "fleet 2: ended with signal: killed", before, map[string]string{"proc/meminfo": "MemTotal: 1024000 kB\nMemAvailable: 10240 kB\nSlab: 1 kB\n"},
			[]string{"memory, 10 MB of 1000 free: use fewer subscribers, end other programs, or raise the limit of the container"}},
		{"memory for TCP", "it hangs", Sockets{Overflows: 5}, nil,
			[]string{"memory for TCP, short of it 2 times: raise net.ipv4.tcp_mem"}},
		{"tracked", "i/o timeout", before, map[string]string{"proc/sys/net/netfilter/nf_conntrack_count": "1000"},
			[]string{"connections that the kernel tracks, 1000 of 1000: raise net.netfilter.nf_conntrack_max, or do not track loopback"}},
		{"queue", "i/o timeout", Sockets{Pressures: 2}, nil,
			[]string{"queue of connections to accept, of 4096, 5 found no room: raise net.core.somaxconn, or give the server a faster CPU"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := few(t)
			for name, text := range test.spoil {
				r.write(t, name, text)
			}
			var got []string
			for _, l := range limitsReached(r, errors.New(test.failed), test.before) {
				got = append(got, l.String())
			}
			if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
	if got := limitsReached(root(t.TempDir()), errors.New("x"), before); got != nil {
		t.Errorf("a host that tells nothing has come to %v", got)
	}
}
