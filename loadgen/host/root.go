package host

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/procfs"
)

// root is the directory below which a host's proc, sys and etc lie: "/", but in tests.
type root string

func (r root) path(name string) string { return filepath.Join(string(r), name) }

// text is a small file without surrounding blanks, "" if it cannot be read: what the
// machine does not tell stays empty.
func (r root) text(name string) string {
	b, err := os.ReadFile(r.path(name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func (r root) has(name string) bool {
	_, err := os.Stat(r.path(name))
	return err == nil
}

// fromProc is what package procfs reads from /proc.
func fromProc[T any](r root, read func(procfs.FS) (T, error)) (value T, err error) {
	proc, err := procfs.NewFS(r.path("proc"))
	if err != nil {
		return value, err
	}
	return read(proc)
}

// fromProcess is what it reads of a process; of this one where pid is 0.
func fromProcess[T any](r root, pid int, read func(procfs.Proc) (T, error)) (T, error) {
	return fromProc(r, func(proc procfs.FS) (value T, err error) {
		of, err := proc.Self()
		if pid != 0 {
			of, err = proc.Proc(pid)
		}
		if err != nil {
			return value, err
		}
		return read(of)
	})
}

// infoValue returns the first value of a key in lines of "key : value".
func infoValue(text, key string) string {
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
