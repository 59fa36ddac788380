package wsbare

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// newKey is 16 random bytes in base64 (§4.1, item 7). They are no secret: they
// only keep a server that does not speak WebSocket from agreeing by accident.
func newKey() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

// acceptKey is the server's answer to a key (§4.2.2, item 5.4).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// tokens are the elements of a list-valued header, which may be spread over
// several lines and have empty elements (RFC 9110 §5.6.1).
func tokens(h http.Header, name string) []string {
	var list []string
	for _, line := range h.Values(name) {
		for element := range strings.SplitSeq(line, ",") {
			if element = strings.Trim(element, " \t"); element != "" {
				list = append(list, element)
			}
		}
	}
	return list
}

func contains(list []string, token string) bool {
	return slices.ContainsFunc(list, func(element string) bool { return strings.EqualFold(element, token) })
}
