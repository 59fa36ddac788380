package stage

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"pushbench/loadgen/host"
	"pushbench/loadgen/party"
	"pushbench/scenarios"
	"pushbench/servers/feed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What a host lacks of what servers of other people take is said in one line, and that
// of others is not asked for.
func TestLacks(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, test := range []struct {
		servers []string
		want    string
	}{
		{[]string{"list"}, ""},
		{[]string{"gobwas", "gws"}, "the rivals' program takes the command go, which is not in PATH"},
		{[]string{"node"}, "the server for Node takes the command node, which is not in PATH and the command npm, which"},
		{nil, "the rivals' program takes the command go, which is not in PATH; the server for Node takes "},
	} {
		said := ""
		if err := Lacks(test.servers...); err != nil {
			said = err.Error()
		}
		if !strings.HasPrefix(said, test.want) || test.want == "" && said != "" || strings.Contains(said, "\n") {
			t.Errorf("%q: %q, want %q", test.servers, said, test.want)
		}
	}
	if err := Make(t.Context(), t.TempDir(), "node"); err == nil || !strings.HasPrefix(err.Error(), "make the server for Node: ") {
		t.Errorf("what cannot be made is made with %v", err)
	}
	if err := Make(t.Context(), t.TempDir()); err != nil {
		t.Errorf("nothing is made with %v", err)
	}
}

// elsewhere is a place at which another server answers than is started.
type elsewhere struct {
	party.Limits
	says string // where it listens
}

// Start implements Place.
func (e elsewhere) Start(name string, cpus []int, _ string, _ ...string) (*party.Party, error) {
	return e.Limits.Start(name, cpus, "sh", "-c", `echo "$0" >&2; read -r end; :`, e.says)
}

// Listen implements Place.
func (elsewhere) Listen() string { return "127.0.0.1:0" }

// Each server that is published to is given every event as it takes them, in order.
func TestPublishedTo(t *testing.T) {
	for _, test := range []struct {
		server, transport string
		want              [2]string // of the first and the second event
	}{
		{"list", "poll", [2]string{"POST /events ", "POST /events "}},
		{"node", "ws", [2]string{"POST /ws ", "POST /ws "}},
		{"nginx", "poll?conditional=on", [2]string{"PUT /latest Thu, 01 Jan 1970 00:00:01 GMT", "PUT /latest Thu, 01 Jan 1970 00:00:02 GMT"}},
		{"nchan", "stream", [2]string{"POST /publish?channel=feed ", "POST /publish?channel=feed "}},
		{"nchan", "longpoll", [2]string{"POST /publish?channel=0000000000000000000 ", "POST /publish?channel=0000000000000000001 "}},
	} {
		t.Run(test.server+" "+test.transport, func(t *testing.T) {
			var posted []string
			var bodies []byte
			fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				posted, bodies = append(posted, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Date")), append(bodies, body...)
				w.WriteHeader(http.StatusNoContent)
			}))
			defer fake.Close()
			s := Servers[test.server].New(Means{Ring: 8, CPUs: host.Split(host.Cores()).Server, Treatment: scenarios.Treatment{
				Transport: test.transport, Rate: 1, Arrivals: "constant", Payload: 20, PayloadKind: "random", Encoding: "text",
			}})
			at := elsewhere{party.Limits{}.OrDefault(), fmt.Sprintf("%s%s%s%d", listening, fake.Listener.Addr(), servedAs, os.Getpid())}
			if err := s.Start(at); err != nil {
				t.Fatal(err)
			}
			where, err := s.Listen(t.Context(), Endpoint{})
			if err != nil || where.Addr != fake.Listener.Addr().String() || s.Party().PID != os.Getpid() {
				t.Errorf("it listens at %+v as process %d, %v", where, s.Party().PID, err)
			}
			if newest, err := s.Publish(t.Context()); err != nil || newest != 2 {
				t.Errorf("event %d was published, %v", newest, err)
			}
			if err := s.Party().Stop(); err != nil {
				t.Error(err)
			}
			if !slices.Equal(posted, test.want[:]) {
				t.Errorf("it was given %q, want %q", posted, test.want)
			}
			var seqs []uint64
			if _, err := feed.Text.DecodeAll(bodies, func(e feed.Event) { seqs = append(seqs, e.Seq) }); err != nil || !slices.Equal(seqs, []uint64{1, 2}) {
				t.Errorf("it was given the events %d, %v", seqs, err)
			}
		})
	}
}
