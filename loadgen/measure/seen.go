// Package measure makes a trial's record of what was seen. Package trial fills an
// Observation while its processes run; what is here starts nothing and asks nobody.
// Measures and rules are rows, pure functions of the Observation, and their names are
// those of the vocabulary and of the classes in package results.
package measure

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/host"
	"pushbench/loadgen/lab"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/control"
	"pushbench/servers/count"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// Asked is what was asked of a trial, and what follows from that before it begins.
type Asked struct {
	Treatment scenarios.Treatment
	Layout    host.Layout
	Seed      uint64
	Block     int
	Spec      feed.Spec   // of the transport
	Rhythm    feed.Rhythm // and of its client end
	Prompt    bool        // a poll is answered before the next is due, whatever befalls it on the way

	Promises // of whom the feed passes through

	Servers, Fleets int // processes that share the subscribers at each end; 0 is one

	OfMemory bool // connections one after the other, to a quiet feed
	Quiet    bool // the feed publishes nothing before the fault
	Saturate bool // an end may be asked for more than it can do

	Mark1, Mark2 time.Duration // in trial time
	Window       time.Duration // that is measured, from the first mark on; as long lasts a fault

	Emulated bool           // the ends are in the lab
	Path     lab.Conditions // between them
	Still    time.Duration  // for which the kernel's counts stood still before a mark
}

// Promises are what rules and measures may rely on where the feed passes through
// somebody on its way from the publisher to the fleets. Our own server keeps all.
type Promises struct {
	Tallies bool // the server tells what it counted, and its connections are the fleets' own
	Ends    bool // it tells when connections came to their end
	Trims   bool // it gives memory back when it is told to
}

// Ours is what our own server promises.
var Ours = Promises{Tallies: true, Ends: true, Trims: true}

// And is what both promise.
func (p Promises) And(q Promises) Promises {
	return Promises{p.Tallies && q.Tallies, p.Ends && q.Ends, p.Trims && q.Trims}
}

// Observation is what a trial saw, before anything is computed from it.
type Observation struct {
	Asked
	Began, Ended  host.Clocks   // before the first connection, and when all was over
	From, Until   int64         // the window, ns on CLOCK_MONOTONIC
	Born, Opened  control.Usage // of the server, before the first connection and after the last
	Before, After Mark
	Unsettled     []string            // what the ends did not agree about where they should have
	Steps         []Memory            // of a trial of memory, at each step before any event
	Held          Memory              // at the last, after one
	Rest          time.Duration       // for which its feed then published nothing
	Passed        wire.Counts         // at the fleet meanwhile
	Silence       Silence             // of a trial with a fault
	Published     control.PublishedAt // its Lag holds that of each server, one server's after the other's
	Sockets       Sockets
	Newest        uint64 // event, of all that were published
	Undelivered   int    // subscribers without the newest event when the drain ended
	Collected     fleet.Collected
	Frequency     []float64 // of the cores at the second mark (Hz)

	// Why something could not be read.
	HostUnreadable, SleepUnreadable, QuotaUnreadable error
}

// Sockets is what the kernel told of TCP before the first connection, and when all
// were there and had events.
type Sockets struct {
	Before, After host.Sockets
	Read          bool // both were
}

// Mark is the state of the trial's processes and cores while trial time rests.
type Mark struct {
	Server control.ServerMark
	Fleet  fleet.Mark
	Link   lab.LinkMark // where there is one
	Resent Ways         // segments that the kernel of each end sent again, where there is a link
	Used                // CPU time, by when all of that had been handled
}

// Used is what processes and cores had used at an instant.
type Used struct {
	At      int64 // ns on CLOCK_MONOTONIC
	CPU     host.CPUTime
	Asleep  float64                     // of the cores, s since boot
	Process map[string]host.ProcessTime // by the process's name
	Quota   host.Throttle               // by which the trial was stopped
	Strayed []string                    // processes that may run elsewhere than they were held to, and where
}

// Add adds what a process used to what others of its name did. What is not known of one
// is not known of all.
func (u *Used) Add(name string, t host.ProcessTime) {
	if other, more := u.Process[name]; more {
		t.CPU, t.Syscalls = t.CPU+other.CPU, t.Syscalls+other.Syscalls
		if t.Threads != nil && other.Threads != nil {
			maps.Copy(t.Threads, other.Threads) // whose IDs are the host's
		} else {
			t.Threads = nil
		}
	}
	u.Process[name] = t
}

// Charge puts what was used into the mark. A process that could not be read from
// outside has told its own CPU time.
func (m *Mark) Charge(u Used) {
	m.Used = u
	for name, usage := range map[string]*control.Usage{"server": &m.Server.Usage, "fleet": &m.Fleet.Usage, "link": &m.Link.Usage} {
		if t, ok := u.Process[name]; ok {
			usage.User, usage.System = t.CPU, 0 // both together
		}
	}
}

// Ways is a number in each direction: down is to the subscriber.
type Ways struct{ Down, Up int64 }

func (w Ways) String() string { return fmt.Sprintf("{down:%d up:%d}", w.Down, w.Up) }

// Agree reports whether what one end wrote the other has read, both ways, and nothing is
// kept to be written later.
func Agree(server, clients wire.Counts) bool {
	return server.Pending == 0 && server.BytesRead == clients.BytesWritten && server.BytesWritten == clients.BytesRead
}

