package capture

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// script is a packet socket that a test makes up: frames to be read, then an
// error, or none for as long as it is asked.
type script struct {
	frames  [][]byte
	err     error
	dropped uint
	noStats error
	slots   int
	endless bool
	closed  int
}

func (s *script) read() ([]byte, time.Time, error) {
	switch {
	case s.endless:
		return s.frames[0], time.Time{}, nil
	case len(s.frames) > 0:
		f := s.frames[0]
		s.frames = s.frames[1:]
		return f, time.Time{}, nil
	case s.err != nil:
		return nil, time.Time{}, s.err
	}
	return nil, time.Time{}, errEmpty
}

func (s *script) room() int            { return s.slots }
func (s *script) drops() (uint, error) { return s.dropped, s.noStats }
func (s *script) close()               { s.closed++ }

// Stop reads what waits, and says what makes a capture no truth.
func TestStop(t *testing.T) {
	hello := frame(segment(server, client, 7, PSH|ACK, "hello"))
	foreign := changed(hello, etherLen+20, 0x20)
	failure := errors.New("no such luck")
	for name, test := range map[string]struct {
		socket script
		want   int
		err    string
	}{
		"all that waited": {script{frames: [][]byte{hello, foreign, hello}}, 2, ""},
		"nothing":         {script{}, 0, ""},
		"drops":           {script{frames: [][]byte{hello}, dropped: 3}, 0, "the kernel dropped 3 packets"},
		"no count":        {script{noStats: failure}, 0, "ask for dropped packets: no such luck"},
		"failure":         {script{frames: [][]byte{hello}, err: failure}, 0, "read captured packets: no such luck"},
		"broken packet":   {script{frames: [][]byte{hello, hello[:50]}}, 0, "captured packet 2 of port 8080: 16 B of a TCP header"},
		"endless traffic": {script{frames: [][]byte{hello}, endless: true}, -1, ""},
	} {
		test.socket.slots = 100
		c, err := record(&test.socket, port).Stop()
		switch {
		case test.err == "" && (err != nil || test.want >= 0 && len(c.Packets) != test.want):
			t.Errorf("%s: %+v, %v; want %d packets", name, c, err, test.want)
		case test.err != "" && (err == nil || c != nil || !strings.HasPrefix(err.Error(), test.err)):
			t.Errorf("%s: %+v, %v; want the error %q", name, c, err, test.err)
		case test.want < 0 && len(c.Packets) < 100:
			t.Errorf("%s: %d packets, where there is room for 100", name, len(c.Packets))
		}
		if test.socket.closed != 1 {
			t.Errorf("%s: the socket was closed %d times", name, test.socket.closed)
		}
		var dropped *DropError
		if errors.As(err, &dropped) != (test.socket.dropped > 0) {
			t.Errorf("%s: the error is a %T", name, err)
		}
	}
}
