package main

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// screenWidth is the width that the last screen is set for.
const screenWidth = 120

// nbsp holds words together that a line must not break between. It is written
// as a blank.
const nbsp = "\u00a0"

// glue makes one word of several.
func glue(s string) string { return strings.ReplaceAll(s, " ", nbsp) }

// dots lists phrases on one or more lines, none of them broken.
func dots(phrases []string) string {
	glued := make([]string, len(phrases))
	for i, p := range phrases {
		glued[i] = glue(p)
	}
	return strings.Join(glued, nbsp+"· ")
}

// lay breaks words into lines that fit. A word too long by itself stands
// alone, and a number stays with its unit.
func lay(s string, fits func(line string) bool) []string {
	var lines []string
	line := ""
	s = beforeUnit.ReplaceAllString(s, "$1"+nbsp+"$2")
	s = afterWord.ReplaceAllString(s, "$1"+nbsp+"$2")
	s = strings.ReplaceAll(s, "n = ", "n"+nbsp+"="+nbsp)
	for word := range strings.SplitSeq(s, " ") {
		word = strings.ReplaceAll(word, nbsp, " ")
		switch {
		case word == "":
		case line == "":
			line = word
		case fits(line + " " + word):
			line += " " + word
		default:
			lines, line = append(lines, strings.TrimSuffix(line, " ·")), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// The blanks between a number and a word that mean nothing apart.
var (
	beforeUnit = regexp.MustCompile(`([0-9]) ((?:ns|µs|ms|s|B|KiB|MiB|GiB|blocks?|events)\b|[%×])`)
	afterWord  = regexp.MustCompile(`\b(core|revision|block) ([0-9a-f])`)
)

// wrap breaks words into lines of at most width columns.
func wrap(s string, width int) []string {
	return lay(s, func(line string) bool { return utf8.RuneCountInString(line) <= width })
}

// paragraph sets words for the screen.
func paragraph(words string) string { return strings.Join(wrap(words, screenWidth), "\n") }

// hanging sets a paragraph behind a head, with the lines that follow below the
// words.
func hanging(head, words string) string {
	n := utf8.RuneCountInString(head)
	return head + strings.Join(wrap(words, screenWidth-n), "\n"+strings.Repeat(" ", n))
}

// pad fills s up to width columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}
