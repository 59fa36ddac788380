package feed

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Schedule says when events are due: an open loop, whatever becomes of them.
// It is pure; whoever uses it does the waiting.
type Schedule struct {
	period float64    // ns, mean
	rng    *rand.Rand // nil: constant arrivals
	n      int64
	at     float64 // ns since the origin
}

// NewSchedule makes the schedule of rate events per second, at constant
// intervals or, with rng, at Poisson instants.
func NewSchedule(rate float64, rng *rand.Rand) (*Schedule, error) {
	if !(rate > 0) || math.IsInf(rate, 0) {
		return nil, fmt.Errorf("rate %v/s makes no schedule; it must be above zero", rate)
	}
	return &Schedule{period: 1e9 / rate, rng: rng}, nil
}

// Next is the offset of the next event from the schedule's origin. Offsets
// never decrease, and constant ones do not accumulate rounding; the last is Forever.
func (s *Schedule) Next() time.Duration {
	s.n++
	if s.rng == nil {
		s.at = float64(s.n) * s.period
	} else {
		s.at += s.rng.ExpFloat64() * s.period
	}
	return Nanoseconds(s.at)
}

// Rand is the stream of randomness called name in a block of a run: the same
// for all treatments of the block, another one in each block.
func Rand(seed uint64, block int, name string) *rand.Rand {
	h := sha256.New()
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], seed)
	binary.BigEndian.PutUint64(b[8:], uint64(block))
	h.Write(b[:])
	h.Write([]byte(name))
	sum := h.Sum(nil)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:])))
}

// Phases spreads n polls over their interval, as shares of it in [0, 1): one
// in each n-th part, jittered within it, in random order, and turned by a
// common random amount. Phases drawn independently would leave 7–8 % of
// sampling error in a trial's mean staleness; these leave about 0.2 %.
func Phases(n int, rng *rand.Rand) []float64 {
	turn := rng.Float64()
	phases := make([]float64, n)
	for i, place := range rng.Perm(n) {
		_, phases[i] = math.Modf((float64(place)+rng.Float64())/float64(n) + turn)
	}
	return phases
}
