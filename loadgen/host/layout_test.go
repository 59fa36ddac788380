package host

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		name          string
		topology      Topology
		server, fleet int // -1: none
		shared        bool
		note          string // part of it; "" wants none
	}{
		{"none", Topology{}, -1, -1, true, "no CPU is known"},
		{"one", Topology{CPUs: []CPU{{3, 3, 0}}}, 3, 3, true, "server and fleet share CPU 3"},
		{"two cores", Topology{CPUs: []CPU{{0, 0, 0}, {1, 1, 0}}}, 0, 1, false, ""},
		{"two threads of one core", Topology{CPUs: []CPU{{0, 0, 0}, {1, 0, 0}}}, 0, 1, false, "threads of one physical core"},
		{"two cores in two packages", Topology{CPUs: []CPU{{0, 0, 0}, {1, 1, 1}}}, 0, 1, false, "two packages"},
		{"two cores of two threads, siblings adjacent", Topology{CPUs: []CPU{{0, 0, 0}, {1, 0, 0}, {2, 2, 0}, {3, 2, 0}}}, 0, 2, false, ""},
		{"two cores of two threads, siblings apart", Topology{CPUs: []CPU{{0, 0, 0}, {1, 1, 0}, {2, 0, 0}, {3, 1, 0}}}, 0, 1, false, ""},
		{"three cores: the first stays free", Topology{CPUs: []CPU{{0, 0, 0}, {1, 1, 0}, {2, 2, 0}}}, 1, 2, false, ""},
		{"four threads, the first core stays free", Topology{CPUs: []CPU{{0, 0, 0}, {1, 0, 0}, {2, 2, 0}, {3, 2, 0}, {4, 4, 0}, {5, 4, 0}}}, 2, 4, false, ""},
		{"packages alternate", Topology{CPUs: []CPU{{0, 0, 0}, {1, 1, 1}, {2, 2, 0}, {3, 3, 1}}}, 1, 3, false, ""},
		{"one package matters more than a free first core", Topology{CPUs: []CPU{{0, 0, 0}, {1, 1, 1}, {2, 2, 0}}}, 0, 2, false, ""},
		{"two cores matter more than one package", Topology{CPUs: []CPU{{0, 0, 0}, {1, 0, 0}, {2, 2, 1}}}, 0, 2, false, "two packages"},
		{"a quota below two", Topology{CPUs: []CPU{{0, 0, 0}, {1, 1, 0}}, Quota: 1.5}, 0, 1, false, "grants time for 1.5 of the 2 CPUs in use"},
		{"a quota of two", Topology{CPUs: []CPU{{0, 0, 0}, {1, 1, 0}}, Quota: 2}, 0, 1, false, ""},
		{"one CPU and half of it", Topology{CPUs: []CPU{{0, 0, 0}}, Quota: 0.5}, 0, 0, true, "; the control group grants time for 0.5"},
	} {
		l := Split(test.topology)
		if l.Link == nil != (test.server < 0) {
			t.Errorf("%s: link on %v", test.name, l.Link)
		}
		if want := only(test.server); !reflect.DeepEqual(l.Server, want) {
			t.Errorf("%s: server on %v, want %v", test.name, l.Server, want)
		}
		if want := only(test.fleet); !reflect.DeepEqual(l.Fleet, want) {
			t.Errorf("%s: fleet on %v, want %v", test.name, l.Fleet, want)
		}
		if l.Shared != test.shared {
			t.Errorf("%s: shared %v", test.name, l.Shared)
		}
		if !strings.Contains(l.Note, test.note) || (test.note == "") != (l.Note == "") {
			t.Errorf("%s: note %q, want %q", test.name, l.Note, test.note)
		}
	}
}

// The link has a core of its own where one is left, and else the fleet's CPU.
func TestSplitLink(t *testing.T) {
	for _, test := range []struct {
		name   string
		cpus   []CPU
		link   int
		shares bool
	}{
		{"one", []CPU{{3, 3, 0}}, 3, true},
		{"two cores", []CPU{{0, 0, 0}, {1, 1, 0}}, 1, true},
		{"three cores: the first is all that is left", []CPU{{0, 0, 0}, {1, 1, 0}, {2, 2, 0}}, 0, false},
		{"four cores: the first stays free", []CPU{{0, 0, 0}, {1, 1, 0}, {2, 2, 0}, {3, 3, 0}}, 3, false},
		{"two cores of two threads", []CPU{{0, 0, 0}, {1, 0, 0}, {2, 2, 0}, {3, 2, 0}}, 2, true},
		{"three cores of two threads", []CPU{{0, 0, 0}, {1, 0, 0}, {2, 2, 0}, {3, 2, 0}, {4, 4, 0}, {5, 4, 0}}, 0, false},
		{"the first core rather than another package", []CPU{{0, 0, 0}, {1, 1, 0}, {2, 2, 0}, {3, 3, 1}}, 0, false},
		{"another package rather than none of its own", []CPU{{0, 0, 0}, {1, 1, 0}, {2, 2, 1}}, 2, false},
	} {
		l := Split(Topology{CPUs: test.cpus})
		if !reflect.DeepEqual(l.Link, only(test.link)) || l.LinkShares() != test.shares {
			t.Errorf("%s: link on %v, shares %v: %+v", test.name, l.Link, l.LinkShares(), l)
		}
	}
}

