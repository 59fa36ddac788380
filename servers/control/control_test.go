package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

type double struct{ N int }

// handlers are a child's that doubles, fails, waits for its context's end, and
// has what JSON has no words for.
var handlers = map[string]Handler{
	"double": Handle(func(_ context.Context, a double) (double, error) { return double{2 * a.N}, nil }),
	"fail":   Handle(func(context.Context, None) (None, error) { return None{}, errors.New("it went wrong") }),
	"wait": Handle(func(ctx context.Context, _ None) (None, error) {
		waiting <- struct{}{}
		<-ctx.Done()
		return None{}, ctx.Err()
	}),
	"mute": Handle(func(context.Context, None) (func(), error) { return func() {}, nil }),
	"echo": Handle(func(_ context.Context, s string) (string, error) { return s, nil }),
}

// waiting tells that the command wait is in hand.
var waiting = make(chan struct{}, 10)

// child runs Serve between two pipes, as between two processes.
type child struct {
	peer *Peer
	in   *os.File // write end
	out  *os.File // the child's
	done chan error
}

func start(t *testing.T, ctx context.Context) *child {
	t.Helper()
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{peer: NewPeer(inWrite, outRead), in: inWrite, out: outWrite, done: make(chan error, 1)}
	var ending sync.WaitGroup
	ending.Go(func() {
		c.done <- Serve(ctx, inRead, outWrite, handlers)
		outWrite.Close()
	})
	t.Cleanup(func() {
		inWrite.Close()
		ending.Wait()
		inRead.Close()
		outRead.Close()
	})
	return c
}

// Commands are answered one after the other, each with what belongs to it.
func TestCall(t *testing.T) {
	c := start(t, t.Context())
	for n := range 100 {
		var got double
		if err := c.peer.Call(t.Context(), "double", double{n}, &got); err != nil || got.N != 2*n {
			t.Fatalf("the double of %d is %d, %v", n, got.N, err)
		}
	}
	if err := c.peer.Call(t.Context(), "double", double{1}, nil); err != nil {
		t.Errorf("an answer that nobody wants: %v", err)
	}
}

// A command that cannot be carried out is answered with why, and the child goes
// on.
func TestCallErrors(t *testing.T) {
	c := start(t, t.Context())
	for _, call := range []struct {
		do    string
		args  any
		error string
	}{
		{"fail", None{}, "fail: it went wrong"},
		{"halve", None{}, `halve: there is no command "halve"`},
		{"", None{}, `: there is no command ""`},
		{"double", "seven", "double: read the arguments: json"},
		{"mute", None{}, "mute: encode the result: json"},
		{"double", make(chan int), "double: encode the arguments: json"},
	} {
		err := c.peer.Call(t.Context(), call.do, call.args, nil)
		if err == nil || !strings.HasPrefix(err.Error(), call.error) {
			t.Errorf("%s of %v ends with %v, not %q", call.do, call.args, err, call.error)
		}
	}
	var got string
	if err := c.peer.Call(t.Context(), "double", double{1}, &got); err == nil || !strings.HasPrefix(err.Error(), "double: decode the answer") {
		t.Errorf("a number in a string: %v", err)
	}
	var right double
	if err := c.peer.Call(t.Context(), "double", double{4}, &right); err != nil || right.N != 8 {
		t.Errorf("after that the double of 4 is %d, %v", right.N, err)
	}
}

// A child that does not answer in time is given up.
func TestCallEndsWithContext(t *testing.T) {
	c := start(t, t.Context())
	late := errors.New("took too long")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, late)
	defer cancel()
	if err := c.peer.Call(ctx, "wait", None{}, nil); !errors.Is(err, late) || !strings.HasPrefix(err.Error(), "wait: no answer") {
		t.Errorf("the call ended with %v", err)
	}
	<-waiting
}

