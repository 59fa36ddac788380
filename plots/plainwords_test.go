package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Readers are engineers whose first language is often not English. A sentence is
// understood at first reading: it is short, its subject comes first, and its noun is
// named.

// longestSentence is in words; a number with its unit is one, and how sure a result
// is, in parentheses behind it, is none.
const longestSentence = 25

// hardWords are those that make a reader go back, with what to do instead.
var hardWords = []struct {
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
	sentences = regexp.MustCompile(`[.!?]["”)*]*(\s+|$)`)
)

func TestPlainWords(t *testing.T) {
	for _, d := range documents {
		text, err := os.ReadFile(d.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range hardToRead(string(text)) {
			t.Errorf("%s: %s", d.path, found)
		}
	}
}

// hardToRead are the sentences that are too long or have hard words.
func hardToRead(text string) (found []string) {
	for paragraph := range strings.SplitSeq(strings.Join(prose(text, false), "\n"), "\n\n") {
		for _, item := range regexp.MustCompile(`(?m)^(- |#+ )`).Split(paragraph, -1) {
			item = unitWord.ReplaceAllString(evidence.ReplaceAllString(strings.Join(strings.Fields(item), " "), ""), "$1$2$3")
			for _, sentence := range sentences.Split(item, -1) {
				if n := len(strings.Fields(sentence)); n > longestSentence {
					found = append(found, strings.TrimSpace(sentence)+": it has more than 25 words; make two of it")
				}
				for _, hard := range hardWords {
					if word := hard.what.FindString(sentence); word != "" {
						found = append(found, strings.TrimSpace(sentence)+": it has \""+word+"\"; "+hard.instead)
					}
				}
			}
		}
	}
	return found
}

func TestHardToRead(t *testing.T) {
	long := strings.Repeat("word ", longestSentence)
	for text, want := range map[string]int{
		"An event is 42 ms old. A poll's event is 500 ms old.": 0,
		long + "end.":                                           1,
		long + "(40 to 42 ms, 7 blocks).":                       0,
		"| " + long + long + " |":                               0,
		"    " + long + long:                                    0,
		"The poll, and not the one that waits.":                 1,
		"The poll is slow, nor can the stream be faster.":       1,
		"The rule\nstands in\nthe table, and the host is told.": 2,
		"- " + long + "\n- " + long:                             0,
	} {
		if found := hardToRead(text); len(found) != want {
			t.Errorf("%q: %q; want %d findings", text, found, want)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)

// TestDocsLinks holds links to files that exist.
func TestDocsLinks(t *testing.T) {
	for _, d := range documents {
		text, err := os.ReadFile(d.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(d.path), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", d.path, m[1])
			}
		}
	}
}
