package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// TLS is the bytes of one direction of a TLS 1.3 connection, as far as they can
// be told apart without its keys.
type TLS struct {
	Handshake int64 // records of the handshake, whole
	Records   int64 // records after it
	App       int64 // what those carry
	Alert     int64 // what the last of them carries, where it is an alert
	Rest      int64 // a record that had not come whole when the capture ended

	last int64 // what the last record carries
}

// recordOverhead is what TLS 1.3 adds to each record: a header of 5 B, a byte
// for the type and a tag of 16 B (RFC 8446 §5.2). There is no padding: Go's
// crypto/tls never adds any.
const recordOverhead = 5 + 1 + 16

// Overhead is all that is not application data.
func (t TLS) Overhead() int64 { return t.Handshake + recordOverhead*t.Records + t.Alert }

// alertLen is the content of an alert (RFC 8446 §6).
const alertLen = 2

// farewell takes the last record of a stream that its sender has ended for the
// alert that has to stand there (RFC 8446 §6.1). What is as long anywhere else is
// application data: from outside the two look alike.
func (t *TLS) farewell(of *Flow) {
	if of.FINs+of.RSTs > 0 && t.Records > 0 && t.last == alertLen {
		t.App, t.Alert = t.App-alertLen, alertLen
	}
}

// Types of a record (RFC 8446 §5.1).
const (
	recordHandshake = 22
	recordData      = 23
	recordHeader    = 5
	maxRecord       = 1<<14 + 256
)

// TLS reads a connection with TLS 1.3. The encrypted records of the handshake
// look from outside like any other, but the order tells: the client's first
// encrypted record is its Finished, for it has no certificate and sends no early
// data; and the server, whose session tickets come along with its own Finished,
// sends nothing more before it has the client's.
func (c *Conn) TLS() (up, down TLS, err error) {
	sent, answered, err := c.streams()
	if err == nil {
		up, down, err = c.records(sent, answered)
	}
	if err != nil {
		err = fmt.Errorf("connection of %v: %w", c.Client, err)
	}
	return up, down, err
}

func (c *Conn) records(sent, answered []byte) (up, down TLS, err error) {
	if err := mustBeTLS13(answered); err != nil {
		return up, down, err
	}
	finished, err := endOfFinished(sent)
	if err != nil {
		return up, down, fmt.Errorf("client: %w", err)
	}
	tickets := int64(0) // where the server's handshake ends
	for _, s := range c.steps {
		if tickets = s.down; s.up >= finished {
			break
		}
	}
	if up, err = splitTLS(sent, finished); err != nil {
		return up, down, fmt.Errorf("client: %w", err)
	}
	if down, err = splitTLS(answered, tickets); err != nil {
		return up, down, fmt.Errorf("server: %w", err)
	}
	up.farewell(&c.Up)
	down.farewell(&c.Down)
	return up, down, nil
}

// oneRecord is the length of the record at the front of a stream, header and all,
// or 0 if it is not whole.
func oneRecord(b []byte) (kind byte, length int64, err error) {
	if len(b) < recordHeader {
		return 0, 0, nil
	}
	kind, length = b[0], recordHeader+int64(binary.BigEndian.Uint16(b[3:]))
	if kind < 20 || kind > recordData || b[1] != 3 || length > recordHeader+maxRecord {
		return 0, 0, fmt.Errorf("%x is no TLS record", b[:recordHeader])
	}
	if int64(len(b)) < length {
		return kind, 0, nil
	}
	return kind, length, nil
}

// endOfFinished is where the first encrypted record of a stream ends.
func endOfFinished(b []byte) (at int64, err error) {
	for {
		kind, length, err := oneRecord(b[at:])
		switch {
		case err != nil:
			return 0, err
		case length == 0:
			return 0, errors.New("the handshake was not finished")
		}
		at += length
		if kind == recordData {
			return at, nil
		}
	}
}

// splitTLS splits a stream of records whose handshake ends at a byte.
func splitTLS(b []byte, handshake int64) (t TLS, err error) {
	for at := int64(0); at < int64(len(b)); {
		kind, length, err := oneRecord(b[at:])
		switch {
		case err != nil:
			return t, fmt.Errorf("at byte %d: %w", at, err)
		case length == 0:
			t.Rest = int64(len(b)) - at
			return t, nil
		case at < handshake && at+length > handshake:
			return t, fmt.Errorf("the handshake ends at byte %d, within a record", handshake)
		case at < handshake:
			t.Handshake += length
		case kind != recordData || length < recordOverhead:
			return t, fmt.Errorf("record of type %d and %d B after the handshake", kind, length)
		default:
			t.Records++
			t.last = length - recordOverhead
			t.App += t.last
		}
		at += length
	}
	return t, nil
}

// mustBeTLS13 looks for the version in the extensions of the ServerHello, with
// which the server begins (RFC 8446 §4.1.3, §4.2.1): other versions have other
// overheads.
func mustBeTLS13(answered []byte) error {
	const serverHello, supportedVersions, tls13 = 2, 43, 0x0304
	other := errors.New("this is not TLS 1.3, the version whose overhead is known")
	kind, length, err := oneRecord(answered)
	if err != nil {
		return err
	}
	if kind != recordHandshake || length == 0 {
		return other
	}
	b := field{answered[recordHeader:length]}
	if hello := b.skip(1); len(hello) == 0 || hello[0] != serverHello {
		return other
	}
	b.skip(3 + 2 + 32) // length, legacy version, random
	b.skip(b.number(1))
	b.skip(2 + 1) // cipher suite, compression
	for b.skip(2); len(b.b) > 0; {
		extension := b.number(2)
		value := field{b.skip(b.number(2))}
		if extension == supportedVersions && value.number(2) == tls13 {
			return nil
		}
	}
	return other
}

// field reads numbers and bytes off a message. Past its end there are none.
type field struct{ b []byte }

func (f *field) skip(n int) []byte {
	n = min(n, len(f.b))
	taken := f.b[:n]
	f.b = f.b[n:]
	return taken
}

func (f *field) number(size int) (n int) {
	for _, digit := range f.skip(size) {
		n = n<<8 | int(digit)
	}
	return n
}
