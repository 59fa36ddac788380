package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"pushbench/servers/all"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
	"pushbench/servers/wsbare"
)

// goingAway says how a connection to a WebSocket ended, if not with 1001.
func goingAway(err error) error {
	if closed := (*wsbare.CloseError)(nil); errors.As(err, &closed) && closed.Status == wsbare.StatusGoingAway && closed.Reason == "the feed has ended" {
		return nil
	}
	if closed := (websocket.CloseError{}); errors.As(err, &closed) && closed.Code == websocket.StatusGoingAway {
		return nil
	}
	return fmt.Errorf("not closed with 1001: %w", err)
}

// whole says how an answer, or what a connection carried, ended, if not as it has
// to.
func whole(says string) func(error) error {
	return func(err error) error {
		if err != nil && strings.HasSuffix(err.Error(), says) {
			return nil
		}
		return fmt.Errorf("not %q: %w", says, err)
	}
}

// endsOf is how subscriptions end that were there when the server ended.
var endsOf = map[string]func(error) error{
	"stream":          whole("the server ended its answer"),
	"sse":             whole("the server ended its answer"),
	"sse?batch=1s":    whole("the server ended its answer"),
	"ws":              goingAway,
	"ws?ping=1s":      goingAway,
	"wsbare":          goingAway,
	"wsbare?batch=1s": goingAway,
	"wsbare?ping=1s":  goingAway,
	"raw":             whole("the server closed the connection"),
}

// At the end of the server every subscriber has been given the last event, and its
// connection ends as its protocol has it.
func TestServerEnds(t *testing.T) {
	for name, ended := range endsOf {
		for _, version2 := range []bool{false, true} {
			spec, err := all.Parse(name)
			if err != nil {
				t.Fatal(err)
			}
			if version2 && spec.Transport.Upgrades {
				continue
			}
			t.Run(fmt.Sprintf("%s, HTTP 2: %t", name, version2), func(t *testing.T) {
				bothWays(t, func(t *testing.T, secure bool) {
					s := openSite(t, secure)
					var got []uint64
					outcome := make(chan error, 1)
					go func() {
						ctx, leave := context.WithCancel(t.Context())
						defer leave() // a connection of HTTP would be kept for the next request
						outcome <- spec.Transport.Subscribe(ctx, s.client(version2).HTTP(), feed.Subscription{
							Address: spec.Address(wire.URL, false), Options: spec.Options, Codec: feed.Text, Clock: s.clock, Meter: new(feed.Meter),
							Emit: func(e feed.Event) { got = append(got, e.Seq) },
						})
					}()
					<-time.After(time.Minute)
					for range 100 {
						s.log.Publish(1, []byte("ready"))
					}
					began := time.Now()
					shutdown(s.server, &s.tally)
					if err := ended(<-outcome); err != nil {
						t.Error(err)
					}
					if len(got) != 101 {
						t.Errorf("it got %d events of 101", len(got))
					}
					if took := time.Since(began); took >= endTime {
						t.Errorf("it took %v", took)
					}
					<-s.served
				})
			})
		}
	}
}

// A poll that is parked gets the answer that it would get at the end of its time,
// and one that comes while the server ends is told so.
func TestParkedPollIsAnswered(t *testing.T) {
	bothWays(t, func(t *testing.T, secure bool) {
		s := openSite(t, secure)
		conn := s.dial()
		go io.WriteString(conn, "GET /longpoll?since=1 HTTP/1.1\r\nHost: feed.test\r\n\r\n")
		answered := make(chan *http.Response, 1)
		go func() {
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Error(err)
			}
			answered <- resp
		}()
		synctest.Wait()
		shutdown(s.server, &s.tally)
		if resp := <-answered; resp.StatusCode != http.StatusNoContent || !resp.Close {
			t.Errorf("it is answered with %+v, not with 204 and the connection's end", resp)
		}
		conn.Close()
		<-s.served
	})
}

