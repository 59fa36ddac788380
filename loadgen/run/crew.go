package run

import (
	"fmt"
	"slices"

	"pushbench/loadgen/host"
	"pushbench/loadgen/trial"
	"pushbench/scenarios"
	"pushbench/servers/all"
)

// A trial has one server and one fleet, unless more subscribers take part than a process
// may have connections. Then as few processes as can hold them share them at each end.
// Nobody asks for that: the plan says how many there will be, and why.

const (
	// maxServers bounds the processes of an end: each has a runtime of its own, of some
	// 10 MB, and takes its turn on the same core.
	maxServers = 64
	// leastEach is the fewest connections for which subscribers are shared. A host that
	// lets a process have fewer is told to let it have more.
	leastEach = 1000
)

// connections is how many a process of a trial has open at most, if one has all. Where
// the feed's is HTTP's, an uplink has one of its own, and a proxy has two for each of the
// fleets'.
func connections(t scenarios.Treatment) int {
	n := t.Subscribers
	spec, err := all.Parse(t.Transport)
	if t.Uplink > 0 && err == nil && !spec.Transport.Upgrades {
		n *= 2
	}
	if t.Proxied() {
		n *= 2
	}
	return n
}

// crewOf is the processes of a trial where each may have so many files open.
func crewOf(t scenarios.Treatment, files int64) trial.Crew {
	servers := 1
	if n, each := connections(t), host.Holds(files); n > each && each >= leastEach {
		servers = min(maxServers, (n+each-1)/each)
	}
	return trial.NewCrew(servers, t.Fleets)
}

func (p *plan) crew(t scenarios.Treatment) trial.Crew { return crewOf(t, p.files) }

// fleets is how many share the subscribers of a trial to be run, at most.
func (p *plan) fleets() (most int) {
	for _, t := range p.chosen {
		most = max(most, p.crew(t).Fleets)
	}
	return most
}

// processes says how many share the subscribers of trials to be run, where one could not
// have them all, and why.
func (p *plan) processes() (lines []string) {
	for _, t := range p.chosen {
		crew := p.crew(t)
		if crew.Servers == 1 {
			continue
		}
		line := fmt.Sprintf("%d subscribers are shared by %d servers of one feed and %d fleets, since a process may have %d files open here", t.Subscribers, crew.Servers, crew.Fleets, p.files)
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// fits reports what the host's limit on open files forbids, before anything is run.
func (p *plan) fits() error {
	most, subscribers := 0, 0
	for _, t := range p.chosen {
		servers := p.crew(t).Servers
		if n := (connections(t) + servers - 1) / servers; n > most {
			most, subscribers = n, t.Subscribers
		}
	}
	if err := host.NeedOpenFiles(host.FilesFor(most)); err != nil {
		return fmt.Errorf("%s: %d subscribers: %w", p.scenario.Path, subscribers, err)
	}
	return nil
}
