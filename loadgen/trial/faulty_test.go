package trial

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"pushbench/servers/all"
	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// faulty is a server that is made of the real one's parts and does one thing
// wrong. It is told which in place of a kind of payload. A fault of the feed happens
// once, to one subscriber, in the answer of a poll.
type faulty struct {
	*feed.Publisher
	tally wire.Tally
	addr  string
	fault string

	mu     sync.Mutex
	run    int           // 1 is the warm-up, 2 the measured window
	over   int           // runs that are over
	starts []int64       // of each run so far, ns on the clock
	to     time.Duration // trial time at which the last ends
	end    int64         // the same on the clock
	done   bool          // the fault has happened

	given map[uint64]bool // events that were the latest to somebody
}

func serveFaulty(args []string) error {
	f := flag.NewFlagSet("faulty", flag.ContinueOnError)
	f.Bool("control", false, "")
	addr := f.String("addr", "", "")
	rate := f.String("rate", "", "")
	payload := f.String("payload", "", "")
	encoding := f.String("encoding", "", "")
	fault := f.String("payload-kind", "", "")
	for _, ignored := range []string{"ring", "arrivals", "seed", "block", "tls", "headers"} {
		f.String(ignored, "", "")
	}
	if err := f.Parse(args); err != nil {
		return err
	}
	codec := feed.Codec(*encoding)
	perSecond, err1 := strconv.ParseFloat(strings.TrimSuffix(*rate, "/s"), 64)
	size, err2 := strconv.Atoi(strings.TrimSuffix(*payload, "B"))
	schedule, err3 := feed.NewSchedule(perSecond, nil)
	body, err4 := feed.NewPayload("random", size, codec, feed.Rand(1, 1, "payload"))
	l, err5 := net.Listen("tcp", *addr)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	clock := feed.NewClock()
	s := &faulty{
		given: make(map[uint64]bool),
		Publisher: &feed.Publisher{
			Log: feed.NewLog(codec, feed.DefaultRing, clock), Schedule: schedule, Payload: body,
			Timeline: feed.NewTimeline(clock), Clock: clock, Record: true,
		},
		addr:  l.Addr().String(),
		fault: *fault,
	}
	s.Log.Publish(clock.Now(), make([]byte, size))
	handler := all.Handler(s.Log)
	go http.Serve(wire.Listener(l, &s.tally), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/poll" && r.Method == http.MethodPost:
			s.echo(w, r)
		case r.URL.Path == "/poll":
			s.poll(w, r)
		case r.URL.Path == "/raw":
			s.raw(w, r)
		default:
			handler.ServeHTTP(w, r)
		}
	}))
	go s.Run(context.Background())
	return control.Serve(context.Background(), os.Stdin, os.Stdout, map[string]control.Handler{
		control.Listen: control.Handle(func(context.Context, control.None) (control.Listening, error) {
			return control.Listening{Addr: s.addr}, nil
		}),
		control.Publish: control.Handle(func(context.Context, control.None) (newest uint64, err error) {
			return s.Log.Publish(clock.Now(), make([]byte, size)).Seq, nil
		}),
		control.Run:   control.Handle(s.pass),
		control.Tally: control.Handle(s.counts),
		control.Mark:  control.Handle(s.mark),

		control.Published: control.Handle(s.published),
	})
}

// chosen is the fault and its run, which it may name, as in "drop@1"; else that is the
// measured window.
func (s *faulty) chosen() (name string, run int) {
	name, at, found := strings.Cut(s.fault, "@")
	if !found {
		return name, 2
	}
	run, _ = strconv.Atoi(at)
	return name, run
}

// now reports whether the fault is due, once, in its run.
func (s *faulty) now(fault string) bool {
	_, run := s.chosen()
	return run == s.run && s.once(fault)
}

// nowTold is the same for what a subscriber sends: the fault's run begins once the one
// before is over, since the fleet may have its orders sooner. It does not end, since on a
// busy host all messages of a run may come when the server has done its part of it.
func (s *faulty) nowTold(fault string) bool {
	_, run := s.chosen()
	return run <= s.over+1 && s.once(fault)
}

// once reports whether it is this fault, and the first time.
func (s *faulty) once(fault string) bool {
	if name, _ := s.chosen(); s.done || name != fault {
		return false
	}
	s.done = true
	return true
}

// inRun reports whether a record is one of the fault's run, whenever it is asked for.
func (s *faulty) inRun(r feed.Record) bool {
	_, run := s.chosen()
	begun, _ := slices.BinarySearch(s.starts, r.Due+1)
	return begun == run
}

// poll answers one, with the fault of the feed.
func (s *faulty) poll(w http.ResponseWriter, r *http.Request) {
	since, err := feed.ParseCursor(r.URL.Query()["since"])
	if err != nil {
		feed.Refuse(w, http.StatusBadRequest, err)
		return
	}
	records, _, err := s.Log.Since(since, math.MaxInt, nil)
	if err != nil {
		feed.Refuse(w, http.StatusBadRequest, err)
		return
	}
	s.mu.Lock()
	refused := false
	if r.URL.Query().Get("want") == "latest" {
		records = s.newestOf(records, since)
	} else {
		records, refused = s.spoil(records)
	}
	s.mu.Unlock()
	if refused {
		feed.Refuse(w, http.StatusTeapot, errors.New("no more polls today"))
		return
	}
	s.Log.WriteRecords(w, records)
}

