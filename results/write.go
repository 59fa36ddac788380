package results

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Writer appends records to one result file, each a line that is synced before the call
// returns: neither a crash nor a full disk costs a trial that was reported as written.
// While a Writer is open no other can be opened for a file in the same directory.
type Writer struct {
	path string
	file store
	lock io.Closer
	size int64 // bytes of whole lines
	line int   // number of whole lines
	torn bool  // bytes beyond size are still to be cut off
}

// store is the part of *os.File that a Writer uses, opened for appending.
type store interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
	Close() error
}

// Create starts a new result file, and its directory where there is none. The error is
// ErrExists where the file holds anything, and ErrBusy while another Writer is open.
func Create(path string) (*Writer, error) {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err != nil {
		return nil, fmt.Errorf("create result file: %w", err)
	}
	w, err := open(path, os.O_CREATE, func(w *Writer, f, dir *os.File) error {
		// An empty file is what a run leaves that could not write its header.
		// Taking it over loses nothing, and the lock keeps others out meanwhile.
		if info, err := f.Stat(); err != nil || info.Size() > 0 {
			return cmp.Or(err, fmt.Errorf("%s: %w: continue it with -resume, or use another -out", path, ErrExists))
		}
		return syncDir(dir)
	})
	if err != nil {
		return nil, fmt.Errorf("create result file: %w", err)
	}
	return w, nil
}

// Append opens a result file to go on with its run, and returns what it holds. A torn
// last line is cut off, as the Run's warnings say. Besides the errors of Read there are
// ErrBusy, and one for a file of another schema.
func Append(path string) (w *Writer, run *Run, err error) {
	w, err = open(path, 0, func(w *Writer, f, _ *os.File) (err error) {
		if run, w.size, err = scan(f, path); err != nil {
			return err
		}
		if schema := run.Header.Schema; schema != Schema {
			return fmt.Errorf("%s: its schema is %d, and this program writes %d: start a new run with another -out", path, schema, Schema)
		}
		w.line = 1 + len(run.Trials) + len(run.ends)
		return errors.Join(f.Truncate(w.size), f.Sync())
	})
	if errors.Is(err, ErrEmpty) || errors.Is(err, ErrTruncated) {
		err = fmt.Errorf("%w: it holds no trial; delete it and start without -resume", err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("resume: %w", err)
	}
	return w, run, nil
}

// open takes a file's directory for one writer, opens the file for appending, and
// prepares both.
func open(path string, create int, prepare func(w *Writer, f, dir *os.File) error) (*Writer, error) {
	dir, err := lockDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|create, 0o644)
	if err != nil {
		dir.Close()
		return nil, err
	}
	w := &Writer{path: path, file: f, lock: dir}
	if err := prepare(w, f, dir); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// Header writes the first line. Type and schema are filled in.
func (w *Writer) Header(h Header) error {
	h.Type, h.Schema = "header", Schema
	return w.append("the header", h, h.check())
}

// Trial appends one trial. Its type is filled in; lists that are nil are
// written as empty.
func (w *Writer) Trial(t *Trial) error {
	line := *t
	line.Type = "trial"
	line.Broken = append([]Broken{}, t.Broken...)
	line.Warnings = append([]string{}, t.Warnings...)
	return w.append(fmt.Sprintf("trial %d", t.Order), line, t.check())
}

// End appends the line that says how the run ended. Its type is filled in. A
// run that is resumed may go on behind it.
func (w *Writer) End(e End) error {
	e.Type = "end"
	return w.append("the end", e, nil)
}

// append writes v as one line, whole or not at all, unless something is wrong with it.
func (w *Writer) append(what string, v any, wrong error) error {
	if _, isHeader := v.(Header); isHeader != (w.line == 0) {
		wrong = errors.New("the header comes first, and once")
	}
	var line bytes.Buffer
	if wrong == nil {
		enc := json.NewEncoder(&line) // ends the value with a newline
		enc.SetEscapeHTML(false)      // transports have & in their names, and people grep
		wrong = enc.Encode(v)
	}
	if wrong != nil {
		return fmt.Errorf("append %s to %s: %w", what, w.path, wrong)
	}
	if err := w.write(line.Bytes()); err != nil {
		return &WriteError{Path: w.path, What: what, Lines: w.line, Torn: w.torn, Err: err}
	}
	w.size += int64(line.Len())
	w.line++
	return nil
}

// write appends line and syncs it. After an error the file is cut back to its
// whole lines, now or, where that fails too, before the next line.
func (w *Writer) write(line []byte) error {
	if err := w.cut(); err != nil {
		return err
	}
	w.torn = true
	_, err := w.file.Write(line)
	if err == nil {
		err = w.file.Sync()
	}
	if err != nil {
		return errors.Join(err, w.cut())
	}
	w.torn = false
	return nil
}

func (w *Writer) cut() error {
	if !w.torn {
		return nil
	}
	if err := w.file.Truncate(w.size); err != nil {
		return fmt.Errorf("cut off the torn line: %w", err)
	}
	w.torn = false
	return nil
}

// Close closes the file and lets other writers into the directory.
func (w *Writer) Close() error {
	err := w.file.Close()
	return errors.Join(err, w.lock.Close())
}
