package host

import (
	"fmt"
	"slices"
	"strings"
)

// Layout is which CPUs each process of a trial is held to.
//
// The server gets one CPU and the fleet gets one, however many there are:
// GOMAXPROCS follows the affinity, so results stay comparable from host to
// host, and "the server's core" means one thing. They lie on different
// physical cores, because SMT siblings slow one another, and in one package,
// because a socket crossing costs more than a loopback send. The first core is
// left to the coordinator and the kernel, which serves most interrupts there,
// where there are cores enough.
//
// The link, which is there in the lab's trials alone, gets what is left: a CPU
// on a core that neither of them uses, in the server's package if it can be,
// and else the fleet's. A proxy has the same CPU. Where a trial has several fleets,
// each beyond the first has a core that is left after that, as long as there is one.
type Layout struct {
	Server, Fleet []int
	Link          []int  // of the link, and of a proxy
	Spare         []int  // CPUs for further fleets
	Shared        bool   // server and fleet are held to the same CPU
	Note          string // what about it weakens the results, "" if nothing: a warning for the record
}

// LinkShares reports whether the link is held to the fleet's CPU.
func (l Layout) LinkShares() bool { return slices.Equal(l.Link, l.Fleet) }

// For is the layout of a trial with so many fleets: each CPU of Fleet has one of them,
// or where there are not enough, several.
func (l Layout) For(fleets int) Layout {
	l.Fleet = slices.Concat(l.Fleet, l.Spare[:min(max(fleets-1, 0), len(l.Spare))])
	return l
}

// OfFleet is where the i-th fleet of such a trial runs; nil: where the kernel puts it.
func (l Layout) OfFleet(i int) []int {
	if len(l.Fleet) == 0 {
		return nil
	}
	at := i % len(l.Fleet)
	return l.Fleet[at : at+1]
}

// Split chooses the CPUs of server and fleet. The same topology always gives
// the same layout.
func Split(t Topology) Layout {
	if len(t.CPUs) == 0 {
		return Layout{Shared: true, Note: "no CPU is known: server and fleet run where the kernel puts them"}
	}
	if len(t.CPUs) == 1 {
		only := []int{t.CPUs[0].ID}
		l := Layout{Server: only, Fleet: only, Link: only, Shared: true}
		l.Note = notes(fmt.Sprintf("server and fleet share %s: each waits while the other runs, which shows in latency", cpuText(only)), quotaNote(t, 1))
		return l
	}
	server, fleet := choose(t.CPUs)
	link := linkCPU(t.CPUs, server, fleet)
	l := Layout{Server: []int{server.ID}, Fleet: []int{fleet.ID}, Link: []int{link.ID}, Spare: spare(t.CPUs, server, fleet, link)}
	var where string
	switch {
	case server.Core == fleet.Core:
		where = fmt.Sprintf("server (CPU %d) and fleet (CPU %d) are threads of one physical core: each slows the other", server.ID, fleet.ID)
	case server.Package != fleet.Package:
		where = fmt.Sprintf("server (CPU %d) and fleet (CPU %d) lie in two packages: what they exchange crosses sockets", server.ID, fleet.ID)
	}
	l.Note = notes(where, quotaNote(t, 2))
	return l
}

// cost is how bad it is to use two CPUs together. Each fault weighs more than all
// after it.
func cost(a, b, first CPU) (c int) {
	if a.Core == b.Core {
		c += 4
	}
	if a.Package != b.Package {
		c += 2
	}
	if a.Core == first.Core || b.Core == first.Core {
		c++
	}
	return c
}

// choose returns the pair that costs least, the first of equals.
func choose(cpus []CPU) (server, fleet CPU) {
	server, fleet = cpus[0], cpus[1]
	for i, s := range cpus {
		for _, f := range cpus[i+1:] {
			if cost(s, f, cpus[0]) < cost(server, fleet, cpus[0]) {
				server, fleet = s, f
			}
		}
	}
	return server, fleet
}

// linkCPU is where the link runs beside server and fleet.
func linkCPU(cpus []CPU, server, fleet CPU) CPU {
	free := slices.DeleteFunc(slices.Clone(cpus), func(c CPU) bool {
		return c.Core == server.Core || c.Core == fleet.Core // a sibling would slow the one it is of
	})
	if len(free) == 0 {
		return fleet
	}
	return slices.MinFunc(free, func(a, b CPU) int { return cost(server, a, cpus[0]) - cost(server, b, cpus[0]) })
}

// spare is a CPU of each core that none of those uses, the first core's last.
func spare(cpus []CPU, used ...CPU) (left []int) {
	taken := map[int]bool{}
	for _, cpu := range used {
		taken[cpu.Core] = true
	}
	for _, onFirst := range []bool{false, true} {
		for _, cpu := range cpus {
			if (cpu.Core == cpus[0].Core) == onFirst && !taken[cpu.Core] {
				taken[cpu.Core] = true
				left = append(left, cpu.ID)
			}
		}
	}
	return left
}

// quotaNote warns where the control group grants less than the CPUs in use:
// the kernel then stops both processes for the rest of each period, which is
// no steal and shows nowhere else.
func quotaNote(t Topology, used int) string {
	if t.Quota <= 0 || t.Quota >= float64(used) {
		return ""
	}
	return fmt.Sprintf("the control group grants time for %.3g of the %d CPUs in use: the kernel stops them in between", t.Quota, used)
}

func notes(texts ...string) string { return strings.Join(nonEmpty(texts...), "; ") }
