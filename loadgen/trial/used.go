package trial

import (
	"context"
	"slices"
	"time"

	"pushbench/loadgen/host"
	"pushbench/results"
	"pushbench/servers/feed"
)

// CPU time is read from outside, of processes and cores at one instant: nothing of the
// reading is charged to a process, and the cores have run what the processes have.
//
// To settle is to ask, and what is asked takes CPU time. So the first reading comes
// after the first mark and the second before the second mark. What lies between them is
// the measuring alone:
//
//	settle → mark → rest → read → measure → rest → read → settle → mark
//
// Each mark counts what was delivered at rest, and the CPU time of just that has to be
// read. So each reading waits for the rest, without asking: what is under way needs a
// round trip and the time for which the server gathers a batch. Then no process runs,
// or is ready to, twice in a row with no CPU time between. What rests has handled all
// that had come. That nothing came later, the second mark tells by when the last event
// came. Else what it took is read again, settling included.

// restTime is how long it may take until no process has anything to do. Where
// heartbeats or held requests come close upon one another there is no such moment, and
// the reading is none the worse.
const restTime = 2 * time.Second

// used is what processes and cores had used at an instant.
type used struct {
	at      int64 // ns on CLOCK_MONOTONIC
	cpu     host.CPUTime
	asleep  float64                     // of the cores, s since boot
	process map[string]host.ProcessTime // by the child's name
	quota   host.Throttle               // by which the trial was stopped
}

// children is the processes that there are.
func (p pair) children() []*child {
	if p.link == nil {
		return []*child{p.server, p.fleet}
	}
	return []*child{p.server, p.fleet, p.link}
}

