package host

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pushbench/results"
	"pushbench/servers/test/golden"
)

// stand is a host that a test makes up. Its clock moves only when it pauses,
// by the time asked for and late; meanwhile /proc/stat and /proc/schedstat move on, too.
type stand struct {
	environment
	clock  time.Time
	late   []time.Duration
	pauses int

	nextStat, nextSchedstat string
}

func newStand(t *testing.T, content map[string]string, programs ...string) *stand {
	t.Helper()
	s := &stand{late: []time.Duration{80 * time.Microsecond}}
	s.environment = environment{
		root: files(t, content),
		now:  func() time.Time { return s.clock },
		pause: func(d time.Duration) {
			s.clock = s.clock.Add(d + s.late[s.pauses%len(s.late)])
			s.pauses++
			for name, next := range map[string]string{"proc/stat": s.nextStat, "proc/schedstat": s.nextSchedstat} {
				if next != "" {
					s.root.write(t, name, next)
				}
			}
		},
		lookPath: func(name string) (string, error) {
			for _, p := range programs {
				if p == name || filepath.Base(p) == name && filepath.Dir(p) == "/usr/bin" {
					return p, nil
				}
			}
			return "", errors.New("not found")
		},
		capture: func() error { return nil },
	}
	return s
}

// complete has everything, quiet and on metal.
func complete(t *testing.T) *stand {
	s := newStand(t, map[string]string{
		"proc/stat":                             "cpu0 1000 0 0 99000 0 0 0 0\ncpu1 1000 0 0 99000 0 0 0 0\n",
		"proc/schedstat":                        schedstatOf(10e9, 10e9),
		"proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
		"proc/sys/net/ipv4/tcp_available_congestion_control": "reno cubic bbr\n",
	}, "/usr/bin/gcc", "/usr/bin/chromium", "/usr/sbin/nginx", "/usr/sbin/haproxy", "/usr/bin/caddy")
	s.nextStat = "cpu0 1001 0 0 99029 0 0 0 0\ncpu1 1000 0 0 99030 0 0 0 0\n"
	s.nextSchedstat = schedstatOf(10_010e6, 10e9)
	s.host = results.Host{
		CPU: "Xeon", Cores: 2, Memory: 8 << 30, OS: "linux (Debian GNU/Linux 12 (bookworm))", Kernel: "6.1.0",
		Congestion: "cubic", Clock: "tsc", OpenFiles: 1 << 20, Load: 0.08,
	}
	s.topology = Topology{CPUs: []CPU{{0, 0, 0}, {1, 1, 0}}}
	return s
}

// schedstatOf has CPUs whose tasks ran for so long (ns).
func schedstatOf(ran ...int64) string {
	text := "version 17\ntimestamp 1\n"
	for cpu, ns := range ran {
		text += fmt.Sprintf("cpu%d 0 0 0 0 0 0 %d 5 6\ndomain0 MC 3 0 0\n", cpu, ns)
	}
	return text
}

// poor has one stolen CPU, tight limits and no tools.
func poor(t *testing.T) *stand {
	s := newStand(t, map[string]string{
		"proc/stat":                             "cpu0 1000 0 0 80000 0 0 0 19000\n",
		"proc/sys/net/ipv4/ip_local_port_range": "60000 60999\n",
		"proc/sys/net/ipv4/tcp_available_congestion_control": "reno cubic\n",
	}, "/usr/bin/clang", "/usr/sbin/nginx")
	s.nextStat = "cpu0 1015 0 0 80009 0 0 0 19006\n"
	s.late = []time.Duration{100 * time.Microsecond, 4 * time.Millisecond, 3 * time.Millisecond}
	s.host = results.Host{CPU: "Xeon", Cores: 1, OS: "linux", Congestion: "reno", Clock: "hpet", Virtual: true, OpenFiles: 1024, Load: 1.5}
	s.topology = Topology{CPUs: []CPU{{0, 0, 0}}}
	s.capture = func() error { return fmt.Errorf("raw packet socket: %w", syscall.EPERM) }
	return s
}

// foreign is a system without /proc.
func foreign(t *testing.T) *stand {
	s := newStand(t, nil)
	s.host = results.Host{CPU: "Apple M2", Cores: 8, OS: "darwin (macOS 15.1)", Kernel: "24.1.0", Memory: 16 << 30, OpenFiles: 61440}
	s.topology = Topology{CPUs: []CPU{{0, 0, 0}, {1, 1, 0}, {2, 2, 0}}}
	s.cc = "/opt/cc -arch arm64"
	s.capture = func() error { return errors.New("only Linux has it") }
	return s
}

func TestDoctor(t *testing.T) {
	for name, s := range map[string]*stand{"complete": complete(t), "poor": poor(t), "foreign": foreign(t)} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := write(&got, slices.Concat(s.checks(), []Check{{"lab", Lacks, "no TUN", "loopback can be measured"}}, s.tools())); err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, "testdata/doctor-"+name+".golden", got.String())
		})
	}
}

