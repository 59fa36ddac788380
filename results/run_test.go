package results

import (
	"math/rand/v2"
	"strings"
)

// treatment builds a treatment from "ws, rate=40/s".
func treatment(text string) Treatment {
	parts := strings.Split(text, ", ")
	t := Treatment{"transport": parts[0]}
	for _, p := range parts[1:] {
		key, level, _ := strings.Cut(p, "=")
		t[key] = level
	}
	return t
}

// values are one trial's metrics; their units come from the vocabulary.
type values map[string]float64

// runOf is a run of the given treatments with a sound trial of each in every
// block, valued by the function.
func runOf(blocks int, of func(transport string, t Treatment, block int) values, treatments ...string) *Run {
	r := &Run{Path: "test.jsonl"}
	r.Header.Scenario.Name = "test"
	r.Header.Plan.Blocks = blocks
	for _, text := range treatments {
		r.Header.Plan.Treatments = append(r.Header.Plan.Treatments, treatment(text))
	}
	for block := 1; block <= blocks; block++ {
		for _, t := range r.Header.Plan.Treatments {
			trial := &Trial{Type: "trial", Treatment: t, Block: block, Order: len(r.Trials) + 1, Metrics: map[string]Metric{}}
			for name, v := range of(t.Transport(), t, block) {
				info, ok := Describe(name)
				if !ok {
					panic(name)
				}
				trial.Metrics[name] = Metric{Value: v, Unit: info.Unit}
			}
			r.Trials = append(r.Trials, trial)
		}
	}
	return r
}

// listed are the run's trials of a treatment in the order of the file.
func (r *Run) listed(text string) (list []*Trial) {
	for _, t := range r.Trials {
		if t.Treatment.Key() == treatment(text).Key() {
			list = append(list, t)
		}
	}
	return list
}

// newRand is a source of chance that is the same in every run of a test.
func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// judgeOne holds a single claim against a run.
func judgeOne(r *Run, c Claim) (Verdict, error) {
	v := r.Judge([]Claim{c})[0]
	return v, v.Err
}

// Sentence is the outcome of a verdict with what it rests on.
func (v Verdict) Sentence() string {
	found, between := v.Found(), ": "
	if v.Outcome == HoldsOnlyWhere || strings.HasPrefix(found, "in all ") || strings.HasPrefix(found, "in any of ") {
		between = " "
	}
	return string(v.Outcome) + between + found
}

// breaks makes a trial break a rule of the class.
func breaks(t *Trial, class Class) {
	t.Broken = append(t.Broken, Broken{Class: class, Rule: "test", Text: "as the test has it"})
}