// The end of its input ends a child, whether it is idle or has a command in
// hand.
func TestServeEndsWithInput(t *testing.T) {
	t.Run("idle", func(t *testing.T) {
		c := start(t, t.Context())
		if err := c.peer.Call(t.Context(), "double", double{1}, nil); err != nil {
			t.Fatal(err)
		}
		c.in.Close()
		if err := <-c.done; err != nil {
			t.Errorf("the child ended with %v", err)
		}
	})
	t.Run("at work", func(t *testing.T) {
		c := start(t, t.Context())
		called := make(chan error, 1)
		go func() { called <- c.peer.Call(t.Context(), "wait", None{}, nil) }()
		<-waiting
		c.in.Close()
		if err := <-c.done; err != nil {
			t.Errorf("the child ended with %v", err)
		}
		if err := <-called; err == nil || err.Error() != "wait: context canceled" {
			t.Errorf("the command ended with %v", err)
		}
	})
}

// So does the end of its context, though the input goes on.
func TestServeEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := start(t, ctx)
	if err := c.peer.Call(t.Context(), "double", double{1}, nil); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-c.done; !errors.Is(err, context.Canceled) {
		t.Errorf("the child ended with %v", err)
	}
}

// A child that ends instead of answering, or says what is no answer, is known
// at once.
func TestPeerOfBrokenChild(t *testing.T) {
	for name, c := range map[string]struct{ says, error string }{
		"ends":            {"", "double: the process ended instead of answering"},
		"ends in a line":  {`{"result":`, "double: read the answer: unexpected EOF"},
		"writes a log":    {"starting\n", "double: read the answer: invalid character"},
		"answers nothing": {"{}\n", "double: decode the answer: unexpected end"},
		"answers a list":  {"[]\n", "double: read the answer: json"},
	} {
		t.Run(name, func(t *testing.T) {
			var got double
			err := NewPeer(io.Discard, strings.NewReader(c.says)).Call(t.Context(), "double", double{1}, &got)
			if err == nil || !strings.HasPrefix(err.Error(), c.error) {
				t.Errorf("the call ends with %v, not %q", err, c.error)
			}
		})
	}
}

func TestPeerOfGoneChild(t *testing.T) {
	r, w := io.Pipe()
	r.CloseWithError(errors.New("no such process"))
	err := NewPeer(w, strings.NewReader("")).Call(t.Context(), "double", double{1}, nil)
	if want := "double: send the command: no such process"; err == nil || err.Error() != want {
		t.Errorf("the call ends with %v, not %q", err, want)
	}
}

// A child is told of input that is none of its language, and of output that
// nobody reads.
func TestServeErrors(t *testing.T) {
	for input, want := range map[string]string{
		"hello\n":       "control: read a command: invalid character",
		`{"do":`:        "control: read a command: unexpected EOF",
		`{"do":7}`:      "control: read a command: json",
		"":              "",
		"\n\n":          "",
		`{"do":"halve"`: "control: read a command: unexpected EOF",
	} {
		err := Serve(t.Context(), strings.NewReader(input), io.Discard, handlers)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%q ends the child with %v, not %q", input, err, want)
		}
	}
	in, stop := io.Pipe()
	defer stop.Close()
	go io.WriteString(stop, `{"do":"double","args":{"N":1}}`)
	r, w := io.Pipe()
	r.CloseWithError(errors.New("nobody reads"))
	if err := Serve(t.Context(), in, w, handlers); err == nil || err.Error() != "control: send an answer: nobody reads" {
		t.Errorf("the child ended with %v", err)
	}
}

// One line is one answer, whatever is in it.
func TestAnswersAreLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		said := rapid.SliceOf(rapid.String()).Draw(t, "said")
		var commands bytes.Buffer
		for _, s := range said {
			if err := json.NewEncoder(&commands).Encode(map[string]any{"do": "echo", "args": s}); err != nil {
				t.Fatal(err)
			}
		}
		var out bytes.Buffer
		if err := Serve(context.Background(), &commands, &out, handlers); err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(out.String(), "\n")
		if len(lines) != len(said)+1 {
			t.Fatalf("%d commands are answered in %d lines", len(said), len(lines)-1)
		}
		for i, s := range said {
			var got struct{ Result string }
			if err := json.Unmarshal([]byte(lines[i]), &got); err != nil || got.Result != strings.ToValidUTF8(s, "\ufffd") {
				t.Fatalf("%q is answered with %q, %v", s, lines[i], err)
			}
		}
	})
}