// Each case spoils one thing of a complete host: that check changes, no other.
func TestChecks(t *testing.T) {
	for _, test := range []struct {
		check string
		spoil func(*stand)
		state State
		text  string
	}{
		{"cpus", func(s *stand) { s.topology.CPUs[1].Core = 0 }, Note, "2 CPUs on 1 core – server (CPU 0) and fleet (CPU 1) are threads"},
		{"cpus", func(s *stand) { s.topology.Quota = 1 }, Note, "grants time for 1 of the 2 CPUs in use"},
		{"load", func(s *stand) { s.host.Load = 1.2 }, Note, "load average 1.20, CPUs 2 % busy now – other work ran"},
		{"load", func(s *stand) {
			s.nextSchedstat = schedstatOf(10_300e6, 10e9)
		}, Note, "CPUs 50 % busy now – something else is running"},
		{"steal", func(s *stand) {
			s.nextStat = "cpu0 1001 0 0 99026 0 0 0 3\ncpu1 1000 0 0 99027 0 0 0 3\n"
		}, Note, "10.0 % now, 0.0 % since boot – blocks differ more from one another"},
		{"cpu-time", func(s *stand) {
			s.root.write(t, "proc/schedstat", "")
			s.nextSchedstat = ""
		}, Lacks, "known to 10 ms on each CPU – host/cpu is not counted"},
		{"virtual", func(s *stand) { s.host.Virtual = true }, Note, "a hypervisor is announced"},
		{"clock", func(s *stand) { s.host.Clock = "acpi_pm" }, Note, "acpi_pm – each time stamp"},
		{"clock", func(s *stand) { s.host.Clock = "" }, Note, "clock source not known"},
		{"timer", func(s *stand) { s.late[0] = time.Millisecond }, Note, "ends 1000 µs late"},
		{"open-files", func(s *stand) { s.host.OpenFiles = 2063 }, Note, "enough for 1999 subscribers"},
		{"open-files", func(s *stand) { s.host.OpenFiles = 10 }, Note, "enough for 0 subscribers"},
		{"open-files", func(s *stand) { s.host.OpenFiles = 0 }, Note, "limit not known"},
		{"ports", func(s *stand) { s.root.write(t, "proc/sys/net/ipv4/ip_local_port_range", "60000 60999") }, Note, "1000 (60000 to 60999)"},
		{"ports", func(s *stand) { s.root.write(t, "proc/sys/net/ipv4/ip_local_port_range", "60999 60000") }, Note, "not known"},
		{"ports", func(s *stand) { s.root.write(t, "proc/sys/net/ipv4/ip_local_port_range", "1 70000") }, Note, "not known"},
		{"ports", func(s *stand) { s.root.write(t, "proc/sys/net/ipv4/ip_local_port_range", "many") }, Note, "not known"},
		{"congestion", func(s *stand) { s.root.write(t, "proc/sys/net/ipv4/tcp_available_congestion_control", "cubic") }, Note, "not loaded: bbr, reno; `modprobe tcp_bbr`"},
		{"congestion", func(s *stand) { s.host.Congestion = "" }, Note, "not known"},
		{"capture", func(s *stand) { s.capture = func() error { return errors.New("raw socket: no") } }, Lacks, "raw socket: no – byte counts cannot be held"},
		{"capture", func(s *stand) { s.capture = func() error { return syscall.EACCES } }, Lacks, "; root or CAP_NET_RAW can"},
		{"capture", func(s *stand) { s.capture = func() error { return syscall.EAFNOSUPPORT } }, Lacks, "; the kernel needs CONFIG_PACKET"},
		{"browser", func(s *stand) { s.without("chromium") }, Lacks, "no real browser"},
		{"proxies", func(s *stand) { s.without("caddy") }, Note, "/usr/sbin/nginx, /usr/sbin/haproxy – no path through caddy"},
		{"compiler", func(s *stand) { s.without("gcc") }, Lacks, "no gcc or clang in PATH"},
		{"compiler", func(s *stand) { s.cc = " gcc  -O1 " }, OK, "/usr/bin/gcc (from CC)"},
		{"compiler", func(s *stand) { s.cc = "tcc -w" }, Lacks, "CC is tcc, which is not there"},
	} {
		t.Run(fmt.Sprintf("%s %s", test.check, test.text), func(t *testing.T) {
			s := complete(t)
			test.spoil(s)
			good := slices.Concat(complete(t).checks(), complete(t).tools())
			for i, c := range slices.Concat(s.checks(), s.tools()) {
				if c.Name != test.check {
					if c != good[i] {
						t.Errorf("%+v changed, too", c)
					}
					continue
				}
				if text := strings.Join(nonEmpty(c.Found, c.Means), " – "); c.State != test.state || !strings.Contains(text, test.text) {
					t.Errorf("%s %q, want %s %q", c.State, text, test.state, test.text)
				}
			}
		})
	}
}

func (s *stand) without(program string) {
	all := s.lookPath
	s.lookPath = func(name string) (string, error) {
		if filepath.Base(name) == program {
			return "", errors.New("not found")
		}
		return all(name)
	}
}

// The checks of the host that runs this test: whatever it has, each check
// answers, with a state and a text.
func TestChecksOfThisHost(t *testing.T) {
	e := thisHost()
	e.pause = func(time.Duration) {}
	var names []string
	for _, c := range slices.Concat(e.checks(), e.tools()) {
		names = append(names, c.Name)
		if c.State != OK && c.State != Note && c.State != Lacks || c.Found == "" {
			t.Errorf("%+v", c)
		}
		if c.State == Lacks && c.Means == "" {
			t.Errorf("%+v: lacks without a consequence", c)
		}
		if strings.ContainsAny(c.Found+c.Means, "\n\t") {
			t.Errorf("%+v: more than a line", c)
		}
	}
	if slices.Sort(names); len(slices.Compact(names)) != 15 {
		t.Errorf("checks %v, want 15 names", names)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestDoctorReportsAFailedWrite(t *testing.T) {
	if err := write(full{}, complete(t).checks()); err == nil {
		t.Error("no error")
	}
}
