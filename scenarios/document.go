package scenarios

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"pushbench/results"
)

// maxText bounds a scenario file. It is copied into every record, and a file
// beyond this is not something a person wrote by hand.
const maxText = 1 << 20

// maxValue bounds one value, so that a message about it stays readable.
const maxValue = 2000

// document reads the one YAML document of text and returns its top node, or
// nil with the problem noted. Only the plain part of YAML is taken (mappings,
// lists, single values): what anchors, aliases, merge keys and tags would
// save in typing they cost in reading, and a claim must be plain to read.
func document(text []byte, p *problems) *yaml.Node {
	if line, found := foreignLine(text); found {
		p.add(line, "not plain UTF-8 text; a scenario is a YAML file")
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		p.add(1, "cannot read YAML: %v", err)
		return nil
	}
	var doc yaml.Node
	if err := loader.Load(&doc); errors.Is(err, io.EOF) {
		p.add(1, "empty; a scenario needs at least %s", strings.Join(needed(), ", "))
		return nil
	} else if err != nil {
		syntaxProblem(text, err, p)
		return nil
	}
	var second yaml.Node
	if err := loader.Load(&second); err == nil {
		p.add(second.Line, "a second YAML document; a file holds one scenario, so make it a file of its own")
		return nil
	} else if !errors.Is(err, io.EOF) {
		syntaxProblem(text, err, p)
		return nil
	}
	if len(doc.Content) != 1 || doc.Content[0].Tag == "!!null" {
		p.add(1, "empty; a scenario needs at least %s", strings.Join(needed(), ", "))
		return nil
	}
	before := len(p.list)
	plainOnly(doc.Content[0], p)
	if len(p.list) > before {
		return nil
	}
	return doc.Content[0]
}

// foreignLine finds the first line that is not text.
func foreignLine(text []byte) (number int, found bool) {
	foreign := func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' || r == 0x7f }
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) || bytes.ContainsFunc(line, foreign) {
			return i + 1, true
		}
	}
	return 0, false
}

// syntaxProblem notes what the YAML reader said, with its own line.
func syntaxProblem(text []byte, err error, p *problems) {
	var at *yaml.LoadError
	if !errors.As(err, &at) {
		p.add(1, "cannot read YAML: %v", err)
		return
	}
	msg := at.Message
	if at.ContextMsg != "" {
		msg = at.ContextMsg + ": " + msg
	}
	lines := bytes.Split(text, []byte("\n"))
	if n := at.Mark.Line; n >= 1 && n <= len(lines) && bytes.HasPrefix(bytes.TrimLeft(lines[n-1], " "), []byte("\t")) {
		msg += "; indent with blanks, not tabs"
	}
	if at.Message == "mapping values are not allowed in this context" {
		msg += "; put a text that has a colon and a blank in it into quotes, as says: \"ws: fewer bytes\""
	}
	p.add(at.Mark.Line, "not YAML: %s", msg)
}

func plainOnly(n *yaml.Node, p *problems) {
	switch {
	case n.Kind == yaml.AliasNode:
		p.add(n.Line, "alias *%s; write the value out", n.Value)
	case n.Anchor != "":
		p.add(n.Line, "anchor &%s; write the value out where it is needed", n.Anchor)
	case n.Tag == "!!merge":
		p.add(n.Line, "merge key <<; write the keys out")
	case n.Style&yaml.TaggedStyle != 0:
		p.add(n.Line, "tag %s; write the value without a tag", n.Tag)
	}
	for _, c := range n.Content {
		plainOnly(c, p)
	}
}

// entry is one key of a mapping with its value.
type entry struct {
	key   string
	line  int
	value *yaml.Node
}

// mapping reads a node as key: value pairs, each key one of known and there
// once. What is not is noted and left out. A node that is not there has none.
func mapping(n *yaml.Node, what string, known []string, p *problems) []entry {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		p.add(n.Line, "%s is %s; it takes key: value pairs; %s", what, kind(n), listing("known keys", known))
		return nil
	}
	var entries []entry
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch at, twice := first[k.Value]; {
		case k.Kind != yaml.ScalarNode:
			p.add(k.Line, "%s has %s for a key; %s", what, kind(k), listing("known keys", known))
		case len(k.Value) > results.MaxWord:
			p.add(k.Line, "a key of %d bytes in %s; %s", len(k.Value), what, listing("known keys", known))
		case !slices.Contains(known, k.Value):
			p.add(k.Line, "unknown key %q in %s; %s", k.Value, what, among(k.Value, "known keys", known))
		case twice:
			p.add(k.Line, "key %q again in %s, first on line %d; keep one", k.Value, what, at)
		default:
			first[k.Value] = k.Line
			entries = append(entries, entry{key: k.Value, line: k.Line, value: v})
		}
	}
	return entries
}

// misspelt reports whether a mapping has an unknown key in the place of this
// one. It was reported as such; that this one is missing would be said twice.
func misspelt(n *yaml.Node, key string, known []string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		got := n.Content[i].Value
		if !slices.Contains(known, got) && results.Nearest(got, known) == key {
			return true
		}
	}
	return false
}

// list reads a node as a list. A node that is not there has no item.
func list(n *yaml.Node, what, example string, p *problems) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		p.add(n.Line, "%s is %s; it takes a list: %s", what, kind(n), example)
		return nil
	}
	return n.Content
}

// scalar reads a node as one value in one line, as it was written.
func scalar(n *yaml.Node, what, example string, p *problems) (string, bool) {
	text := strings.Join(strings.Fields(n.Value), " ")
	switch {
	case n.Kind != yaml.ScalarNode:
		p.add(n.Line, "%s is %s; it takes one value: %s", what, kind(n), example)
	case text == "" || n.Tag == "!!null":
		p.add(n.Line, "%s is empty; write %s", what, example)
	case len(text) > maxValue:
		p.add(n.Line, "%s is %d bytes long, at most %d; write %s", what, len(text), maxValue, example)
	default:
		return text, true
	}
	return "", false
}

func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		if n.Value == "" || n.Tag == "!!null" {
			return "empty"
		}
		return "a single value"
	}
}
