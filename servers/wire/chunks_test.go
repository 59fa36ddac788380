package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// chunkedBodies are bodies with what is between their framing.
var chunkedBodies = []struct{ name, body, content string }{
	{"nothing", "0\r\n\r\n", ""},
	{"a chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"},
	{"chunks", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello"},
	{"sizes in any case", "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"},
	{"leading zeros", "0000000000000005\r\nhello\r\n0000\r\n\r\n", "hello"},
	{"line ends as content", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"},
	{"chunks as content", "7\r\n0\r\n\r\n5\r\r\n0\r\n\r\n", "0\r\n\r\n5\r"},
	{"extensions", "5;a;b=c;d=\"e f\"\r\nhello\r\n0;last\r\n\r\n", "hello"},
	{"blanks", "5  \r\nhello\r\n0 \t;x\r\n\r\n", "hello"},
	{"trailer", "5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n", "hello"},
	{"the longest line", "5;" + strings.Repeat("x", maxChunkLine-3) + "\r\nhello\r\n0\r\n\r\n", "hello"},
	{"a long trailer", "0\r\n" + strings.Repeat("A: b\r\n", 10_000) + "\r\n", ""},
}

// However a body comes, its content is told from its framing, to the byte.
func TestChunks(t *testing.T) {
	for _, c := range chunkedBodies {
		for at := range min(len(c.body), 200) {
			got, framing, ended, err := unchunk(c.body[:at], c.body[at:])
			if got != c.content || framing != len(c.body)-len(c.content) || !ended || err != nil {
				t.Errorf("%s, cut at %d: content %q, %d of framing, ended %v, %v", c.name, at, got, framing, ended, err)
			}
		}
	}
}

// unchunk takes a body in pieces.
func unchunk(pieces ...string) (content string, framing int, ended bool, err error) {
	var c chunks
	for _, piece := range pieces {
		p := []byte(piece)
		n, own, bad := c.take(p)
		content, framing, err = content+string(p[:n]), framing+own, bad
		if bad != nil {
			break
		}
	}
	return content, framing, c.part == chunkEnd, err
}

// What is no chunked body is an error at the byte where that shows, and what
// could go on for ever where it is longer than anything real.
func TestBadChunks(t *testing.T) {
	for _, c := range []struct{ name, body, content, error string }{
		{"no size", "\r\n", "", "where a chunk's size begins"},
		{"a negative size", "-5\r\nhello", "", "where a chunk's size begins"},
		{"a sign", "+5\r\nhello", "", "where a chunk's size begins"},
		{"a blank before it", " 5\r\nhello", "", "where a chunk's size begins"},
		{"an extension alone", ";a\r\n", "", "where a chunk's size begins"},
		{"no digit", "zz\r\n", "", "where a chunk's size begins"},
		{"another base", "0x5\r\nhello", "", "in a chunk's size"},
		{"an underscore", "1_0\r\n", "", "in a chunk's size"},
		{"two sizes", "5 5\r\nhello", "", "in a chunk's size"},
		{"beyond an int64", "8000000000000000\r\n", "", "beyond 9223372036854775807 bytes"},
		{"overflow", "ffffffffffffffff\r\n", "", "beyond"},
		{"wrapping to a small size", "10000000000000005\r\nhello", "", "more than 16 digits"},
		{"endless zeros", strings.Repeat("0", 1<<20), "", "more than 16 digits"},
		{"endless extension", "5;" + strings.Repeat("x", 1<<20), "", "longer than 4096 bytes"},
		{"endless blanks", "5" + strings.Repeat(" ", 1<<20), "", "longer than 4096 bytes"},
		{"endless trailer", "0\r\n" + strings.Repeat("A: b\r\n", 1<<17), "", "longer than 65536 bytes"},
		{"endless trailer line", "0\r\nA: " + strings.Repeat("x", 1<<20), "", "longer than 65536 bytes"},
		{"a bare line feed", "5\nhello\r\n", "", "line feed without a carriage return"},
		{"a bare line feed in an extension", "5;a\n\r\nhello\r\n", "", "line feed without a carriage return"},
		{"a bare carriage return", "5\rhello\r\n", "", "ends the line of a chunk's size"},
		{"a bare line feed in the trailer", "0\r\nA: b\n\r\n", "", "line feed without a carriage return in the trailer"},
		{"a bare carriage return in the trailer", "0\r\nA: b\rC\r\n\r\n", "", "ends a line of the trailer"},
		{"a chunk that is too long", "5\r\nhello!\r\n", "hello", "ends a chunk"},
		{"half an end", "5\r\nhello\r5\r\n", "hello", "ends a chunk"},
		{"no end", "5\r\nhello5\r\nhello", "hello", "ends a chunk"},
		{"half an end of all", "0\r\n\rx", "", "ends the chunked body"},
		{"more after the end", "5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK", "hello", "more after the end"},
	} {
		for _, pieces := range [][]string{{c.body}, strings.Split(c.body[:min(len(c.body), 100_000)], "")} {
			got, _, _, err := unchunk(pieces...)
			if got != c.content || err == nil || !strings.Contains(err.Error(), c.error) {
				t.Errorf("%s in %d pieces: content %q, %v; want %q and an error that says %q", c.name, len(pieces), got, err, c.content, c.error)
			}
		}
	}
}

// What net/http's server writes as chunks is read back, in whatever pieces it
// comes and is asked for.
func TestChunksProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sent bytes.Buffer
		var want []byte
		w := httputil.NewChunkedWriter(&sent)
		writes := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 300)).Draw(t, "writes")
		for _, p := range writes {
			want = append(want, p...)
			w.Write(p)
		}
		w.Close()
		sent.WriteString("\r\n") // there is no trailer
		framing := sent.Len() - len(want)
		var c chunks
		var got []byte
		for rest := sent.Bytes(); len(rest) > 0; {
			n := rapid.IntRange(1, min(len(rest), 100)).Draw(t, "read")
			p := bytes.Clone(rest[:n])
			content, own, err := c.take(p)
			if err != nil || content+own != n {
				t.Fatalf("%d of content and %d of framing in %d bytes, %v", content, own, n, err)
			}
			got, rest, framing = append(got, p[:content]...), rest[n:], framing-own
		}
		if !bytes.Equal(got, want) || framing != 0 || c.part != chunkEnd {
			t.Errorf("got %q, not %q, and %d bytes of framing too few", got, want, framing)
		}
	})
}

