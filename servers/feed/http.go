package feed

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// AnswerTime is how long a server may take to send an answer that ends, to a
// client that does not read it. A log of the default size gets through in that
// time at 64 kbit/s. An answer that goes on has no such time.
const AnswerTime = 5 * time.Minute

// Request is what a subscriber's HTTP request asks of a server end.
type Request struct {
	Since   uint64
	Latest  bool // the newest event only, whenever it changes
	Options Options
}

// Handler is the transport's server end for one feed: GET /<Name>?since=N, with
// want=latest where only the newest event is wanted and the knobs that concern a
// server; and POST /<Name>, which echoes an uplink message.
func (t *Transport) Handler(log *Log) http.Handler {
	return Endpoint("the feed is read with GET, and a message is echoed with POST", func(w http.ResponseWriter, r *http.Request) {
		req, err := t.readRequest(log, r.URL.RawQuery)
		if err != nil {
			Refuse(w, http.StatusBadRequest, err)
			return
		}
		t.Serve(log, req, w, r)
	})
}

// Endpoint is a path where get answers a GET and a POST is echoed. Whoever comes with
// another method is told what the path is for.
func Endpoint(purpose string, get http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet:
			if !refuseBody(w, r) {
				get(w, r)
			}
		case http.MethodPost:
			Echo(w, r)
		default:
			w.Header().Set("Allow", "GET, POST")
			Refuse(w, http.StatusMethodNotAllowed, fmt.Errorf("%s %s: %s", r.Method, r.URL.Path, purpose))
		}
	}
}

// readRequest reads the query of a subscriber's request. Its error is what is
// wrong with the request, in one line. A request may be parked for long, with as much
// stack as its reading took: so the parts stand side by side, each in a function.
func (t *Transport) readRequest(log *Log, rawQuery string) (req Request, err error) {
	knobs, err := req.readQuery(rawQuery)
	if err == nil {
		req.Options, err = t.Parse(knobs, true)
	}
	if err == nil {
		err = t.carries(log.codec, req.Options)
	}
	return req, err
}

// readQuery reads what every transport's query has, and returns the rest of it.
func (r *Request) readQuery(rawQuery string) (knobs url.Values, err error) {
	query, err := url.ParseQuery(rawQuery) // URL.Query drops in silence what it cannot read
	if err != nil {
		return nil, fmt.Errorf("read the query: %w", err)
	}
	if r.Since, err = ParseCursor(query["since"]); err != nil {
		return nil, err
	}
	if r.Latest, err = parseWant(query["want"]); err != nil {
		return nil, err
	}
	delete(query, "since")
	delete(query, "want")
	return query, nil
}

// carries is the error of a transport that cannot carry a feed's encoding.
func (t *Transport) carries(codec Codec, o Options) error {
	if codec.IsText() || !t.Rhythm(o).TextOnly {
		return nil
	}
	return fmt.Errorf("/%v is text and cannot carry a feed whose encoding is %s; use another transport or other options, or serve text or base64", Spec{Transport: t, Options: o}, codec)
}

// Check is the error of a request for what follows an event that has not been
// published yet: an AheadError, to be answered with 400 before anything else.
func (r Request) Check(log *Log) error {
	if newest := log.Newest(); r.Since > newest {
		return &AheadError{r.Since, newest}
	}
	return nil
}

// Read appends to dst what the request asks for after cursor by now, at most
// limit records, and returns it with the new cursor. Where it wants the latest
// state that is one record, the newest, or none; what it skips is no gap: the
// subscriber sees by the sequence number how much that was.
func (r Request) Read(log *Log, cursor uint64, limit int, dst []Record) ([]Record, uint64, error) {
	if r.Latest {
		return log.latest(cursor, dst)
	}
	return log.Since(cursor, limit, dst)
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
	if err != nil || len(values[0]) > Digits || values[0][0] < '0' { // a sign is no digit
		return 0, fmt.Errorf("since=%q is not a sequence number; use 0 to %d", values[0], int64(1<<63-1))
	}
	return uint64(n), nil
}

// parseWant reads the values of a request's want parameter.
func parseWant(values []string) (latest bool, err error) {
	switch {
	case len(values) > 1:
		return false, fmt.Errorf("want is given %d times; give it once", len(values))
	case len(values) == 0 || values[0] == "every":
		return false, nil
	case values[0] == "latest":
		return true, nil
	}
	return false, fmt.Errorf("want=%q is not known; use every or latest", values[0])
}

// Refuse answers with a status and the reason in one line.
func Refuse(w http.ResponseWriter, status int, err error) {
	http.Error(w, err.Error(), status)
}

// refuseBody refuses a GET that has a body, and reports whether it did. A body
// means nothing here (RFC 9110 §9.3.1), and one that is not read has no place: a
// protocol that the connection is upgraded to begins behind the whole request
// (RFC 9110 §7.8), and an answer that goes on would wait for the rest of it.
func refuseBody(w http.ResponseWriter, r *http.Request) bool {
	if r.ContentLength == 0 {
		return false
	}
	closeAfter(w, r) // what follows the head is then read by nobody, as frames or as a request
	Refuse(w, http.StatusBadRequest, fmt.Errorf("GET %s: the request has a body, which means nothing here; leave out Content-Length and Transfer-Encoding", r.URL.Path))
	return true
}

// closeAfter ends the connection with this answer. In HTTP/2 each request has a
// stream of its own, and the connection may stay.
func closeAfter(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close")
	}
}

// ContentType is the media type of a response that carries the codec's events.
func (c Codec) ContentType() string {
	if c.IsText() {
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// WriteRecords answers a request with records, or with 204 where there are none.
// Content-Length is always given, so that no response is chunked. An error is the
// connection's, which the client sees.
func (l *Log) WriteRecords(w http.ResponseWriter, records []Record) {
	if len(records) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
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
			return
		}
	}
}