// Further fleets have the cores that are left, the first core last, and then share.
func TestFleetsHaveTheCoresThatAreLeft(t *testing.T) {
	l := Split(Topology{CPUs: []CPU{{0, 0, 0}, {1, 0, 0}, {2, 2, 0}, {3, 2, 0}, {4, 4, 0}, {6, 6, 0}, {8, 8, 0}}})
	for fleets, want := range map[int][]int{0: {4}, 1: {4}, 2: {4, 8}, 3: {4, 8, 0}, 4: {4, 8, 0}} {
		if got := l.For(fleets).Fleet; !reflect.DeepEqual(got, want) {
			t.Errorf("%d fleets on %v, want %v; server on %v, link on %v", fleets, got, want, l.Server, l.Link)
		}
	}
	if on := l.For(3).OfFleet(4); !reflect.DeepEqual(on, []int{8}) {
		t.Errorf("the fifth of five fleets on three CPUs is on %v", on)
	}
	if on := (Layout{}).For(2).OfFleet(1); on != nil {
		t.Errorf("where no CPU is known the second fleet is on %v", on)
	}
}

func only(cpu int) []int {
	if cpu < 0 {
		return nil
	}
	return []int{cpu}
}

// Whatever the machine: one CPU each, of those allowed, and no pair on one core
// or across packages where another pair is better.
func TestSplitProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		threads := rapid.IntRange(1, 2).Draw(t, "threads per core")
		packages := rapid.IntRange(1, 3).Draw(t, "packages")
		var top Topology
		for id := range rapid.IntRange(2, 12).Draw(t, "CPUs") {
			core := id / threads
			if rapid.Bool().Draw(t, "allowed") || len(top.CPUs) < 2 {
				top.CPUs = append(top.CPUs, CPU{ID: id, Core: core * threads, Package: core % packages})
			}
		}
		l := Split(top)
		if len(l.Server) != 1 || len(l.Fleet) != 1 || l.Shared || l.Server[0] == l.Fleet[0] {
			t.Fatalf("%+v: %+v", top, l)
		}
		if !reflect.DeepEqual(l, Split(top)) {
			t.Fatalf("%+v: two answers", top)
		}
		place := map[int]CPU{}
		for _, c := range top.CPUs {
			place[c.ID] = c
		}
		server, fleet := place[l.Server[0]], place[l.Fleet[0]]
		if _, ok := place[server.ID]; !ok {
			t.Fatalf("server on CPU %d, which is not allowed", server.ID)
		}
		if _, ok := place[fleet.ID]; !ok {
			t.Fatalf("fleet on CPU %d, which is not allowed", fleet.ID)
		}
		for _, a := range top.CPUs {
			for _, b := range top.CPUs {
				if a.Core == b.Core {
					continue
				}
				if server.Core == fleet.Core {
					t.Fatalf("%+v: %v and %v share a core, %v and %v would not", top, server, fleet, a, b)
				}
				if a.Package == b.Package && server.Package != fleet.Package {
					t.Fatalf("%+v: %v and %v cross packages, %v and %v would not", top, server, fleet, a, b)
				}
			}
		}
		link := place[l.Link[0]]
		for _, c := range top.CPUs {
			own := c.Core != server.Core && c.Core != fleet.Core
			if own && l.LinkShares() {
				t.Fatalf("%+v: the link shares CPU %d, though CPU %d is of no use to others", top, link.ID, c.ID)
			}
		}
		if !l.LinkShares() && (link.Core == server.Core || link.Core == fleet.Core) {
			t.Fatalf("%+v: the link on CPU %d slows a sibling", top, link.ID)
		}
		if good := server.Core != fleet.Core && server.Package == fleet.Package; good != (l.Note == "") {
			t.Fatalf("%+v: note %q", top, l.Note)
		}
	})
}