// A body is taken the same in any two pieces; each byte is content or framing;
// and what is a body to this reader and to net/http's is the same to both.
func FuzzChunks(f *testing.F) {
	for _, c := range chunkedBodies {
		f.Add([]byte(c.body), 3)
	}
	f.Add([]byte("5\r\nhello\r\n-5\r\n"), 7)
	f.Add([]byte("fffffffffffffff\r\nx"), 1)
	f.Fuzz(func(t *testing.T, body []byte, at int) {
		whole, framing, ended, err := unchunk(string(body))
		if len(whole)+framing > len(body) || err == nil && len(whole)+framing != len(body) {
			t.Fatalf("%d bytes of content and %d of framing in %d", len(whole), framing, len(body))
		}
		if at >= 0 && at <= len(body) {
			again, framing2, ended2, err2 := unchunk(string(body[:at]), string(body[at:]))
			if again != whole || framing2 != framing || ended2 != ended || fmt.Sprint(err2) != fmt.Sprint(err) {
				t.Fatalf("cut at %d: %q, %d, %v, %v; in one piece %q, %d, %v, %v", at, again, framing2, ended2, err2, whole, framing, ended, err)
			}
		}
		if !ended || err != nil {
			return
		}
		theirs, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(body)))
		if err == nil && string(theirs) != whole { // blanks and long extensions it may refuse
			t.Fatalf("content %q; to net/http it is %q", whole, theirs)
		}
	})
}

