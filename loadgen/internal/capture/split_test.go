package capture

import (
	"strings"
	"testing"
)

const (
	get       = "GET /poll?since=1 HTTP/1.1\r\nHost: feed.test\r\n\r\n"
	post      = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n"
	okHead    = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
	noContent = "HTTP/1.1 204 No Content\r\n\r\n"
	goOn      = "HTTP/1.1 100 Continue\r\n\r\n"
	chunked   = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	unended   = "HTTP/1.1 200 OK\r\n\r\n"
	upgrade   = "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
	websocket = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n"
	raw       = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: pushbench-raw\r\n\r\n"
	settings  = "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"
	headers   = "\x00\x00\x03\x01\x04\x00\x00\x00\x01\x82\x87\x84"
	data      = "\x00\x00\x05\x00\x01\x00\x00\x00\x01hello"
	padded    = "\x00\x00\x09\x00\x09\x00\x00\x00\x01\x03hello\x00\x00\x00"
	resumed   = "\x00\x00\x02\x09\x04\x00\x00\x00\x01\x82\x87"
	ping      = "\x00\x00\x08\x06\x00\x00\x00\x00\x00pingpong"
)

func n(parts ...string) (length int64) {
	for _, p := range parts {
		length += int64(len(p))
	}
	return length
}

