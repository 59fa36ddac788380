package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pushbench/servers/all"
	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/test/hard"
	"pushbench/servers/wire"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		endTime = time.Minute // of a host that is busy with other things
		main()
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}

// Bad usage is told in one line and ends with code 2, before anything is
// opened.
func TestBadFlags(t *testing.T) {
	for args, want := range map[string]string{
		"-rate 0/s":                        "above zero, as 10/s",
		"-rate 1e7/s":                      "above zero, as 10/s",
		"-rate 10":                         "above zero, as 10/s",
		"-payload 200":                     "a size with its unit, as 200B",
		"-payload 1.5B":                    "a size with its unit, as 200B",
		"-payload 1048577KB":               "a size with its unit, as 200B",
		"-payload 65537KB":                 "payload of 67109888 bytes: use 0 to 67108864",
		"-payload-kind zeros":              `payload kind "zeros" is not known; use random, ticker or identical`,
		"-payload-kind ticker -payload 9B": "ticker payload of 9 bytes: a quote needs at least 64",
		"-encoding json":                   `encoding "json" is not known; use text, binary or base64`,
		"-arrivals never":                  `-arrivals "never": use constant or poisson`,
		"-ring 0":                          "-ring 0: the log can keep 1 to 1048576 events",
		"-ring -1":                         "-ring -1: the log can keep 1 to 1048576 events",
		"-ring 1048577":                    "-ring 1048577: the log can keep 1 to 1048576 events",
		"-seed -1":                         "invalid value",
		"-headers chrome":                  `headers "chrome": use minimal, browser, browser+cookie=1KB or lubbers2010`,
		"-headers browser+cookie=1MB":      "the cookie's size is outside 1B to 64KB; write such as 1KB",
		"-tls=perhaps":                     "invalid boolean value",
		"-colour red":                      "flag provided but not defined: -colour",
		"-rate":                            "flag needs an argument: -rate",
		"serve":                            `unexpected argument "serve"; servers takes flags only`,
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), strings.Fields("-addr 127.0.0.1:0 "+args), strings.NewReader(""), &stdout, &stderr)
		if code != 2 {
			t.Errorf("%s: exit code %d, not 2", args, code)
		}
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		if last := lines[len(lines)-1]; !strings.HasPrefix(last, "servers: ") || !strings.Contains(last, want) {
			t.Errorf("%s: the last line is %q, which does not say %q", args, last, want)
		}
		if stdout.Len() > 0 {
			t.Errorf("%s: it printed %q", args, &stdout)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-h"}, nil, &stdout, &stderr); code != 0 {
		t.Errorf("-h: exit code %d", code)
	}
	for _, want := range []string{"usage: servers", "example:", "-rate second", "default 10/s", "default 200B"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("-h does not say %q:\n%s", want, &stdout)
		}
	}
	for _, found := range hard.Screen(stdout.String()) {
		t.Errorf("-h: %s", found)
	}
	stdout.Reset()
	stderr.Reset()
	if code := run(t.Context(), []string{"-version"}, nil, &stdout, &stderr); code != 0 || stderr.Len() > 0 ||
		!strings.HasPrefix(stdout.String(), "servers ") || strings.Count(stdout.String(), "\n") != 1 {
		t.Errorf("-version: exit code %d, %q and %q", code, &stdout, &stderr)
	}
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().String()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"-addr", addr}, strings.NewReader(""), &stdout, &stderr)
	for _, want := range []string{addr, "address already in use", "choose another address with -addr"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("it said %q, not %q", &stderr, want)
		}
	}
	if code != 1 {
		t.Errorf("exit code %d, not 1", code)
	}
}

// By hand the feed runs until it is interrupted, and it says where it is, to
// whoever speaks HTTP/1.1 or HTTP/2, in clear or over TLS.
func TestServeByHand(t *testing.T) {
	for scheme, args := range map[string]string{"http": "", "https": "-tls"} {
		t.Run(scheme, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			said, stderr := io.Pipe()
			code := make(chan int, 1)
			go func() {
				args := append(strings.Fields(args), "-addr", "127.0.0.1:0", "-rate", "1000/s", "-payload", "32B", "-headers", "lubbers2010")
				code <- run(ctx, args, os.Stdin, io.Discard, stderr)
				stderr.Close()
			}()
			var lines []string
			var addr string
			for len(lines) < 1+len(all.Transports)+1 {
				line := readLine(t, said)
				lines = append(lines, line)
				if _, rest, ok := strings.Cut(line, scheme+"://"); ok && addr == "" {
					addr, _, _ = strings.Cut(rest, "/")
				}
			}
			if want := "serving 32B events at 1000/s (text) until interrupted:"; lines[0] != want {
				t.Errorf("it says %q, not %q", lines[0], want)
			}
			if last := lines[len(lines)-1]; !strings.Contains(last, addr+all.EchoPath) {
				t.Errorf("it says %q last, not where the echo is", last)
			}
			for version := 1; version <= 2; version++ {
				resp, err := fetch(t, scheme+"://"+addr+"/longpoll?since=1&batch=off", version) // the first by the schedule
				if err != nil {
					t.Fatal(err)
				}
				if resp.StatusCode != 200 || resp.ProtoMajor != version || resp.Header.Get("Server") != "Sun Java System" {
					t.Errorf("asked over HTTP/%d it answers %s, %s, %v", version, resp.Proto, resp.Status, resp.Header)
				}
			}
			interrupt()
			if got := <-code; got != 0 {
				t.Errorf("exit code %d after an interrupt", got)
			}
		})
	}
}

