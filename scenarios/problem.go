package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pushbench/results"
)

// Error is one thing wrong with a scenario file, where it stands, and what
// would be right.
type Error struct {
	Path string
	Line int // from 1
	Msg  string
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Msg) }

// problems collects everything wrong with a file, so that its author mends it
// in one go and not in as many goes as there are mistakes.
type problems struct {
	path string
	list []*Error
}

func (p *problems) add(line int, format string, args ...any) {
	p.list = append(p.list, &Error{Path: p.path, Line: max(line, 1), Msg: fmt.Sprintf(format, args...)})
}

// err joins the problems in the order of the file's lines, nil where there
// are none.
func (p *problems) err() error {
	slices.SortStableFunc(p.list, func(a, b *Error) int { return a.Line - b.Line })
	errs := make([]error, len(p.list))
	for i, e := range p.list {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// among words the mend for a name that is not one of the known ones: the
// nearest of them where one is near, and the list. Of numbers none is near
// another: 20/s is no slip of the pen for 10/s.
func among(got, noun string, known []string) string {
	isNumber := got != "" && '0' <= got[0] && got[0] <= '9'
	if near := results.Nearest(got, known); near != "" && !isNumber {
		return fmt.Sprintf("did you mean %q? %s", near, listing(noun, known))
	}
	return listing(noun, known)
}

func listing(noun string, known []string) string {
	return noun + ": " + strings.Join(known, ", ")
}
