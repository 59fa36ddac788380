package wsbare

import (
	"errors"
	"fmt"
	"strings"
)

// extension is one element of Sec-WebSocket-Extensions (§9.1).
type extension struct {
	name   string
	params []param
}

// param is name or name=value.
type param struct {
	name, value string
	valued      bool
}

// parseExtensions reads the lines of the header. One that does not keep to the
// grammar of §9.1 fails the connection:
//
//	extension-list  = 1#extension
//	extension       = token *( ";" token [ "=" ( token | quoted-string ) ] )
func parseExtensions(lines []string) ([]extension, error) {
	rest := scanner(strings.Join(lines, ","))
	var list []extension
	for {
		for rest.take(",") { // elements of a list may be empty (RFC 9110 §5.6.1)
		}
		if rest == "" {
			return list, nil
		}
		e := extension{name: rest.token()}
		if e.name == "" {
			return nil, errors.New("an extension has no name")
		}
		for rest.take(";") {
			p := param{name: rest.token()}
			if p.name == "" {
				return nil, fmt.Errorf("a parameter of %s has no name", e.name)
			}
			if p.valued = rest.take("="); p.valued {
				if p.value = rest.value(); p.value == "" {
					return nil, fmt.Errorf("parameter %s of %s has no value", p.name, e.name)
				}
			}
			e.params = append(e.params, p)
		}
		if rest != "" && rest[0] != ',' {
			return nil, fmt.Errorf("%q follows %s", string(rest), e.name)
		}
		list = append(list, e)
	}
}

// scanner is what is left of a header to read.
type scanner string

// take takes a mark with the blanks around it, if it is next.
func (s *scanner) take(mark string) bool {
	rest, ok := strings.CutPrefix(strings.Trim(string(*s), " \t"), mark)
	*s = scanner(strings.TrimLeft(rest, " \t"))
	return ok
}

// token takes a token (RFC 9110 §5.6.2); it is empty if there is none.
func (s *scanner) token() string {
	rest := strings.TrimLeft(string(*s), tokenBytes)
	t := (*s)[:len(*s)-len(rest)]
	*s = scanner(rest)
	return string(t)
}

// value takes a token, or one in quotes with backslashes in it (RFC 9110
// §5.6.4).
func (s *scanner) value() string {
	if !strings.HasPrefix(string(*s), `"`) {
		return s.token()
	}
	var value []byte
	for i := 1; i < len(*s); i++ {
		switch b := (*s)[i]; {
		case b == '"' && isToken(string(value)): // as §9.1 asks
			*s = (*s)[i+1:]
			return string(value)
		case b == '"':
			return ""
		case b == '\\' && i+1 < len(*s):
			i++
			value = append(value, (*s)[i])
		default:
			value = append(value, b)
		}
	}
	return "" // the quotes do not end
}

const tokenBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"

func isToken(s string) bool { return s != "" && strings.Trim(s, tokenBytes) == "" }
