package results

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The geometry of every histogram: 1 ns to one hour at three significant digits, which
// is within 0.1 % of any value. Any two can be merged bucket by bucket.
const (
	histLowest  = 1
	histHighest = 3_600_000_000_000 // ns
	histDigits  = 3
)

// Hist is a distribution of durations in nanoseconds, kept whole: an
// HdrHistogram for its shape, and beside it the exact count, sum, least and
// greatest value, from which mean and extremes are read.
//
// The zero value is an empty histogram. A Hist is not safe for concurrent use.
type Hist struct {
	n        int64
	sum      float64 // ns, exact below 2^53 ns, which is 104 days
	min, max int64   // 0 when n is 0
	dropped  int64

	// Recording wants the flat array (270 KB), a file full of trials wants the
	// sparse form (a few KB each). At most one of the two is set.
	flat   *hdrhistogram.Histogram
	sparse *hdrhistogram.PackedHistogram
}

// NewHist returns an empty histogram, ready to record without allocating.
func NewHist() *Hist {
	h := new(Hist)
	h.grow()
	return h
}

// grow makes the flat form the current one.
func (h *Hist) grow() {
	if h.flat != nil {
		return
	}
	h.flat = hdrhistogram.New(histLowest, histHighest, histDigits)
	if h.sparse != nil {
		h.sparse.MergeInto(h.flat) // same geometry: nothing can be dropped
		h.sparse = nil
	}
}

// Record adds one value in ns. A negative value, or one above an hour, is
// refused and counted in Dropped; it is never clamped into range.
func (h *Hist) Record(ns int64) error {
	h.grow()
	if ns < 0 || ns > histHighest || h.flat.RecordValue(ns) != nil {
		h.dropped++
		return fmt.Errorf("record %d ns: outside 0 to %d ns", ns, int64(histHighest))
	}
	if h.n == 0 || ns < h.min {
		h.min = ns
	}
	h.max = max(h.max, ns)
	h.sum += float64(ns)
	h.n++
	return nil
}

// Merge adds every value of o to h.
func (h *Hist) Merge(o *Hist) error {
	buckets := o.packed() // before h grows, which may be o itself
	h.grow()
	if lost := buckets.MergeInto(h.flat); lost != 0 { // both have the same geometry, so this is a broken histogram
		return fmt.Errorf("merge histograms: %d of %d values were lost", lost, o.n)
	}
	if o.n > 0 && (h.n == 0 || o.min < h.min) {
		h.min = o.min
	}
	h.max = max(h.max, o.max)
	h.n += o.n
	h.sum += o.sum
	h.dropped += o.dropped
	return nil
}

// N is the number of values recorded.
func (h *Hist) N() int64 { return h.n }

// Sum is the exact sum of all values, in ns.
func (h *Hist) Sum() float64 { return h.sum }

// Min is the exact least value in ns, 0 when there is none.
func (h *Hist) Min() int64 { return h.min }

// Max is the exact greatest value in ns, 0 when there is none.
func (h *Hist) Max() int64 { return h.max }

// Dropped counts the values that Record refused. A trial with any is invalid.
func (h *Hist) Dropped() int64 { return h.dropped }

// Mean is Sum over N in ns, NaN when there is no value.
func (h *Hist) Mean() float64 {
	if h.n == 0 {
		return math.NaN()
	}
	return h.sum / float64(h.n)
}

// Quantile is the value in ns at or below which the share q of all values lies: the
// upper edge of a bucket 0.1 % wide, as HdrHistogram defines it, between the exact Min
// and Max. Beyond [0,1] the nearer end is meant. Without values it is 0.
func (h *Hist) Quantile(q float64) int64 {
	switch {
	case h.n == 0:
		return 0
	case !(q > 0): // NaN too
		return h.min
	case q >= 1:
		return h.max
	}
	var buckets interface{ ValueAtPercentile(float64) int64 } = h.sparse
	if h.flat != nil {
		buckets = h.flat
	}
	return min(max(buckets.ValueAtPercentile(100*q), h.min), h.max)
}

// packed is the sparse form of what h holds now; it must not be changed.
func (h *Hist) packed() *hdrhistogram.PackedHistogram {
	if h.sparse != nil {
		return h.sparse
	}
	p := hdrhistogram.NewPacked(histLowest, histHighest, histDigits)
	if h.flat != nil {
		p.MergeFrom(h.flat) // same geometry: nothing can be dropped
	}
	return p
}

// bucketTop is the greatest value of the bucket that begins at lower. Three
// digits take 2,048 sub-buckets, so buckets are 1 ns wide below 2,048 ns and
// double with every power of two from there.
func bucketTop(lower int64) int64 {
	const linear = 11 // log2 of the sub-buckets
	return lower + 1<<max(0, bits.Len64(uint64(lower))-linear) - 1
}
