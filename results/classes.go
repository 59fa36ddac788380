package results

import (
	"slices"
	"strings"
)

// A rule of a trial belongs to a class, and each metric needs some classes: a
// trial drops out of a metric only where it broke a rule that this metric needs.
// A host that stalls spoils latencies, and leaves bytes as they are.

// Class says what of a trial a rule is about.
type Class string

const (
	Sound       Class = "sound"       // the events came as they should: every metric needs it
	Accounted   Class = "accounted"   // every byte was counted, by both ends alike
	Timed       Class = "timed"       // each sample of a latency is one
	AsAsked     Class = "as-asked"    // the treatment was what its name says
	Unsaturated Class = "unsaturated" // nobody had more to do than time to do it
	Counted     Class = "counted"     // CPU time and memory could be read, and are the trial's own
)

// Classes is all of them, in the order in which they are told.
var Classes = []Class{Sound, Accounted, Timed, AsAsked, Unsaturated, Counted}

// Broken is a rule that a trial broke.
type Broken struct {
	Class Class  `json:"class"`
	Rule  string `json:"rule"` // its name: "lost"
	Text  string `json:"text"` // what was found, with its numbers
	// Of is how the names of the metrics begin that the rule is about, of all
	// that need the class: "host/". Empty for all of them.
	Of string `json:"of,omitempty"`
}

// kind is what sort of number a metric is: what it needs, and how two of them compare.
type kind struct {
	needs []Class // beside Sound
	by    comparison
	// dear says that with few blocks only large differences are told: time and
	// CPU have a noise that is far from Gaussian.
	dear bool
}

// comparison is how two values of one block are set against each other.
type comparison int

const (
	byRatio      comparison = iota // as the logarithm of their ratio
	byDifference                   // as their difference: a side may be 0, or the ratio wanders with the host
	byCount                        // each block complies with a claim or does not
)

// The kinds of metrics.
var (
	wire     = kind{needs: []Class{Accounted}, by: byRatio}
	latency  = kind{needs: []Class{Timed, AsAsked, Unsaturated}, by: byDifference, dear: true}
	lateness = kind{needs: []Class{Timed}, by: byDifference, dear: true}
	cpu      = kind{needs: []Class{AsAsked, Unsaturated, Counted}, by: byRatio, dear: true}
	rate     = kind{needs: []Class{AsAsked, Unsaturated}, by: byRatio, dear: true}
	memory   = kind{needs: []Class{Counted}, by: byRatio}
	slope    = kind{needs: []Class{Counted}, by: byRatio}
	count    = kind{by: byDifference}
	share    = kind{by: byCount}
	mishap   = kind{by: byCount} // what must not happen at all: the spread of none is not one event
	fact     = kind{by: byDifference, dear: true}
)

// Sound reports whether the trial broke no rule that every metric needs.
func (t *Trial) Sound() bool {
	return !slices.ContainsFunc(t.Broken, func(b Broken) bool { return b.Class == Sound })
}

// Voids returns the rules that keep the trial out of a metric.
func (t *Trial) Voids(metric string) []Broken {
	var why []Broken
	needs := needsOf(metric)
	for _, b := range t.Broken {
		if b.Class == Sound || slices.Contains(needs, b.Class) && strings.HasPrefix(metric, b.Of) {
			why = append(why, b)
		}
	}
	return why
}

// Bears reports whether the trial has a say in a metric.
func (t *Trial) Bears(metric string) bool { return len(t.Voids(metric)) == 0 }

// needsOf is the classes that a metric needs beside Sound. A word outside the
// vocabulary, of a newer program perhaps, needs them all.
func needsOf(metric string) []Class {
	if info, ok := Describe(metric); ok {
		return info.kind.needs
	}
	if i := slices.IndexFunc(histograms, func(m Info) bool { return m.Name == metric }); i >= 0 {
		return histograms[i].kind.needs
	}
	return Classes
}
