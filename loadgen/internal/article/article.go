// Package article is a server that answers as the hand-written WebSocket server
// of the article does when Node 20 runs it, once its missing export is added:
// the opening handshake and nothing after it. It is here to be held against the
// RFC, for the committed table and its test; nothing is served with it.
//
// What the article's own code decides, as it was observed:
//
//   - any method, any version, any key or none: agreed to, with the accept of
//     whatever stands in the key's place ("undefined" for none)
//   - Upgrade must be "websocket" to the letter and alone; for anything else a
//     400 whose head does not end, and the connection is closed
//   - without Connection: Upgrade, or without Upgrade, a page
//   - after the 101 nothing is answered: no echo, no pong, no close
//
// What Node's HTTP decides before that code runs: a head has 16 KB, lines of a
// repeated field are joined by commas, an option of Connection may not have a tab
// behind it, and an upgrade needs neither HTTP/1.1 nor a Host.
package article

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

const maxHead = 16 << 10 // Node's --max-http-header-size

var errTooLarge = errors.New("head too large")

// Serve answers a connection until it ends.
func Serve(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		r, err := read(in)
		switch {
		case err == errTooLarge:
			io.WriteString(c, "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n")
			return
		case err != nil:
			return
		case r.has("upgrade") && r.lists("connection", "upgrade"):
			upgrade(c, in, r)
			return
		}
		const page = "a page\n"
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(page), page)
		if r.proto != "HTTP/1.1" {
			return
		}
	}
}

func upgrade(c net.Conn, in io.Reader, r *request) {
	if r.fields["upgrade"] != "websocket" {
		io.WriteString(c, "HTTP/1.1 400 Bad Request")
		return
	}
	key := "undefined"
	if r.has("sec-websocket-key") {
		key = r.fields["sec-websocket-key"]
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(c, "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	io.Copy(io.Discard, in) // nobody looks at what comes
}

// request is a head as Node hands it to a program: names in small letters, lines
// of one name joined.
type request struct {
	proto  string
	fields map[string]string
}

func (r *request) has(name string) bool { _, ok := r.fields[name]; return ok }

func (r *request) lists(name, token string) bool {
	for element := range strings.SplitSeq(r.fields[name], ",") {
		if strings.EqualFold(strings.TrimRight(strings.TrimLeft(element, " \t"), " "), token) {
			return true
		}
	}
	return false
}

func read(in *bufio.Reader) (*request, error) {
	r := &request{fields: make(map[string]string)}
	for size, first := 0, true; ; first = false {
		line, err := in.ReadSlice('\n')
		if size += len(line); size > maxHead || err == bufio.ErrBufferFull {
			return nil, errTooLarge
		}
		if err != nil {
			return nil, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		switch {
		case first:
			r.proto = text[strings.LastIndexByte(text, ' ')+1:]
		case text == "":
			return r, nil
		default:
			name, value, _ := strings.Cut(text, ":")
			if name = strings.ToLower(name); name == "connection" {
				value = strings.TrimRight(value, " ") // a tab behind an option hides it from Node's parser
			} else {
				value = strings.Trim(value, " \t")
			}
			if before, ok := r.fields[name]; ok && name != "host" {
				value = before + ", " + value
			}
			r.fields[name] = value
		}
	}
}
