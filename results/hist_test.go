package results

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"
)

func histOf(values ...int64) *Hist {
	h := NewHist()
	for _, v := range values {
		if err := h.Record(v); err != nil {
			panic(err)
		}
	}
	return h
}

func TestHistKeepsExactFigures(t *testing.T) {
	h := histOf(3, 1_000_000_007, 500, 0)
	if h.N() != 4 || h.Sum() != 1_000_000_510 || h.Min() != 0 || h.Max() != 1_000_000_007 {
		t.Errorf("n %d, sum %g, min %d, max %d", h.N(), h.Sum(), h.Min(), h.Max())
	}
	if got, want := h.Mean(), 1_000_000_510.0/4; got != want {
		t.Errorf("mean %g, want %g", got, want)
	}
}

func TestEmptyHist(t *testing.T) {
	for name, h := range map[string]*Hist{"new": NewHist(), "zero value": {}} {
		if h.N() != 0 || h.Quantile(0.5) != 0 || !math.IsNaN(h.Mean()) {
			t.Errorf("%s: n %d, median %d, mean %g", name, h.N(), h.Quantile(0.5), h.Mean())
		}
		if back := throughJSON(t, h); back.N() != 0 || back.Quantile(0.5) != 0 {
			t.Errorf("%s: not empty after a round trip", name)
		}
	}
}

func TestHistRefusesWhatItCannotHold(t *testing.T) {
	h := NewHist()
	for _, ns := range []int64{-1, histHighest + 1, math.MinInt64, math.MaxInt64} {
		if err := h.Record(ns); err == nil {
			t.Errorf("recorded %d", ns)
		}
	}
	if err := h.Record(histHighest); err != nil {
		t.Errorf("one hour: %v", err)
	}
	if h.N() != 1 || h.Dropped() != 4 || h.Max() != histHighest {
		t.Errorf("n %d, dropped %d, max %d", h.N(), h.Dropped(), h.Max())
	}
	if back := throughJSON(t, h); back.Dropped() != 4 {
		t.Errorf("the record forgot %d dropped values", h.Dropped())
	}
}

// A uniform law from 1 to 1000 µs has quantiles that are known in advance.
func TestQuantilesOfKnownLaw(t *testing.T) {
	h := NewHist()
	for us := int64(1); us <= 1000; us++ {
		if err := h.Record(us * 1000); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		q    float64
		want float64 // ns
	}{{0, 1000}, {0.1, 100e3}, {0.5, 500e3}, {0.9, 900e3}, {0.99, 990e3}, {0.999, 999e3}, {1, 1000e3}} {
		got := float64(h.Quantile(tc.q))
		if math.Abs(got/tc.want-1) > 0.001 {
			t.Errorf("quantile %g = %g, want %g within 0.1 %%", tc.q, got, tc.want)
		}
	}
	if h.Quantile(-1) != 1000 || h.Quantile(2) != 1_000_000 || h.Quantile(math.NaN()) != 1000 {
		t.Error("a quantile outside [0,1] is not the nearer end")
	}
}

var anyNS = rapid.OneOf(
	rapid.Int64Range(0, histHighest),
	rapid.Int64Range(0, 5000),
	rapid.SampledFrom([]int64{0, 1, 2047, 2048, 4095, 4096, histHighest}),
)

// Against the plain definition on a sorted slice: the value at rank ⌊q·n+½⌋,
// as HdrHistogram counts ranks, to three digits.
func TestQuantileAgainstSortedValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(anyNS, 1, 200).Draw(t, "values")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		h := histOf(values...)
		slices.Sort(values)
		rank := min(max(1, int(100*q/100*float64(len(values))+0.5)), len(values))
		if q == 0 {
			rank = 1
		}
		want := values[rank-1]
		if q == 1 {
			want = values[len(values)-1]
		}
		got := h.Quantile(q)
		if got < want || float64(got-want) > 0.001*float64(want) {
			t.Fatalf("quantile %g of %d values = %d, want %d to 0.1 %%", q, len(values), got, want)
		}
	})
}

func TestHistRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histOf(rapid.SliceOf(anyNS).Draw(t, "values")...)
		back := throughJSON(t, h)
		sameHist(t, back, h)
		sameHist(t, throughJSON(t, back), h) // the sparse form writes the same
	})
}

func TestMergeIsRecordingBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOf(anyNS).Draw(t, "a")
		b := rapid.SliceOf(anyNS).Draw(t, "b")
		want := histOf(slices.Concat(a, b)...)
		for name, o := range map[string]*Hist{"flat": histOf(b...), "sparse": throughJSON(t, histOf(b...))} {
			into := map[string]*Hist{"flat": histOf(a...), "sparse": throughJSON(t, histOf(a...)), "zero": {}}
			if err := into["zero"].Merge(histOf(a...)); err != nil {
				t.Fatal(err)
			}
			for kind, h := range into {
				if err := h.Merge(o); err != nil {
					t.Fatalf("%s into %s: %v", name, kind, err)
				}
				sameHist(t, h, want)
			}
			sameHist(t, o, histOf(b...)) // the source is as it was
			if err := o.Merge(o); err != nil {
				t.Fatal(err)
			}
			sameHist(t, o, histOf(slices.Concat(b, b)...))
		}
	})
}

// The width of a bucket is derived from the format; the library's own answer is
// the judge.
func TestBucketTop(t *testing.T) {
	hdr := hdrhistogram.New(histLowest, histHighest, histDigits)
	rapid.Check(t, func(t *rapid.T) {
		v := anyNS.Draw(t, "v")
		hdr.Reset()
		if err := hdr.RecordValue(v); err != nil {
			t.Fatal(err)
		}
		if got := bucketTop(hdr.Min()); got != hdr.Max() {
			t.Fatalf("bucket of %d begins at %d and ends at %d, want %d", v, hdr.Min(), got, hdr.Max())
		}
	})
}

func TestHistRefusesFiguresThatCannotBe(t *testing.T) {
	good, err := json.Marshal(histOf(1000, 2_000_000, 3_000_000))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := hdrhistogram.New(1, 1000, 2).Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, old, new, want string }{
		{"unit", `"ns"`, `"ms"`, "unit"},
		{"n", `"n":3`, `"n":4`, "hold 3 values"},
		{"sum", `"sum":5001000`, `"sum":50010000`, "sum"},
		{"sum below", `"sum":5001000`, `"sum":1`, "sum"},
		{"min", `"min":1000`, `"min":999`, "min"},
		{"max", `"max":3000000`, `"max":3100000`, "max"},
		{"dropped", `"n":3`, `"n":3,"dropped":-1`, "dropped"},
		{"base64", `"hdr":"`, `"hdr":"!`, "decode"},
		{"no buckets", string(good[strings.Index(string(good), `"hdr"`):]), `"hdr":""}`, "decode"},
		{"type", `"n":3`, `"n":"three"`, "histogram"},
		{"geometry", string(good), `{"unit":"ns","n":0,"sum":0,"min":0,"max":0,"hdr":"` + string(foreign) + `"}`, "range"},
	} {
		bad := strings.Replace(string(good), tc.old, tc.new, 1)
		if bad == string(good) {
			t.Fatalf("%s: nothing was changed in %s", tc.name, good)
		}
		var h Hist
		err := json.Unmarshal([]byte(bad), &h)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one about %q", tc.name, err, tc.want)
		}
	}
	empty := `{"unit":"ns","n":0,"sum":0,"min":0,"max":7,"hdr":"` + bucketsOf(NewHist()) + `"}`
	if err := json.Unmarshal([]byte(empty), new(Hist)); err == nil {
		t.Error("an empty histogram with a maximum was read")
	}
}

