package feed

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseCursor(t *testing.T) {
	for text, want := range map[string]uint64{
		"0":                   0,
		"7":                   7,
		"007":                 7,
		"0000000000000000042": 42,
		"9223372036854775807": math.MaxInt64,
	} {
		if got, err := ParseCursor([]string{text}); err != nil || got != want {
			t.Errorf("%q is %d, %v; not %d", text, got, err, want)
		}
	}
	for _, values := range [][]string{
		nil, {}, {"1", "1"}, {""}, {" 1"}, {"1 "}, {"-1"}, {"-0"}, {"+1"}, {"0x1"}, {"1e3"}, {"1.0"}, {"1_0"},
		{"9223372036854775808"}, {"00000000000000000001"}, {"99999999999999999999"}, {"1\n"}, {"１"},
	} {
		if got, err := ParseCursor(values); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q is %d, with the error %v", values, got, err)
		}
	}
}

// Every cursor that a client end sends is read as it was meant, and whatever
// else is read as a cursor is a number in digits.
func FuzzParseCursor(f *testing.F) {
	for _, s := range []string{"0", "-0", "+1", "0x1", "9223372036854775807", "00000000000000000001", "1_000", "1\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseCursor([]string{s})
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error of %q has more than a line: %q", s, err)
			}
			return
		}
		if strings.Trim(s, "0123456789") != "" || len(s) > 19 || n > math.MaxInt64 {
			t.Fatalf("%q is taken for %d", s, n)
		}
		if again, err := ParseCursor([]string{string(AppendNumber(nil, int64(n)))}); err != nil || again != n {
			t.Fatalf("cursor %d is sent as one that is %d, %v", n, again, err)
		}
	})
}

func TestAppendNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, math.MaxInt64).Draw(t, "n")
		if got, want := string(AppendNumber([]byte("x"), n)), fmt.Sprintf("x%019d", n); got != want {
			t.Fatalf("%d is %q, not %q", n, got, want)
		}
	})
}

// An answer says how long it is and in which encoding; an empty one is 204.
func TestWriteRecords(t *testing.T) {
	for codec, contentType := range map[Codec]string{
		Text:   "text/plain; charset=utf-8",
		Base64: "text/plain; charset=utf-8",
		Binary: "application/octet-stream",
	} {
		l := NewLog(codec, 4, NewClock())
		publish(l, 3)
		records, _, err := l.Since(0, math.MaxInt, nil)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		l.WriteRecords(w, records)
		var seqs []uint64
		n, err := codec.DecodeAll(w.Body.Bytes(), func(e Event) { seqs = append(seqs, e.Seq) })
		if w.Code != http.StatusOK || n != 3 || err != nil {
			t.Errorf("%s: status %d with the events %v and the error %v", codec, w.Code, seqs, err)
		}
		if got := w.Header().Get("Content-Type"); got != contentType {
			t.Errorf("%s: Content-Type is %q", codec, got)
		}
		if got := w.Header().Get("Content-Length"); got != strconv.Itoa(w.Body.Len()) {
			t.Errorf("%s: Content-Length is %q of %d bytes", codec, got, w.Body.Len())
		}

		w = httptest.NewRecorder()
		if l.WriteRecords(w, nil); w.Code != http.StatusNoContent || w.Body.Len() != 0 {
			t.Errorf("%s: an empty answer is %d %q", codec, w.Code, w.Body)
		}
	}
}