// In an answer without end every byte that was read is counted, and a client
// that waits for more holds no buffer.
func TestChunksAreCountedAsTheyCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		next := make(chan string, 1)
		p := newPeer(t, func(c net.Conn, r *bufio.Reader) {
			if _, err := http.ReadRequest(r); err != nil {
				return
			}
			for s := range next {
				io.WriteString(c, s)
			}
		})
		defer close(next)
		next <- head + "2\r\nhe\r\n" // what comes along with the head is no head
		resp, err := get(t, p, t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got := p.headers.Down.Load(); got != int64(len(head)) {
			t.Errorf("%d bytes of head, not %d", got, len(head))
		}
		var got []byte
		ended := make(chan error, 1)
		go func() {
			var err error
			for room := make([]byte, 64); err == nil; {
				var n int
				n, err = resp.Body.Read(room)
				got = append(got, room[:n]...)
			}
			ended <- err
		}()
		framing := len(head) + len("2\r\n\r\n")
		for _, c := range []struct {
			sent, got string
			framing   int
		}{
			{"", "he", 0},
			{"3\r\nllo", "hello", 3},
			{"\r", "hello", 1},
			{"\n", "hello", 1},
			{"1", "hello", 1},
			{"0\r\n", "hello", 3},
			{"0123456789abcdef\r\n", "hello0123456789abcdef", 2},
			{"1\r\n!\r\n1\r\n?\r\n", "hello0123456789abcdef!?", 10},
		} {
			if c.sent != "" {
				next <- c.sent
			}
			synctest.Wait()
			framing += c.framing
			if string(got) != c.got || p.headers.Down.Load() != int64(framing) || p.tally.BytesRead.Load() != int64(framing+len(got)) {
				t.Errorf("after %q it has %q, with %d bytes of HTTP's own in %d; not %q, with %d", c.sent, got, p.headers.Down.Load(), p.tally.BytesRead.Load(), c.got, framing)
			}
		}
		if s := p.client.stack; s.r != nil || s.out.Cap() > 0 {
			t.Errorf("it holds buffers: %v, and %d bytes", s.r != nil, s.out.Cap())
		}
		next <- "0\r\n\r\n"
		if err := <-ended; err != io.EOF {
			t.Errorf("the answer ended with %v", err)
		}
		if got, want := p.headers.Down.Load(), int64(framing+len("0\r\n\r\n")); got != want {
			t.Errorf("in all %d bytes of HTTP's own, not %d", got, want)
		}
	})
}

// A connection is good for the next request once a chunked answer has been read
// to its end, wherever its bytes were cut; and is not before.
func TestRequestAfterChunks(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n"
	for cut := range len(answer) {
		p := newPeer(t, func(c net.Conn, r *bufio.Reader) {
			for {
				if _, err := http.ReadRequest(r); err != nil {
					return
				}
				for _, part := range []string{answer[:cut], answer[cut:]} {
					if _, err := io.WriteString(c, part); err != nil {
						return
					}
				}
			}
		})
		for range 3 {
			if body, err := read(t, p); body != "hello" || err != nil {
				t.Fatalf("cut at %d: got %q, %v", cut, body, err)
			}
		}
		if down := p.headers.Down.Load(); p.dialled != 1 || down != 3*int64(len(answer)-len("hello")) {
			t.Errorf("cut at %d: %d bytes of HTTP's own on %d connections", cut, down, p.dialled)
		}
		resp, err := get(t, p, t.Context())
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if body, err := read(t, p); body != "hello" || err != nil || p.dialled != 2 {
			t.Errorf("cut at %d: after a body that was not read came %q, %v, on connection %d", cut, body, err, p.dialled)
		}
	}
}

// Where a chunked answer goes wrong, what came before is content and then there
// is an error, the same one again and again.
func TestChunkedAnswerGoesWrong(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
	for rest, want := range map[string]string{
		"":                    io.ErrUnexpectedEOF.Error(),
		"5":                   io.ErrUnexpectedEOF.Error(),
		"5\r\nhe":             io.ErrUnexpectedEOF.Error(),
		"0\r\n":               io.ErrUnexpectedEOF.Error(),
		"x":                   "where a chunk's size begins",
		"0\r\n\r\nmore":       errMore.Error(),
		"fffffffffffffffffff": "digits",
	} {
		p := newPeer(t, once(ok+rest))
		resp, err := get(t, p, t.Context())
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if !strings.HasPrefix(string(body), "hello") || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("after %q came %q, %v; want an error that says %q", rest, body, err, want)
		}
		if _, again := resp.Body.Read(make([]byte, 1)); !errors.Is(again, err) {
			t.Errorf("then came %v, not %v", again, err)
		}
		resp.Body.Close()
		if p.client.stack != nil {
			t.Errorf("after %q the connection is kept", rest)
		}
	}
}
