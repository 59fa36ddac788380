//go:build linux || darwin

package results

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockDir takes the directory for one writer. Two runs at once would disturb
// each other's measurements whatever files they write, so it is the directory
// that is locked and not the file. The lock dies with the process, kill −9
// included, and leaves nothing behind to clean up.
func lockDir(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w: wait for it to end, or use another -out", dir, ErrBusy)
		}
		return nil, fmt.Errorf("%s: lock the directory: %w", dir, err)
	}
	return f, nil
}

// syncDir makes a new file's entry durable. Some file systems cannot sync a
// directory and need not.
func syncDir(dir *os.File) error {
	err := dir.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}
