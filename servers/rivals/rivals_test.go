package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pushbench/servers/all"
	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// Fasthttp has one for the date, as long as the process lasts, and in each server one
		// that looks every 10 s whether it has been stopped.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.Cleanup(feedtest.LeakedDescriptors()))
}

// knobs are what a client end is asked for beside its defaults, so that tests are quick.
var knobs = map[string]string{"poll": "interval=1ms"}

// Every rival promises what a trial relies on.
func TestContract(t *testing.T) {
	for _, r := range rivals {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			spec, err := all.Parse(r.carries)
			if err != nil {
				t.Fatal(err)
			}
			foreign := feedtest.Foreign{Latest: r.carries == "poll", Serve: func(l net.Listener, log *feed.Log) (stop func()) {
				return started(t, r, l, log)
			}}
			foreign.Test(t, spec.Transport, knobs[r.carries])
		})
	}
}

// patience is for what a test waits for. Whoever needs it has failed.
const patience = 2 * time.Minute

// started lets a rival serve a feed. Stop waits for its end, after that of the feed.
func started(t *testing.T, r rival, l net.Listener, log *feed.Log) (stop func()) {
	server := r.serve(log)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shut down: %v", err)
		}
		if err := <-served; err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Errorf("serve: %v", err)
		}
	}
}

// What a rival cannot do is refused in one line, and so is what cannot be read.
func TestRefusals(t *testing.T) {
	for _, r := range rivals {
		t.Run(r.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			log := feed.NewLog(feed.Text, 8, feed.NewClock())
			log.Publish(1, []byte("event"))
			stop := started(t, r, l, log)
			defer stop()
			defer log.Close()
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
			asked := map[string]int{"/" + r.carries: 400, "/" + r.carries + "?since=-1": 400, "/" + r.carries + "?since=9": 400, "/other?since=0": 404}
			if r.carries == "ws" {
				asked["/ws?since=0&want=latest"] = 400
				asked["/ws?since=0&compress=takeover"] = 400
			}
			for path, want := range asked {
				answer, err := client.Get("http://" + l.Addr().String() + path)
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
				if answer.StatusCode != want {
					t.Errorf("%s: %s, want %d", path, answer.Status, want)
				}
			}
		})
	}
}

// The program serves until its input ends, and says what of its command line is wrong.
func TestProgram(t *testing.T) {
	source, err := json.Marshal(feed.Source{Encoding: "text", Payload: 100, PayloadKind: "random", Rate: 100, Ring: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rivals {
		t.Run(r.name, func(t *testing.T) {
			stdin, commands := io.Pipe()
			answers, stdout := io.Pipe()
			ended := make(chan int, 1)
			go func() {
				ended <- run(t.Context(), []string{r.name, "127.0.0.1:0", string(source)}, stdin, stdout, t.Output())
			}()
			peer := control.NewPeer(commands, answers)
			var at control.Listening
			var newest uint64
			if err := errors.Join(
				peer.Call(t.Context(), control.Listen, control.None{}, &at),
				peer.Call(t.Context(), control.Publish, control.None{}, &newest),
			); err != nil || newest != 2 {
				t.Errorf("event %d was published, %v", newest, err)
			}
			if c, err := net.Dial("tcp", at.Addr); err != nil {
				t.Error(err)
			} else {
				c.Close()
			}
			commands.Close()
			if code := <-ended; code != 0 {
				t.Errorf("code %d", code)
			}
			stdout.Close()
		})
	}
	for _, test := range []struct {
		args string
		want string
	}{
		{"gobwas", "write the name of a rival (gobwas, gorilla,"},
		{"nobody 127.0.0.1:0 {}", `rival "nobody" is not known; there are gobwas,`},
		{"gobwas 127.0.0.1:0 {", `read the feed "{": unexpected EOF`},
		{`gobwas 127.0.0.1:0 {"Speed":1}`, "unknown field"},
		{`gobwas 127.0.0.1:0 {"Ring":-1}`, "a ring of -1"},
	} {
		var said bytes.Buffer
		if code := run(t.Context(), strings.Fields(test.args), strings.NewReader(""), io.Discard, &said); code != 2 || !strings.Contains(said.String(), test.want) {
			t.Errorf("%s: code %d, %q; want %q", test.args, code, &said, test.want)
		}
	}
}
