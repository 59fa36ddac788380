package main

import (
	"bufio"
	"fmt"
	"math"
	"net"
	"net/http/httptest"
	"os"
	"testing"

	"pushbench/servers/all"
	"pushbench/servers/feed"
)

// The same poll costs the same bytes at any hour, on any port and in a run of
// any length: those that it costs when done by hand.
func TestBytesAreConstant(t *testing.T) {
	const scenario = `question: What does a poll cost?
fixed: {transport: poll?interval=50ms, subscribers: 3, arrivals: constant, rate: 20/s, payload: 939B}
warmup: 50ms
measure: %s
blocks: 1
`
	w := newWorkshop(t, fmt.Sprintf(scenario, "300ms"))
	// An event is 1,000 bytes, so that the length of up to nine has four digits.
	request, answer, empty := heads(t, 939)
	for _, run := range []struct{ measure, addr string }{
		{"300ms", "127.0.0.1:0"},
		{"900ms", shortPort(t)},
	} {
		w.write(w.scenario, fmt.Sprintf(scenario, run.measure))
		c := w.command()
		c.Env = append(c.Env, addrVar+"="+run.addr)
		c.want(exitOK)
		trial := w.checkComplete(0).Trials[0]
		get := func(metric string) float64 {
			m, err := trial.Value(metric)
			if err != nil {
				t.Fatal(err)
			}
			return m.Value
		}
		polls := get("requests") // per event, as all of these
		withoutEvent := get("requests/empty") / polls
		want := withoutEvent*float64(empty) + (1-withoutEvent)*float64(answer)
		if up := get("bytes/protocol/up") / polls; math.Abs(up-float64(request)) > 1e-6 {
			t.Errorf("%s at %s: %v bytes up a poll, want %d", run.measure, run.addr, up, request)
		}
		if down := get("bytes/protocol/down") / polls; math.Abs(down-want) > 1e-6 {
			t.Errorf("%s at %s: %v bytes of heads down a poll, want %v", run.measure, run.addr, down, want)
		}
		if err := os.Remove(w.result()); err != nil {
			t.Fatal(err)
		}
	}
}

// heads is how long a poll's request is, and the heads of an answer with an
// event and of one without.
func heads(t *testing.T, payload int) (request, answer, empty int) {
	t.Helper()
	log := feed.NewLog(feed.Text, 10, feed.NewClock())
	log.Publish(0, make([]byte, payload))
	server := httptest.NewServer(all.Handler(log))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	ask := func(since int) (sent, head int) {
		t.Helper()
		sent, err := fmt.Fprintf(conn, "GET /poll?since=%019d HTTP/1.1\r\nHost: feed.test\r\nUser-Agent: Go-http-client/1.1\r\n\r\n", since)
		if err != nil {
			t.Fatal(err)
		}
		for line := ""; line != "\r\n"; {
			if line, err = in.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			head += len(line)
		}
		return sent, head
	}
	_, empty = ask(1)
	request, answer = ask(0)
	return request, answer, empty
}

// shortPort is a free address with a port of four digits: those that the kernel
// picks have five.
func shortPort(t *testing.T) string {
	t.Helper()
	for port := 9999; port > 1023; port-- {
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal("no port of four digits is free")
	return ""
}
