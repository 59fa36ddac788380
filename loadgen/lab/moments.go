package lab

import "pushbench/results"

// moments counts the link's lateness by the times at which it had something to
// do, as a publisher's is counted by the events: packets that fall due together,
// an event's to each of its subscribers, wait for the same wake-up, and one that
// is late makes all of them late.
type moments struct {
	open  bool
	since int64 // when the first packet of the present one was handed on (ns)
	worst int64 // how late the latest of its packets was
	late  *results.Hist
}

// together is the time within which packets fall due together (ns).
const together = 1_000_000

func newMoments() moments { return moments{late: results.NewHist()} }

// handed takes in that a packet that was due has been handed on now.
func (m *moments) handed(due, now int64) {
	if m.open && due > m.since+together {
		m.close()
	}
	if !m.open {
		m.open, m.since, m.worst = true, now, 0
	}
	m.worst = max(m.worst, now-due)
}

// close ends the present one, if any.
func (m *moments) close() {
	if m.open {
		m.late.Record(m.worst)
		m.open = false
	}
}

// take gives the lateness of those since it was taken last (ns).
func (m *moments) take() *results.Hist {
	m.close()
	taken := m.late
	m.late = results.NewHist()
	return taken
}
