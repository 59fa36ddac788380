package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pushbench/results"
	"pushbench/servers/all"
)

func mustParse(t testing.TB, text string) *Scenario {
	t.Helper()
	s, err := Parse("dir/test.yaml", []byte(text), all.Parse)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParse(t *testing.T) {
	text := strings.Replace(sound, "claims:", "except: [{transport: ws#twin, rate: 10/s}]\nclaims:", 1)
	text = strings.Replace(text, "staleness/p50}", "staleness/p50, where: {payload: 200B}, log: xy, title: How   late}", 1)
	text = strings.Replace(text, "    says:", "    where: {rate: 40.0/s}\n    says:", 1)
	want := &Scenario{
		Name:     "test",
		Path:     "dir/test.yaml",
		Text:     []byte(text),
		Question: "Is a push fresher?",
		Factors: []Factor{
			{"transport", []string{"poll?interval=1s", "ws", "ws#twin"}},
			{"rate", []string{"10/s", "40/s"}},
		},
		Fixed: map[string]string{
			"subscribers": "50", "arrivals": "poisson", "payload": "200B", "payload-kind": "random", "encoding": "text",
			"want": "every", "uplink": "0/s", "uplink-payload": "64B", "fault": "none", "fleets": "1", "proxy": "none", "server": "ours",
			"network": "none", "rtt": "0ms", "jitter": "0ms", "reorder": "off", "loss": "0%", "bandwidth": "unlimited", "congestion": "cubic",
			"tls": "off", "http": "1.1", "headers": "minimal", "client": "go", "cpus": "host",
		},
		Except:  []map[string]string{{"transport": "ws#twin", "rate": "10/s"}},
		Warmup:  time.Second,
		Measure: 5 * time.Second,
		Blocks:  10,
		Seed:    1,
		Plots: []Plot{{
			Mark: "line", X: Axis{Factor: "rate"}, Y: one("staleness/p50"), Per: []string{"transport"},
			Where: map[string]string{"payload": "200B"}, Title: "How late", LogX: true, LogY: true, Line: 11,
		}},
		Claims: []results.Claim{{
			ID: "C18", Says: "A push is fresher.", Expect: "staleness/p50[ws] < staleness/p50[poll?interval=1s]",
			Where: map[string]string{"rate": "40/s"}, Line: 14,
		}},
	}
	if diff := cmp.Diff(want, mustParse(t, text), cmpopts.IgnoreUnexported(Scenario{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTextIsKeptAndLineEndsDoNotMatter(t *testing.T) {
	for name, text := range map[string]string{
		"CRLF":            strings.ReplaceAll(sound, "\n", "\r\n"),
		"byte order mark": "\ufeff" + sound,
		"document mark":   "---\n" + sound,
		"no last newline": strings.TrimSuffix(sound, "\n"),
		"quoted keys":     strings.Replace(sound, "blocks:", `"blocks":`, 1),
	} {
		s := mustParse(t, text)
		if string(s.Text) != text {
			t.Errorf("%s: the text is not kept byte for byte", name)
		}
		if s.Blocks != 10 || len(s.Claims) != 1 {
			t.Errorf("%s: read as %+v", name, s)
		}
	}
}

func TestSeedDefaultsToOne(t *testing.T) {
	if s := mustParse(t, spoil(t, "seed: 1\n", "")); s.Seed != 1 {
		t.Errorf("seed %d, want 1", s.Seed)
	}
	if s := mustParse(t, spoil(t, "seed: 1", "seed: 18446744073709551615")); s.Seed != 1<<64-1 {
		t.Errorf("seed %d, want the largest", s.Seed)
	}
}

func TestCanonicalLevels(t *testing.T) {
	for _, tc := range []struct {
		key, level, want string
	}{
		{"rate", "40/s", "40/s"},
		{"rate", "40.0/s", "40/s"},
		{"rate", "0.5/s", "0.5/s"},
		{"rate", "1e3/s", "1000/s"},
		{"subscribers", "0050", "50"},
		{"payload", "200B", "200B"},
		{"payload", "1024B", "1KB"},
		{"payload", "16KB", "16KB"},
		{"payload", "0.5KB", "512B"},
		{"payload", "1MB", "1024KB"},
		{"encoding", "base64", "base64"},
		{"transport", "poll?interval=1000ms#b", "poll?interval=1000ms#b"},
	} {
		k := keyNamed(tc.key)
		got, err := k.read(tc.level, new(Treatment))
		if err != nil || got != tc.want {
			t.Errorf("%s %s: got %q, %v; want %q", tc.key, tc.level, got, err, tc.want)
		}
		if again, err := k.read(got, new(Treatment)); err != nil || again != got {
			t.Errorf("%s %s: the canonical text reads as %q, %v", tc.key, got, again, err)
		}
	}
}

func TestSplitTransport(t *testing.T) {
	for _, tc := range []struct {
		spec, base, label string
		ok                bool
	}{
		{"ws", "ws", "", true},
		{"ws#twin", "ws", "twin", true},
		{"poll?interval=1s&keepalive=off#b-2", "poll?interval=1s&keepalive=off", "b-2", true},
		{"poll?path=/a/b", "poll?path=/a/b", "", true},
		{"", "", "", false},
		{"?interval=1s", "", "", false},
		{"ws?", "", "", false},
		{"ws#a#b", "", "", false},
		{"ws#Twin", "", "", false},
		{"poll?a=1&a=2", "", "", false},
		{"poll?a=[1]", "", "", false},
		{"poll?a=1, b", "", "", false},
	} {
		base, label, err := splitTransport(tc.spec)
		if (err == nil) != tc.ok || base != tc.base || label != tc.label {
			t.Errorf("%q: got %q, %q, %v", tc.spec, base, label, err)
		}
	}
}

func TestPlotMetrics(t *testing.T) {
	for of, want := range map[string][]string{
		"server/cpu": {"server/cpu"},
		"bytes/{payload,envelope, protocol}/down": {"bytes/payload/down", "bytes/envelope/down", "bytes/protocol/down"},
		"conn/bytes/{down,up}":                    {"conn/bytes/down", "conn/bytes/up"},
		"conn/{bytes,tcpip}/{down,up}":            {"conn/bytes/down", "conn/bytes/up", "conn/tcpip/down", "conn/tcpip/up"},
		"bytes/{open":                             {"bytes/{open"},
	} {
		if diff := cmp.Diff(want, results.Expand(of)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", of, diff)
		}
	}
}
