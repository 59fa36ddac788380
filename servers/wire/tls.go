package wire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"sync"
	"time"
)

// Authority is a certificate authority that lives as long as its process, with
// one certificate for the server. Servers with certificates from a public
// authority send a longer chain.
type Authority struct {
	root   []byte // DER
	server tls.Certificate
}

// certificateLife is longer than any run.
const certificateLife = 30 * 24 * time.Hour

// NewAuthority makes an authority and its server's certificate, on P-256 as
// most of the web has them.
func NewAuthority() (*Authority, error) {
	from := time.Now().Add(-time.Hour) // clocks of a host agree, but not those of its tools
	authority := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "pushbench authority"},
		NotBefore:             from,
		NotAfter:              from.Add(certificateLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: Host},
		DNSNames:     []string{Host, "localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:    from,
		NotAfter:     from.Add(certificateLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	key, noKey := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	own, noOwn := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(noKey, noOwn); err != nil {
		return nil, fmt.Errorf("make the keys of authority and server: %w", err)
	}
	root, err := x509.CreateCertificate(rand.Reader, authority, authority, key.Public(), key)
	if err == nil {
		authority, err = x509.ParseCertificate(root) // as others know it
	}
	if err != nil {
		return nil, fmt.Errorf("make the authority's certificate: %w", err)
	}
	leaf, err := x509.CreateCertificate(rand.Reader, server, authority, own.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make the server's certificate: %w", err)
	}
	return &Authority{root: root, server: tls.Certificate{Certificate: [][]byte{leaf}, PrivateKey: own}}, nil
}

// PEM is the authority's certificate, for clients to trust.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root})
}

// ServerConfig is TLS 1.3 for a server that speaks HTTP/2 and HTTP/1.1.
func (a *Authority) ServerConfig() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{a.server},
		MinVersion:   tls.VersionTLS13,
		NextProtos:   []string{"h2", "http/1.1"},
		// Go starts each connection with small records and lets them grow over
		// the first 128 KB, so that bytes per event would depend on a trial's
		// length.
		DynamicRecordSizingDisabled: true,
	}
}

// ClientConfig is TLS 1.3 for clients that trust the authority whose certificate
// is given in PEM, and nobody else.
func ClientConfig(authority []byte) (*tls.Config, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, errors.New("the server's authority is no certificate in PEM")
	}
	return &tls.Config{
		RootCAs:                     roots,
		ServerName:                  Host,
		MinVersion:                  tls.VersionTLS13,
		DynamicRecordSizingDisabled: true, // as the server's
	}, nil
}

// handshakeTimeout bounds how long a peer may take over a handshake.
const handshakeTimeout = 10 * time.Second

// secureListener accepts connections whose TLS handshake is done. Handshakes
// run beside each other, and not in http.Server, because their end is where the
// counting of application data begins, and nobody tells of it from there.
type secureListener struct {
	net.Listener
	config *tls.Config
	ready  chan net.Conn
	failed chan error // of Accept; there may be more connections after it
	life   context.Context
	end    context.CancelFunc
	hands  sync.WaitGroup
}

// TLSListener counts every connection that l accepts, and speaks TLS on it.
// A connection whose handshake fails is closed, and never accepted. Those that it
// accepts are no *tls.Conn, so that what is written above TLS is counted. So
// http.Server takes them for connections in clear, on which Protocols lets it
// speak HTTP/2: clients begin that in the same way whether they have agreed on it
// by ALPN or know beforehand (RFC 9113 §3.2 to §3.4).
func TLSListener(l net.Listener, t *Tally, config *tls.Config) net.Listener {
	s := &secureListener{
		Listener: Listener(l, t),
		config:   config,
		ready:    make(chan net.Conn),
		failed:   make(chan error),
	}
	s.life, s.end = context.WithCancel(context.Background())
	s.hands.Go(s.acceptAll)
	return s
}

// acceptAll leaves it to the caller of Accept whether to go on after an error, as
// http.Server does where descriptors have run out for a while.
func (s *secureListener) acceptAll() {
	for {
		c, err := s.Listener.Accept()
		if err == nil {
			s.hands.Go(func() { s.handshake(c.(*Conn)) })
			continue
		}
		select {
		case s.failed <- err:
		case <-s.life.Done():
			return
		}
	}
}

func (s *secureListener) handshake(c *Conn) {
	ctx, cancel := context.WithTimeout(s.life, handshakeTimeout)
	defer cancel()
	c.secured = handshaking
	t := tls.Server(c, s.config)
	if err := t.HandshakeContext(ctx); err != nil {
		refuseClear(err)
		c.Close()
		return
	}
	c.secured = established
	select {
	case s.ready <- &counted{Conn: t, socket: c}:
	case <-s.life.Done():
		c.Close()
	}
}

// refuseClear tells a client that speaks HTTP in clear why it gets no answer.
func refuseClear(err error) {
	var bad tls.RecordHeaderError
	if !errors.As(err, &bad) || bad.Conn == nil || !slices.Contains(methods, string(bad.RecordHeader[:])) {
		return
	}
	bad.Conn.SetWriteDeadline(time.Now().Add(time.Second))
	io.WriteString(bad.Conn, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nthis server speaks TLS; use https\n")
}

// methods is how a request in clear may begin, at a TLS record's header's length
// (RFC 9110 §9, RFC 9113 §3.4).
var methods = []string{"GET /", "HEAD ", "POST ", "PUT /", "DELET", "OPTIO", "PATCH", "PRI *"}

// Accept implements net.Listener.
func (s *secureListener) Accept() (net.Conn, error) {
	select {
	case c := <-s.ready:
		return c, nil
	case err := <-s.failed:
		return nil, err
	case <-s.life.Done():
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. It ends handshakes under way, and waits for it.
func (s *secureListener) Close() error {
	err := s.Listener.Close()
	s.end()
	s.hands.Wait()
	return err
}
