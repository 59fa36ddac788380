package trial

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pushbench/loadgen/measure"
	"pushbench/loadgen/party"
	"pushbench/loadgen/stage"
	"pushbench/scenarios"
	"pushbench/servers/all"
	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// asked is a trial as a scenario asks for it by such keys, with all else as in config.
func asked(t *testing.T, fixed string) Config {
	t.Helper()
	text := "question: q\nwarmup: 60ms\nmeasure: 200ms\nblocks: 1\nfixed: {subscribers: 4, rate: 400/s, arrivals: constant, payload: 100B, " + fixed + "}\n"
	s, err := scenarios.Parse("walk.yaml", []byte(text), all.Parse)
	if err != nil {
		t.Fatal(err)
	}
	ts, _, err := s.Treatments()
	if err != nil || len(ts) != 1 {
		t.Fatalf("%d treatments: %v", len(ts), err)
	}
	c := realConfig(t, ts[0].Transport)
	c.Treatment = ts[0]
	return c
}

// The stages that scenarios name are those that there are.
func TestProxiesAreThoseOfScenarios(t *testing.T) {
	names := append(slices.Collect(maps.Keys(stage.Proxies)), scenarios.NoProxy)
	if want := slices.Sorted(slices.Values(scenarios.Proxies)); !slices.Equal(slices.Sorted(slices.Values(names)), want) {
		t.Errorf("stages %q, scenarios %q", names, want)
	}
}

// A relay between server and fleet takes nothing from the record. It adds what it costs
// itself, of which nothing is charged to the ends.
func TestThroughARelay(t *testing.T) {
	t.Parallel()
	for _, fixed := range []string{"transport: ws", "transport: poll?interval=50ms, tls: on", "transport: poll?interval=50ms&keepalive=off, fleets: 2"} {
		t.Run(fixed, func(t *testing.T) {
			t.Parallel()
			r, trial := observeTrial(t, asked(t, "proxy: relay, "+fixed))
			near(t, trial, "bytes/payload/down", 100)
			sums(t, trial)
			if listens := r.chain[len(r.chain)-1].Party(); listens.Name != "proxy" {
				t.Errorf("the fleets connect to %s", listens.Name)
			}
			if runtime.GOOS == "linux" {
				spent := r.seen.After.Process["proxy"].CPU - r.seen.Before.Process["proxy"].CPU
				near(t, trial, "proxy/cpu", spent/float64(r.seen.After.Fleet.Delivered-r.seen.Before.Fleet.Delivered))
			}
			if trial.Treatment["proxy"] != "relay" {
				t.Errorf("the record says %v", trial.Treatment)
			}
		})
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
