package scenarios

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pushbench/servers/all"
	"pushbench/servers/test/golden"
)

// sound is a small scenario without a mistake, for the tests to spoil.
const sound = `question: Is a push fresher?
factors:
  transport: [poll?interval=1s, ws, ws#twin]
  rate: [10/s, 40/s]
fixed: {subscribers: 50, payload: 200B}
warmup: 1s
measure: 5s
blocks: 10
seed: 1
plots:
  - {mark: line, x: rate, y: staleness/p50}
claims:
  - id: C18
    says: A push is fresher.
    expect: staleness/p50[ws] < staleness/p50[poll?interval=1s]
`

// spoil replaces one part of the sound scenario.
func spoil(t *testing.T, old, new string) string {
	t.Helper()
	if strings.Count(sound, old) != 1 {
		t.Fatalf("%q is not once in the sound scenario", old)
	}
	return strings.Replace(sound, old, new, 1)
}

// mistake is one way to spoil the sound scenario, or a whole text of its own
// where old is empty.
type mistake struct{ name, old, new string }

var mistakes = []mistake{
	// The file as such.
	{"empty file", "", ""},
	{"only a comment", "", "# nothing yet\n"},
	{"only a document mark", "", "---\n"},
	{"second document", "seed: 1\n", "seed: 1\n---\nquestion: Another?\n"},
	{"second document that is broken", "seed: 1\n", "seed: 1\n---\nquestion: [\n"},
	{"a list", "", "- question: What?\n"},
	{"one word", "", "poll\n"},
	{"broken syntax", "blocks: 10", "blocks: [10"},
	{"tab for indentation", "  rate: [10/s, 40/s]", "\trate: [10/s, 40/s]"},
	{"colon in a text", "says: A push is fresher.", "says: WebSocket: fresher"},
	{"not UTF-8", "fresher?", "fresher\xff?"},
	{"control character", "blocks: 10", "blocks: 1\x000"},
	{"anchor and alias", "warmup: 1s\nmeasure: 5s", "warmup: &w 1s\nmeasure: *w"},
	{"tag", "blocks: 10", "blocks: !!int 10"},
	{"merge key", "fixed: {subscribers: 50, payload: 200B}", "fixed:\n  <<: {subscribers: 50}"},
	{"everything missing", "", "seed: 1\n"},

	{"endless key", "seed: 1", strings.Repeat("seed", 30) + ": 1"},
	{"endless value", "Is a push fresher?", strings.Repeat("Is a push fresher? ", 200)},

	// Top-level keys.
	{"unknown key", "question:", "qestion:"},
	{"unknown key, nothing near", "seed: 1", "colour: blue"},
	{"key twice", "seed: 1", "seed: 1\nseed: 2"},
	{"key that is a list", "seed: 1", "? [a, b]\n: 1"},
	{"question empty", "Is a push fresher?", ""},
	{"question a list", "Is a push fresher?", "[Is it?]"},
	{"warmup a list", "warmup: 1s", "warmup: [1s]"},
	{"warmup without unit", "warmup: 1s", "warmup: 1"},
	{"warmup negative", "warmup: 1s", "warmup: -1s"},
	{"measure in bytes", "measure: 5s", "measure: 5B"},
	{"measure zero", "measure: 5s", "measure: 0s"},
	{"measure a day", "measure: 5s", "measure: 24h"},
	{"measure no number", "measure: 5s", "measure: long"},
	{"blocks zero", "blocks: 10", "blocks: 0"},
	{"blocks a mapping", "blocks: 10", "blocks: {n: 10}"},
	{"blocks fraction", "blocks: 10", "blocks: 2.5"},
	{"blocks missing", "blocks: 10\n", ""},
	{"seed negative", "seed: 1", "seed: -1"},

	// Factors and fixed.
	{"unknown factor", "  rate:", "  rates:"},
	{"factor of a later time", "  rate: [10/s, 40/s]", "  via: [none, nginx]"},
	{"factor not a list", "[10/s, 40/s]", "10/s"},
	{"factor empty", "[10/s, 40/s]", "[]"},
	{"factor null", "rate: [10/s, 40/s]", "rate:"},
	{"factor with an empty level", "[10/s, 40/s]", "[10/s, '']"},
	{"level twice", "[10/s, 40/s]", "[10/s, 10.0/s]"},
	{"transport twice", "ws#twin", "ws"},
	{"transport twice in two spellings", "ws#twin", "poll"},
	{"factor and fixed", "subscribers: 50", "rate: 10/s"},
	{"fixed a list", "subscribers: 50", "subscribers: [50]"},
	{"fixed unknown", "subscribers: 50", "subscriber: 50"},
	{"no transport", "  transport: [poll?interval=1s, ws, ws#twin]\n", ""},
	{"too many combinations", "[10/s, 40/s]", "[" + manyRates(400) + "]"},

	// Levels.
	{"rate without unit", "[10/s, 40/s]", "[10, 40/s]"},
	{"rate zero", "[10/s, 40/s]", "[0/s, 40/s]"},
	{"rate negative", "[10/s, 40/s]", "[-10/s, 40/s]"},
	{"rate as a time", "[10/s, 40/s]", "[10s, 40/s]"},
	{"rate per minute", "[10/s, 40/s]", "[10/min, 40/s]"},
	{"rate beyond reason", "[10/s, 40/s]", "[1e9/s, 40/s]"},
	{"subscribers zero", "subscribers: 50", "subscribers: 0"},
	{"subscribers with unit", "subscribers: 50", "subscribers: 50B"},
	{"subscribers fraction", "subscribers: 50", "subscribers: 2.5"},
	{"payload without unit", "payload: 200B", "payload: 200"},
	{"payload zero", "payload: 200B", "payload: 0B"},
	{"payload of half a byte", "payload: 200B", "payload: 1.5B"},
	{"payload too large", "payload: 200B", "payload: 1GB"},
	{"arrivals unknown", "payload: 200B", "arrivals: poison"},
	{"payload-kind unknown", "payload: 200B", "payload-kind: json"},
	{"encoding unknown", "payload: 200B", "encoding: utf-8"},
	{"want unknown", "payload: 200B", "want: newest"},
	{"uplink without unit", "payload: 200B", "uplink: 10"},
	{"uplink negative", "payload: 200B", "uplink: -1/s"},
	{"uplink beyond reason", "payload: 200B", "uplink: 1e9/s"},
	{"uplink-payload zero", "payload: 200B", "uplink-payload: 0B"},
	{"uplink-payload of half a byte", "payload: 200B", "uplink-payload: 1.5B"},
	{"uplink-payload too large", "payload: 200B", "uplink-payload: 2MB"},
	{"uplink-payload as a rate", "payload: 200B", "uplink-payload: 64/s"},
	{"binary events over a text format", "  transport: [poll?interval=1s, ws, ws#twin]", "  encoding: [binary]\n  transport: [sse, sse#twin]"},
	{"tls version", "payload: 200B", "tls: 1.3"},
	{"http unknown", "payload: 200B", "http: 3"},
	{"headers unknown", "payload: 200B", "headers: firefox"},
	{"headers with a cookie of nothing", "payload: 200B", "headers: browser+cookie=0B"},
	{"headers with a cookie without unit", "payload: 200B", "headers: browser+cookie=100"},
	{"headers with a cookie too large", "payload: 200B", "headers: browser+cookie=65KB"},
	{"nothing runs over HTTP/2", "  transport: [poll?interval=1s, ws, ws#twin]", "  http: [2]\n  transport: [ws, ws#twin]"},

	// The network.
	{"rtt without unit", "payload: 200B", "rtt: 20"},
	{"rtt as a size", "payload: 200B", "rtt: 20B"},
	{"rtt negative", "payload: 200B", "rtt: -1ms"},
	{"rtt to the moon", "payload: 200B", "rtt: 2.6s"},
	{"jitter beyond reason", "payload: 200B", "rtt: 20ms, jitter: 1s"},
	{"jitter above the rtt", "payload: 200B", "rtt: 20ms, jitter: 21ms"},
	{"order lost without jitter", "payload: 200B", "rtt: 20ms, reorder: on"},
	{"order lost by half", "payload: 200B", "rtt: 20ms, jitter: 5ms, reorder: half"},
	{"loss as a share", "payload: 200B", "loss: 0.01"},
	{"loss negative", "payload: 200B", "loss: -1%"},
	{"loss of most", "payload: 200B", "loss: 60%"},
	{"bandwidth without unit", "payload: 200B", "bandwidth: 10"},
	{"bandwidth in bytes", "payload: 200B", "bandwidth: 10MB"},
	{"bandwidth of nothing", "payload: 200B", "bandwidth: 0Mbps"},
	{"bandwidth of a modem", "payload: 200B", "bandwidth: 56kbps"},
	{"bandwidth of a backbone", "payload: 200B", "bandwidth: 100Gbps"},
	{"bandwidth misspelt", "payload: 200B", "bandwidth: unlimitted"},
	{"congestion unknown", "payload: 200B", "congestion: vegas"},
	{"congestion on loopback", "payload: 200B", "congestion: bbr"},
	{"network unknown", "payload: 200B", "network: 5g"},
	{"network beside its own numbers", "payload: 200B", "network: 4g, rtt: 20ms, loss: 1%"},
	{"fault unknown", "payload: 200B", "fault: cut-off"},
	{"fault misspelt", "payload: 200B", "fault: server-stop"},
	{"fault of memory", "  rate: [10/s, 40/s]\nfixed: {subscribers: 50, payload: 200B}", "idle: [10, 20, 30]\nfixed: {fault: server-stops}"},
	{"fault beside an uplink", "payload: 200B", "fault: server-stops, uplink: 10/s"},
	{"fault without a connection", "ws#twin]\n  rate: [10/s, 40/s]\nfixed: {subscribers: 50, payload: 200B}", "poll?keepalive=off]\nfixed: {fault: server-stops}"},
	{"idle over a network", "  rate: [10/s, 40/s]\nfixed: {subscribers: 50, payload: 200B}", "idle: [10, 20, 30]\nfixed: {rtt: 20ms}"},
	{"idle over a cut path", "  rate: [10/s, 40/s]\nfixed: {subscribers: 50, payload: 200B}", "idle: [10, 20, 30]\nfixed: {fault: cut}"},

	// Who takes part.
	{"no fleet", "payload: 200B", "fleets: 0"},
	{"fleets beyond reason", "payload: 200B", "fleets: 65"},
	{"more fleets than subscribers", "subscribers: 50, payload: 200B", "subscribers: 2, fleets: 3"},
	{"proxy misspelt", "payload: 200B", "proxy: rely"},
	{"server misspelt", "payload: 200B", "server: our"},
	{"server that only polls", "  transport: [poll?interval=1s, ws, ws#twin]", "  server: [list]\n  transport: [ws, ws#twin]"},
	{"server without TLS", "  transport: [poll?interval=1s, ws, ws#twin]", "  server: [list]\n  tls: [on]\n  transport: [poll]"},
	{"server without an uplink", "  transport: [poll?interval=1s, ws, ws#twin]", "  server: [list]\n  uplink: [10/s]\n  transport: [poll]"},
	{"server without a network", "  transport: [poll?interval=1s, ws, ws#twin]", "  server: [list]\n  rtt: [20ms]\n  transport: [poll]"},
	{"idle of a foreign server", "  transport: [poll?interval=1s, ws, ws#twin]\n  rate: [10/s, 40/s]\nfixed: {subscribers: 50, payload: 200B}", "  transport: [poll]\nidle: [10, 20, 30]\nfixed: {server: list}"},
	{"idle behind a proxy", "  rate: [10/s, 40/s]\nfixed: {subscribers: 50, payload: 200B}", "idle: [10, 20, 30]\nfixed: {proxy: relay}"},
	{"idle with more fleets than the first step", "  rate: [10/s, 40/s]\nfixed: {subscribers: 50, payload: 200B}", "idle: [10, 20, 30]\nfixed: {fleets: 11}"},

	// Memory.
	{"idle of CPUs that stay awake", "  rate: [10/s, 40/s]\nfixed: {subscribers: 50, payload: 200B}", "idle: [10, 20, 30]\nfixed: {cpus: awake}"},
	{"idle not a list", "seed: 1", "idle: 500"},
	{"idle with a fraction", "seed: 1", "idle: [1.5, 2, 3]"},
	{"idle of two steps", "seed: 1", "idle: [500, 1000]"},
	{"idle that shrinks", "seed: 1", "idle: [500, 400, 1000]"},
	{"idle that stands still", "seed: 1", "idle: [500, 500, 1000]"},
	{"idle beside a rate", "seed: 1", "idle: [10, 20, 50]"},
	{"idle beside subscribers", "  rate: [10/s, 40/s]", "  subscribers: [10, 20]\nidle: [10, 20, 30]"},
	{"idle beside an uplink", "  rate: [10/s, 40/s]\nfixed: {subscribers: 50, payload: 200B}", "idle: [10, 20, 30]\nfixed: {uplink: 10/s}"},
	{"transport unknown", "ws#twin", "wss"},
	{"knob unknown", "ws#twin", "ws?interval=1s"},
	{"knob twice", "ws#twin", "poll?interval=1s&interval=2s"},
	{"knob without value", "ws#twin", "poll?interval="},
	{"knob escaped", "ws#twin", "poll?interval=1%73"},
	{"knob with a plus", "ws#twin", "poll?interval=+1s"},
	{"label empty", "ws#twin", "ws#"},
	{"transport no name", "ws#twin", "WebSocket!"},

	// Combinations.
	{"except an unknown key", "seed: 1", "except: [{rte: 10/s}]"},
	{"except a level that is not there", "seed: 1", "except: [{rate: 11/s}]"},
	{"except a level without unit", "seed: 1", "except: [{rate: 10}]"},
	{"except a list of levels", "seed: 1", "except: [{rate: [10/s, 40/s]}]"},
	{"except nothing", "seed: 1", "except: [{}]"},
	{"except everything", "seed: 1", "except: [{subscribers: 50}]"},
	{"except not a list", "seed: 1", "except: {rate: 10/s}"},
	{"nothing varies and nothing is possible", "factors:\n  transport: [poll?interval=1s, ws, ws#twin]\n  rate: [10/s, 40/s]\nfixed: {subscribers: 50, payload: 200B}", "fixed: {transport: ws, payload: 1B, payload-kind: ticker}"},
	{"nothing possible", "payload: 200B", "payload: 63B, payload-kind: ticker"},

	// Plots.
	{"plots not a list", "plots:\n  - {mark: line, x: rate, y: staleness/p50}", "plots: {mark: line}"},
	{"plot not a mapping", "- {mark: line, x: rate, y: staleness/p50}", "- line"},
	{"plot key unknown", "x: rate", "x: rate, par: rate"},
	{"plot mark missing", "mark: line, ", ""},
	{"plot mark unknown", "mark: line", "mark: lines"},
	{"plot of nothing", ", y: staleness/p50", ""},
	{"plot of an unknown metric", "y: staleness/p50", "y: server/cpus"},
	{"plot of a distribution", "y: staleness/p50", "y: staleness"},
	{"plot of an impossible quantile", "y: staleness/p50", "y: staleness/p100"},
	{"plot of an unknown name", "y: staleness/p50", "y: 2 × stale"},
	{"spectrum of a number", "mark: line, x: rate, y: staleness/p50", "mark: spectrum, y: staleness/p50, where: {rate: 10/s}"},
	{"line of seconds and bytes", "y: staleness/p50", "y: \"server/{rss,cpu}\""},
	{"line of a sum of quantiles", "y: staleness/p50", "y: \"staleness/{p50,p90}\""},
	{"stack with an unknown metric", "mark: line, x: rate, y: staleness/p50", "mark: bars, x: [\"bytes/{payload,protocols}/up\"], where: {rate: 10/s}"},
	{"line over nothing", "x: rate, ", ""},
	{"line over words", "x: rate", "x: transport, per: rate"},
	{"line over what is fixed", "x: rate", "x: payload"},
	{"line where no number varies", "  rate: [10/s, 40/s]", "  encoding: [text, binary]"},
	{"line by facet", "x: rate", "x: rate, facet: subscribers"},
	{"bars of unlike parts", "mark: line, x: rate, y: staleness/p50", "mark: bars, x: {a: {heap: server/heap}, b: {heap: server/heap, all: server/rss}}, where: {rate: 10/s}"},
	{"bars over something", "mark: line", "mark: bars"},
	{"bars on a log axis", "mark: line, x: rate, y: staleness/p50", "mark: bars, x: staleness/p50, where: {rate: 10/s}, log: x"},
	{"log of no axis", "x: rate", "x: rate, log: true"},
	{"plot per an unknown key", "x: rate", "x: rate, per: colour"},
	{"plot per what it is over", "x: rate", "x: rate, per: rate"},
	{"plot that mixes conditions", "mark: line, x: rate, y: staleness/p50", "mark: bars, x: staleness/p50"},
	{"plot where except leaves nothing", "seed: 1\nplots:\n  - {mark: line, x: rate, y: staleness/p50}", "except: [{transport: ws, rate: 10/s}]\nplots:\n  - {mark: bars, x: server/cpu, per: encoding, where: {transport: ws, rate: 10/s}}"},
	{"plot where nowhere", "x: rate", "x: rate, where: {transport: longpoll}"},
	{"plot that names another transport", "mark: line, x: rate, y: staleness/p50", "mark: dots, x: \"y[poll] ÷ y[ws]\", y: {all: wire/ip}, facet: rate"},
	{"dots that mix conditions", "mark: line, x: rate, y: staleness/p50", "mark: dots, x: \"y[poll?interval=1s] ÷ y[ws]\", y: {all: wire/ip}, facet: encoding"},
	{"plot of a level that is not there", "mark: line, x: rate, y: staleness/p50", "mark: dots, x: \"k × y[ws]\", y: {all: wire/ip}, facet: rate, let: {k: {20/s: 909B}}"},
	{"reference to no row", "mark: line, x: rate, y: staleness/p50", "mark: dots, x: \"y[ws]\", y: {all: wire/ip}, facet: rate, reference: {some: 3B}"},
	{"plot only of another transport", "x: rate", "x: rate, only: [longpoll]"},
	{"count of nothing", "x: rate", "x: {n: 1..1}, where: {rate: 10/s}"},
	{"join of something", "x: rate", "x: rate, join: 1/n"},
	{"fit of something else", "x: rate", "x: rate, reference: fit(server/cpu-util)"},
	{"formula that does not add up", "y: staleness/p50", "y: staleness/p50 + wire/ip"},
	{"kind of plot of old, unknown", "mark: line, x: rate, y: staleness/p50", "kind: curves, of: staleness/p50, over: rate"},

	// Saturation.
	{"saturation of a word unknown", "seed: 1", "seed: 1\nsaturation: wanted"},
	{"saturation of memory", "seed: 1", "seed: 1\nsaturation: asked\nidle: [10, 20, 30]"},
	{"saturation and a fault", "payload: 200B}", "payload: 200B, fault: server-stops}\nsaturation: asked"},
	{"saturation for the latest", "payload: 200B}", "payload: 200B, want: latest}\nsaturation: asked"},
	{"saturation beyond what a server keeps", "40/s]\nfixed: {subscribers: 50, payload: 200B}", "90000/s]\nsaturation: asked"},

	// Claims.
	{"claims not a list", "claims:\n  - id: C18\n    says: A push is fresher.\n    expect: staleness/p50[ws] < staleness/p50[poll?interval=1s]\n", "claims: C18\n"},
	{"claim without id", "  - id: C18\n    says", "  - says"},
	{"claim with a bad id", "id: C18", "id: claim 18"},
	{"claim key unknown", "says:", "say:"},
	{"claim with a condition", "    says:", "    condition: none\n    says:"},
	{"claim id twice", "  - id: C18\n", "  - {id: C18, says: Again., expect: 'requests[ws] < requests[poll?interval=1s]'}\n  - id: C18\n"},
	{"claim does not parse", "staleness/p50[ws] <", "staleness/p50[ws <"},
	{"claim without comparison", " < staleness/p50[poll?interval=1s]", ""},
	{"claim adds seconds to bytes", "staleness/p50[ws] <", "staleness/p50[ws] + server/rss[ws] <"},
	{"claim on another transport", "staleness/p50[ws] <", "staleness/p50[longpoll] <"},
	{"claim on another spelling", "staleness/p50[ws] < staleness/p50[poll?interval=1s]", "staleness/p50[ws] < staleness/p50[poll?interval=1000ms]"},
	{"claim on another level", "staleness/p50[ws] <", "staleness/p50[ws, rate=20/s] <"},
	{"claim on an unknown level key", "staleness/p50[ws] <", "staleness/p50[ws, via=nginx] <"},
	{"claim on an unknown metric", "staleness/p50[ws] <", "stalenes/p50[ws] <"},
	{"claim on a distribution", "staleness/p50[ws] <", "staleness[ws] <"},
	{"claim on a knob not written", "staleness/p50[ws] <", "interval[ws] <"},
	{"claim that compares a knob of another unit", "staleness/p50[ws] < staleness/p50[poll?interval=1s]", "server/rss[ws] < 2 × interval[poll?interval=1s]"},
	{"claim that compares a level of another unit", "staleness/p50[ws] <", "staleness/p50[ws] + subscribers[ws] <"},
	{"claim on a misspelt key", "staleness/p50[ws] <", "staleness/p50[ws] × subscriber[ws] <"},
	{"claim on a word", "staleness/p50[ws] <", "encoding[ws] <"},
	{"claim where nowhere", "    says:", "    where: {rate: 20/s}\n    says:"},
	{"claim where against its transport", "    says:", "    where: {transport: ws}\n    says:"},
	{"claim where against a level it names", "    says: A push is fresher.\n    expect: staleness/p50[ws] <", "    where: {rate: 10/s}\n    says: A push is fresher.\n    expect: staleness/p50[ws, rate=40/s] <"},
	{"claim on treatments that never meet", "seed: 1", "except: [{transport: ws, rate: 10/s}, {transport: poll?interval=1s, rate: 40/s}]"},
	{"claim on what except leaves out", "seed: 1", "except: [{transport: ws}]"},
}

