package feedtest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pushbench/servers/feed"
)

// badRequests: bad input is answered with the right status and one line that
// says why.
func (s suite) badRequests(t *testing.T) {
	server := Serve(t, s.transport, Config{})
	server.Publish(3)
	queries := []struct{ name, query, reason string }{
		{"no cursor", "", "give since=N once"},
		{"two cursors", "since=0&since=0", "give since=N once"},
		{"empty cursor", "since=", "not a sequence number"},
		{"negative cursor", "since=-1", "not a sequence number"},
		{"negative zero", "since=-0", "not a sequence number"},
		{"cursor with a plus", "since=%2B1", "not a sequence number"},
		{"cursor with a blank", "since=+1", "not a sequence number"},
		{"hexadecimal cursor", "since=0x1", "not a sequence number"},
		{"hexadecimal digits", "since=a", "not a sequence number"},
		{"fraction", "since=1.0", "not a sequence number"},
		{"exponent", "since=1e0", "not a sequence number"},
		{"underscore", "since=0_1", "not a sequence number"},
		{"Arabic digits", "since=%D9%A1", "not a sequence number"},
		{"cursor of 20 digits", "since=00000000000000000001", "not a sequence number"},
		{"cursor beyond an int64", "since=9223372036854775808", "not a sequence number"},
		{"cursor with a line break", "since=1%0A2", "not a sequence number"},
		{"cursor ahead of the feed", "since=4", "ahead of the feed"},
		{"cursor far ahead", "since=9223372036854775807", "ahead of the feed"},
		{"empty want", "since=0&want=", `want="" is not known; use every or latest`},
		{"unknown want", "since=0&want=all", `want="all" is not known`},
		{"want in capitals", "since=0&want=Latest", `want="Latest" is not known`},
		{"want of everything twice", "since=0&want=every&want=every", "give it once"},
		{"two wants", "since=0&want=latest&want=every", "give it once"},
		{"latest of a feed not so far", "since=4&want=latest", "ahead of the feed"},
		{"unknown option", "since=0&colour=red", `no option "colour"`},
		{"option with a line break", "since=0&a%0Ab=1", "no option"},
		{"cursor as an option", "since=0&Since=0", `no option "Since"`},
		{"bad escape", "since=0&x=%zz", "read the query"},
		{"semicolon", "since=0;x=1", "read the query"},
	}
	for _, k := range s.transport.Knobs {
		set := func(value string) string { return "since=0&" + k.Name + "=" + value }
		if !k.Server {
			queries = append(queries, struct{ name, query, reason string }{
				"the client's own " + k.Name, set(k.Default), fmt.Sprintf("no option %q", k.Name)})
			continue
		}
		queries = append(queries, []struct{ name, query, reason string }{
			{"bad " + k.Name, set("non+sense"), fmt.Sprintf("option %s=%q: use ", k.Name, "non sense")}, // nor is it a name
			{"empty " + k.Name, set(""), fmt.Sprintf("option %s=%q: use ", k.Name, "")},
			{"two of " + k.Name, set(k.Default) + "&" + k.Name + "=" + k.Default, "give it once"},
		}...)
	}
	for _, c := range queries {
		t.Run(c.name, func(t *testing.T) {
			resp, reason := server.Request(http.MethodGet, "/"+s.transport.Name+"?"+c.query)
			if resp.StatusCode != http.StatusBadRequest {
				t.Errorf("status %d, not 400", resp.StatusCode)
			}
			if !strings.Contains(reason, c.reason) {
				t.Errorf("the reason is %q, which does not say %q", reason, c.reason)
			}
		})
	}
	for _, method := range []string{"HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "FETCH"} {
		t.Run(method, func(t *testing.T) {
			resp, reason := server.Request(method, "/"+s.transport.Name+"?since=0")
			if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, POST" {
				t.Errorf("status %d, Allow: %q; not 405, Allow: GET, POST", resp.StatusCode, resp.Header.Get("Allow"))
			}
			if method != http.MethodHead && !strings.Contains(reason, "GET") {
				t.Errorf("the reason is %q, which does not say GET", reason)
			}
		})
	}
	t.Run("subscriber ahead of the feed", func(t *testing.T) {
		sub := server.Subscribe(4, s.knobs)
		var refused *feed.StatusError
		if err := sub.Err(); !errors.As(err, &refused) {
			t.Fatalf("the subscription ended with %v, not with the server's refusal", err)
		}
		if refused.Status != http.StatusBadRequest || !strings.Contains(refused.Reason, "ahead of the feed") {
			t.Errorf("it was refused with %v", refused)
		}
		if got := sub.Events(); len(got) != 0 {
			t.Errorf("it got %v", got)
		}
	})
}

// encodingRefused: a transport whose format is text says so where the feed is
// binary.
func (s suite) encodingRefused(t *testing.T) {
	server := Serve(t, s.transport, Config{Codec: s.codec})
	server.Publish(1)
	resp, reason := server.Request(http.MethodGet, "/"+s.transport.Name+"?since=0")
	if resp.StatusCode != http.StatusBadRequest || !strings.Contains(reason, string(s.codec)) {
		t.Errorf("status %d, %q; not 400 and why", resp.StatusCode, reason)
	}
	sub := server.Subscribe(0, s.knobs)
	var refused *feed.StatusError
	if err := sub.Err(); !errors.As(err, &refused) || refused.Status != http.StatusBadRequest {
		t.Errorf("the subscription ended with %v, not with the server's refusal", err)
	}
}

// Request sends one request for a path and query, as they stand, and returns
// its answer with the body, which must be one line where there is one.
func (s *Server) Request(method, target string) (_ *http.Response, line string) {
	s.t.Helper()
	return Request(s.t, s.addr, method, target)
}

// Request is Server.Request for a server at any address.
func Request(t testing.TB, addr, method, target string) (_ *http.Response, line string) {
	t.Helper()
	resp, body := exchange(t, dialTCP(addr), method, target, nil)
	line, ended := strings.CutSuffix(string(body), "\n")
	if len(body) > 0 && (!ended || strings.TrimSpace(line) == "" || strings.ContainsAny(line, "\r\n")) {
		t.Errorf("the answer is %q, not one line", body)
	}
	return resp, line
}
