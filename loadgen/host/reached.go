package host

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/prometheus/procfs"
)

// Reached is a limit of the host, or of a process, that was in the way.
type Reached struct {
	Name  string
	Found string // what there was, with its number
	Mend  string
}

func (r Reached) String() string {
	return strings.Join(nonEmpty(r.Name, r.Found), ", ") + ": " + r.Mend
}

// limit is one that connections may come to: either an error says so, or what the kernel
// tells does.
type limit struct {
	Reached
	says *regexp.Regexp                     // an error of who came to it; nil: none does
	met  func(root, Sockets) (string, bool) // what the kernel tells, given what it told before; nil: nothing
}

// limits of connections, the plainest first.
var limits = []limit{
	{
		Reached: Reached{Name: "open files of a process", Mend: "`ulimit -n` raises the limit"},
		says:    regexp.MustCompile(`(?i)too many open files($|[^ ]| [^i])`),
	},
	{
		Reached: Reached{Name: "open files of the host", Mend: "raise fs.file-max"},
		says:    regexp.MustCompile(`(?i)too many open files in system`),
		met: func(r root, _ Sockets) (string, bool) {
			open, most, err := hostFiles(r)
			return fmt.Sprintf("%d of %d", open, most), err == nil && open >= most-most/100
		},
	},
	{
		Reached: Reached{Name: "ports for connections", Mend: "widen net.ipv4.ip_local_port_range, or wait a minute until those of closed connections are free"},
		says:    regexp.MustCompile(`(?i)cannot assign requested address|address already in use`),
	},
	{
		Reached: Reached{Name: "memory", Mend: "use fewer subscribers, end other programs, or raise the limit of the container"},
		says:    regexp.MustCompile(`(?i)cannot allocate memory|no buffer space available|out of memory|signal: killed`),
		met: func(r root, _ Sockets) (string, bool) {
			memory, err := fromProc(r, procfs.FS.Meminfo)
			if err != nil || memory.MemAvailableBytes == nil || memory.MemTotalBytes == nil {
				return "", false
			}
			free, all := *memory.MemAvailableBytes, *memory.MemTotalBytes
			return fmt.Sprintf("%d MB of %d free", free>>20, all>>20), free < all/50
		},
	},
	{
		Reached: Reached{Name: "memory for TCP", Mend: "raise net.ipv4.tcp_mem"},
		met: func(r root, before Sockets) (string, bool) {
			now, err := readSockets(r, os.Getpid())
			pressures := now.Pressures - before.Pressures
			return fmt.Sprintf("short of it %d times", pressures), err == nil && pressures > 0
		},
	},
	{
		Reached: Reached{Name: "connections that the kernel tracks", Mend: "raise net.netfilter.nf_conntrack_max, or do not track loopback"},
		met: func(r root, _ Sockets) (string, bool) {
			const dir = "proc/sys/net/netfilter/nf_conntrack_"
			var tracked, most int64
			fmt.Sscan(r.text(dir+"count"), &tracked)
			fmt.Sscan(r.text(dir+"max"), &most)
			return fmt.Sprintf("%d of %d", tracked, most), most > 0 && tracked >= most-most/100
		},
	},
	{
		Reached: Reached{Name: "queue of connections to accept", Mend: "raise net.core.somaxconn, or give the server a faster CPU"},
		met: func(r root, before Sockets) (string, bool) {
			now, err := readSockets(r, os.Getpid())
			overflows := now.Overflows - before.Overflows
			return fmt.Sprintf("of %s, %d found no room", r.text("proc/sys/net/core/somaxconn"), overflows), err == nil && overflows > 0
		},
	},
}

// LimitsReached are the limits that were in the way of connections: what failed says so,
// or the kernel does, given what it told before they were opened.
func LimitsReached(failed error, before Sockets) []Reached { return limitsReached("/", failed, before) }

func limitsReached(r root, failed error, before Sockets) (all []Reached) {
	for _, l := range limits {
		said := l.says != nil && l.says.MatchString(failed.Error())
		told := false
		if l.met != nil {
			l.Found, told = l.met(r, before)
		}
		if !told {
			l.Found = ""
		}
		if said || told {
			all = append(all, l.Reached)
		}
	}
	return all
}
