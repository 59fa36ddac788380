package conform

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// heads are what a server may answer with, and what is wrong with it: "" if
// nothing is, "…" if its end is not there.
var heads = []struct{ head, wrong string }{
	{"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", ""},
	{"HTTP/1.1 200 OK\r\n\r\n", ""},
	{"HTTP/1.0 404 Not Found\r\nContent-Length:0\r\nX-Y.z:\t a b \t\r\n\r\nbody", ""},
	{"HTTP/1.1 200 \r\n\r\n", ""},                         // the reason may be empty
	{"HTTP/1.1 100 Go on\r\nContent-Length:\r\n\r\n", ""}, // whose framing is wrong
	{"", "…"},
	{"HTTP/1.1 400 Bad Request", "…"}, // the article's answer
	{"HTTP/1.1 200 OK\r\nA: b\r\n", "…"},
	{"HTTP/1.1 200 OK\n\n\r\n\r\n", "status line"},
	{"HTTP/1.1 200\r\n\r\n", "status line"},
	{"HTTP/1.1  200 OK\r\n\r\n", "status line"},
	{"HTTP/1.1 20 OK\r\n\r\n", "status line"},
	{"HTTP/1.1 -20 OK\r\n\r\n", "status line"},
	{"HTTP/1.1 099 No\r\n\r\n", "status line"},
	{"HTTP/2 200 OK\r\n\r\n", "status line"},
	{"http/1.1 200 OK\r\n\r\n", "status line"},
	{" HTTP/1.1 200 OK\r\n\r\n", "status line"},
	{"HTTP/1.1 200 O\x00K\r\n\r\n", "status line"},
	{"\x88\x02\x03\xea\r\n\r\n", "status line"},
	{"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "header line"},
	{"HTTP/1.1 200 OK\r\nA\r\n\r\n", "header line"},
	{"HTTP/1.1 200 OK\r\n: b\r\n\r\n", "header line"},
	{"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", "header line"},
	{"HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", "header line"},
	{"HTTP/1.1 200 OK\r\nÄ: b\r\n\r\n", "header line"},
	{"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", maxHead) + "\r\n\r\n", "a head of more than"},
	{"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", maxHead-20) + "\r\n\r\n", ""},
	{strings.Repeat("x", maxHead+4), "a head of more than"},
}

func TestParseResponse(t *testing.T) {
	for _, test := range heads {
		r, size, err := parseResponse([]byte(test.head))
		switch {
		case test.wrong == "" && (err != nil || size == 0 || r.status < 100):
			t.Errorf("%.60q: %v", test.head, err)
		case test.wrong == "…" && (err != nil || size != 0):
			t.Errorf("%.60q: %d bytes, %v; want that its end is not there", test.head, size, err)
		case len(test.wrong) > 3 && (err == nil || !strings.Contains(err.Error(), test.wrong)):
			t.Errorf("%.60q: %v, want that the %s is wrong", test.head, err, test.wrong)
		}
	}
	r, size, err := parseResponse([]byte(heads[2].head))
	if err != nil || size != len(heads[2].head)-len("body") || r.status != 404 || r.values("x-y.Z")[0] != "a b" {
		t.Errorf("%+v of %d bytes, %v", r, size, err)
	}
}

// What is taken, net/http takes too and reads the same from it; it is taken
// however it is cut, and nothing behind it changes it.
func FuzzParseResponse(f *testing.F) {
	for _, test := range heads {
		f.Add([]byte(test.head))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, size, err := parseResponse(b)
		if err != nil || size == 0 {
			return
		}
		if whole, again, err := parseResponse(append(bytes.Clone(b[:size]), "HTTP/1.1 "...)); err != nil || again != size || whole.status != r.status {
			t.Errorf("%.100q: with more behind it %d bytes, %v", b[:size], again, err)
		}
		if _, cut, err := parseResponse(b[:size-1]); cut != 0 || err != nil {
			t.Errorf("%.100q: without its last byte %d bytes, %v", b[:size], cut, err)
		}
		if _, err := r.framing(); err != nil {
			return // net/http judges it together with the head
		}
		other, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b[:size])), nil)
		if err != nil {
			t.Fatalf("%.100q is taken, and net/http says %v", b[:size], err)
		}
		other.Body.Close()
		if other.StatusCode != r.status {
			t.Errorf("%.100q: status %d, net/http's %d", b[:size], r.status, other.StatusCode)
		}
		for _, line := range r.fields {
			name, _, _ := strings.Cut(line, ":")
			if values := other.Header.Values(name); len(values) != len(r.values(name)) && !strings.EqualFold(name, "Transfer-Encoding") && !strings.EqualFold(name, "Trailer") {
				t.Errorf("%.100q: %s is %q, net/http's %q", b[:size], name, r.values(name), values)
			}
		}
	})
}

func TestFraming(t *testing.T) {
	for head, want := range map[string]int{
		"HTTP/1.1 200 OK\r\n\r\n":                                                untilClose,
		"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n":                          12,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n":                  inChunks,
		"HTTP/1.1 204 No\r\n\r\n":                                                0,
		"HTTP/1.1 304 No\r\nContent-Length: 12\r\n\r\n":                          0,
		"HTTP/1.1 101 Go\r\n\r\n":                                                0,
		"HTTP/1.1 101 Go\r\nContent-Length: 0\r\n\r\n":                           -9,
		"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n":                  -9,
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n":      -9,
		"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n":                          -9,
		"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n":                             -9,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n":                          -9,
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n":                    -9,
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: x\r\n\r\n":   -9,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n":            -9,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nA: b\r\nB: c\r\n\r\nrest": -9,
	} {
		r, _, err := parseResponse([]byte(head))
		if err != nil {
			t.Fatal(err)
		}
		n, err := r.framing()
		if want == -9 && err == nil || want != -9 && (err != nil || n != want) {
			t.Errorf("%q: %d, %v; want %d", head, n, err, want)
		}
	}
}
