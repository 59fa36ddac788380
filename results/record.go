// Package results is the notebook between the generator and the figures: the
// record types of a run, their file, the statistics across blocks, and the
// claims that are judged by them.
//
//	scenarios/x.yaml ─▶ loadgen ─▶ results/…/x.jsonl ─▶ plots
//	                      │ writes: Header, Trial…, End      │ reads: Run
//
// A result file explains itself: it carries its scenario's text, the host, the
// build, every trial with its histograms whole, and every doubt about it.
// Values are in base units (s, B, B/event, s/event, 1) and are scaled only
// when printed.
package results

import (
	"slices"
	"strings"
	"time"
)

// Schema is the version of the record this package writes, and the newest it
// reads.
const Schema = 2

// Header is the first line of a result file: what was to be run, where, and
// with which build.
type Header struct {
	Type     string    `json:"type"` // "header"
	Schema   int       `json:"schema"`
	Scenario Source    `json:"scenario"`
	Plan     Planned   `json:"plan"`
	Host     Host      `json:"host"`
	Build    Build     `json:"build"`
	Started  time.Time `json:"started"`
	Warnings []string  `json:"warnings,omitempty"` // doubts about the whole run

	Calibration Calibration `json:"calibration,omitzero"`
}

// Calibration is the CPU time (s) that a busy fleet takes for an event of the
// transport raw, and for a poll; zero where it was not measured.
type Calibration struct {
	Event float64 `json:"event"`
	Poll  float64 `json:"poll"`
}

// Source is the scenario as it was run.
type Source struct {
	Name string `json:"name"` // file name without its ending
	Text string `json:"text"` // the YAML, byte for byte
}

// Planned says what the run set out to do, so that a reader (and -resume) can
// tell what is missing.
type Planned struct {
	Seed       uint64        `json:"seed"`                // of what the trials draw: arrivals, phases, payload, loss
	Order      uint64        `json:"order,omitempty"`     // seed of the order of treatments, drawn for each run
	Generator  string        `json:"generator,omitempty"` // of random numbers, that both seeds are of
	Blocks     int           `json:"blocks"`              // most, where For says how long instead
	For        time.Duration `json:"for,omitempty"`       // ns that the run was given; 0: its blocks, however long they take
	Looks      []int         `json:"looks,omitempty"`     // blocks after which it was to be looked at, where that was planned
	Short      bool          `json:"short,omitempty"`     // a smoke run: windows too short to publish
	Warmup     time.Duration `json:"warmup"`              // ns
	Measure    time.Duration `json:"measure"`             // ns
	Processes  []string      `json:"processes,omitempty"` // how many share the subscribers of a trial, where one could not have them all, and why
	Treatments []Treatment   `json:"treatments"`
	Dropped    []Dropped     `json:"dropped,omitempty"`
}

// Dropped is a combination of levels that cannot exist, and why.
type Dropped struct {
	Treatment Treatment `json:"treatment"`
	Why       string    `json:"why"`
}

// Host describes the machine. Sizes are bytes, limits are counts. Whoever compares
// two records is told of every field and fact in which they differ, but for those of the hour.
type Host struct {
	CPU        string    `json:"cpu"`   // model name
	Cores      int       `json:"cores"` // that this process may use
	Memory     int64     `json:"memory"`
	OS         string    `json:"os"`
	Kernel     string    `json:"kernel"`
	Congestion string    `json:"congestion,omitempty"` // TCP congestion control in force
	Clock      string    `json:"clock,omitempty"`      // kernel clock source
	Virtual    bool      `json:"virtual"`              // a hypervisor is announced
	OpenFiles  int64     `json:"open-files"`           // hard limit per process
	Load       float64   `json:"load"`                 // 1-minute load average before the start
	ServerCPUs []int     `json:"server-cpus"`          // cores the server process was held to
	FleetCPUs  []int     `json:"fleet-cpus"`           // cores the fleet process was held to
	LinkCPUs   []int     `json:"link-cpus,omitempty"`  // cores a link and a proxy were held to, in a run that has one
	Canary     []float64 `json:"canary"`               // s, calibration loop before the first trial

	// Facts is what else changes a figure, as the kernel tells it: governor →
	// performance. A fact that it does not tell is not there; nil: nobody asked.
	Facts map[string]string `json:"facts,omitzero"`
}

// ofTheHour are the fields of a Host that are of the hour and not of the machine.
var ofTheHour = []string{"load", "canary"}

// Build describes the programs that were measured.
type Build struct {
	Go       string `json:"go"`
	Revision string `json:"revision,omitempty"` // of the source, "+dirty" where changed

	// Loadgen, which is the fleet too, and Servers are how each program was built,
	// as Go's build information tells: -race → true, GOAMD64 → v1. Environment is
	// what of the environment changes how they run. nil: not known.
	Loadgen     map[string]string `json:"loadgen,omitzero"`
	Servers     map[string]string `json:"servers,omitzero"`
	Rivals      map[string]string `json:"rivals,omitzero"` // servers of other people, and what they are of: github.com/gobwas/ws → v1.4.0
	Environment map[string]string `json:"environment,omitzero"`
}

// Treatment is one combination of levels: factor or fixed key → its level as
// written in canonical form, for example transport → "poll?interval=1s".
type Treatment map[string]string

// Transport is the treatment's transport with knobs and label.
func (t Treatment) Transport() string { return t["transport"] }

// Key is the treatment in one line, its keys sorted: equal treatments have
// equal keys.
func (t Treatment) Key() string { return strings.Join(t.levels(), ", ") }

// levels are the treatment's keys with their levels, by key.
func (t Treatment) levels() []string {
	list := make([]string, 0, len(t))
	for key := range t {
		list = append(list, key)
	}
	slices.Sort(list)
	for i, key := range list {
		list[i] = key + "=" + t[key]
	}
	return list
}

// Matches reports whether t has every level that where asks for.
func (t Treatment) Matches(where map[string]string) bool {
	for k, v := range where {
		if t[k] != v {
			return false
		}
	}
	return true
}

// Trial is one execution of one treatment: two fresh processes, one line.
type Trial struct {
	Type      string            `json:"type"` // "trial"
	Treatment Treatment         `json:"treatment"`
	Block     int               `json:"block"`          // from 1
	Pass      int               `json:"pass,omitempty"` // of the block, which was begun so often before
	Order     int               `json:"order"`          // place within the run, from 1
	Started   time.Time         `json:"started"`
	Broken    []Broken          `json:"broken"`         // each rule that was broken; see Class for what that voids
	Warnings  []string          `json:"warnings"`       // doubts that void nothing
	Host      *Meanwhile        `json:"host,omitempty"` // what the host did; nil where it was not read
	Metrics   map[string]Metric `json:"metrics"`
	Hists     map[string]*Hist  `json:"hists"`
	// Saturated says which end could not do more, where the scenario asks for
	// more than one can do: "server", "fleet", "both", "proxy", "neither"; else "".
	Saturated string `json:"saturated,omitempty"`
	Log       string `json:"log,omitempty"` // tail of a failed child's log
}

// Metric is a number with its base unit: s, B, B/event, s/event, or 1 for
// counts and shares.
type Metric struct {
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// End is the last line of a file whose run came to its end, whichever way. Each
// is a look at what was measured up to it: a file that went on behind one is
// judged accordingly.
type End struct {
	Type    string    `json:"type"` // "end"
	Ended   time.Time `json:"ended"`
	Reason  string    `json:"reason"` // "complete", "interrupted", or what stopped it
	Trials  int       `json:"trials"` // lines written, of every kind
	Unsound int       `json:"unsound"`
}
