package conform

import (
	"errors"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// manners are what a server may do and breaks no rule, and what the report says
// that it offers.
var manners = []struct{ manner, offered string }{
	{"greets", whole},
	{"greets with Hello", whole}, // which the RFC's compressed messages are, too
	{"greets with control frames", whole},
	{"greets late", whole},
	{"says something all the time", whole},
	{"says something before each echo", whole},
	{"passes on what clients say", whole},
	{"chatters", whole},
	{"takes one client at a time", whole},
	{"takes three clients at a time", whole},
	{"refuses one connection in ten", whole},
	{"is busy for one handshake in ten", whole},
	{"lets in twenty a second", whole},
	{"keeps the last client only", whole},
	{"announces its answers", whole},
	{"takes text alone", "opens, echo of text alone, permessage-deflate"},
	{"takes binary alone", "opens, echo of binary alone, permessage-deflate"},
	{"insists on client_max_window_bits", whole + " (offered with client_max_window_bits)"},
	{"insists on server_no_context_takeover", whole + " (offered with server_no_context_takeover)"},
	{"insists on client_no_context_takeover", whole + " (offered with client_no_context_takeover)"},
	{"insists on server_max_window_bits", whole + " (offered with server_max_window_bits=15)"},
	{"insists on client_max_window_bits, server_max_window_bits", whole + " (offered with client_max_window_bits; server_max_window_bits=15)"},
	{"insists on client_max_window_bits, server_no_context_takeover, client_no_context_takeover",
		whole + " (offered with client_max_window_bits; server_no_context_takeover; client_no_context_takeover)"},
}

const whole = "opens, echo, permessage-deflate"

// A server passes every check that applies to it, whatever its manners.
func TestManners(t *testing.T) {
	for _, test := range manners {
		t.Run(test.manner, func(t *testing.T) {
			t.Parallel()
			report := against(t, &sound{manner: test.manner})
			for _, r := range report.Results {
				if r.Outcome != Pass && (r.Outcome != NotApplicable || !regexp.MustCompile("alone|client_no_context").MatchString(test.manner)) {
					t.Errorf("%s: %s: %q", r.Name, r.Outcome, r.Details)
				}
			}
			if report.offered() != test.offered || report.Untested() != "" {
				t.Errorf("%s: %s", report.offered(), report.Untested())
			}
		})
	}
}

// speak says what the server says of its own accord, and returns what ends that.
func (p *soundPeer) speak() (end func()) {
	done := make(chan struct{})
	later := func(after time.Duration, frames ...frame) bool {
		select {
		case <-time.After(after):
			for _, f := range frames {
				p.send(f)
			}
			return true
		case <-done:
			return false
		}
	}
	hello := frame{op: opText, payload: []byte("Hello")}
	switch {
	case p.has("greets"):
		p.send(text(`{"type":"welcome"}`))
		p.send(binaryOf([]byte{0xff, 0}))
	case p.has("greets with Hello"):
		p.send(hello)
	case p.has("greets with control frames"):
		p.send(ping("alive?"))
		p.send(frame{op: opPong})
		p.send(ping(""))
	case p.has("chatters"):
		p.send(hello)
		p.send(text(`{"type":"welcome"}`))
		p.send(frame{op: opPong})
		go func() {
			for later(300*time.Millisecond, text("tick")) {
			}
		}()
	case p.has("greets late"):
		go later(time.Nanosecond, text("welcome"), ping("alive?"))
	case p.has("says something all the time"):
		go func() {
			for later(50*time.Millisecond, text("tick"), frame{op: opPong, payload: []byte("tick")}) {
			}
		}()
	}
	switch {
	case p.has("closes behind the handshake"):
		p.send(closing(4401, "no token"))
		p.c.Close()
	case p.has("ends behind the handshake"):
		p.c.Close()
	case p.has("says good bye behind the 101"):
		p.send(text("good bye"))
		p.c.Close()
	}
	p.clients.open(p)
	return func() {
		close(done)
		p.clients.closed(p)
	}
}

// insists reports whether an offer has what the server insists on, and what it
// answers to that.
func (s *sound) insists(offer extension) (answer string, ok bool) {
	list, _ := strings.CutPrefix(s.manner, "insists on ")
	if list == s.manner {
		return "", true
	}
	for parameter := range strings.SplitSeq(list, ", ") {
		switch {
		case !offer.has(parameter):
			return "", false
		case parameter == "client_max_window_bits":
			answer += "; client_max_window_bits=9"
		case parameter == "server_max_window_bits":
			answer += "; server_max_window_bits=15"
		case parameter == "client_no_context_takeover":
			answer += "; client_no_context_takeover"
		}
	}
	return answer, true
}

// clients are those that a server has.
type clients struct {
	turn chan struct{} // holds a token while one has its turn

	mu    sync.Mutex
	count int // connected
	came  int // ever
	peers []*soundPeer
	last  net.Conn // that was let in

	second time.Time // in which it has let in so many
	let    int
}

// busy is the status of an answer to all handshakes for which there is no time.
func (c *clients) busy(s *sound) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch now := time.Now().Truncate(time.Second); {
	case s.has("is busy for one handshake in ten") && c.came%10 == 0:
		return 503
	case s.has("lets in twenty a second"):
		if !now.Equal(c.second) {
			c.second, c.let = now, 0
		}
		if c.let++; c.let > 20 {
			return 429
		}
	}
	return 0
}

var errRefused = errors.New("connection refused")

func (c *clients) dial(s *sound) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.came++
	if s.has("takes three clients at a time") && c.count == 3 || s.has("refuses one connection in ten") && c.came%10 == 0 {
		return errRefused
	}
	c.count++
	return nil
}

func (c *clients) come(s *sound) {
	if s.has("takes one client at a time") {
		c.turn <- struct{}{}
	}
}

func (c *clients) leave(s *sound) {
	if s.has("takes one client at a time") {
		<-c.turn
	}
	c.mu.Lock()
	c.count--
	c.mu.Unlock()
}

// only ends the connection before this one where the server keeps the last client
// only: before this one is let in, so that no later one is taken for an earlier.
func (c *clients) only(s *sound, conn net.Conn) {
	if !s.has("keeps the last client only") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil {
		c.last.Close()
	}
	c.last = conn
}

func (c *clients) open(p *soundPeer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.peers = append(c.peers, p)
}

func (c *clients) closed(p *soundPeer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.peers {
		if c.peers[i] == p {
			c.peers = append(c.peers[:i:i], c.peers[i+1:]...)
			return
		}
	}
}

// passOn sends a message to all clients but the one that it comes from.
func (c *clients) passOn(from *soundPeer, f frame) {
	c.mu.Lock()
	peers := c.peers
	c.mu.Unlock()
	for _, p := range peers {
		if p != from {
			p.send(f)
		}
	}
}