// An echo ends too, at either server end of WebSocket.
func TestEchoesEnd(t *testing.T) {
	for _, query := range []string{"", "?end=ws", "?end=wsbare"} {
		bothWays(t, func(t *testing.T, secure bool) {
			s := openSite(t, secure)
			conn, err := wsbare.Dial(t.Context(), s.client(false).HTTP(), wire.URL+all.EchoPath+query, wsbare.DialOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			outcome := make(chan error, 1)
			go func() {
				if _, message, err := conn.NextMessage(); err != nil || string(message) != "hello" {
					t.Errorf("the echo is %q, %v", message, err)
				}
				_, _, err := conn.NextMessage()
				conn.Close()
				outcome <- err
			}()
			if err := conn.WriteMessage(wsbare.Text, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			began := time.Now()
			shutdown(s.server, &s.tally)
			if err := goingAway(<-outcome); err != nil {
				t.Errorf("%s: %v", query, err)
			}
			if took := time.Since(began); took >= endTime {
				t.Errorf("%s: it took %v", query, took)
			}
			<-s.served
		})
	}
}

// Who does not leave, or does not read, is not waited for.
func TestServerDoesNotWaitForEver(t *testing.T) {
	for target, protocol := range map[string]string{
		"/poll?since=0": "", "/stream?since=0": "", "/sse?since=0": "", "/longpoll?since=0": "",
		"/ws?since=0": "websocket", "/wsbare?since=0": "websocket", "/raw?since=0": "pushbench-raw",
		"/ws?since=1": "websocket", "/wsbare?since=1": "websocket", "/raw?since=1": "pushbench-raw", // the close is the first thing that it would read
		all.EchoPath: "websocket", all.EchoPath + "?end=ws": "websocket",
	} {
		t.Run(target, func(t *testing.T) {
			bothWays(t, func(t *testing.T, secure bool) {
				s := openSite(t, secure)
				conn := s.dial()
				defer conn.Close()
				head := "GET " + target + " HTTP/1.1\r\nHost: feed.test\r\n"
				if protocol != "" {
					head += fmt.Sprintf(upgrade, protocol)
				}
				go io.WriteString(conn, head+"\r\n")
				if protocol != "" {
					readHead(t, conn)
				}
				synctest.Wait()
				began := time.Now()
				shutdown(s.server, &s.tally)
				if took := time.Since(began); took > endTime+5*time.Second { // TLS tries to say farewell
					t.Errorf("it waited for %v, not %v", took, endTime)
				}
				conn.Close()
				<-s.served
				<-time.After(time.Minute) // for what in a program ends with its process
			})
		})
	}
}

// With many WebSockets and nothing else, each is told that the server goes away,
// and the program ends well.
func TestManyWebSocketsEnd(t *testing.T) {
	const each = 12
	for _, args := range []string{"", "-tls"} {
		t.Run(args, func(t *testing.T) {
			s := runServer(t, args)
			paths := []string{"/ws?since=0", "/wsbare?since=0", all.EchoPath, all.EchoPath + "?end=ws"}
			var connected, gone sync.WaitGroup
			for _, path := range paths {
				for range each {
					connected.Add(1)
					gone.Go(func() {
						conn, err := wsbare.Dial(t.Context(), s.client().HTTP(), wire.URL+path, wsbare.DialOptions{})
						connected.Done()
						if err != nil {
							t.Error(err)
							return
						}
						defer conn.Close()
						for err == nil {
							_, _, err = conn.NextMessage()
						}
						if err := goingAway(err); err != nil {
							t.Errorf("%s: %v", path, err)
						}
					})
				}
			}
			connected.Wait()
			s.signal(t, syscall.SIGTERM)
			gone.Wait()
			if err := <-s.ended; err != nil {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}

// A second signal ends the program at once, as it ends any other.
func TestSecondSignal(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		s := runServer(t, "")
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET /wsbare?since=0 HTTP/1.1\r\nHost: feed.test\r\n"+upgrade+"\r\n", "websocket")
		if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil { // and it never answers the close
			t.Fatal(err)
		}
		// It may be still at the first when the second comes, and the same.
		var err2 error
		for ended := false; !ended; {
			s.process.Signal(sig)
			select {
			case err2 = <-s.ended:
				ended = true
			case <-time.After(20 * time.Millisecond):
			}
		}
		var exit *exec.ExitError
		if !errors.As(err2, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != sig {
			t.Errorf("after two of %v it ended with %v", sig, err2)
		}
	}
}

// ran is the program as a process of its own.
type ran struct {
	addr    string
	tls     bool
	process *os.Process
	ended   chan error
}

// asProgram makes this test's process the program.
const asProgram = "PUSHBENCH_TEST_SERVERS"

// runServer starts it on a free port; it ends with the test.
func runServer(t *testing.T, args string) *ran {
	t.Helper()
	cmd := exec.Command(os.Args[0], append(strings.Fields(args), "-addr", "127.0.0.1:0")...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &ran{process: cmd.Process, ended: make(chan error, 1)}
	said := bufio.NewReader(stderr)
	for s.addr == "" {
		line, err := said.ReadString('\n')
		if err != nil {
			t.Fatalf("it said %q, %v", line, err)
		}
		if scheme, rest, ok := strings.Cut(line, "://"); ok {
			s.tls = strings.HasSuffix(scheme, "https")
			s.addr, _, _ = strings.Cut(rest, "/")
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(io.Discard, said)
		s.ended <- cmd.Wait()
	}()
	t.Cleanup(func() {
		s.process.Kill()
		<-done
	})
	return s
}

func (s *ran) signal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := s.process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// client is a subscriber's, which trusts whoever certifies the server.
func (s *ran) client() *wire.Client {
	c := &wire.Client{
		Dial: func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", s.addr)
		},
		Tally: new(wire.Tally), Headers: new(wire.Headers),
	}
	if s.tls {
		c.TLS = &tls.Config{InsecureSkipVerify: true}
	}
	return c
}
