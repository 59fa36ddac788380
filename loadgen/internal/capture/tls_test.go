package capture

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// sender is an end of a connection: each write is a segment in the capture.
type sender struct {
	net.Conn
	mu      *sync.Mutex
	capture *Capture
	packet  Packet // the next, without its data
	written int64
}

func (s *sender) Write(b []byte) (int, error) {
	s.mu.Lock()
	p := segment(s.packet.Src, s.packet.Dst, s.packet.Seq, ACK, string(b))
	s.capture.Packets = append(s.capture.Packets, p)
	s.packet.Seq += uint32(len(b))
	s.written += int64(len(b))
	s.mu.Unlock()
	return s.Conn.Write(b)
}

// ends are both configurations, with a certificate of package httptest's.
func ends(t *testing.T) (serverSide, clientSide *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates, DynamicRecordSizingDisabled: true},
		&tls.Config{RootCAs: roots, ServerName: "example.com", DynamicRecordSizingDisabled: true}
}

// secured captures a TLS connection whose ends write texts in turn, and returns
// with it what each had written when its handshake was over.
func secured(t *testing.T, serverSide, clientSide *tls.Config, up, down []int) (conn *Conn, handshakeUp, handshakeDown int64) {
	t.Helper()
	l := listen(t)
	dialled, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer dialled.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	c := &Capture{Port: port}
	mu := new(sync.Mutex)
	sent := &sender{Conn: dialled, mu: mu, capture: c, packet: Packet{Src: client, Dst: server, Seq: 1}}
	answered := &sender{Conn: accepted, mu: mu, capture: c, packet: Packet{Src: server, Dst: client, Seq: 1}}
	a, b := tls.Client(sent, clientSide), tls.Server(answered, serverSide)
	failed := make(chan error, 1)
	go func() { failed <- b.Handshake() }()
	if err := a.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	handshakeUp, handshakeDown = sent.written, answered.written
	for _, way := range []struct {
		from, to *tls.Conn
		lengths  []int
	}{{a, b, up}, {b, a, down}} {
		for _, n := range way.lengths {
			go func() {
				_, err := way.from.Write(make([]byte, n))
				failed <- err
			}()
			if _, err := io.ReadFull(way.to, make([]byte, n)); err != nil {
				t.Fatal(err)
			}
			if err := <-failed; err != nil {
				t.Fatal(err)
			}
		}
	}
	return c.Conns()[0], handshakeUp, handshakeDown
}

// From outside the same is seen as the ends know of themselves: full handshakes
// and resumed ones, and one in which the server asks for another key.
func TestTLS(t *testing.T) {
	serverSide, clientSide := ends(t)
	clientSide.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	retry, other := serverSide.Clone(), clientSide.Clone()
	retry.CurvePreferences = []tls.CurveID{tls.CurveP384}
	other.ClientSessionCache = nil
	var full int64
	for _, test := range []struct {
		name                   string
		serverSide, clientSide *tls.Config
		up, down               []int
		records                [2]int64
	}{
		{"full", serverSide, clientSide, []int{1, 100, 20_000}, []int{161, 161, 16_384}, [2]int64{4, 3}},
		{"resumed", serverSide, clientSide, []int{1}, []int{161, 1}, [2]int64{1, 2}},
		{"retried", retry, other, []int{1}, []int{161}, [2]int64{1, 1}},
		{"silent", serverSide, other, nil, nil, [2]int64{0, 0}},
	} {
		conn, handshakeUp, handshakeDown := secured(t, test.serverSide, test.clientSide, test.up, test.down)
		if test.name == "full" {
			full = handshakeDown
		} else if test.name == "resumed" && handshakeDown > full-500 { // no certificate then
			t.Errorf("a server's handshake took %d B in full and %d B resumed", full, handshakeDown)
		}
		up, down, err := conn.TLS()
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		want := [2]TLS{{Handshake: handshakeUp, Records: test.records[0]}, {Handshake: handshakeDown, Records: test.records[1]}}
		for i, lengths := range [][]int{test.up, test.down} {
			for _, n := range lengths {
				want[i].App += int64(n)
			}
		}
		up.last, down.last = 0, 0
		if up != want[0] || down != want[1] {
			t.Errorf("%s: %+v and %+v, want %+v", test.name, up, down, want)
		}
		if conn.Up.Payload != up.Overhead()+up.App || conn.Down.Payload != down.Overhead()+down.App {
			t.Errorf("%s: %+v and %+v do not add up to %d and %d", test.name, up, down, conn.Up.Payload, conn.Down.Payload)
		}
	}
}