// cores is every core that the trial's processes run on, a link's among them
// where there is one.
func cores(l host.Layout, link bool) []int {
	all := slices.Concat(l.Server, l.Fleet)
	if link {
		all = append(all, l.Link...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// markBefore is the first mark.
func (o *observation) markBefore(ctx context.Context, p pair) (m mark, err error) {
	if err := pause(ctx, o.plan.arrival()); err != nil {
		return m, err
	}
	if m, err = o.settleAndMark(ctx, p); err != nil {
		return m, err
	}
	if err := o.awaitRest(ctx, p, settleStep); err != nil {
		return m, err
	}
	m.charge(o.use(p))
	return m, nil
}

// markAfter is the second mark.
func (o *observation) markAfter(ctx context.Context, p pair) (m mark, err error) {
	if err := pause(ctx, o.plan.arrival()); err != nil {
		return m, err
	}
	// On a path that queues, all may sleep while a packet is under way.
	if err := o.awaitRest(ctx, p, max(settleStep, o.plan.still)); err != nil {
		return m, err
	}
	u := o.use(p)
	o.frequency = host.ReadFrequency(cores(o.config.Layout, p.link != nil))
	if m, err = o.settleAndMark(ctx, p); err != nil {
		return m, err
	}
	if m.fleet.Last > u.at {
		u = o.use(p)
	}
	m.charge(u)
	return m, nil
}

// arrival is how long what is under way takes to come when trial time rests, at most,
// where nothing queues or is lost.
func (p plan) arrival() time.Duration { return p.trip + p.batch }

// awaitRest returns once no process has had anything to do for a step, or has had
// enough time for it.
func (o *observation) awaitRest(ctx context.Context, p pair, step time.Duration) error {
	deadline := time.Now().Add(restTime + o.backlogTime() + o.plan.slack + step)
	last := -1.0
	for time.Now().Before(deadline) {
		ran, rests, err := p.running(last)
		if err != nil || rests { // off Linux nobody can tell; settling does without
			return nil
		}
		last = ran
		if err := pause(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// running is the CPU time of all processes (s), and whether they rest: it is what it
// was, and none of them waits for a CPU.
func (p pair) running(last float64) (ran float64, rests bool, err error) {
	for _, c := range p.children() {
		cpu, err := host.ReadProcessCPU(c.cmd.Process.Pid)
		if err != nil {
			return 0, false, err
		}
		ran += cpu
	}
	if ran != last {
		return ran, false, nil
	}
	for _, c := range p.children() {
		if rests, err := host.Resting(c.cmd.Process.Pid); err != nil || !rests {
			return ran, false, err
		}
	}
	return ran, true, nil
}

// use reads what has been used. What the host does not tell stays out of the record.
func (o *observation) use(p pair) used {
	cpus := cores(o.config.Layout, p.link != nil)
	u := used{at: feed.NewClock().Now(), process: map[string]host.ProcessTime{}}
	var err error
	if u.cpu, err = host.ReadCPU(cpus); err != nil {
		o.hostUnreadable = err
	}
	for _, c := range p.children() {
		if t, err := host.ReadProcess(c.cmd.Process.Pid); err == nil {
			u.process[c.name] = t
		}
	}
	if u.quota, err = host.ReadThrottle(); err != nil {
		o.quotaUnreadable = err
	}
	if u.asleep, err = host.ReadAsleep(cpus); err != nil {
		o.sleepUnreadable = err
	}
	return u
}

// charge puts what was used into the mark. A process that could not be read from
// outside has told its own CPU time.
func (m *mark) charge(u used) {
	m.used = u
	if t, ok := u.process["server"]; ok {
		m.server.Usage.User, m.server.Usage.System = t.CPU, 0 // both together
	}
	if t, ok := u.process["fleet"]; ok {
		m.fleet.Usage.User, m.fleet.Usage.System = t.CPU, 0
	}
	if t, ok := u.process["link"]; ok {
		m.link.Usage.User, m.link.Usage.System = t.CPU, 0
	}
}

// spent is what a process used between the marks.
func (o *observation) spent(name string) host.ProcessTime {
	return o.after.process[name].Sub(o.before.process[name])
}

// waits puts down how long each process was ready to run and waited for its core: each
// time before it ran, which is about what it adds to a latency, and in all.
func (o *observation) waits(put func(name string, value float64, unit string)) {
	for name := range o.after.process {
		waited, known := o.spent(name).Waited()
		if !known {
			continue
		}
		put(name+"/waiting", waited/o.elapsed(), "1")
		if n, _ := o.spent(name).Switches(); n > 0 {
			put(name+"/wait", waited/float64(n), "s")
		}
	}
}

// switches is how often the server got a CPU between the marks.
func (o *observation) switches() int64 {
	if n, known := o.spent("server").Switches(); known {
		return n
	}
	return o.after.server.Usage.Switches - o.before.server.Usage.Switches
}

// syscalls is how often the server read and wrote between the marks; 0 where the host
// does not count it.
func (o *observation) syscalls() int64 { return o.spent("server").Syscalls }

// hostTime is what the cores did between the readings.
func (o *observation) hostTime() host.CPUTime { return o.after.cpu.Sub(o.before.cpu) }

// foreign is how long others than the trial's processes ran on its cores (s), loadgen
// among them.
func (o *observation) foreign() float64 {
	return o.hostTime().Sum().Tasks - o.serverCPU() - o.fleetCPU() - o.linkCPU()
}

// meanwhile is what the host did, for the record; nil where it could not be read.
func (o *observation) meanwhile() *results.Meanwhile {
	t := o.hostTime()
	if o.hostUnreadable != nil || !(t.Sum().Wall > 0) {
		return nil
	}
	own := map[int]float64{} // s by core
	l := o.config.Layout
	for _, end := range []struct {
		cpus []int
		used float64
	}{{l.Server, o.serverCPU()}, {l.Fleet, o.fleetCPU()}, {l.Link, o.linkCPU()}} {
		for _, cpu := range end.cpus { // one, as host.Split gives them
			own[cpu] += end.used / float64(len(end.cpus))
		}
	}
	m := &results.Meanwhile{Source: string(t.Source)}
	for i, c := range t.Cores {
		fact := results.CoreFact{
			CPU: c.CPU, Busy: c.BusyShare(), Foreign: (c.Tasks - own[c.CPU]) / c.Wall, Idle: c.Idle / c.Wall, Steal: c.StealShare(),
		}
		if t.Interrupts {
			share := c.Interrupts / c.Wall
			fact.Interrupts = &share
		}
		if t.Waits {
			share := c.Waited / c.Wall
			fact.Wait = &share
		}
		if i < len(o.frequency) {
			fact.Frequency = o.frequency[i]
		}
		m.Cores = append(m.Cores, fact)
	}
	return m
}
