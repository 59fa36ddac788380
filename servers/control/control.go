// Package control is how loadgen steers its child processes, the server and
// the fleet: commands in, one answer each, as JSON lines over the child's
// standard input and output. Nothing of it touches a measured connection.
//
// A child ends when its input does, so that none outlives a loadgen that was
// killed.
package control

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"pushbench/servers/wire"
)

// Handler carries out one command: args is its JSON, the result is sent back.
type Handler func(ctx context.Context, args json.RawMessage) (any, error)

// Handle makes a Handler of a function with typed arguments.
func Handle[Args, Result any](f func(context.Context, Args) (Result, error)) Handler {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var args Args
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, fmt.Errorf("read the arguments: %w", err)
		}
		return f(ctx, args)
	}
}

// AwaitEnds is the Handler of Ends. It waits in the child, so that nothing has
// to be asked again and again of a process that is being watched.
func AwaitEnds(ends *wire.Ends) Handler {
	return Handle(func(ctx context.Context, a EndedArgs) ([]int64, error) {
		left := time.Unix(0, a.Until).Sub(time.Unix(0, ends.Now())) // which no two instants overflow
		ctx, cancel := context.WithTimeout(ctx, left)
		defer cancel()
		return ends.Await(ctx, a.Count), nil
	})
}

// None is the arguments or the result of a command that has none.
type None struct{}

type request struct {
	Do   string          `json:"do"`
	Args json.RawMessage `json:"args"`
}

type response struct {
	Error  string          `json:"error,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
}

// Serve is the child's side: it carries out commands one after the other until
// in ends, when it returns nil. That also ends the context of the command in
// hand, since nobody waits for its answer any more.
func Serve(ctx context.Context, in io.Reader, out io.Writer, handlers map[string]Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	requests := make(chan request)
	ended := make(chan error, 1)
	go func() {
		defer cancel()
		ended <- receive(ctx, in, requests)
	}()
	for {
		var req request
		select {
		case req = <-requests:
		case <-ctx.Done(): // which in ends too
			select {
			case err := <-ended:
				return err
			default:
				return ctx.Err()
			}
		}
		var resp response
		if handler := handlers[req.Do]; handler == nil {
			resp.Error = fmt.Sprintf("there is no command %q", req.Do)
		} else if result, err := handler(ctx, req.Args); err != nil {
			resp.Error = err.Error()
		} else if resp.Result, err = json.Marshal(result); err != nil {
			resp.Error = fmt.Sprintf("encode the result: %v", err)
		}
		line, _ := json.Marshal(resp) // which is a string and JSON
		if _, err := out.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("control: send an answer: %w", err)
		}
	}
}

// receive passes on the commands of in until it ends.
func receive(ctx context.Context, in io.Reader, requests chan<- request) error {
	decoder := json.NewDecoder(bufio.NewReader(in))
	for {
		var req request
		if err := decoder.Decode(&req); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("control: read a command: %w", err)
		}
		select {
		case requests <- req:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Peer is loadgen's side of one child. It is for one goroutine at a time.
type Peer struct {
	in      io.Writer
	answers chan answer
}

type answer struct {
	resp response
	err  error
}

// NewPeer talks to a child whose standard input is in and output is out.
func NewPeer(in io.Writer, out io.Reader) *Peer {
	// Room for an answer that comes too late for its Call, and for the end.
	p := &Peer{in: in, answers: make(chan answer, 2)}
	go func() {
		decoder := json.NewDecoder(bufio.NewReader(out))
		for {
			var a answer
			a.err = decoder.Decode(&a.resp)
			p.answers <- a
			if a.err != nil {
				return
			}
		}
	}()
	return p
}

// Call sends a command and decodes its answer into result, unless nil. After
// an error of ctx or of the pipe the child cannot be talked to any more.
func (p *Peer) Call(ctx context.Context, do string, args, result any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("%s: encode the arguments: %w", do, err)
	}
	line, _ := json.Marshal(request{Do: do, Args: raw}) // which is JSON
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("%s: send the command: %w", do, err)
	}
	select {
	case <-ctx.Done():
		return fmt.Errorf("%s: no answer: %w", do, context.Cause(ctx))
	case a := <-p.answers:
		switch {
		case a.err == io.EOF:
			return fmt.Errorf("%s: the process ended instead of answering", do)
		case a.err != nil:
			return fmt.Errorf("%s: read the answer: %w", do, a.err)
		case a.resp.Error != "":
			return fmt.Errorf("%s: %s", do, a.resp.Error)
		case result == nil:
			return nil
		}
		if err := json.Unmarshal(a.resp.Result, result); err != nil {
			return fmt.Errorf("%s: decode the answer: %w", do, err)
		}
		return nil
	}
}
