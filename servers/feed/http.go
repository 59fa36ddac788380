package feed

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// Request is what a subscriber's HTTP request asks of a server end.
type Request struct {
	Since   uint64
	Options Options
}

// Handler is the transport's server end for one feed: GET /<Name>?since=N with
// the knobs that concern a server.
func (t *Transport) Handler(log *Log) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if req, ok := t.readRequest(w, r); ok {
			t.Serve(log, req, w, r)
		}
	})
}

// readRequest reads cursor and options of a subscriber's request. Where it
// returns false it has answered: 400 and one line that says why, or 405.
func (t *Transport) readRequest(w http.ResponseWriter, r *http.Request) (Request, bool) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		Refuse(w, http.StatusMethodNotAllowed, fmt.Errorf("%s /%s: the feed is read with GET", r.Method, t.Name))
		return Request{}, false
	}
	query, err := url.ParseQuery(r.URL.RawQuery) // URL.Query drops in silence what it cannot read
	if err != nil {
		Refuse(w, http.StatusBadRequest, fmt.Errorf("read the query: %w", err))
		return Request{}, false
	}
	since, err := ParseCursor(query["since"])
	if err != nil {
		Refuse(w, http.StatusBadRequest, err)
		return Request{}, false
	}
	delete(query, "since")
	options, err := t.Parse(query, true)
	if err != nil {
		Refuse(w, http.StatusBadRequest, err)
		return Request{}, false
	}
	return Request{since, options}, true
}

// ParseCursor reads the values of a request's since parameter: one decimal
// number, with or without leading zeros. Clients of this project always send
// 19 digits, so that a request's size does not depend on how long the feed has
// run.
func ParseCursor(values []string) (uint64, error) {
	if len(values) != 1 {
		return 0, errors.New("give since=N once: the number of the last event you have, 0 for none")
	}
	n, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil || len(values[0]) > digits || values[0][0] < '0' { // a sign is no digit
		return 0, fmt.Errorf("since=%q is not a sequence number; use 0 to %d", values[0], int64(1<<63-1))
	}
	return uint64(n), nil
}

// Query is the query string of a request for what follows cursor.
func (s Subscription) Query(cursor uint64) string {
	return "since=" + string(AppendNumber(nil, int64(cursor))) + s.Options.ServerQuery()
}

// Refuse answers with a status and the reason in one line.
func Refuse(w http.ResponseWriter, status int, err error) {
	http.Error(w, err.Error(), status)
}

// ContentType is the media type of a response that carries the codec's events.
func (c Codec) ContentType() string {
	if c.IsText() {
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// WriteRecords answers a request with records, or with 204 where there are
// none. Content-Length is always given, so that no response is chunked.
func (l *Log) WriteRecords(w http.ResponseWriter, records []Record) error {
	if len(records) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	size := 0
	for _, r := range records {
		size += len(r.Wire)
	}
	h := w.Header()
	h.Set("Content-Type", l.codec.ContentType())
	h.Set("Content-Length", strconv.Itoa(size))
	for _, r := range records {
		if _, err := w.Write(r.Wire); err != nil {
			return err
		}
	}
	return nil
}
