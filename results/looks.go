package results

import "slices"

// Each look at a run may find by chance what is not so. Each end of a sitting is a look,
// since it ends with verdicts. Planned are those that the plan names, the one after all
// of its blocks, or the first end where it names a time.

// level is the error that a verdict of the last look may have.
func (r *Run) level() float64 {
	further, planned := r.looks()
	if planned {
		further = 0
	}
	return levelOf(len(r.Header.Plan.Looks), further)
}

// nextLevel is the same for a look after more blocks.
func (r *Run) nextLevel() float64 {
	further, _ := r.looks()
	if plan := r.plannedLooks(); len(plan) > 0 && r.blocksIn(len(r.Trials)) < slices.Max(plan) {
		further = -1
	}
	return levelOf(len(r.Header.Plan.Looks), further+1)
}

// looks counts the looks beside those planned, and says whether the last of all is a
// planned one. A sitting that ended with too few blocks for any verdict was none; trials
// behind the last end are looked at now.
func (r *Run) looks() (further int, planned bool) {
	var at []int // trials that there were
	fewest := MinBlocks * len(r.Header.Plan.Treatments)
	for _, trials := range r.ends {
		if trials >= fewest {
			at = AddNew(at, trials)
		}
	}
	if len(at) > 0 {
		at = AddNew(at, len(r.Trials))
	}
	plan := r.plannedLooks()
	planned = true
	for i, trials := range at {
		planned = len(plan) == 0 && i == 0 || slices.Contains(plan, r.blocksIn(trials))
		if !planned {
			further++
		}
	}
	return further, planned
}

// plannedLooks are the blocks after which a look was planned; none where the plan names
// a time.
func (r *Run) plannedLooks() []int {
	switch plan := r.Header.Plan; {
	case len(plan.Looks) > 0:
		return plan.Looks
	case plan.For == 0 && plan.Blocks > 0:
		return []int{plan.Blocks}
	}
	return nil
}

// blocksIn is how many blocks the first so many trials are of.
func (r *Run) blocksIn(trials int) int {
	blocks := map[int]bool{}
	for _, t := range r.Trials[:min(trials, len(r.Trials))] {
		blocks[t.Block] = true
	}
	return len(blocks)
}