// What a request wants is everything unless it says otherwise, and is read at
// any cursor.
func TestRead(t *testing.T) {
	l := newLog(4)
	publish(l, 9)
	for _, c := range []struct {
		latest bool
		cursor uint64
		limit  int
		want   string
	}{
		{false, 0, math.MaxInt, "gap 1–5 6 7 8 9"},
		{false, 7, math.MaxInt, "8 9"},
		{false, 7, 1, "8"},
		{false, 9, math.MaxInt, ""},
		{true, 0, math.MaxInt, "9"},
		{true, 7, math.MaxInt, "9"},
		{true, 8, 1, "9"},
		{true, 9, math.MaxInt, ""},
	} {
		records, cursor, err := Request{Latest: c.latest}.Read(l, c.cursor, c.limit, nil)
		var got []string
		for _, r := range records {
			text := strconv.FormatUint(r.Seq, 10)
			if gap, ok := r.Gap(); ok {
				text = gap.String()
			}
			got = append(got, text)
		}
		at := c.cursor
		if len(records) > 0 {
			at = records[len(records)-1].Cursor()
		}
		if text := strings.Join(got, " "); text != c.want || err != nil || cursor != at {
			t.Errorf("latest %v after %d: %q up to %d, and the error %v; not %q", c.latest, c.cursor, text, cursor, err, c.want)
		}
	}
	for _, latest := range []bool{false, true} {
		r := Request{Since: 10, Latest: latest}
		var ahead *AheadError
		if _, _, err := r.Read(l, 10, 1, nil); !errors.As(err, &ahead) || *ahead != (AheadError{10, 9}) {
			t.Errorf("reading ahead of the feed: %v", err)
		}
		if err := r.Check(l); !errors.As(err, &ahead) || *ahead != (AheadError{10, 9}) {
			t.Errorf("the check of a request ahead of the feed: %v", err)
		}
	}
	if err := (Request{Since: 9}).Check(l); err != nil {
		t.Errorf("the check of a request for what comes next: %v", err)
	}
}

// A server end that is not GET, or not asked in its own words, is not reached.
func TestHandlerReadsRequest(t *testing.T) {
	var got *Request
	tr := *table[1]
	tr.Serve = func(_ *Log, r Request, _ http.ResponseWriter, _ *http.Request) { got = &r }
	h := tr.Handler(newLog(1))
	for target, status := range map[string]int{
		"/rich?since=7&hold=5ms":     http.StatusOK,
		"/rich?hold=5ms&since=7":     http.StatusOK,
		"/rich?since=7&every=5ms":    http.StatusBadRequest, // the client's own
		"/rich?since=7&hold=5ms&%zz": http.StatusBadRequest,
		"/rich":                      http.StatusBadRequest,

		"/rich?since=7&hold=5ms&want=every":              http.StatusOK,
		"/rich?since=7&hold=5ms&want=latest":             http.StatusOK,
		"/rich?since=7&hold=5ms&want=newest":             http.StatusBadRequest,
		"/rich?since=7&hold=5ms&want=":                   http.StatusBadRequest,
		"/rich?since=7&hold=5ms&want=latest&want=latest": http.StatusBadRequest,
	} {
		got = nil
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		if w.Code != status || (got != nil) != (status == http.StatusOK) {
			t.Errorf("%s: status %d, not %d; reached the server end: %v", target, w.Code, status, got != nil)
		}
		if got != nil && (got.Since != 7 || got.Options.Duration("hold").String() != "5ms" || !got.Options.Is("batch", "on")) {
			t.Errorf("%s is read as %+v", target, got)
		}
		if got != nil && got.Latest != strings.HasSuffix(target, "want=latest") {
			t.Errorf("%s is read as one for the latest: %v", target, got.Latest)
		}
	}
}

// A transport whose format is text serves no feed in binary.
func TestTextOnly(t *testing.T) {
	for codec, status := range map[Codec]int{Text: http.StatusOK, Base64: http.StatusOK, Binary: http.StatusBadRequest} {
		tr := Transport{Name: "words", Rhythm: func(Options) Rhythm { return Rhythm{TextOnly: true} }, Serve: func(*Log, Request, http.ResponseWriter, *http.Request) {}}
		w := httptest.NewRecorder()
		tr.Handler(NewLog(codec, 1, NewClock())).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/words?since=0", nil))
		if w.Code != status || status != http.StatusOK && !strings.Contains(w.Body.String(), "/words is text and cannot carry a feed whose encoding is binary") {
			t.Errorf("%s: status %d, %q", codec, w.Code, w.Body)
		}
	}
}
