package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

// Sockets is what the kernel tells of TCP in one network namespace, and the memory that
// it takes on the whole host. What it counts is since the namespace was made.
type Sockets struct {
	Kernel    int64 // B, in slabs and in TCP's buffers
	Memory    int64 // B, of that in TCP's buffers
	TimeWaits int64 // connections that are closed and rest
	Pressures int64 // how often the kernel began to be short of memory for TCP
	Resent    int64 // segments
	Overflows int64 // connections for which a listener's queue had no room
}

// ReadSockets reads the sockets of a process's network namespace. Off Linux it is an
// error.
func ReadSockets(pid int) (Sockets, error) { return readSockets("/", pid) }

func readSockets(r root, pid int) (s Sockets, err error) {
	dir := fmt.Sprintf("proc/%d", pid) // which has a net of its own, as /proc has
	proc, err := procfs.NewFS(r.path(dir))
	if err != nil {
		return s, fmt.Errorf("read the sockets of process %d: %w", pid, err)
	}
	stat, noStat := proc.NetSockstat()
	resent, noResent := readResent(r, pid)
	kernel, noKernel := readKernelMemory(r)
	if err := errors.Join(noStat, noResent, noKernel); err != nil {
		return s, fmt.Errorf("read the sockets of process %d: %w", pid, err)
	}
	for _, p := range stat.Protocols {
		if p.Protocol == "TCP" && p.Mem != nil && p.TW != nil {
			s.Memory, s.TimeWaits = int64(*p.Mem)*int64(os.Getpagesize()), int64(*p.TW)
		}
	}
	s.Resent, s.Kernel = resent, kernel
	counts := r.text(dir + "/net/netstat")
	s.Pressures, s.Overflows = counted(counts, "TCPMemoryPressures"), counted(counts, "ListenOverflows")
	return s, nil
}

// counted is a counter of a text such as /proc/net/netstat, in which a line of names is
// followed by a line of their values; 0 where a kernel does not know it. Package procfs
// reads that file, but not this counter of TCP's memory.
func counted(text, name string) int64 {
	var names []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != len(names) || names[0] != fields[0] {
			names = fields
			continue
		}
		for i, n := range names {
			if n == name {
				value, _ := strconv.ParseInt(fields[i], 10, 64) // else it is none of the kernel's
				return value
			}
		}
		names = nil
	}
	return 0
}

// FreeMemory is how many bytes a trial may still take: of the host, or of what the
// control group grants where that is less.
func FreeMemory() (int64, error) { return freeMemory("/") }

func freeMemory(r root) (int64, error) {
	memory, err := fromProc(r, procfs.FS.Meminfo)
	if err == nil && memory.MemAvailableBytes == nil {
		err = fmt.Errorf("there is no MemAvailable in %s: %w", r.path("proc/meminfo"), fs.ErrNotExist)
	}
	if err != nil {
		return 0, fmt.Errorf("read the memory that is free: %w", err)
	}
	free := int64(*memory.MemAvailableBytes)
	if granted := int64(readMemoryLimit(r)); granted > 0 {
		free = min(free, granted)
	}
	return free, nil
}

// HostFiles is how many files all processes have open, and may have.
func HostFiles() (open, most int64, err error) { return hostFiles("/") }

func hostFiles(r root) (open, most int64, err error) {
	var unused int64
	const name = "proc/sys/fs/file-nr"
	if _, err := fmt.Sscan(r.text(name), &open, &unused, &most); err != nil {
		return 0, 0, fmt.Errorf("read how many files the host may have open from %s: %w", r.path(name), err)
	}
	return open, most, nil
}

// Ports is how many ports the kernel picks from for connections from one address.
func Ports() (int, error) {
	first, last, err := ports("/")
	return last - first + 1, err
}

func ports(r root) (first, last int, err error) {
	const name = "proc/sys/net/ipv4/ip_local_port_range"
	if _, err := fmt.Sscan(r.text(name), &first, &last); err != nil || first < 1 || last < first || last > 65535 {
		return 0, 0, fmt.Errorf("read the range of ports for connections from %s: it has %q", r.path(name), r.text(name))
	}
	return first, last, nil
}
