package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"pushbench/servers/units"
)

// Run is what a result file holds.
type Run struct {
	Path     string
	Header   Header
	Trials   []*Trial // in the order of the file
	End      *End     // nil unless it is the last line
	Warnings []string // doubts about the file, beside those in Header
	ends     []int    // trials before each end line, of which a resumed run has several
	indexed  index
}

// longestLine bounds the memory that a foreign file can claim. A trial takes
// about a megabyte.
const longestLine = 64 << 20

// Read reads a result file. A last line that is cut off is dropped, and a file
// without an end line is read as far as it goes; both are warnings. Whatever
// else is wrong is an error: ErrEmpty, ErrForeign, ErrTruncated, a file from a newer
// program, or damage with its line.
func Read(path string) (*Run, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadFrom(f, path)
}

// ReadFrom is Read for an open file or a pipe; name is used in messages.
func ReadFrom(r io.Reader, name string) (*Run, error) {
	run, _, err := scan(r, name)
	return run, err
}

// scan reads a result file, and also says how many bytes its sound lines take.
func scan(r io.Reader, name string) (run *Run, sound int64, err error) {
	in := &lines{r: bufio.NewReaderSize(r, 1<<16), file: name}
	run = &Run{Path: name}
	if run.Header, err = in.header(); err != nil {
		return nil, 0, err
	}
	for {
		sound = in.offset
		line, whole, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, 0, err
		}
		if torn := !whole || in.atEnd() && !json.Valid(line); torn {
			run.Warnings = append(run.Warnings, fmt.Sprintf("line %d is cut off and was dropped", in.number))
			run.End = nil
			break
		}
		if err := run.add(line); err != nil {
			return nil, 0, in.damaged(err)
		}
	}
	if run.End == nil {
		run.Warnings = append(run.Warnings, "incomplete: there is no end line; the run was stopped or is still going on")
	}
	return run, sound, nil
}

// trialStart is how every trial begins that this package writes, by which one is known
// without reading a megabyte twice.
var trialStart = []byte(`{"type":"trial",`)

// add takes in one line behind the header.
func (r *Run) add(line []byte) error {
	var kind struct{ Type string }
	if bytes.HasPrefix(line, trialStart) {
		kind.Type = "trial"
	} else if err := json.Unmarshal(line, &kind); err != nil {
		return fmt.Errorf("damaged record: %w", err)
	}
	switch kind.Type {
	case "trial":
		r.End = nil
		t, err := readTrial(line, r.Header.Schema)
		if err == nil && t != nil { // it counts
			t.modernise()
			r.Trials, err = append(r.Trials, t), t.check()
		}
		if err != nil {
			return fmt.Errorf("damaged trial: %w", err)
		}
	case "end":
		e := new(End)
		if err := json.Unmarshal(line, e); err != nil {
			return fmt.Errorf("damaged end: %w", err)
		}
		r.End = e
		r.ends = append(r.ends, len(r.Trials))
	case "header":
		return errors.New("a second header: are these two files joined? read them one by one")
	default:
		return fmt.Errorf("unknown record type %q, want \"trial\" or \"end\"", kind.Type)
	}
	return nil
}

// lines reads a file line by line.
type lines struct {
	r      *bufio.Reader
	file   string
	number int   // of the line read last, from 1
	offset int64 // of the line to be read next
}

// next returns a line without its newline, and whether there was one. The error
// is io.EOF behind the last line.
func (l *lines) next() (line []byte, whole bool, err error) {
	l.number++
	for {
		part, err := l.r.ReadSlice('\n')
		line = append(line, part...)
		l.offset += int64(len(part))
		switch {
		case err == nil:
			return line[:len(line)-1], true, nil
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, false, nil
		case errors.Is(err, io.EOF):
			return nil, false, io.EOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, false, l.damaged(err)
		case len(line) > longestLine:
			return nil, false, l.damaged(fmt.Errorf("the line is longer than %s", units.Format(longestLine, "B")))
		}
	}
}

// damaged is an error with the place of the line that was read last.
func (l *lines) damaged(err error) error { return fmt.Errorf("%s:%d: %w", l.file, l.number, err) }

// atEnd reports whether nothing follows.
func (l *lines) atEnd() bool {
	_, err := l.r.Peek(1)
	return errors.Is(err, io.EOF)
}

// headerStart is how every header begins, by which a cut header is told from a
// foreign file.
var headerStart = []byte(`{"type":"header",`)

// header reads the first line.
func (l *lines) header() (h Header, err error) {
	// Nothing but an object can begin the file: look before reading a line, which
	// might be gigabytes of something else.
	start, err := l.r.Peek(len(headerStart))
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return h, fmt.Errorf("%s: %w", l.file, err)
	case len(start) == 0:
		return h, fmt.Errorf("%s: %w", l.file, ErrEmpty)
	}
	foreign := fmt.Errorf("%s: %w: its first line is not the header of a run, as loadgen writes it", l.file, ErrForeign)
	if start[0] != '{' {
		return h, foreign
	}
	ours := bytes.HasPrefix(headerStart, start)
	line, whole, err := l.next()
	if err != nil {
		return h, err
	}
	err = json.Unmarshal(line, &h) // which goes on behind a field of another type
	switch {
	case ours && !whole:
		return h, fmt.Errorf("%s: %w", l.file, ErrTruncated)
	case !ours && (h.Type != "header" || !whole):
		return h, foreign
	case h.Schema > Schema:
		return h, fmt.Errorf("%s: its schema is %d, and this program knows up to %d: use a newer program", l.file, h.Schema, Schema)
	case err == nil:
		err = h.check()
	}
	if err != nil {
		return h, l.damaged(fmt.Errorf("damaged header: %w", err))
	}
	return h, nil
}
