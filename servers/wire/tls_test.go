package wire

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// The first connection of a client makes a full handshake and the next ones
// resume it, which is told apart and costs less; another client begins anew.
func TestFullAndResumedHandshakes(t *testing.T) {
	for _, version2 := range []bool{false, true} {
		s := serve(t, serverConfig(t), hello)
		config := clientConfig(t)
		for range 2 {
			var setups []Setup
			c := s.client(t)
			c.TLS, c.HTTP2, c.Ready = config, version2, func(made Setup) { setups = append(setups, made) }
			before := s.tally.Counts()
			var handshakes []int64
			for range 3 {
				mustAsk(t, c, last)
				now := s.tally.Counts()
				handshakes = append(handshakes, now.Handshakes-before.Handshakes)
				before = now
			}
			if len(setups) != 3 || setups[0].Resumed || !setups[1].Resumed || !setups[2].Resumed {
				t.Fatalf("the set-ups are %+v: not a full one and two that resume it", setups)
			}
			if handshakes[1] > handshakes[0]-400 || handshakes[1] != handshakes[2] {
				t.Errorf("the server's handshakes took %d bytes: resuming saves it the certificate", handshakes)
			}
		}
		if config.ClientSessionCache != nil || config.NextProtos != nil {
			t.Error("a client has changed the config that it shares")
		}
	}
}

// A client trusts the authority that it was given, and no other.
func TestWrongAuthority(t *testing.T) {
	other, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, other.ServerConfig(), hello)
	c := s.client(t)
	c.TLS = clientConfig(t)
	_, _, err = ask(c)
	if err == nil || !strings.Contains(err.Error(), "make a TLS handshake: tls: failed to verify certificate: x509: certificate signed by unknown authority") {
		t.Errorf("the error is %v", err)
	}
	var bad *tls.CertificateVerificationError
	if !errors.As(err, &bad) {
		t.Errorf("the error is a %T", err)
	}
}

func TestBadAuthority(t *testing.T) {
	for _, text := range []string{"", "nonsense", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("nonsense")}))} {
		if _, err := ClientConfig([]byte(text)); err == nil || !strings.Contains(err.Error(), "is no certificate in PEM") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Where one end speaks TLS and the other does not, the client ends with an error
// that says so.
func TestOneEndInClear(t *testing.T) {
	for name, c := range map[string]struct {
		server, client, version2 bool
		want                     string
	}{
		"client over TLS":          {false, true, false, "make a TLS handshake: tls: first record does not look like a TLS handshake"},
		"client over TLS, HTTP/2":  {false, true, true, "make a TLS handshake: tls: first record does not look like a TLS handshake"},
		"client in clear":          {true, false, false, ""},
		"client in clear, HTTP/2":  {true, false, true, `Get "`}, // whichever it notices first
		"neither":                  {false, false, false, ""},
		"both, over HTTP/2":        {true, true, true, ""},
		"neither, and over HTTP/2": {false, false, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			config := serverConfig(t)
			if !c.server {
				config = nil
			}
			client := serve(t, config, hello).client(t)
			client.HTTP2 = c.version2
			if c.client {
				client.TLS = clientConfig(t)
			}
			resp, body, err := ask(client)
			switch {
			case c.want != "":
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("the error is %v, which does not say %q", err, c.want)
				}
			case err != nil:
				t.Error(err)
			case c.server != c.client:
				if resp.StatusCode != http.StatusBadRequest || body != "this server speaks TLS; use https\n" {
					t.Errorf("status %d, %q", resp.StatusCode, body)
				}
			case body != "hello" || (resp.ProtoMajor == 2) != c.version2:
				t.Errorf("got %q over %s", body, resp.Proto)
			}
		})
	}
}

// What is no TLS and no HTTP is hung up on without a word.
func TestNonsenseForTLS(t *testing.T) {
	s := serve(t, serverConfig(t), hello)
	for _, text := range []string{"\x00\x00\x00\x00\x00\x00", "SSH-2.0-OpenSSH_9.9\r\n", "GETTING"} {
		c, err := s.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		if got, _ := io.ReadAll(c); len(got) > 0 && got[0] != 21 { // an alert
			t.Errorf("%q is answered with %q", text, got)
		}
		c.Close()
	}
	c := s.client(t)
	c.TLS = clientConfig(t)
	mustAsk(t, c) // and it goes on
}

// The version of HTTP is agreed on by ALPN (RFC 9113 §3.2), and a client does not
// take another than it was told to.
func TestALPN(t *testing.T) {
	for name, c := range map[string]struct {
		offers   []string
		version2 bool
		want     string // the error; "" for none
	}{
		"both, asked for 1.1": {[]string{"h2", "http/1.1"}, false, ""},
		"both, asked for 2":   {[]string{"h2", "http/1.1"}, true, ""},
		"1.1, asked for 2":    {[]string{"http/1.1"}, true, "tls: no application protocol"},
		"2, asked for 1.1":    {[]string{"h2"}, false, ""}, // crypto/tls lets it pass, and net/http speaks it
		"none, asked for 1.1": {nil, false, ""},
		"none, asked for 2":   {nil, true, "the server has no HTTP/2 over TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			config := serverConfig(t)
			config.NextProtos = c.offers
			client := serve(t, config, hello).client(t)
			client.TLS, client.HTTP2 = clientConfig(t), c.version2
			resp, _, err := ask(client)
			switch {
			case c.want != "":
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("the error is %v, which does not say %q", err, c.want)
				}
			case err != nil:
				t.Error(err)
			case (resp.ProtoMajor == 2) != c.version2:
				t.Errorf("it speaks %s", resp.Proto)
			}
		})
	}
}

// Records are as long as they can be from the first byte on, at both ends, so
// that an event's bytes do not depend on how many came before it.
func TestRecordsDoNotGrow(t *testing.T) {
	const full = 16 << 10
	s := serve(t, serverConfig(t), func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if n != 4*full || err != nil {
			t.Errorf("the server read %d bytes, %v", n, err)
		}
		w.Header().Set("Content-Length", "65536")
		w.Write(make([]byte, 4*full)) // beyond net/http's buffer: a write of its own, behind the head's
	})
	c := s.client(t)
	c.TLS = clientConfig(t)
	_, body, err := ask(c, func(r *http.Request) {
		r.Method, r.ContentLength, r.Body = http.MethodPost, 4*full, io.NopCloser(strings.NewReader(strings.Repeat("x", 4*full)))
	})
	if err != nil || len(body) != 4*full {
		t.Fatalf("got %d bytes, %v", len(body), err)
	}
	up, down := c.Tally.Counts(), s.settled(t, c)
	if got := (up.TLS - up.Handshakes) / recordOverhead; got != 5 { // the head takes a little of a fifth
		t.Errorf("the request took %d records", got)
	}
	if got := (down.TLS - down.Handshakes) / recordOverhead; got != 5 && got != 6 {
		t.Errorf("the answer took %d records", got)
	}
}
