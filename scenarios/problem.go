package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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
	if near := nearest(got, known); near != "" && !isNumber {
		return fmt.Sprintf("did you mean %q? %s", near, listing(noun, known))
	}
	return listing(noun, known)
}

func listing(noun string, known []string) string {
	return noun + ": " + strings.Join(known, ", ")
}

// nearest is the known word that got most likely was meant to be, or "" where
// none is near: a third of the letters may differ, one always.
func nearest(got string, known []string) string {
	best, bound := "", max(1, len(got)/3)+1
	if len(got) > maxWord {
		return ""
	}
	for _, k := range known {
		if d := distance(strings.ToLower(got), strings.ToLower(k)); d < bound {
			best, bound = k, d
		}
	}
	return best
}

// maxWord is longer than any word that is known, so that what is longer needs
// no search.
const maxWord = 100

// distance is the number of single-byte insertions, deletions and
// substitutions between a and b (Levenshtein 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substituted := diagonal
			if a[i] != b[j] {
				substituted++
			}
			diagonal = row[j+1]
			row[j+1] = min(substituted, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
