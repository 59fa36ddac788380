package conform

import (
	"slices"
	"strings"
)

// fields are the header lines of a request or an answer.
type fields []string

// values are those of a field, a line each.
func (f fields) values(name string) []string {
	var values []string
	for _, line := range f {
		if _, value, _ := strings.Cut(line, ":"); isNamed(line, name) {
			values = append(values, strings.Trim(value, " \t"))
		}
	}
	return values
}

// first is the value of a field's first line, "" without one.
func (f fields) first(name string) string {
	if values := f.values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// given reports whether there is a field.
func (f fields) given(name string) bool { return len(f.values(name)) > 0 }

// has reports whether a list-valued field has a token, in any case.
func (f fields) has(name, token string) bool {
	return slices.ContainsFunc(elements(f.values(name)), func(element string) bool { return strings.EqualFold(element, token) })
}

// remove takes a field away.
func (f *fields) remove(name string) {
	*f = slices.DeleteFunc(*f, func(line string) bool { return isNamed(line, name) })
}

// addCookie adds cookies to the one field that a client sends (RFC 6265 §5.4).
func (f *fields) addCookie(value string) {
	for i, line := range *f {
		if isNamed(line, "Cookie") {
			(*f)[i] += "; " + value
			return
		}
	}
	*f = append(*f, "Cookie: "+value)
}

// isNamed reports whether a line is a field's.
func isNamed(line, name string) bool {
	n, _, _ := strings.Cut(line, ":")
	return strings.EqualFold(n, name)
}

// elements are those of a list that may be spread over several lines and have
// empty ones (RFC 9110 §5.6.1).
func elements(lines []string) []string {
	var list []string
	for _, line := range lines {
		for element := range strings.SplitSeq(line, ",") {
			if element = strings.Trim(element, " \t"); element != "" {
				list = append(list, element)
			}
		}
	}
	return list
}

// hasControls reports what no value may hold (RFC 9110 §5.5); tabs it may.
func hasControls(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}

// isToken reports whether text is a token (RFC 9110 §5.6.2).
func isToken(text string) bool {
	return text != "" && strings.Trim(text, alphanumeric+"!#$%&'*+-.^_`|~") == ""
}