// Tallies says what both ends counted.
func Tallies(server, clients wire.Counts) string {
	return fmt.Sprintf("the server has read %d bytes, written %d and kept %d, the fleet has written %d and read %d",
		server.BytesRead, server.BytesWritten, server.Pending, clients.BytesWritten, clients.BytesRead)
}

// Cores is every core that the trial's processes run on, a link's and a proxy's among
// them where there is one.
func (a Asked) Cores() []int {
	all := slices.Concat(a.Layout.Server, a.Layout.Fleet)
	if a.Emulated || a.Treatment.Proxied() {
		all = append(all, a.Layout.Link...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// between is the trial time between the marks, in seconds.
func (o *Observation) between() float64 { return (o.Mark2 - o.Mark1).Seconds() }

// elapsed is what the events between the marks took, in seconds: the trial time
// between them, and longer where the last arrived later than that. A quiet feed has
// none.
func (o *Observation) elapsed() float64 {
	if o.Quiet || o.After.Fleet.Delivered == 0 {
		return o.between()
	}
	last := feed.Between(o.From, o.After.Fleet.Last)
	return max(o.between(), last.Seconds())
}

// passed is how long it was between two readings, in seconds. Polls pass in trial
// time, which rests while ends settle; heartbeats do not.
func (o *Observation) passed(earlier, later int64) float64 {
	if o.Rhythm.Poll > 0 {
		return o.between()
	}
	return feed.Between(earlier, later).Seconds()
}

// events is how many were delivered between the marks.
func (o *Observation) events() float64 { return float64(o.fleet().Delivered) }

// fleet is what the fleets counted between the marks.
func (o *Observation) fleet() fleet.Count {
	return count.Sub(o.After.Fleet.Count, o.Before.Fleet.Count)
}

// received is how many events of the window arrived, over all subscribers.
func (o *Observation) received() int64 { return o.Collected.Hists["staleness"].N() }

// publishLag is how late each server published the events of the window, and their
// number.
func (o *Observation) publishLag() (*results.Hist, int) {
	h := results.NewHist()
	n := 0
	all := o.Published.Due
	for i, lag := range o.Published.Lag {
		if due := all[i%len(all)]; due < o.From || due >= o.Until {
			continue
		}
		if i < len(all) {
			n++
		}
		h.Record(lag) // what it cannot take it counts; a rule looks
	}
	return h, n
}

// due is when each event since the first mark was due.
func (o *Observation) due() []int64 {
	i, _ := slices.BinarySearch(o.Published.Due, o.From)
	return o.Published.Due[i:]
}

// expected is the deliveries that are due in the window.
func (o *Observation) expected() int64 {
	_, distinct := o.publishLag()
	return int64(distinct) * int64(o.Treatment.Subscribers)
}

// latest reports whether the subscribers want the newest event only.
func (o *Observation) latest() bool { return o.Treatment.Want == "latest" }

// connections is how many connections the subscribers need. The feed's is taken
// where it is HTTP's, so that an uplink has another.
func (o *Observation) connections() int64 {
	subscribers := int64(o.Treatment.Subscribers)
	need := subscribers
	if o.Rhythm.FreshConns {
		need = o.After.Fleet.Requests
	}
	if o.Treatment.Uplink > 0 && !o.Spec.Transport.Upgrades {
		need += subscribers
	}
	return need
}

// told reports whether what the server used is known.
func (o *Observation) told() bool {
	_, read := o.After.Process["server"]
	return read || o.After.Server.At > 0
}

// serverCPU, fleetCPU and linkCPU are what each used between the marks (s); 0 where
// there is none.
func (o *Observation) serverCPU() float64 {
	return o.After.Server.Usage.CPU() - o.Before.Server.Usage.CPU()
}
func (o *Observation) fleetCPU() float64 {
	return o.After.Fleet.Usage.CPU() - o.Before.Fleet.Usage.CPU()
}
func (o *Observation) linkCPU() float64 { return o.After.Link.Usage.CPU() - o.Before.Link.Usage.CPU() }

// proxyCPU is the same of a proxy. It tells nothing, and is read from outside.
func (o *Observation) proxyCPU() float64 { return o.spent("proxy").CPU }

// fleetCores is the number of cores that the fleets share.
func (o *Observation) fleetCores() float64 { return float64(max(1, len(o.Layout.Fleet))) }

// spent is what a process used between the marks.
func (o *Observation) spent(name string) host.ProcessTime {
	return o.After.Process[name].Sub(o.Before.Process[name])
}

// hostTime is what the cores did between the readings.
func (o *Observation) hostTime() host.CPUTime { return o.After.CPU.Sub(o.Before.CPU) }

// foreign is how long others than the trial's processes ran on its cores (s), loadgen
// among them.
func (o *Observation) foreign() float64 {
	return o.hostTime().Sum().Tasks - o.serverCPU() - o.fleetCPU() - o.linkCPU() - o.proxyCPU()
}

// asleep is the share of their time between the marks that the cores slept.
func (o *Observation) asleep() (float64, error) {
	if err := errors.Join(o.SleepUnreadable, o.HostUnreadable); err != nil {
		return 0, err
	}
	spent := o.hostTime().Sum().Wall
	if !(spent > 0) {
		return 0, errors.New("no time passed between the marks")
	}
	return (o.After.Asleep - o.Before.Asleep) / spent, nil
}
