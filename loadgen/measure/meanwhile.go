package measure

import "pushbench/results"

// meanwhile is what the host did, for the record; nil where it could not be read.
func (o *Observation) meanwhile() *results.Meanwhile {
	t := o.hostTime()
	if o.HostUnreadable != nil || !(t.Sum().Wall > 0) {
		return nil
	}
	own := map[int]float64{} // s by core
	l := o.Layout
	for _, end := range []struct {
		cpus []int
		used float64
	}{{l.Server, o.serverCPU()}, {l.Fleet, o.fleetCPU()}, {l.Link, o.linkCPU() + o.proxyCPU()}} {
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
		if i < len(o.Frequency) {
			fact.Frequency = o.Frequency[i]
		}
		m.Cores = append(m.Cores, fact)
	}
	return m
}
