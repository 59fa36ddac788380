package poll

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"pushbench/servers/feed"
)

func tag(n uint64) string { return fmt.Sprintf(`"%019d"`, n) }

// If-None-Match as RFC 9110 has it, of a feed whose ring holds events 3 to 5 of
// 5. The answer's own tag is always that of event 5.
func TestIfNoneMatch(t *testing.T) {
	for _, c := range []struct {
		name, since string
		match       []string
		status      int
		first       uint64 // event of the answer, or the first that is missing
	}{
		{"none", "2", nil, 200, 3},
		{"none, and nothing new", "5", nil, 204, 0},
		{"the newest", "2", []string{tag(5)}, 304, 0},
		{"an older one", "2", []string{tag(3)}, 200, 4},
		{"older than the ring", "0", []string{tag(1)}, 200, 2},
		{"older than the cursor", "4", []string{tag(3)}, 200, 5},
		{"older than a cursor with nothing new", "5", []string{tag(3)}, 204, 0},
		{"weak", "2", []string{"W/" + tag(5)}, 304, 0},
		{"weak, an older one", "2", []string{"W/" + tag(4)}, 200, 5},
		{"anything", "0", []string{"*"}, 304, 0},
		{"anything, in blanks", "0", []string{" \t*\t "}, 304, 0},
		{"a list with the newest", "0", []string{tag(3) + ", " + tag(5) + `,"x"`}, 304, 0},
		{"a list of older ones", "0", []string{tag(4) + "," + tag(3)}, 200, 5},
		{"two lines", "0", []string{tag(3), "W/" + tag(4)}, 200, 5},
		{"empty elements", "2", []string{" ,, " + tag(5) + " , ,"}, 304, 0},
		{"an empty field", "2", []string{""}, 200, 3},
		{"another's tag", "2", []string{`"xyzzy"`}, 200, 3},
		{"an empty tag", "2", []string{`""`}, 200, 3},
		{"a tag with a comma", "2", []string{`"a,b", ` + tag(4)}, 200, 5},
		{"a tag with a quote's stand-in", "2", []string{`"a\"`}, 200, 3},
		{"a tag of other letters", "2", []string{"\"\xe4\xff\""}, 200, 3},
		{"a tag of 18 digits", "2", []string{`"000000000000000004"`}, 200, 3},
		{"a tag beyond an int64", "2", []string{`"9999999999999999999"`}, 200, 3},
		{"of another feed", "2", []string{tag(6)}, 200, 3},
		{"of another feed, and of this", "2", []string{tag(6) + "," + tag(4)}, 200, 5},
		{"no quotes", "2", []string{"0000000000000000005"}, 400, 0},
		{"no closing quote", "2", []string{`"0000000000000000005`}, 400, 0},
		{"single quotes", "2", []string{`'5'`}, 400, 0},
		{"a small w", "2", []string{"w/" + tag(5)}, 400, 0},
		{"W alone", "2", []string{"W/"}, 400, 0},
		{"W apart", "2", []string{"W/ " + tag(5)}, 400, 0},
		{"a blank in it", "2", []string{`"a b"`}, 400, 0},
		{"no comma", "2", []string{tag(3) + " " + tag(4)}, 400, 0},
		{"nothing between", "2", []string{tag(3) + tag(4)}, 400, 0},
		{"a star in a list", "2", []string{tag(3) + ", *"}, 400, 0},
		{"two stars", "2", []string{"*", "*"}, 400, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := feed.NewLog(feed.Text, 3, feed.NewClock())
			for range 5 {
				log.Publish(0, []byte("hello"))
			}
			r := httptest.NewRequest(http.MethodGet, "/poll?conditional=on&since="+c.since, nil)
			r.Header["If-None-Match"] = c.match
			w := httptest.NewRecorder()
			Transport.Handler(log).ServeHTTP(w, r)
			if w.Code != c.status {
				t.Fatalf("status %d, not %d: %s", w.Code, c.status, w.Body)
			}
			switch w.Code {
			case http.StatusBadRequest:
				if strings.Count(w.Body.String(), "\n") != 1 || w.Header().Get("ETag") != "" {
					t.Errorf("it says %q, with ETag %s", w.Body, w.Header().Get("ETag"))
				}
				return
			case http.StatusOK:
				e, _, err := log.Codec().Decode(w.Body.Bytes())
				if first := e.Seq; err != nil || first != c.first && uint64(e.Due) != c.first {
					t.Errorf("it begins with %+v, %v; not with event %d", e, err, c.first)
				}
			default:
				if w.Body.Len() > 0 || w.Header().Get("Content-Length") != "" {
					t.Errorf("it has %d bytes of content", w.Body.Len())
				}
			}
			if w.Header().Get("ETag") != tag(5) || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("the fields are %v", w.Header())
			}
		})
	}
}

// Without the knob there is no tag, and none is heeded.
func TestUnconditional(t *testing.T) {
	log := feed.NewLog(feed.Text, 3, feed.NewClock())
	log.Publish(0, []byte("hello"))
	for _, match := range []string{tag(1), "*", "nonsense"} {
		r := httptest.NewRequest(http.MethodGet, "/poll?since=0", nil)
		r.Header.Set("If-None-Match", match)
		w := httptest.NewRecorder()
		Transport.Handler(log).ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "" {
			t.Errorf("%s: status %d, %v", match, w.Code, w.Header())
		}
	}
}

// A feed that has ended is not one that has not changed.
func TestConditionalEnd(t *testing.T) {
	log := feed.NewLog(feed.Text, 3, feed.NewClock())
	log.Publish(0, []byte("hello"))
	log.Close()
	for match, status := range map[string]int{tag(1): 503, tag(0): 200, `"x"`: 200} {
		r := httptest.NewRequest(http.MethodGet, "/poll?conditional=on&since=0", nil)
		r.Header.Set("If-None-Match", match)
		w := httptest.NewRecorder()
		Transport.Handler(log).ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%s: status %d, not %d", match, w.Code, status)
		}
	}
}

// A real server sends a 304 as it should be: no content, and no length of one.
func TestNotModifiedOnTheWire(t *testing.T) {
	log := feed.NewLog(feed.Text, 3, feed.NewClock())
	log.Publish(0, []byte("hello"))
	server := httptest.NewServer(Transport.Handler(log))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/poll?conditional=on&since=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("If-None-Match", tag(1))
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	var names []string
	for name := range resp.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"Cache-Control", "Date", "Etag"}; resp.StatusCode != 304 || len(body) > 0 || err != nil || !slices.Equal(names, want) {
		t.Errorf("status %d with %v and %d bytes of content, %v; want the fields %v", resp.StatusCode, names, len(body), err, want)
	}
}

// Whatever the field says is read or refused, and what is read comes out as it
// went in.
func FuzzIfNoneMatch(f *testing.F) {
	for _, s := range []string{"", "*", tag(5), "W/" + tag(5), tag(1) + `, "x",,` + tag(2), `"a,b"`, `"`, "W/", "*,*", "'x'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		p, err := readIfNoneMatch([]string{field})
		if err != nil {
			if p.any || p.held != nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is read as %+v, %q", field, p, err)
			}
			return
		}
		var again []string
		for _, n := range p.held {
			again = append(again, entityTag(n))
			if !strings.Contains(field, entityTag(n)) {
				t.Errorf("%q is read as having %d", field, n)
			}
		}
		if p.any {
			again = []string{"*"}
		}
		q, err := readIfNoneMatch(again)
		if err != nil || q.any != p.any || !slices.Equal(q.held, p.held) {
			t.Errorf("%q is read as %+v, and that as %+v, %v", field, p, q, err)
		}
	})
}
