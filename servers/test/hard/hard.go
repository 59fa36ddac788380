// Package hard is for tests: it reads a text of this project (documents, help, captions,
// verdicts) as somebody whose first language is not English, and tells which sentences
// have to be read twice. A sentence is understood at first reading: it is short, its
// subject comes first, and its noun is named.
package hard

import (
	"regexp"
	"strings"
)

// longest is in words; a number with its unit is one, and how sure a result is,
// in parentheses behind it, is none.
const longest = 25

// words are the words that make a reader go back, with what to do instead.
var words = []struct {
	what    *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\bthe (former|latter)\b|\b(one|ones|those) (that|which|who)\b`), "name the noun"},
	{regexp.MustCompile(`(?i)\bbut for\b`), `say "except"`},
	{regexp.MustCompile(`(?i)\breckon(s|ed|ing)?\b`), `say "computed"`},
	{regexp.MustCompile(`(?i)\b(is|are|was|were) told\b`), "say who says it"},
	{regexp.MustCompile(`(?i)\bso much more of\b`), "say how much"},
	{regexp.MustCompile(`(?i)\bstands? in\b`), `say "is in"`},
	{regexp.MustCompile(`(?i)\b(nor|neither|only then|not only|never) (can|do|does|did|is|are|was|were|has|have|had|will)\b`), "put the subject first"},
	{regexp.MustCompile(`(?i)\btakes? (a|an|the) (third|quarter|fifth|half) (fewer|less|more)\b[.,;]`), "say of what"},
	{regexp.MustCompile(`(?i)\b(whoever|whosoever|wherein|thereof|whatsoever|beside (it|them))\b`), "use a plain word"},
}

var (
	evidence  = regexp.MustCompile(` ?\([^()]*\d+ blocks\)`)
	unitWord  = regexp.MustCompile(`(\d\S*) (ns|µs|ms|s|B|KiB|MiB|%|×|min|Mbit/s|kbit/s|B/s)(\W|$)`)
	item      = regexp.MustCompile(`(?m)^(- |#+ )`)
	paragraph = regexp.MustCompile(`\n[ \t]*\n`)
	sentences = regexp.MustCompile(`[.!?]["”)*]*(\s+|$)`)

	// What a program prints has heads, clauses, and in parentheses how sure a result is.
	setIn       = regexp.MustCompile(`\n\s*\t|\s{2,}`)
	clauses     = regexp.MustCompile(`[:;·]\s|, or `)
	parenthesis = regexp.MustCompile(` ?\([^()]*\)`)
)

// Text are the sentences of running text that are too long or have hard words, each with
// what would mend it.
func Text(text string) (found []string) {
	for _, p := range paragraph.Split(text, -1) {
		for _, i := range item.Split(p, -1) {
			i = unitWord.ReplaceAllString(evidence.ReplaceAllString(strings.Join(strings.Fields(i), " "), ""), "$1$2$3")
			for _, sentence := range sentences.Split(i, -1) {
				found = append(found, hardToRead(strings.TrimSpace(sentence))...)
			}
		}
	}
	return found
}

func hardToRead(sentence string) (found []string) {
	if len(strings.Fields(sentence)) > longest {
		found = append(found, sentence+": it has more than 25 words; make two of it")
	}
	for _, h := range words {
		if word := h.what.FindString(sentence); word != "" {
			found = append(found, sentence+": it has \""+word+"\"; "+h.instead)
		}
	}
	return found
}

// Screen are those of what a program prints: its help, a caption, a verdict. A line that
// is set in, or that a clause ends, begins anew.
func Screen(text string) (found []string) {
	text = parenthesis.ReplaceAllString(setIn.ReplaceAllString(text, "\n\n"), "")
	for _, clause := range clauses.Split(text, -1) {
		found = append(found, Text(clause)...)
	}
	return found
}
