package trial

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pushbench/loadgen/measure"
	"pushbench/loadgen/party"
	"pushbench/loadgen/stage"
	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// relay is a proxy that passes on what it is sent: a stage behind which the server
// sees the connections and bytes of the fleets.
type relay struct {
	l      net.Listener
	conns  atomic.Int64
	copies sync.WaitGroup
}

func (p *relay) Start(stage.Place) error    { return nil }
func (p *relay) Party() *party.Party        { return nil }
func (p *relay) Promises() measure.Promises { return measure.Ours }

func (p *relay) Listen(_ context.Context, up stage.Endpoint) (stage.Endpoint, error) {
	behind := up.Addr
	var err error
	if p.l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return up, err
	}
	p.copies.Go(func() {
		for {
			client, err := p.l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", behind)
			if err != nil {
				client.Close()
				continue
			}
			p.conns.Add(1)
			pass := func(to, from net.Conn) {
				io.Copy(struct{ io.Writer }{to}, struct{ io.Reader }{from}) // not by splice, whose pipes stay open
				to.Close()
			}
			p.copies.Go(func() { pass(client, server) })
			p.copies.Go(func() { pass(server, client) })
		}
	})
	up.Addr = p.l.Addr().String()
	return up, nil
}

// A relay between server and fleet takes nothing from the record and adds nothing.
func TestThroughARelay(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"ws", "poll?interval=50ms"} {
		p := &relay{}
		c := realConfig(t, transport)
		c.Via = []stage.Stage{p}
		trial := runTrial(t, c)
		sound(t, trial)
		near(t, trial, "bytes/payload/down", 100)
		sums(t, trial)
		if p.conns.Load() != 4 {
			t.Errorf("%d connections passed the relay, want 4", p.conns.Load())
		}
		p.l.Close()
		p.copies.Wait()
	}
}

// foreign is a server of somebody else: it knows none of our commands, answers polls
// under a path of its own, and is published to.
type foreign struct {
	feed.Publisher
	*httptest.Server
}

func newForeign(t *testing.T, c Config) *foreign {
	t.Helper()
	clock := feed.NewClock()
	schedule, err1 := feed.NewSchedule(c.Treatment.Rate, nil)
	body, err2 := feed.NewPayload("random", c.Treatment.Payload, feed.Text, feed.Rand(1, 1, "payload"))
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	f := &foreign{Publisher: feed.Publisher{
		Log: feed.NewLog(feed.Text, feed.DefaultRing, clock), Schedule: schedule, Payload: body,
		Timeline: feed.NewTimeline(clock), Clock: clock, Record: true,
	}}
	f.Publish(t.Context())
	f.Server = httptest.NewServer(f)
	ctx, cancel := context.WithCancel(t.Context())
	var publishing sync.WaitGroup
	publishing.Go(func() { f.Publisher.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		publishing.Wait()
	})
	return f
}

func (f *foreign) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	since, err := strconv.ParseUint(r.FormValue("after"), 10, 64)
	records, _, err2 := f.Log.Since(since, 1<<20, nil)
	if r.URL.Path != "/news/list" || err != nil || err2 != nil {
		http.Error(w, "no", http.StatusNotFound)
		return
	}
	if len(records) == 0 {
		w.WriteHeader(http.StatusNoContent)
	}
	for _, record := range records {
		w.Write(record.Wire)
	}
}

func (f *foreign) Start(stage.Place) error    { return nil }
func (f *foreign) Promises() measure.Promises { return measure.Promises{} }
func (f *foreign) Listen(context.Context, stage.Endpoint) (stage.Endpoint, error) {
	at := feed.Address{Base: wire.URL, Path: "/news/list", Cursor: "after"}
	return stage.Endpoint{Listening: control.Listening{Addr: f.Listener.Addr().String()}, Address: &at}, nil
}

func (f *foreign) Party() *party.Party {
	return &party.Party{Name: "server", Log: func() string { return "" }, Stop: func() error {
		f.CloseClientConnections()
		f.Close()
		return nil
	}}
}

func (f *foreign) Publish(context.Context) (uint64, error) {
	return f.Log.Publish(f.Clock.Now(), make([]byte, 100)).Seq, nil
}

func (f *foreign) Run(ctx context.Context, _ time.Duration, a control.RunArgs) (uint64, error) {
	f.Timeline.Run(a.Origin, a.To)
	err := f.Timeline.AtRest(ctx)
	return f.Log.Newest(), err
}

func (f *foreign) GoOn(_ context.Context, a control.RunArgs) error {
	f.Timeline.Run(a.Origin, a.To)
	return nil
}

func (f *foreign) Published(context.Context) (control.PublishedAt, error) {
	due, lag, _ := f.Publisher.Published()
	return control.PublishedAt{Due: due, Lag: lag}, nil
}

// What a server of somebody else does not promise is not asked of it, and stands in no
// record; that every event came, and how old it was, does.
func TestForeignServer(t *testing.T) {
	t.Parallel()
	c := config(t, "poll?interval=50ms")
	c.Server = newForeign(t, c)
	trial, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, trial)
	if n := value(t, trial, "events/delivered"); n == 0 || n != value(t, trial, "events/expected") {
		t.Errorf("%v events were delivered", n)
	}
	near(t, trial, "bytes/payload/down", 100)
	for _, untold := range []string{"server/cpu", "server/rss", "conn/server-cpu", "conn/count", "bytes/tls/down", "publisher/cpu"} {
		if m, told := trial.Metrics[untold]; told {
			t.Errorf("%s is %v of a server that tells nothing", untold, m.Value)
		}
	}
}