// What is as long as an alert is data, but at the end of a stream that its sender
// has ended.
func TestFarewell(t *testing.T) {
	serverSide, clientSide := ends(t)
	for _, test := range []struct {
		lengths    []int
		fin, rst   int64
		app, alert int64
	}{
		{[]int{2, 100, 2}, 0, 0, 104, 0},
		{[]int{2, 100, 2}, 1, 0, 102, 2},
		{[]int{2, 100, 2}, 0, 1, 102, 2},
		{[]int{2, 100}, 1, 0, 102, 0},
		{[]int{2}, 1, 0, 0, 2},
		{nil, 1, 0, 0, 0},
	} {
		conn, _, _ := secured(t, serverSide, clientSide, test.lengths, test.lengths)
		for _, f := range []*Flow{&conn.Up, &conn.Down} {
			f.FINs, f.RSTs = test.fin, test.rst
		}
		up, down, err := conn.TLS()
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []TLS{up, down} {
			if got.App != test.app || got.Alert != test.alert {
				t.Errorf("%+v: %+v", test, got)
			}
		}
		if conn.Up.Payload != up.Overhead()+up.App || conn.Down.Payload != down.Overhead()+down.App {
			t.Errorf("%+v: %+v and %+v do not add up", test, up, down)
		}
	}
}

func TestTLS12(t *testing.T) {
	serverSide, clientSide := ends(t)
	serverSide.MaxVersion = tls.VersionTLS12
	conn, _, _ := secured(t, serverSide, clientSide, []int{1}, []int{1})
	if _, _, err := conn.TLS(); err == nil || !strings.Contains(err.Error(), "not TLS 1.3") {
		t.Errorf("%v", err)
	}
}

// streamsOf captures a TLS 1.3 connection and returns what it carried.
func streamsOf(t *testing.T) (conn *Conn, sent, answered []byte) {
	t.Helper()
	serverSide, clientSide := ends(t)
	conn, _, _ = secured(t, serverSide, clientSide, []int{10}, []int{20})
	sent, answered, err := conn.streams()
	if err != nil {
		t.Fatal(err)
	}
	return conn, sent, answered
}

// A record that is cut is set apart, and what cannot be TLS is an error.
func TestTLSNotWhole(t *testing.T) {
	conn, sent, answered := streamsOf(t)
	up, down, err := conn.records(sent[:len(sent)-1], answered[:len(answered)-40])
	if err != nil || up.Rest != 31 || up.Records != 0 || down.Rest != 2 || down.Records != 0 {
		t.Errorf("%+v, %+v, %v", up, down, err)
	}
	badKind, badLength := append([]byte(nil), sent...), append([]byte(nil), answered...)
	badKind[len(sent)-32] = 99
	badLength[len(answered)-42+3] = 0xff
	for name, test := range map[string]struct {
		sent, answered []byte
		err            string
	}{
		"nothing":          {nil, nil, "not TLS 1.3"},
		"cleartext":        {[]byte(get), []byte(okHead), "is no TLS record"},
		"no Finished":      {sent[:100], answered, "the handshake was not finished"},
		"an unknown type":  {badKind, answered, "client: at byte"},
		"a length too big": {sent, badLength, "server: at byte"},
		"no ServerHello":   {sent, sent, "not TLS 1.3"},
	} {
		if _, _, err := conn.records(test.sent, test.answered); err == nil || !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v, want %q", name, err, test.err)
		}
	}
}

// Whatever the streams are, each byte is one thing.
func FuzzTLS(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x00\x01x\x17\x03\x03\x00\x02xx"), []byte("\x16\x03\x03\x00\x31\x02\x00\x00\x2d\x03\x0332 bytes of a random number, yes.\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04\x17\x03\x03\x00\x12xxxxxxxxxxxxxxxxxx"), uint16(0))
	f.Fuzz(func(t *testing.T, sent, answered []byte, tickets uint16) {
		conn := Conn{steps: []step{{0, 0}, {int64(len(sent)), int64(tickets)}}}
		up, down, err := conn.records(sent, answered)
		if err == nil && (up.Overhead()+up.App+up.Rest != int64(len(sent)) || down.Overhead()+down.App+down.Rest != int64(len(answered))) {
			t.Errorf("%+v of %d bytes, %+v of %d", up, len(sent), down, len(answered))
		}
	})
}
