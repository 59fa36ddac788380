package stage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pushbench/servers/control"
)

// told is a server that answers what it is made of.
type told struct {
	Server
	newest uint64
	at     control.PublishedAt
	err    error
}

func (s told) Publish(context.Context) (uint64, error) { return s.newest, s.err }
func (s told) Run(context.Context, time.Duration, control.RunArgs) (uint64, error) {
	return s.newest, s.err
}
func (s told) GoOn(context.Context, control.RunArgs) error            { return s.err }
func (s told) Published(context.Context) (control.PublishedAt, error) { return s.at, s.err }

// Servers of one feed answer as one, and where they do not agree, that is an error.
func TestFeedOfServers(t *testing.T) {
	gone := errors.New("server 2: gone")
	same := Feed{
		told{newest: 7, at: control.PublishedAt{Due: []int64{1, 2}, Lag: []int64{10, 20}}},
		told{newest: 7, at: control.PublishedAt{Due: []int64{1, 2}, Lag: []int64{30, 40}}},
	}
	apart := Feed{same[0], told{newest: 8, at: control.PublishedAt{Due: []int64{1, 3}, Lag: []int64{30, 40}}}}
	fewer := Feed{same[0], told{newest: 6, at: control.PublishedAt{Due: []int64{1}, Lag: []int64{30}}}}
	failing := Feed{same[0], told{err: gone}}
	for _, test := range []struct {
		name            string
		feed            Feed
		newest, instant string // what the error has; "" for none
	}{
		{"one", same[:1], "", ""},
		{"same", same, "", ""},
		{"apart", apart, "2 servers of one feed have events up to numbers [7 8]", "due at other instants"},
		{"fewer", fewer, "[7 6]", "server 2 published 1 events and the first one 2"},
		{"failing", failing, "server 2: gone", "server 2: gone"},
	} {
		t.Run(test.name, func(t *testing.T) {
			says := func(err error, want string) {
				t.Helper()
				if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %q in it", err, want)
				}
			}
			newest, err := test.feed.Publish(t.Context())
			says(err, test.newest)
			if err == nil && newest != 7 {
				t.Errorf("the newest event is %d, want 7", newest)
			}
			_, err = test.feed.Run(t.Context(), 0, control.RunArgs{})
			says(err, test.newest)
			at, err := test.feed.Published(t.Context())
			says(err, test.instant)
			if want := []int64{10, 20, 30, 40}; test.name == "same" && (!slices.Equal(at.Lag, want) || len(at.Due) != 2) {
				t.Errorf("published %+v, want the lags %v", at, want)
			}
			if err := test.feed.GoOn(t.Context(), control.RunArgs{}); (err == nil) != (test.name != "failing") {
				t.Errorf("go on: %v", err)
			}
		})
	}
}
