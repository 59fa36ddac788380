package trial

import (
	"context"
	"time"

	"pushbench/loadgen/host"
	"pushbench/loadgen/measure"
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

// children is the processes that there are.
func (p pair) children() []*child {
	if p.link == nil {
		return []*child{p.server, p.fleet}
	}
	return []*child{p.server, p.fleet, p.link}
}

// markBefore is the first mark.
func (o *run) markBefore(ctx context.Context, p pair) (m measure.Mark, err error) {
	if err := pause(ctx, o.plan.arrival()); err != nil {
		return m, err
	}
	if m, err = o.settleAndMark(ctx, p); err != nil {
		return m, err
	}
	if err := o.awaitRest(ctx, p, settleStep); err != nil {
		return m, err
	}
	m.Charge(o.use(p))
	return m, nil
}

// markAfter is the second mark.
func (o *run) markAfter(ctx context.Context, p pair) (m measure.Mark, err error) {
	if err := pause(ctx, o.plan.arrival()); err != nil {
		return m, err
	}
	// On a path that queues, all may sleep while a packet is under way.
	if err := o.awaitRest(ctx, p, max(settleStep, o.plan.Still)); err != nil {
		return m, err
	}
	u := o.use(p)
	o.seen.Frequency = host.ReadFrequency(o.plan.Cores())
	if m, err = o.settleAndMark(ctx, p); err != nil {
		return m, err
	}
	if m.Fleet.Last > u.At {
		u = o.use(p)
	}
	m.Charge(u)
	return m, nil
}

// awaitRest returns once no process has had anything to do for a step, or has had
// enough time for it.
func (o *run) awaitRest(ctx context.Context, p pair, step time.Duration) error {
	deadline := time.Now().Add(restTime + o.plan.backlogTime() + o.plan.slack + step)
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
func (o *run) use(p pair) measure.Used {
	cpus := o.plan.Cores()
	u := measure.Used{At: feed.NewClock().Now(), Process: map[string]host.ProcessTime{}}
	var err error
	if u.CPU, err = host.ReadCPU(cpus); err != nil {
		o.seen.HostUnreadable = err
	}
	for _, c := range p.children() {
		if t, err := host.ReadProcess(c.cmd.Process.Pid); err == nil {
			u.Process[c.name] = t
		}
	}
	if u.Quota, err = host.ReadThrottle(); err != nil {
		o.seen.QuotaUnreadable = err
	}
	if u.Asleep, err = host.ReadAsleep(cpus); err != nil {
		o.seen.SleepUnreadable = err
	}
	return u
}
