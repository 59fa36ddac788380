package host

import (
	"fmt"
	"math"
	"syscall"
)

// spareFiles is what a process of a trial opens beside its connections:
// standard streams, listener, pollers, files of the runtime, and some air.
const spareFiles = 64

// FilesFor is the open files that the server or the fleet needs for so many
// subscribers, each with a connection of its own.
func FilesFor(subscribers int) int { return subscribers + spareFiles }

// RaiseOpenFiles raises this process's soft limit on open files to the hard
// one and returns both as they are then. Children inherit them. The Go runtime
// raises the limit for itself only, and gives children the old one.
func RaiseOpenFiles() (soft, hard int64, err error) {
	soft, hard, err = openFiles()
	if err != nil || soft >= hard {
		return soft, hard, err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return soft, hard, fmt.Errorf("read the limit on open files: %w", err)
	}
	limit.Cur = uint64(hard) // limit.Max stays as it was, which may be "infinite"
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return soft, hard, fmt.Errorf("raise the limit on open files from %d to %d: %w", soft, hard, err)
	}
	return openFiles()
}

// openFiles returns the limits as they are; hard is what this process can
// reach.
func openFiles() (soft, hard int64, err error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, 0, fmt.Errorf("read the limit on open files: %w", err)
	}
	reach := min(limit.Max, openFilesCap())
	return clampInt(min(limit.Cur, reach)), clampInt(reach), nil
}

func clampInt(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

// NeedOpenFiles makes sure that this process and its children may each have n
// files open. Where the hard limit forbids it, the error is a *LimitError.
func NeedOpenFiles(n int) error {
	soft, hard, err := RaiseOpenFiles()
	switch {
	case soft >= int64(n):
		return nil
	case err != nil:
		return err
	}
	return &LimitError{Need: int64(n), Hard: hard}
}

// LimitError says that the host's limit on open files is below what was asked
// for.
type LimitError struct {
	Need int64 // open files per process
	Hard int64 // the limit, which only root can raise
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("open files: %d are needed per process, the hard limit is %d; use fewer subscribers, or raise it: "+
		"`ulimit -Hn %d` in a root shell, LimitNOFILE=%d in a systemd unit, --ulimit nofile=%d for a container",
		e.Need, e.Hard, e.Need, e.Need, e.Need)
}
