package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// recorded keeps what passes a connection.
type recorded struct {
	net.Conn
	mu       sync.Mutex
	up, down bytes.Buffer
}

func (r *recorded) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down.Write(p[:n])
	return n, err
}

func (r *recorded) Write(p []byte) (int, error) {
	r.mu.Lock()
	r.up.Write(p)
	r.mu.Unlock()
	return r.Conn.Write(p)
}

// recordsOf is how many records a stream has from some byte on, and what they
// carry.
func recordsOf(t require, stream []byte, from int64) (records, content int64) {
	for stream = stream[from:]; len(stream) > 0; records++ {
		if len(stream) < 5 || stream[0] != 23 { // application data is what all of them look like (RFC 8446 §5.2)
			t.Fatalf("% x is no sealed record", stream[:min(5, len(stream))])
		}
		length := int(binary.BigEndian.Uint16(stream[3:]))
		if len(stream) < 5+length {
			t.Fatalf("a record of %d bytes ends after %d", 5+length, len(stream))
		}
		content += int64(length - 17)
		stream = stream[5+length:]
	}
	return records, content
}

type require interface{ Fatalf(string, ...any) }

// talk upgrades a connection over TLS, on which both ends write as much at once as
// they are told to, and then the server says farewell. It returns what each end
// has counted, and what has passed beneath.
func talk(t *testing.T, check require, down, up []int) (server, client Counts, passed *recorded) {
	s := serve(t, serverConfig(t), func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, switching)
		for _, n := range down {
			conn.Write(make([]byte, n))
		}
		io.CopyN(io.Discard, conn, total(up))
	})
	p := &peer{client: s.client(t)}
	p.client.TLS = clientConfig(t)
	p.client.Dial = func(ctx context.Context) (net.Conn, error) {
		c, err := s.dial(ctx)
		passed = &recorded{Conn: c}
		return passed, err
	}
	conn := upgrade(t, p, t.Context())
	defer conn.Close()
	if _, err := io.CopyN(io.Discard, conn, total(down)); err != nil {
		check.Fatalf("read what the server wrote: %v", err)
	}
	for _, n := range up {
		if _, err := conn.Write(make([]byte, n)); err != nil {
			check.Fatalf("write: %v", err)
		}
	}
	if n, err := io.Copy(io.Discard, conn); n > 0 || err != nil {
		check.Fatalf("after its last write the server sent %d bytes, %v", n, err)
	}
	return s.settled(t, p.client), p.client.Tally.Counts(), passed
}

func total(sizes []int) (n int64) {
	for _, size := range sizes {
		n += int64(size)
	}
	return n
}

// Whatever an end writes at once, what is counted for TLS is its records' overhead
// and its alerts, and what is left is the content.
func TestTLSLeavesTheContent(t *testing.T) {
	const alert = 2 // the content of the server's farewell (RFC 8446 §6)
	sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(1, 3), rapid.IntRange(1, 300), rapid.IntRange(16380, 16390), rapid.IntRange(1, 40000)), 0, 6)
	rapid.Check(t, func(check *rapid.T) {
		down, up := sizes.Draw(check, "down"), sizes.Draw(check, "up")
		server, client, passed := talk(t, check, down, up)
		for _, way := range []struct {
			name          string
			counts        Counts
			stream        []byte
			content, tail int64
		}{
			{"down", server, passed.down.Bytes(), int64(len(switching)) + total(down), alert},
			{"up", client, passed.up.Bytes(), total(up), 0},
		} {
			records, content := recordsOf(check, way.stream, way.counts.Handshakes)
			if way.name == "up" {
				way.content += content - total(up) // the request's head, whatever its length
			}
			if got := way.counts.TLS - way.counts.Handshakes; got != records*recordOverhead+way.tail || content != way.content+way.tail {
				check.Fatalf("%s: TLS has %d bytes beside its handshake, with %d records and an alert of %d; they carry %d bytes, of which %d were given",
					way.name, got, records, way.tail, content, way.content)
			}
		}
	})
}

// A write that fails is counted for what of it went out.
func TestTLSOfFailedWrite(t *testing.T) {
	near, far := net.Pipe()
	far.Close()
	var tally Tally
	c := &counted{Conn: near, socket: &Conn{tally: &tally}}
	if n, err := c.Write(make([]byte, 100)); n != 0 || err == nil {
		t.Fatalf("wrote %d bytes to nobody, %v", n, err)
	}
	if got := tally.TLS.Load(); got != 0 {
		t.Errorf("TLS is credited with %d bytes that nobody wrote", got)
	}
}
