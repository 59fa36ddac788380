package host

import (
	"fmt"
	"math"
	"syscall"
)

// spareFiles is what a process of a trial opens beside its connections:
// standard streams, listener, pollers, files of the runtime, and some air.
const spareFiles = 64

// FilesFor is the open files that a server or a fleet needs for so many
// subscribers, each with a connection of its own.
func FilesFor(subscribers int) int { return subscribers + spareFiles }

// Holds is how many connections a process may have where it may have so many files
// open: of 20,000 it is 19,500.
func Holds(files int64) int { return int(max(0, min(files-max(spareFiles, files/40), math.MaxInt32))) }

// OpenFiles is how many files a process of a trial may have open.
func OpenFiles() (int64, error) {
	_, reach, err := openFiles()
	return int64(reach), err
}

// openFiles is the limits as they are, and the highest that this process can reach.
func openFiles() (limit syscall.Rlimit, reach uint64, err error) {
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return limit, 0, fmt.Errorf("read the limit on open files: %w", err)
	}
	return limit, min(limit.Max, openFilesCap(), math.MaxInt64), nil
}

// NeedOpenFiles makes sure that this process and its children may each have n
// files open.
//
// The soft limit is raised in any case, and children inherit it. The Go runtime raises
// it for itself only, and gives children the old one.
func NeedOpenFiles(n int) error {
	limit, reach, err := openFiles()
	if err != nil {
		return err
	}
	if before := limit.Cur; before < reach {
		limit.Cur = reach // limit.Max stays as it was, which may be "infinite"
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil && before < uint64(n) {
			return fmt.Errorf("raise the limit on open files from %d to %d: %w", before, reach, err)
		}
	}
	if reach < uint64(n) {
		return fmt.Errorf("open files: %d are needed per process, the hard limit is %d; use fewer subscribers, or raise it: "+
			"`ulimit -Hn %[1]d` in a root shell, LimitNOFILE=%[1]d in a systemd unit, --ulimit nofile=%[1]d for a container", n, reach)
	}
	return nil
}