var splits = []struct {
	name           string
	sent, answered string
	up, down       Split
	err            string
}{
	{"nothing", "", "", Split{}, Split{}, ""},
	{"polls", get + get, okHead + "hello" + noContent, Split{Heads: 2 * n(get)}, Split{Heads: n(okHead, noContent), Body: 5}, ""},
	{"a parked poll", get + get, noContent, Split{Heads: 2 * n(get)}, Split{Heads: n(noContent)}, ""},
	{"upload", post + "abc" + get, goOn + noContent + noContent, Split{Heads: n(post, get), Body: 3}, Split{Heads: n(goOn, noContent, noContent)}, ""},
	{"HEAD", "HEAD" + get[3:], okHead, Split{Heads: n(get) + 1}, Split{Heads: n(okHead)}, ""},
	{"chunks", get + get, chunked + "5;x\r\nhello\r\n0A\r\n, hello...\r\n0\r\n\r\n" + noContent, Split{Heads: 2 * n(get)}, Split{Heads: n(chunked, noContent), Framing: 5 + 2 + 4 + 2 + 5, Body: 15}, ""},
	{"trailer", get + get, chunked + "0\r\nA: b\r\n\r\n" + noContent, Split{Heads: 2 * n(get)}, Split{Heads: n(chunked, "A: b\r\n", noContent), Framing: 5}, ""},
	{"a stream of chunks", get, chunked + "5\r\nhello\r\n", Split{Heads: n(get)}, Split{Heads: n(chunked), Framing: 5, Body: 5}, ""},
	{"until close", get, unended + "hello", Split{Heads: n(get)}, Split{Heads: n(unended), Body: 5}, ""},
	{"half a request", get[:20], "", Split{Rest: 20}, Split{}, ""},
	{"half an answer", get, okHead[:20], Split{Heads: n(get)}, Split{Rest: 20}, ""},
	{"half a body", get, okHead + "he", Split{Heads: n(get)}, Split{Heads: n(okHead), Body: 2}, ""},
	{"half a chunk's line", get, chunked + "5", Split{Heads: n(get)}, Split{Heads: n(chunked), Rest: 1}, ""},

	{"websocket", upgrade + "\x88\x82mask\x03\xe8", websocket + "\x81\x05hello" + "\x82\x7e\x00\x7e" + strings.Repeat("x", 126) + "\x89\x02hi", Split{Heads: n(upgrade), Framing: 8}, Split{Heads: n(websocket), Framing: 2 + 4 + 4, Body: 131}, ""},
	{"a large websocket message", upgrade, websocket + "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + strings.Repeat("x", 1<<16), Split{Heads: n(upgrade)}, Split{Heads: n(websocket), Framing: 10, Body: 1 << 16}, ""},
	{"half websocket headers", upgrade + "\x82\x81ma", websocket + "\x82\x7e\x01", Split{Heads: n(upgrade), Rest: 4}, Split{Heads: n(websocket), Rest: 3}, ""},
	{"half a websocket message", upgrade, websocket + "\x82\x05he", Split{Heads: n(upgrade)}, Split{Heads: n(websocket), Framing: 2, Body: 2}, ""},
	{"raw", upgrade, raw + "\x00\x00\x00\x05hello\x00\x00\x00\x00\x00\x00", Split{Heads: n(upgrade)}, Split{Heads: n(raw), Framing: 8, Body: 5, Rest: 2}, ""},

	{"h2", preface + settings + headers + resumed + ping, settings + headers + data + padded, Split{Heads: n(headers, resumed), Framing: n(preface, settings, ping)}, Split{Heads: n(headers), Framing: n(settings) + 9 + 9 + 1 + 3, Body: 10}, ""},
	{"half h2 frames", preface + settings + headers[:11], settings + data[:12], Split{Framing: n(preface, settings), Rest: 11}, Split{Framing: n(settings), Rest: 12}, ""},

	{"no request", "", okHead, Split{}, Split{Rest: n(okHead)}, "an answer without a request"},
	{"another protocol", "SSH-2.0-x\r\n\r\n", "", Split{Heads: 13}, Split{}, `request "SSH-2.0-x"`},
	{"an old version", "GET / HTTP/1.0\r\n\r\n", "", Split{Heads: 18}, Split{}, `request "GET / HTTP/1.0"`},
	{"a bad field", "GET / HTTP/1.1\r\nno colon\r\n\r\n", "", Split{Rest: 28}, Split{}, `HTTP head with the line "no colon"`},
	{"a bad answer", get, "HTTP/1.1 OK\r\n\r\n", Split{Heads: n(get)}, Split{Heads: 15}, `answer "HTTP/1.1 OK"`},
	{"a bad length", get, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Split{Heads: n(get)}, Split{Heads: 39}, `content length "-1"`},
	{"another coding", get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", Split{Heads: n(get)}, Split{Heads: 44}, `transfer coding "gzip"`},
	{"a bad chunk", get, chunked + "x\r\n", Split{Heads: n(get)}, Split{Heads: n(chunked), Rest: 3}, `chunk of size "x"`},
	{"a chunk without an end", get, chunked + "1\r\nabc", Split{Heads: n(get)}, Split{Heads: n(chunked), Framing: 3, Body: 1, Rest: 2}, "chunk of 1 B without an end"},
	{"another upgrade", upgrade, strings.Replace(raw, "pushbench-raw", "echo", 1), Split{Heads: n(upgrade)}, Split{Heads: n(raw) - 9}, `upgraded to "echo"`},
	{"a websocket length", upgrade, websocket + "\x82\x7f\x80\x00\x00\x00\x00\x01\x00\x00", Split{Heads: n(upgrade)}, Split{Heads: n(websocket), Rest: 10}, "first bit set"},
	{"h2 without settings", preface + headers, settings, Split{Framing: n(preface), Rest: n(headers)}, Split{Framing: n(settings)}, "a frame of type 1, not with SETTINGS"},
	{"h2 all padding", preface + settings, settings + "\x00\x00\x01\x00\x08\x00\x00\x00\x01\x01", Split{Framing: n(preface, settings)}, Split{Framing: n(settings), Rest: 10}, "all padding"},
}

func TestSplit(t *testing.T) {
	for _, test := range splits {
		up, down, err := splitStreams([]byte(test.sent), []byte(test.answered), Data)
		if up != test.up || down != test.down {
			t.Errorf("%s: up %+v, down %+v\nwant %+v, %+v", test.name, up, down, test.up, test.down)
		}
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v, want the error %q", test.name, err, test.err)
		}
	}
}

// The same through packets, cut at every byte in turn: where segments end means
// nothing.
func TestSplitOverSegments(t *testing.T) {
	for _, test := range splits {
		if test.err != "" || len(test.answered) > 1000 {
			continue
		}
		for at := range max(len(test.sent), len(test.answered)) {
			c := Capture{Port: port, Packets: []Packet{segment(client, server, 0, SYN, ""), segment(server, client, 0, SYN|ACK, "")}}
			for _, way := range []struct {
				packet func(from, to int) Packet
				length int
			}{
				{func(i, j int) Packet { return segment(client, server, 1+uint32(i), ACK, test.sent[i:j]) }, len(test.sent)},
				{func(i, j int) Packet { return segment(server, client, 1+uint32(i), ACK, test.answered[i:j]) }, len(test.answered)},
			} {
				cut := min(at, way.length)
				c.Packets = append(c.Packets, way.packet(cut, way.length), way.packet(0, cut))
			}
			up, down, err := c.Conns()[0].Split()
			if up != test.up || down != test.down || err != nil {
				t.Errorf("%s, cut at %d: up %+v, down %+v, %v", test.name, at, up, down, err)
			}
		}
	}
}

// Whatever the streams are, each byte is one thing.
func FuzzSplit(f *testing.F) {
	for _, test := range splits {
		if len(test.answered) < 1000 {
			f.Add([]byte(test.sent), []byte(test.answered), uint8(Data))
		}
	}
	for _, test := range formats {
		for _, way := range test.ways() {
			f.Add([]byte(way.sent), []byte(way.answered), uint8(test.format))
		}
	}
	f.Fuzz(func(t *testing.T, sent, answered []byte, format uint8) {
		up, down, _ := splitStreams(sent, answered, Format(format%3))
		for _, way := range []struct {
			split Split
			b     []byte
		}{{up, sent}, {down, answered}} {
			s := way.split
			if s.Heads < 0 || s.Framing < 0 || s.Body < 0 || s.Rest < 0 || s.Heads+s.Framing+s.Body+s.Rest != int64(len(way.b)) {
				t.Errorf("%+v of %d bytes: %q", s, len(way.b), way.b)
			}
		}
	})
}
