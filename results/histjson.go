package results

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// encodedHist is a Hist in the record.
type encodedHist struct {
	Unit    string  `json:"unit"` // "ns"
	N       int64   `json:"n"`
	Sum     float64 `json:"sum"`
	Min     int64   `json:"min"`
	Max     int64   `json:"max"`
	Dropped int64   `json:"dropped,omitempty"`
	HDR     string  `json:"hdr"` // HdrHistogram V2, compressed, base64
}

// MarshalJSON writes the exact figures, and the buckets in HdrHistogram's interchange
// format (V2, compressed, base64), which its ports to other languages read.
func (h *Hist) MarshalJSON() ([]byte, error) {
	text, err := h.packed().Encode()
	if err != nil {
		return nil, fmt.Errorf("encode histogram: %w", err)
	}
	return json.Marshal(encodedHist{"ns", h.n, h.sum, h.min, h.max, h.dropped, string(text)})
}

// UnmarshalJSON reads what MarshalJSON writes, and refuses a histogram whose
// exact figures cannot belong to its buckets.
func (h *Hist) UnmarshalJSON(data []byte) error {
	var e encodedHist
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("histogram: %w", err)
	}
	if e.Unit != "ns" {
		return fmt.Errorf("histogram: its unit is %q, want \"ns\"", e.Unit)
	}
	sparse, err := hdrhistogram.DecodePacked([]byte(e.HDR))
	if err != nil {
		return fmt.Errorf("histogram: decode its buckets: %w", err)
	}
	got := Hist{n: e.N, sum: e.Sum, min: e.Min, max: e.Max, dropped: e.Dropped, sparse: sparse}
	if err := got.check(); err != nil {
		return fmt.Errorf("histogram: %w", err)
	}
	*h = got
	return nil
}

// mostValues bounds the count of a decoded histogram: JSON numbers are exact up
// to here, and no run comes near.
const mostValues = 1 << 53

// check holds the exact figures of a decoded histogram against its buckets.
func (h *Hist) check() error {
	s := h.sparse
	if s.LowestTrackableValue() != histLowest || s.HighestTrackableValue() != histHighest || s.SignificantFigures() != histDigits {
		return fmt.Errorf("its range is %d to %d at %d digits, want %d to %d at %d",
			s.LowestTrackableValue(), s.HighestTrackableValue(), s.SignificantFigures(),
			histLowest, int64(histHighest), histDigits)
	}
	if h.n != s.TotalCount() {
		return fmt.Errorf("n is %d, but its buckets hold %d values", h.n, s.TotalCount())
	}
	if h.n > mostValues || h.dropped < 0 {
		return fmt.Errorf("n %d or dropped %d is out of range", h.n, h.dropped)
	}
	if h.n == 0 {
		if h.sum != 0 || h.min != 0 || h.max != 0 {
			return errors.New("n is 0, but sum, min or max is not")
		}
		return nil
	}
	var first, last int64 = -1, 0 // lower edges of the outer buckets
	var least, most float64       // bounds of the sum
	for lower, count := range s.ForEachBucket {
		if first < 0 {
			first = lower
		}
		last = lower
		least += float64(count) * float64(lower)
		most += float64(count) * float64(bucketTop(lower))
	}
	if h.min < first || h.min > bucketTop(first) {
		return fmt.Errorf("min is %d, but its first bucket spans %d to %d", h.min, first, bucketTop(first))
	}
	if h.max < last || h.max > min(bucketTop(last), histHighest) {
		return fmt.Errorf("max is %d, but its last bucket spans %d to %d", h.max, last, bucketTop(last))
	}
	const rounding = 1e-9 // of adding up to 2^53 floats
	if h.sum < least*(1-rounding) || h.sum > most*(1+rounding) {
		return fmt.Errorf("sum is %g, but its buckets allow %g to %g", h.sum, least, most)
	}
	return nil
}