// spoil does to the records what the fault says: to one in the middle, so that
// the subscriber's cursor, which is that of the last, stays as it is.
func (s *faulty) spoil(records []feed.Record) (spoilt []feed.Record, refused bool) {
	switch {
	case s.now("refuse"):
		return nil, true
	case s.now("die"):
		fmt.Fprintln(os.Stderr, "out of cheese: please reinstall the universe")
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case s.now("exit"):
		fmt.Fprintln(os.Stderr, "this is not a good day")
		os.Exit(3)
	case s.now("tell"):
		syscall.Kill(os.Getppid(), syscall.SIGUSR1)
		return records, false
	}
	i := slices.IndexFunc(records, s.inRun)
	if i < 0 || i+3 > len(records) || !s.inRun(records[i+2]) {
		return records, false // wait for an answer with more of the run's events
	}
	records = slices.Clone(records)
	encode := func(e feed.Event) feed.Record {
		return feed.Record{Event: e, Wire: s.Log.Codec().Append(nil, e)}
	}
	decoded := func() feed.Event {
		e, _, err := s.Log.Codec().Decode(records[i].Wire)
		if err != nil {
			panic(err)
		}
		return e
	}
	switch {
	case s.once("drop"):
		return slices.Delete(records, i, i+1), false
	case s.once("duplicate"):
		return slices.Insert(records, i, records[i]), false
	case s.once("reorder"):
		records[i], records[i+1] = records[i+1], records[i]
	case s.once("skip"):
		records[i] = encode(feed.Gap{First: records[i].Seq, Last: records[i].Seq}.Event())
	case s.once("early"): // due halfway to the end of the run
		e := decoded()
		e.Due = (s.Clock.Now() + s.end) / 2
		records[i] = encode(e)
	case s.once("resize"):
		e := decoded()
		e.Body = e.Body[1:]
		records[i] = encode(e)
	}
	return records, false
}

func (s *faulty) pass(ctx context.Context, a control.RunArgs) (newest uint64, err error) {
	s.mu.Lock()
	s.run++
	s.starts = append(s.starts, a.Origin+int64(s.to))
	s.to, s.end = a.To, a.Origin+int64(a.To)
	hang, stay, babble, refuse := s.now("hang"), s.now("stay"), s.now("babble"), s.now("refuse-run")
	s.mu.Unlock()
	switch {
	case hang: // until it is told to end
		<-ctx.Done()
	case stay: // for good
		fmt.Fprintln(os.Stderr, "I shall not be moved")
		<-time.After(time.Hour)
	case babble:
		fmt.Println("hello, world")
	case refuse:
		return 0, errors.New("no time to lose")
	}
	s.Timeline.Run(a.Origin, a.To)
	err = s.Timeline.AtRest(ctx)
	s.mu.Lock()
	s.over++
	s.mu.Unlock()
	return s.Log.Newest(), err
}

// dear is the CPU time that a question takes a server whose fault that is.
const dear = 100 * time.Millisecond

func (s *faulty) counts(context.Context, control.None) (wire.Counts, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == "dear" {
		before, err := control.ReadUsage()
		for u := before; err == nil && u.CPU()-before.CPU() < dear.Seconds(); {
			u, err = control.ReadUsage()
		}
		if err != nil {
			return wire.Counts{}, err
		}
	}
	c := s.tally.Counts()
	if s.fault == "unsettled" && s.run == 2 {
		c.BytesRead++
	}
	return c, nil
}

func (s *faulty) mark(context.Context, control.None) (control.ServerMark, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	usage, err := control.ReadUsage()
	_, _, cpu := s.Published()
	m := control.ServerMark{
		At: s.Clock.Now(), Usage: usage, Counts: s.tally.Counts(), Newest: s.Log.Newest(), PublishCPU: cpu.Seconds(),
	}
	switch {
	case s.now("miscount"):
		m.Counts.BytesWritten++
	case s.now("stranger"):
		m.Counts.Conns++
	}
	return m, err
}

func (s *faulty) published(context.Context, control.None) (control.PublishedAt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	due, lag, _ := s.Published()
	p := control.PublishedAt{Due: due, Lag: slices.Clone(lag)}
	switch {
	case s.now("hasty"):
		p.Lag[len(p.Lag)/2] = -1
	case s.now("late"):
		for i := range p.Lag {
			p.Lag[i] += 2 * int64(time.Millisecond)
		}
	case s.now("quiet"):
		p.Due, p.Lag = nil, nil
	case s.now("uneven"):
		p.Lag = p.Lag[1:]
	}
	return p, nil
}
