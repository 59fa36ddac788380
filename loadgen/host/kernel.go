package host

import (
	"errors"
	"fmt"
	"os"

	"github.com/prometheus/procfs"
)

// ReadKernelMemory is the bytes that the host's kernel holds in slabs and in
// TCP's buffers, for whomever: what connections add to it is known by comparing
// numbers of them. Both ends of a connection on loopback are in it.
func ReadKernelMemory() (int64, error) { return readKernelMemory("/") }

func readKernelMemory(r root) (int64, error) {
	memory, err := fromProc(r, procfs.FS.Meminfo)
	sockets, noSockets := fromProc(r, procfs.FS.NetSockstat)
	if err := errors.Join(err, noSockets); err != nil {
		return 0, fmt.Errorf("read the kernel's memory: %w", err)
	}
	for _, p := range sockets.Protocols {
		if p.Protocol == "TCP" && p.Mem != nil && memory.SlabBytes != nil {
			return int64(*memory.SlabBytes) + int64(*p.Mem)*int64(os.Getpagesize()), nil
		}
	}
	return 0, errors.New("read the kernel's memory: there is no Slab in /proc/meminfo, or no mem of TCP in /proc/net/sockstat")
}

// ReadResent is how many segments the kernel has sent again in a process's network
// namespace (RFC 4022, tcpRetransSegs).
func ReadResent(pid int) (int64, error) { return readResent("/", pid) }

func readResent(r root, pid int) (int64, error) {
	counts, err := fromProcess(r, pid, procfs.Proc.Snmp)
	if err == nil && counts.Tcp.RetransSegs == nil {
		err = fmt.Errorf("there is no RetransSegs of Tcp in /proc/%d/net/snmp", pid)
	}
	if err != nil {
		return 0, fmt.Errorf("read what TCP sent again: %w", err)
	}
	return int64(*counts.Tcp.RetransSegs), nil
}
