package results

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ExportBench writes the sound trials in the Go benchmark format
// (https://go.dev/design/14313-benchmark-format), one line per trial, for benchstat.
// The factors that vary make up the names:
//
//	BenchmarkHeadline/transport=poll?interval=1s 2000 0.499 staleness-p50-sec …
//
// Units are the metrics' names with their base unit behind, sec for s, because
// benchstat scales what it recognises there. Quantiles that are not Printable are left
// out, and so is what a rule voids that the trial broke. Revision and time are not in
// the configuration lines: benchstat would not compare across them.
func ExportBench(w io.Writer, r *Run) error {
	out := bufio.NewWriter(w)
	h := r.Header
	system, _, _ := strings.Cut(h.Host.OS, " ") // "linux (Debian …)" in the record
	config := [][2]string{{"goos", system}, {"cpu", h.Host.CPU}, {"kernel", h.Host.Kernel}, {"scenario", h.Scenario.Name}}
	if h.Plan.Short {
		config = append(config, [2]string{"short", "true"}) // never to be compared with a full run
	}
	for _, c := range config {
		if value := strings.Join(strings.Fields(c[1]), " "); value != "" {
			fmt.Fprintf(out, "%s: %s\n", c[0], value)
		}
	}
	fmt.Fprintln(out)

	lines, metrics := r.benchLines()
	for _, metric := range metrics {
		info, _ := Describe(metric.name)
		assume, better := "nothing", ""
		if !slices.ContainsFunc(r.Treatments(), func(t Treatment) bool { return !Exact(metric.name, t) }) {
			assume = "exact"
		}
		if info.Better != "" {
			better = " better=" + info.Better
		}
		fmt.Fprintf(out, "Unit %s%s assume=%s\n", benchUnit(metric.name, metric.Unit), better, assume)
	}
	fmt.Fprintln(out)
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
	return out.Flush()
}

// namedMetric is one value of a trial with its name.
type namedMetric struct {
	name string
	Metric
}

// text is the value in full.
func (m namedMetric) text() string { return strconv.FormatFloat(m.Value, 'g', -1, 64) }

// benchLines returns a line for each sound trial, by treatment and block, and
// every metric in them once.
func (r *Run) benchLines() (lines []string, metrics []namedMetric) {
	treatments := r.Treatments()
	varying := varyingKeys(treatments)
	byUnit := map[string]namedMetric{}
	for _, t := range treatments {
		name := benchName(r.Header.Scenario.Name)
		for _, key := range varying {
			name += "/" + benchWord(key) + "=" + benchWord(t[key])
		}
		for _, trial := range inOrder(r.trialsOf(t)) {
			if !trial.Sound() {
				continue
			}
			events := int64(1) // the format wants a count of operations
			if m, ok := trial.Metrics["events/delivered"]; ok && m.Value >= 1 && m.Value < mostValues {
				events = int64(m.Value)
			}
			line := fmt.Sprintf("%s %d", name, events)
			for _, m := range trial.values("p50", "p90", "p99", "p99.9", "max", "mean") {
				if ok, _ := r.Printable(t, m.name); !ok || !r.counts(trial, m.name) {
					continue
				}
				unit := benchUnit(m.name, m.Unit)
				byUnit[unit] = m
				line += " " + m.text() + " " + unit
			}
			lines = append(lines, line)
		}
	}
	return lines, slices.SortedFunc(maps.Values(byUnit), byVocabulary)
}

// values lists a trial's metrics and the given statistics of its histograms, in
// the order of the vocabulary.
func (t *Trial) values(stats ...string) []namedMetric {
	var list []namedMetric
	for name, m := range t.Metrics {
		list = append(list, namedMetric{name, m})
	}
	for name := range t.Hists {
		for _, s := range stats {
			if m, err := t.Value(name + "/" + s); err == nil { // else it is empty
				list = append(list, namedMetric{name + "/" + s, m})
			}
		}
	}
	slices.SortFunc(list, byVocabulary)
	return slices.CompactFunc(list, func(a, b namedMetric) bool { return a.name == b.name })
}

// byVocabulary puts histograms first, as the vocabulary has them, then metrics,
// then what the vocabulary does not know, by name.
func byVocabulary(a, b namedMetric) int {
	return cmp.Or(cmp.Compare(vocabularyRank(a.name), vocabularyRank(b.name)), cmp.Compare(a.name, b.name))
}

var exported = slices.Concat(histograms, vocabulary)

func vocabularyRank(metric string) int {
	hist, _, ok := splitStat(metric)
	if !ok {
		hist = strings.TrimSuffix(metric, "/n")
	}
	if i := slices.IndexFunc(exported, func(m Info) bool { return m.Name == hist || m.Name == metric }); i >= 0 {
		return i
	}
	return len(exported)
}

// benchUnit is a unit that benchstat reads: staleness-p50-sec, bytes-total-down-B/event.
// A slash would put what follows it below the line, so that only the unit's own may stay.
func benchUnit(name, unit string) string {
	name = benchWord(strings.ReplaceAll(name, "/", "-"))
	over, under, _ := strings.Cut(unit, "/")
	switch over {
	case "1", "":
	case "s":
		name += "-sec"
	default:
		name += "-" + benchWord(over)
	}
	if under != "" {
		name += "/" + benchWord(under)
	}
	return name
}

// benchName is BenchmarkKnownAnswers for the scenario known-answers.
func benchName(scenario string) string {
	name := "Benchmark"
	for word := range strings.FieldsFuncSeq(scenario, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		first, size := utf8.DecodeRuneInString(word)
		name += string(unicode.ToUpper(first)) + word[size:]
	}
	return name
}

// benchWord makes s one part of a name: blanks end a field, and slashes divide
// parts from each other.
func benchWord(s string) string {
	s = strings.ReplaceAll(s, "/", "-per-")
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return '_'
		}
		return r
	}, s)
}

// ExportCSV writes every trial in long form: a row per value, with the scenario, the
// treatment's levels, block, order and whether the value counts. Histograms give their
// mean, some quantiles, max, and n. Values are in base units and in full.
func ExportCSV(w io.Writer, r *Run) error {
	out := csv.NewWriter(w)
	keys := treatmentKeys(r.Treatments())
	row := slices.Concat([]string{"scenario"}, keys, []string{"block", "order", "counts", "metric", "value", "unit"})
	if err := out.Write(row); err != nil {
		return err
	}
	for _, t := range r.Trials {
		row = append(row[:0], r.Header.Scenario.Name)
		for _, key := range keys {
			row = append(row, t.Treatment[key])
		}
		row = append(row, strconv.Itoa(t.Block), strconv.Itoa(t.Order))
		list := t.values("mean", "p50", "p90", "p99", "p99.9", "max")
		for _, name := range slices.Sorted(maps.Keys(t.Hists)) {
			list = append(list, namedMetric{name + "/n", Metric{float64(t.Hists[name].N()), "1"}})
		}
		slices.SortStableFunc(list, byVocabulary)
		for _, m := range list {
			counts := r.trialsOf(t.Treatment)[t.Block] == t && r.counts(t, strings.TrimSuffix(m.name, "/n"))
			if err := out.Write(append(row, strconv.FormatBool(counts), m.name, m.text(), m.Unit)); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