// What cannot carry the feed is not recommended.
func TestAnnounceBinary(t *testing.T) {
	var said bytes.Buffer
	announce(&said, new(net.TCPAddr), options{encoding: "binary"})
	for _, tr := range all.Transports {
		textOnly := tr.Rhythm(feed.Options{}).TextOnly
		if at := "/" + tr.Name + "?since=0"; strings.Contains(said.String(), at) == textOnly {
			t.Errorf("of %s, whose format is text only: %v, it says\n%s", tr.Name, textOnly, &said)
		}
	}
}

// fetch gets a page as a stranger does, over one version of HTTP.
func fetch(t *testing.T, url string, version int) (*http.Response, error) {
	t.Helper()
	p := new(http.Protocols)
	p.SetHTTP1(version == 1)
	p.SetHTTP2(version == 2)
	p.SetUnencryptedHTTP2(version == 2)
	transport := &http.Transport{Protocols: p, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp, err
}

// readLine reads up to a line break and no further.
func readLine(t *testing.T, r io.Reader) string {
	t.Helper()
	var line []byte
	for b := make([]byte, 1); ; line = append(line, b[0]) {
		if _, err := r.Read(b); err != nil {
			t.Fatalf("after %q: %v", line, err)
		}
		if b[0] == '\n' {
			return string(line)
		}
	}
}

// An interrupt is how it is meant to end, however early it comes: what stops for
// it is no failure, even if that is noticed first.
func TestInterruptIsNoFailure(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	for range 200 {
		var stderr bytes.Buffer
		if code := run(ctx, []string{"-addr", "127.0.0.1:0"}, strings.NewReader(""), &stderr, &stderr); code != 0 {
			t.Fatalf("exit code %d: %s", code, &stderr)
		}
	}
}

// Every transport brings the feed of the program itself, in every encoding and
// over everything that it can go; both ends count the same bytes, and each of
// them belongs to a layer.
func TestEndToEnd(t *testing.T) {
	for _, transport := range []string{"poll?interval=1ms", "longpoll", "ws", "raw"} {
		for _, codec := range []feed.Codec{feed.Text, feed.Binary, feed.Base64} {
			t.Run(string(codec)+" "+transport, func(t *testing.T) { endToEnd(t, transport, codec, feedtest.Way{}) })
		}
		spec, err := all.Parse(transport)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range feedtest.Ways(spec.Transport)[1:] {
			t.Run(transport+" over "+way.String(), func(t *testing.T) { endToEnd(t, transport, feed.Text, way) })
		}
	}
}

func endToEnd(t *testing.T, transport string, codec feed.Codec, way feedtest.Way) {
	args := []string{"-encoding", string(codec), "-payload-kind", "ticker", "-payload", "100B"}
	if way.TLS {
		args = append(args, "-tls")
	}
	s := serveSteered(t, args...)
	if (s.where.Authority != "") != way.TLS {
		t.Errorf("its authority is %q", s.where.Authority)
	}
	sub := s.subscribe(transport, codec, way.HTTP2)
	s.run(s.at + 30*time.Millisecond)
	events := int64(0)
	for _, e := range sub.read(s.newest) {
		if e.Sent < e.Due || len(e.Body) != 100 || e.Body[0] != '[' {
			t.Fatalf("got %+v", e)
		}
		events += int64(100 + codec.Envelope(100))
	}
	sub.timeline.Run(0, 0)
	if err := sub.timeline.AtRest(t.Context()); err != nil {
		t.Fatal(err)
	}
	var server, client wire.Counts
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		server, client = s.tally(), sub.tally.Counts()
		if server.BytesRead == client.BytesWritten && server.BytesWritten == client.BytesRead && server.Conns == client.Conns &&
			server.BytesWritten == server.TLS+sub.headers.Down.Load()+sub.meter.FramingDown.Load()+events &&
			client.BytesWritten == client.TLS+sub.headers.Up.Load()+sub.meter.FramingUp.Load() &&
			(server.Handshakes > 0) == way.TLS && (client.Handshakes > 0) == way.TLS {
			return
		}
	}
	t.Errorf("the server counted %+v, the client %+v; heads %d up, %d down, events %d",
		server, client, sub.headers.Up.Load(), sub.headers.Down.Load(), events)
}
