package conform

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// sound is a server that keeps every rule of the suite, and has one defect where
// a test gives it one: is asks for it. A manner, for which has asks, is what a
// server may do and breaks no rule. It takes messages of soundMax bytes and waits
// for a handshake for soundPatience.
type sound struct {
	defect, manner string
	clients        clients
}

const (
	soundMax      = 100_000
	soundPatience = 5 * time.Second
)

func (s *sound) is(defect string) bool  { return s.defect == defect }
func (s *sound) has(manner string) bool { return s.manner == manner }

// target is the server at the other end of a pipe: no byte waits in a buffer, so
// that each write of the suite is a read of the server's.
func (s *sound) target() *Target {
	s.clients.turn = make(chan struct{}, 1)
	place := hostname{name: "sound.example", inURL: "sound.example"}
	return &Target{URL: "ws://sound.example/", place: place, port: "80", host: place.name, target: "/", Dial: func(context.Context) (net.Conn, error) {
		if err := s.clients.dial(s); err != nil {
			return nil, err
		}
		client, server := net.Pipe()
		go func() {
			s.clients.come(s)
			defer s.clients.leave(s)
			s.serve(server)
		}()
		return client, nil
	}}
}

func (s *sound) serve(c net.Conn) {
	defer c.Close()
	if !s.is("waits for a handshake for ever") {
		c.SetReadDeadline(time.Now().Add(soundPatience))
	}
	in := bufio.NewReader(c)
	head, status := s.head(c, in)
	switch {
	case head != nil:
		status = s.judge(head)
	case status == 0:
		return // cut, or the client has gone
	}
	if busy := s.clients.busy(s); busy != 0 {
		status = busy
	}
	if status == 101 {
		s.clients.only(s, c)
		deflate, ok := s.agree(c, head)
		c.SetReadDeadline(time.Time{})
		if s.is("drops what is behind the handshake") {
			in.Discard(in.Buffered())
		}
		if ok {
			p := &soundPeer{sound: s, c: c, in: in, deflate: deflate}
			defer p.speak()()
			p.run()
		}
		return
	}
	version := "Sec-WebSocket-Version: 13\r\n"
	if s.is("does not name its version") {
		version = ""
	}
	switch {
	case s.is("refuses with half a head"):
		fmt.Fprintf(c, "HTTP/1.1 %d No", status)
	case s.is("refuses with a body that does not end"):
		fmt.Fprintf(c, "HTTP/1.1 %d No\r\n%sContent-Length: 5\r\n\r\nno", status, version)
	case s.is("refuses in chunks without an end"):
		fmt.Fprintf(c, "HTTP/1.1 %d No\r\n%sTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n", status, version)
	default:
		fmt.Fprintf(c, "HTTP/1.1 %d No\r\n%sTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", status, version)
	}
}

// soundHead is a request's head.
type soundHead struct {
	method, target, proto string
	names                 []string
	lists                 map[string][]string // values by name in small letters
}

func (s *sound) head(c net.Conn, in *bufio.Reader) (*soundHead, int) {
	var text string
	if s.is("takes a handshake from one read") {
		b := make([]byte, 32<<10)
		n, _ := in.Read(b)
		if text = string(b[:n]); !strings.HasSuffix(text, "\r\n\r\n") {
			return nil, 400
		}
	}
	for !strings.Contains(text, "\r\n\r\n") {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, 0
		}
		if text += line; len(text) > 32<<10 {
			if s.is("takes header fields without end") {
				text = ""
				continue
			}
			return nil, 431
		}
	}
	h := &soundHead{lists: make(map[string][]string)}
	lines := strings.Split(strings.TrimSuffix(text, "\r\n\r\n"), "\r\n")
	fmt.Sscanf(lines[0], "%s %s %s", &h.method, &h.target, &h.proto)
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		if s.is("is particular about the case of names") && name != canonical(name) {
			continue
		}
		if s.is("is particular about blanks") {
			value = strings.TrimPrefix(value, " ")
		} else {
			value = strings.Trim(value, " \t")
		}
		name = strings.ToLower(name)
		h.names = append(h.names, name)
		h.lists[name] = append(h.lists[name], value)
	}
	return h, 0
}

// canonical is the usual way to write a name.

