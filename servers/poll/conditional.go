package poll

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"pushbench/servers/feed"
)

// entityTag is the feed's (RFC 9110 §8.8.3): its newest event's number, in 19 digits.
// Who has a tag has every event up to that number. So the tag that a client holds does
// for it what a cursor does, and is as wide at any hour.
func entityTag(newest uint64) string {
	return `"` + string(feed.AppendNumber(nil, int64(newest))) + `"`
}

// writeConditional answers a poll with records, which lead to the cursor next;
// or says that there are none.
//
// The content is what is new to whoever holds the tag that was sent, and not the
// whole that the answer's own tag stands for. A cache that stored it would give
// it to others as the whole, so none may (RFC 9111 §5.2.2.5). The fields are the
// same in all answers, as RFC 9110 §15.4.5 wants it of a 304.
func writeConditional(log *feed.Log, held precondition, w http.ResponseWriter, records []feed.Record, next uint64) {
	h := w.Header()
	h.Set("ETag", entityTag(next))
	h.Set("Cache-Control", "no-store")
	if held.any || len(records) == 0 && slices.Contains(held.held, next) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	log.WriteRecords(w, records)
}

// precondition is what a request says in If-None-Match (RFC 9110 §13.1.2). The
// zero one is that of a request without it.
type precondition struct {
	any  bool     // "*": the client has something, whatever it is
	held []uint64 // of the tags it has, those that can be this server's
}

// cursor is where the client goes on that asked for what follows since: the
// furthest of its tags. One that is beyond the newest event is of another feed,
// most likely this server's before a restart, and is a tag that does not match.
func (p precondition) cursor(since, newest uint64) uint64 {
	for _, n := range p.held {
		if n <= newest {
			since = max(since, n)
		}
	}
	return since
}

// readIfNoneMatch reads the field's values: a star, or a list of entity tags in
// which elements may be empty (RFC 9110 §5.6.1.2). Weak and strong tags compare
// alike here. A tag that this server cannot have given out matches nothing; what
// is no entity tag at all no cache can have sent, and is an error.
func readIfNoneMatch(values []string) (p precondition, err error) {
	rest := strings.Trim(strings.Join(values, ","), " \t")
	if rest == "*" {
		return precondition{any: true}, nil
	}
	for {
		if rest = strings.TrimLeft(rest, ", \t"); rest == "" {
			return p, nil
		}
		opaque, after, err := cutTag(rest)
		if err != nil {
			return precondition{}, fmt.Errorf("If-None-Match %.100q: %w", values, err)
		}
		if n, ours := parseTag(opaque); ours {
			p.held = append(p.held, n)
		}
		rest = after
	}
}

// cutTag cuts an entity tag off the front of a list, and returns what is between
// its quotes.
func cutTag(list string) (opaque, rest string, err error) {
	quoted, ok := strings.CutPrefix(strings.TrimPrefix(list, "W/"), `"`)
	if !ok {
		return "", "", errors.New(`an entity tag is in double quotes, with W/ before them if it is weak; "*" stands alone`)
	}
	opaque, rest, ok = strings.Cut(quoted, `"`)
	if !ok {
		return "", "", errors.New("an entity tag has no closing quote")
	}
	for i := range len(opaque) {
		if c := opaque[i]; c <= ' ' || c == 0x7f {
			return "", "", fmt.Errorf("an entity tag has %q in it", c)
		}
	}
	if rest = strings.TrimLeft(rest, " \t"); rest != "" && rest[0] != ',' {
		return "", "", errors.New("entity tags are separated by commas")
	}
	return opaque, rest, nil
}

// parseTag reads a tag as entityTag writes it.
func parseTag(opaque string) (newest uint64, ours bool) {
	if len(opaque) != feed.Digits {
		return 0, false
	}
	n, err := feed.ParseCursor([]string{opaque})
	return n, err == nil
}
