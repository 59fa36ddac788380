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

// markBefore is the first mark.
func (r *run) markBefore(ctx context.Context) (err error) {
	if err := pause(ctx, r.plan.arrival()); err != nil {
		return err
	}
	if r.seen.Before, err = r.settleAndMark(ctx); err != nil {
		return err
	}
	if err := r.awaitRest(ctx, settleStep); err != nil {
		return err
	}
	r.seen.Before.Charge(r.use())
	return nil
}

// markAfter is the second mark.
func (r *run) markAfter(ctx context.Context) (err error) {
	if err := pause(ctx, r.plan.arrival()); err != nil {
		return err
	}
	// On a path that queues, all may sleep while a packet is under way.
	if err := r.awaitRest(ctx, max(settleStep, r.plan.Still)); err != nil {
		return err
	}
	u := r.use()
	r.readSockets(&r.seen.Sockets.After)
	r.seen.Frequency = host.ReadFrequency(r.plan.Cores())
	if r.seen.After, err = r.settleAndMark(ctx); err != nil {
		return err
	}
	if r.seen.After.Fleet.Last > u.At {
		u = r.use()
	}
	r.seen.After.Charge(u)
	r.at("marked")
	return nil
}

// awaitRest returns once all processes rest: what they ran (s) is what it was a step ago,
// and none of them waits for a CPU. It does not wait for that for ever.
func (r *run) awaitRest(ctx context.Context, step time.Duration) error {
	last := -1.0
	_, err := until(ctx, restTime+r.plan.backlogTime()+r.plan.slack+step, step, func() (rest bool, _ error) {
		ran := 0.0
		for _, p := range r.parties {
			cpu, err := host.ReadProcessCPU(p.PID)
			if err != nil { // off Linux nobody can tell; settling does without
				return true, nil
			}
			ran += cpu
		}
		rest, last = ran == last, ran
		for _, p := range r.parties {
			if !rest {
				break
			}
			var err error
			if rest, err = host.Resting(p.PID); err != nil {
				return true, nil
			}
		}
		return rest, nil
	})
	return err
}

// use reads what has been used. What the host does not tell stays out of the record.
func (r *run) use() measure.Used {
	cpus := r.plan.Cores()
	u := measure.Used{At: feed.NewClock().Now(), Process: map[string]host.ProcessTime{}}
	var err error
	if u.CPU, err = host.ReadCPU(cpus); err != nil {
		r.seen.HostUnreadable = err
	}
	for _, p := range r.parties {
		if t, err := host.ReadProcess(p.PID); err == nil {
			u.Add(kind(p), t)
		}
	}
	for _, p := range r.parties {
		if why := host.Strayed(p.PID, p.CPUs); why != "" {
			u.Strayed = append(u.Strayed, p.Name+": "+why)
		}
	}
	if u.Quota, err = host.ReadThrottle(); err != nil {
		r.seen.QuotaUnreadable = err
	}
	if u.Asleep, err = host.ReadAsleep(cpus); err != nil {
		r.seen.SleepUnreadable = err
	}
	return u
}
