// Package scenarios reads what is to be measured: a YAML file that asks a
// question, names the factors to vary, and states the claims to judge. It
// stands first in the flow:
//
//	scenarios/x.yaml ─▶ loadgen ─▶ results/…/x.jsonl ─▶ plots
//	   │ Load: parse, validate           │ carries the file's text, byte for byte
//	   └ Treatments, Order: the plan     └ Parse: plots reads it back from there
//
// A file that has a mistake is refused before anything runs, with every
// mistake at its line and what would mend it, because the alternative is a
// number that answers another question than the one that was asked. README.md
// describes the format.
package scenarios

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pushbench/results"
	"pushbench/servers/feed"
)

// Scenario is a file that has been read and found sound: every level is
// possible, every plot and claim names treatments that the plan holds.
type Scenario struct {
	Name     string // file name without its ending
	Path     string
	Text     []byte // the file, byte for byte
	Question string
	Factors  []Factor // in the file's order; the first varies slowest in the plan
	// Fixed holds the one level of every other key, defaults included, so that
	// Factors and Fixed together say everything about the conditions.
	Fixed   map[string]string
	Except  []map[string]string // combinations the author left out
	Warmup  time.Duration
	Measure time.Duration
	Blocks  int
	Seed    uint64
	// Idle, where it is given, makes each trial one of memory: that many
	// connections are opened step by step to a quiet feed, and read at each.
	Idle []int
	// Saturation says that the feed may be more than an end can take: that end's
	// limit is the subject, and reaching it breaks no rule.
	Saturation bool
	Plots      []Plot
	Claims     []results.Claim

	specs map[string]feed.Spec // what Check made of each transport
}

// Factor is a key and the levels it takes in turn.
type Factor struct {
	Key    string
	Levels []string
}

// Check reads a transport and its knobs, without a label. It is a parameter
// because a record may name a transport that there is no more. The error names
// the transport, says what is wrong with it and what would be right.
type Check = func(transport string) (feed.Spec, error)

// Load reads and validates the scenario at path. What is wrong with its
// content is returned all at once, as joined *Error values. With a nil check
// transports are held to their shape only, and no treatment is impossible for
// what its transport does.
func Load(path string, check Check) (*Scenario, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a scenario: %w", err)
	}
	defer f.Close() // read only: nothing is lost
	text, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err != nil {
		return nil, fmt.Errorf("reading a scenario: %w", err)
	}
	return Parse(path, text, check)
}

// Parse is Load for a text that is at hand, such as the one a record carries;
// path names it in errors and gives the scenario its name.
func Parse(path string, text []byte, check Check) (*Scenario, error) {
	base := filepath.Base(path)
	p := &parser{
		problems: problems{path: path},
		check:    check,
		s: &Scenario{
			Name:  strings.TrimSuffix(base, filepath.Ext(base)),
			Path:  path,
			Text:  text,
			Fixed: map[string]string{},
			Seed:  1,

			specs: map[string]feed.Spec{},
		},
	}
	if len(text) > maxText {
		p.add(1, "more than %d KB; a scenario is a short file written by hand", maxText>>10)
		return nil, p.err()
	}
	p.file()
	if err := p.err(); err != nil {
		return nil, err
	}
	return p.s, nil
}

// rhythm is that of a treatment's transport; without a check it is not known, and
// zero.
func (s *Scenario) rhythm(t Treatment) feed.Rhythm {
	if spec := s.specs[t.Transport]; spec.Transport != nil {
		return spec.Rhythm()
	}
	return feed.Rhythm{}
}