// Buckets from anywhere, in a wrapping that is sound: a histogram comes out
// whole or not at all.
func FuzzHistBuckets(f *testing.F) {
	f.Add([]byte{0x02}, int64(1), 0.0, int64(0), int64(0))              // one value of 0 ns
	f.Add([]byte{0x0d, 0x04, 0x02}, int64(3), 22.0, int64(7), int64(8)) // after seven empty buckets
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff}, int64(0), 0.0, int64(0), int64(0))
	f.Add([]byte{}, int64(0), 0.0, int64(0), int64(0))
	f.Fuzz(func(t *testing.T, payload []byte, n int64, sum float64, low, high int64) {
		if math.IsNaN(sum) || math.IsInf(sum, 0) { // which JSON cannot say
			sum = 0
		}
		data, err := json.Marshal(encodedHist{Unit: "ns", N: n, Sum: sum, Min: low, Max: high, HDR: wrapBuckets(payload)})
		if err != nil {
			t.Fatal(err)
		}
		var h Hist
		if json.Unmarshal(data, &h) != nil {
			return
		}
		last := h.Quantile(0)
		for _, q := range []float64{0.001, 0.1, 0.5, 0.9, 0.999, 1} {
			v := h.Quantile(q)
			if v < last || v > h.Max() {
				t.Fatalf("quantile %g is %d, after %d and with max %d", q, v, last, h.Max())
			}
			last = v
		}
		sameHist(t, throughJSON(t, &h), &h)
	})
}

// wrapBuckets puts a payload of counts into HdrHistogram's V2 envelope.
func wrapBuckets(payload []byte) string {
	var inner, zipped, outer bytes.Buffer
	for _, field := range []any{int32(0x1c849313), int32(len(payload)), int32(0), int32(histDigits), int64(histLowest), int64(histHighest), 1.0, payload} {
		if err := binary.Write(&inner, binary.BigEndian, field); err != nil {
			panic(err)
		}
	}
	z := zlib.NewWriter(&zipped)
	if _, err := z.Write(inner.Bytes()); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	for _, field := range []any{int32(0x1c849314), int32(zipped.Len()), zipped.Bytes()} {
		if err := binary.Write(&outer, binary.BigEndian, field); err != nil {
			panic(err)
		}
	}
	return base64.StdEncoding.EncodeToString(outer.Bytes())
}

// The seeds of the fuzz target are what they say, or it would fuzz nothing.
func TestWrappedBucketsAreRead(t *testing.T) {
	var h Hist
	data := `{"unit":"ns","n":3,"sum":22,"min":7,"max":8,"hdr":"` + wrapBuckets([]byte{0x0d, 0x04, 0x02}) + `"}`
	if err := json.Unmarshal([]byte(data), &h); err != nil {
		t.Fatal(err)
	}
	sameHist(t, &h, histOf(7, 7, 8))
}

// bucketsOf are the counts of a histogram as the record has them.
func bucketsOf(h *Hist) string {
	text, err := h.packed().Encode()
	if err != nil {
		panic(err)
	}
	return string(text)
}

func throughJSON(t rapid.TB, h *Hist) *Hist {
	t.Helper()
	data, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	back := new(Hist)
	if err := json.Unmarshal(data, back); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return back
}

func sameHist(t rapid.TB, got, want *Hist) {
	t.Helper()
	if got.N() != want.N() || got.Sum() != want.Sum() || got.Min() != want.Min() || got.Max() != want.Max() || got.Dropped() != want.Dropped() {
		t.Fatalf("n %d sum %g min %d max %d dropped %d, want %d %g %d %d %d",
			got.N(), got.Sum(), got.Min(), got.Max(), got.Dropped(),
			want.N(), want.Sum(), want.Min(), want.Max(), want.Dropped())
	}
	if bucketsOf(got) != bucketsOf(want) {
		t.Fatalf("buckets differ: %s, want %s", bucketsOf(got), bucketsOf(want))
	}
	for _, q := range []float64{0, 0.1, 0.5, 0.999, 1} {
		if got.Quantile(q) != want.Quantile(q) {
			t.Fatalf("quantile %g: %d, want %d", q, got.Quantile(q), want.Quantile(q))
		}
	}
}

func BenchmarkHistRecord(b *testing.B) {
	h := NewHist()
	for i := range b.N {
		if err := h.Record(int64(i%1000) * 12345); err != nil {
			b.Fatal(err)
		}
	}
}
