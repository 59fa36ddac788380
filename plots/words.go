package main

import (
	"cmp"
	"regexp"
	"strings"
)

// A formula is said in words as far as there are some: what braces stand for, whose
// number it is, and names for sums.

// named is a name in a formula, with the treatment that it is of.
var named = regexp.MustCompile(`([a-z][a-z0-9.-]*(?:/(?:[a-z0-9.-]+|\{[^}]*\}))*)(?:\[([^\]]*)\])?`)

// worded says an expression.
func worded(expr string) string {
	return named.ReplaceAllStringFunc(expr, func(term string) string {
		of := named.FindStringSubmatch(term)
		words := sumWords(of[1])
		if of[2] != "" {
			words += " of " + of[2]
		}
		if words != term && term != expr && !strings.HasPrefix(words, of[1]) {
			return "(" + words + ")"
		}
		return words
	})
}

// owners say whose bytes they are, where the first word of a name is none.
var owners = map[string]string{"conn": "of a connection's set-up", "idle": "of a quiet connection"}

// braced is a name with braces in its parts.
type braced struct {
	first       string   // bytes of bytes/{payload,envelope}/down
	kinds, ways []string // payload and envelope, down
	by          []string // what the braces list: kind, direction
}

var nameParts = regexp.MustCompile(`\{[^}]*\}|[^/{]+`)

func parsed(name string) (b braced) {
	for _, part := range nameParts.FindAllString(name, -1) {
		words, listed := strings.Split(strings.Trim(part, "{}"), ","), ""
		switch {
		case words[0] == "down" || words[0] == "up":
			b.ways, listed = words, "direction"
		case part[0] == '{':
			b.kinds, listed = words, "kind"
		default:
			b.first = strings.TrimPrefix(b.first+"/"+part, "/")
		}
		if part[0] == '{' {
			b.by = append(b.by, listed)
		}
	}
	return b
}

// sumWords says a sum: "payload and envelope bytes down" for
// bytes/{payload,envelope}/down, and likewise a derived word. Other names stay.
func sumWords(name string) string {
	if !strings.Contains(name, "{") {
		return cmp.Or(derived(name), name)
	}
	b := parsed(name)
	said := b.first
	if owner := owners[b.first]; owner != "" && b.kinds != nil {
		said = owner
	}
	said = strings.TrimSpace(strings.Join(b.kinds, " and ") + " " + said)
	switch len(b.ways) {
	case 1:
		said += " " + b.ways[0]
	case 2:
		said += ", both directions"
	}
	return said
}

// stackWords says what the parts of bars are: "bytes down, by kind".
func stackWords(name string) string {
	b := parsed(name)
	if len(b.by) == 0 || strings.Contains(name, " + ") {
		return worded(name)
	}
	said := b.first
	if owner := owners[said]; owner != "" {
		said = "bytes " + owner
	}
	if len(b.ways) == 1 {
		said += " " + b.ways[0]
	}
	return said + ", by " + strings.Join(b.by, " and ")
}
