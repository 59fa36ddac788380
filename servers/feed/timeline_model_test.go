package feed

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// However a trial is cut into runs and rests, each member does all that falls
// due in a run before AtRest returns, and nothing that does not; each thing at
// the trial time at which it is due.
func TestRunsAndRests(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type member struct{ phase, period time.Duration }
		period := rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(rapid.IntRange(1, 50).Draw(t, "ms")) * ms })
		members := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) member {
			return member{period.Draw(t, "phase"), period.Draw(t, "period")}
		}), 1, 5).Draw(rt, "members")
		runs := rapid.SliceOfN(period, 1, 6).Draw(rt, "runs")
		rests := rapid.SliceOfN(period, 6, 6).Draw(rt, "rests")
		inBubble(t, func(t *testing.T, tl *Timeline, _ func() time.Duration) {
			var mu sync.Mutex
			did := make([]int, len(members))
			for i, member := range members {
				go func() {
					m := tl.Join()
					defer m.Leave()
					sleep := NewSleep(tl.clock)
					for at := member.phase; ; at += member.period {
						if _, err := m.Wait(t.Context(), at, sleep); err != nil {
							return
						}
						if m.Now() != at {
							t.Errorf("what is due at %v is done at %v", at, m.Now())
						}
						mu.Lock()
						did[i]++
						mu.Unlock()
					}
				}()
			}
			synctest.Wait()
			var at time.Duration
			for i, run := range runs {
				tl.run(at, at+run)
				at += run
				if err := tl.AtRest(t.Context()); err != nil {
					t.Fatal(err)
				}
				mu.Lock()
				for j, member := range members {
					want := 0
					if at > member.phase {
						want = int((at-member.phase-1)/member.period) + 1
					}
					if did[j] != want {
						t.Errorf("by %v member %d, due at %v and every %v, did %d things, not %d", at, j, member.phase, member.period, did[j], want)
					}
				}
				mu.Unlock()
				<-time.After(rests[i])
			}
		})
	})
}
