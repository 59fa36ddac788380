package feed

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
)

// socket is a connection as an HTTP client hands it out after a 101.
type socket struct {
	bytes.Buffer
	closed bool
}

func (s *socket) Close() error { s.closed = true; return nil }

func TestUpgrade(t *testing.T) {
	want := new(socket)
	var asked *http.Request
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		asked = r
		return &http.Response{StatusCode: http.StatusSwitchingProtocols, Header: http.Header{"A": {"b"}}, Body: want}, nil
	})}
	conn, answer, err := Upgrade(t.Context(), client, "http://feed.test/plain?since=0", http.Header{"Upgrade": {"other"}})
	if err != nil || conn != want || answer.Get("A") != "b" {
		t.Errorf("got %v, %v and %v", conn, answer, err)
	}
	if asked.Method != http.MethodGet || asked.URL.RequestURI() != "/plain?since=0" || asked.Header.Get("Upgrade") != "other" {
		t.Errorf("asked %s %s with %v", asked.Method, asked.URL, asked.Header)
	}
	if want.closed {
		t.Error("the connection was closed")
	}
}

func TestUpgradeRefused(t *testing.T) {
	body := new(socket)
	body.WriteString("not here\n")
	failure := errors.New("no network")
	for _, c := range []struct {
		name   string
		answer roundTripper
		want   error
	}{
		{"another status", func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusNotFound, Body: body}, nil
		}, &StatusError{http.StatusNotFound, "not here"}},
		{"no answer", func(*http.Request) (*http.Response, error) { return nil, failure }, failure},
		{"a connection that only reads", answer(http.StatusSwitchingProtocols, 0, strings.NewReader("")), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, _, err := Upgrade(t.Context(), &http.Client{Transport: c.answer}, "http://feed.test/plain", http.Header{})
			if conn != nil || err == nil {
				t.Fatalf("got %v and the error %v", conn, err)
			}
			if refused := (*StatusError)(nil); errors.As(c.want, &refused) {
				if got := (*StatusError)(nil); !errors.As(err, &got) || *got != *refused {
					t.Errorf("the error is %v, not %v", err, c.want)
				}
			} else if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("the error is %v, not %v", err, c.want)
			}
		})
	}
	if !body.closed {
		t.Error("a refusal's body was left open")
	}
	if _, _, err := Upgrade(t.Context(), http.DefaultClient, "http://feed.test/\x7f", nil); err == nil {
		t.Error("an impossible URL is no error")
	}
}