func canonical(name string) string {
	for _, known := range []string{"Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Origin"} {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	return name
}

// judge is the status that a request deserves; a page's is 200.
func (s *sound) judge(h *soundHead) int {
	one := func(name string) (string, bool) { v := h.lists[name]; return strings.Join(v, ","), len(v) == 1 }
	contains := func(name, token string) bool {
		for element := range strings.SplitSeq(strings.Join(h.lists[name], ","), ",") {
			if strings.EqualFold(strings.Trim(element, " \t"), token) {
				return true
			}
		}
		return false
	}
	host := len(h.lists["host"])
	switch {
	case host == 0 && !s.is("needs no Host"), host > 1 && !s.is("takes two Hosts"):
		return 400
	case h.method != "GET" && !s.is("takes any method"):
		return 405
	case h.proto != "HTTP/1.1" && !s.is("takes HTTP/1.0"):
		return 505
	case s.is("is particular about the order of fields") && h.names[0] != "host":
		return 400
	case s.is("knows no other fields") && (len(h.lists["x-conform"]) > 0 || len(h.lists["cookie"]) > 0):
		return 400
	case !strings.HasPrefix(h.target, "/") && s.is("knows no absolute form"):
		return 400
	case len(h.lists["origin"]) > 0 && !s.is("takes any Origin"):
		return 403
	case strings.Contains(strings.Join(h.lists["sec-websocket-extensions"], ","), "x-conform") && s.is("refuses unknown extensions"):
		return 400
	}
	upgrade, connection := strings.Join(h.lists["upgrade"], ", "), strings.Join(h.lists["connection"], ", ")
	agreed := contains("upgrade", "websocket") && contains("connection", "upgrade")
	switch {
	case s.is("needs no Upgrade") && upgrade == "",
		s.is("takes any Upgrade") && upgrade != "",
		s.is("looks for websocket anywhere") && strings.Contains(upgrade, "websocket"),
		s.is("needs no Connection") && connection == "",
		s.is("looks for upgrade anywhere") && strings.Contains(connection, "upgrade"),
		s.is("takes any Connection") && connection != "":
		agreed = true
	case s.is("compares Upgrade to the letter") && upgrade != "websocket",
		s.is("compares Connection to the letter") && connection != "Upgrade":
		agreed = false
	}
	if !agreed {
		return 200
	}
	key, single := one("sec-websocket-key")
	data, err := base64.StdEncoding.DecodeString(key)
	switch {
	case len(h.lists["sec-websocket-key"]) == 0:
		if !s.is("needs no key") {
			return 400
		}
	case !single && !s.is("takes two keys"):
		return 400
	case single && err != nil && !s.is("takes keys that are not base64"):
		return 400
	case err == nil && len(data) != 16 && !s.is("takes keys of any length"):
		return 400
	}
	version, single := one("sec-websocket-version")
	switch {
	case version == "" && !s.is("needs no version"),
		version != "" && !single && !s.is("takes two versions"),
		single && version == "8" && !s.is("takes version 8"),
		single && version != "8" && version != "13" && !s.is("takes any version"):
		return 426
	}
	return 101
}

// agree answers a handshake, and says whether messages may be compressed.
func (s *sound) agree(c net.Conn, h *soundHead) (deflate, ok bool) {
	key := ""
	if keys := h.lists["sec-websocket-key"]; len(keys) > 0 {
		key = keys[0]
	}
	if s.is("answers every key alike") {
		key = rfcKey
	}
	if s.is("hashes the key in small letters") {
		key = strings.ToLower(key)
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	lines := []string{"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:])}
	switch {
	case s.is("repeats the client's Upgrade"):
		lines[1] = "Upgrade: websocket, foo"
	case s.is("says Connection: close"):
		lines[2] = "Connection: close"
	case s.is("says its accept twice"):
		lines = append(lines, lines[3])
	case s.is("gives a 101 a length"):
		lines = append(lines, "Content-Length: 0")
	case s.is("names a subprotocol unasked"):
		lines = append(lines, "Sec-WebSocket-Protocol: json")
	case s.is("names an extension unasked"):
		lines = append(lines, "Sec-WebSocket-Extensions: x-conform")
	}
	if offered := h.lists["sec-websocket-protocol"]; len(offered) > 0 && s.is("repeats all subprotocols") {
		lines = append(lines, "Sec-WebSocket-Protocol: "+offered[0])
	}
	answer := s.extensions(strings.Join(h.lists["sec-websocket-extensions"], ", "))
	if answer != "" {
		lines = append(lines, "Sec-WebSocket-Extensions: "+answer)
	}
	if s.has("announces its answers") {
		lines = append([]string{"HTTP/1.1 100 Continue", "", "HTTP/1.1 103 Early Hints", "Link: </a>", ""}, lines...)
	}
	_, err := io.WriteString(c, strings.Join(lines, "\r\n")+"\r\n\r\n")
	return strings.HasPrefix(answer, deflateName), err == nil
}

// extensions agrees to the first legal offer of permessage-deflate.
func (s *sound) extensions(offer string) string {
	if s.is("repeats all extensions") {
		return offer
	}
	offers, _ := parseExtensions([]string{offer})
	for _, o := range offers {
		if o.name != deflateName || s.is("never compresses") {
			continue
		}
		answer := deflateName
		if o.has("server_no_context_takeover") && !s.is("forgets what was asked for") {
			answer += "; server_no_context_takeover"
		}
		seen := make(map[string]bool)
		more, legal := s.insists(o)
		answer += more
		for _, p := range o.params {
			switch p.name {
			case "server_no_context_takeover", "client_no_context_takeover":
				legal = legal && !p.hasValue
			case "client_max_window_bits":
				legal = legal && p.value != "08"
			case "server_max_window_bits": // it has no smaller window
				legal = legal && strings.Contains(s.manner, p.name) && p.value == "15"
			default:
				legal = false
			}
			legal = legal && !seen[p.name]
			seen[p.name] = true
		}
		switch {
		case s.is("limits the client's window unasked"):
			return answer + "; client_max_window_bits=10"
		case legal, s.is("agrees to any offer"):
			return answer
		}
	}
	return ""
}