func manyRates(n int) string {
	rates := make([]string, n)
	for i := range rates {
		rates[i] = fmt.Sprintf("%d/s", i+1)
	}
	return strings.Join(rates, ", ")
}

func (m mistake) text(t *testing.T) string {
	if m.old == "" {
		return m.new
	}
	return spoil(t, m.old, m.new)
}

// TestMistakes holds the message of every mistake to what is written in
// testdata: reading that file is the way to judge whether a person would know
// what to do.
func TestMistakes(t *testing.T) {
	var got strings.Builder
	for _, m := range mistakes {
		s, err := Parse("bad.yaml", []byte(m.text(t)), all.Parse)
		if err == nil {
			t.Errorf("%s: no error", m.name)
			continue
		}
		if s != nil {
			t.Errorf("%s: a scenario beside the error", m.name)
		}
		fmt.Fprintf(&got, "# %s\n%v\n", m.name, err)
	}
	golden.Compare(t, "testdata/mistakes.golden", got.String())
}

func TestAllProblemsAtOnceInOrder(t *testing.T) {
	text := strings.NewReplacer("blocks: 10", "blocks: none", "measure: 5s", "measure: 5", "10/s", "10").Replace(sound)
	_, err := Parse("dir/bad.yaml", []byte(text), all.Parse)
	var lines []int
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("not a joined error: %v", err)
	}
	for _, e := range joined.Unwrap() {
		var at *Error
		if !errors.As(e, &at) || at.Path != "dir/bad.yaml" {
			t.Fatalf("%v is not an *Error of the file", e)
		}
		lines = append(lines, at.Line)
	}
	if diff := cmp.Diff([]int{4, 7, 8}, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s\n%v", diff, err)
	}
}

func TestWithoutCheckKnobsAreNotVerified(t *testing.T) {
	text := spoil(t, "ws#twin", "quic?streams=4")
	if _, err := Parse("old.yaml", []byte(text), nil); err != nil {
		t.Errorf("a record's own text is refused: %v", err)
	}
	if _, err := Parse("new.yaml", []byte(text), all.Parse); err == nil {
		t.Error("an unknown transport is taken")
	}
}

func TestLoadMissingFile(t *testing.T) {
	if _, err := Load("testdata/none.yaml", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want one that is os.ErrNotExist", err)
	}
}

func TestTooLongText(t *testing.T) {
	text := sound + "#" + strings.Repeat("x", maxText)
	_, err := Parse("long.yaml", []byte(text), nil)
	if err == nil || err.Error() != "long.yaml:1: more than 1024 KB; a scenario is a short file written by hand" {
		t.Errorf("got %v", err)
	}
}
