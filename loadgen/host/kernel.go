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
func ReadKernelMemory() (int64, error) { return readKernelMemory(procfs.DefaultMountPoint) }

func readKernelMemory(proc string) (int64, error) {
	files, err := procfs.NewFS(proc)
	if err != nil {
		return 0, fmt.Errorf("read the kernel's memory: %w", err)
	}
	memory, err := files.Meminfo()
	sockets, noSockets := files.NetSockstat()
	if err := errors.Join(err, noSockets); err != nil {
		return 0, fmt.Errorf("read the kernel's memory: %w", err)
	}
	for _, p := range sockets.Protocols {
		if p.Protocol == "TCP" && p.Mem != nil && memory.SlabBytes != nil {
			return int64(*memory.SlabBytes) + int64(*p.Mem)*int64(os.Getpagesize()), nil
		}
	}
	return 0, fmt.Errorf("read the kernel's memory: there is no Slab in %s/meminfo, or no mem of TCP in %[1]s/net/sockstat", proc)
}

// ReadResent is how many segments the kernel has sent again in a process's network
// namespace (RFC 4022, tcpRetransSegs).
func ReadResent(pid int) (int64, error) { return readResent(procfs.DefaultMountPoint, pid) }

func readResent(proc string, pid int) (int64, error) {
	files, err := procfs.NewFS(proc)
	if err != nil {
		return 0, fmt.Errorf("read what TCP sent again: %w", err)
	}
	of, err := files.Proc(pid)
	if err != nil {
		return 0, fmt.Errorf("read what TCP sent again: %w", err)
	}
	counts, err := of.Snmp()
	if err == nil && counts.Tcp.RetransSegs == nil {
		err = errors.New("there is no RetransSegs of Tcp")
	}
	if err != nil {
		return 0, fmt.Errorf("read what TCP sent again: %s/%d/net/snmp: %w", proc, pid, err)
	}
	return int64(*counts.Tcp.RetransSegs), nil
}
