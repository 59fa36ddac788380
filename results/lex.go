package results

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"pushbench/servers/units"
)

// ExprError is a mistake in an expectation.
type ExprError struct {
	Text   string // the expectation
	Column int    // in characters, from 1
	Msg    string
}

func (e *ExprError) Error() string {
	return fmt.Sprintf("column %d of %q: %s", e.Column, e.Text, e.Msg)
}

// tokenKind tells tokens apart.
type tokenKind int

const (
	tokenEnd      tokenKind = iota
	tokenQuantity           // 500ms
	tokenName               // staleness/p50
	tokenBracket            // [ws, rate=40/s], text without the brackets
	tokenOperator           // + − × ÷ ( ) < > ≈ ±, in canonical form
)

// token is one word of an expectation.
type token struct {
	kind   tokenKind
	text   string
	column int // from 1
}

// spelled gives the canonical form of an operator's other spellings. The longer
// of two that begin alike comes first.
var spelled = []struct{ written, operator string }{
	{"+/-", "±"}, {"±", "±"}, {"+", "+"}, {"−", "−"}, {"-", "−"}, {"×", "×"}, {"*", "×"},
	{"÷", "÷"}, {"≈", "≈"}, {"~", "≈"}, {"<", "<"}, {">", ">"}, {"(", "("}, {")", ")"},
}

// Names, in figures with braces that stand for several.
var (
	claimName  = regexp.MustCompile(`^[A-Za-z][-A-Za-z0-9/._]*`)
	figureName = regexp.MustCompile(`^[A-Za-z](?:[-A-Za-z0-9/._]|\{[-A-Za-z0-9/._, {]*\}?)*`)
)

// lexer cuts an expectation into tokens.
type lexer struct {
	text string
	rest string // not yet read
	err  *ExprError

	figure bool // braces are part of a name, and ÷ means something
}

// column is the place of rest within text.
func (l *lexer) column() int {
	return 1 + len([]rune(l.text)) - len([]rune(l.rest))
}

func (l *lexer) fail(column int, format string, args ...any) token {
	if l.err == nil {
		l.err = &ExprError{Text: l.text, Column: column, Msg: fmt.Sprintf(format, args...)}
	}
	l.rest = ""
	return token{kind: tokenEnd, column: column}
}

// take cuts the first n bytes off as a token.
func (l *lexer) take(kind tokenKind, n int) token {
	t := token{kind: kind, text: l.rest[:n], column: l.column()}
	l.rest = l.rest[n:]
	return t
}

// next returns the next token; after a failure, and at the end, tokenEnd.
func (l *lexer) next() token {
	trimmed := strings.TrimLeftFunc(l.rest, unicode.IsSpace)
	spaced := len(trimmed) < len(l.rest)
	l.rest = trimmed
	if l.rest == "" {
		return token{kind: tokenEnd, column: l.column()}
	}
	names := claimName
	if l.figure {
		names = figureName
	}
	switch c, after := l.rest[0], l.rest[1:]; {
	case c == '-' && (!spaced || after == strings.TrimLeftFunc(after, unicode.IsSpace)): // names have hyphens
		return l.fail(l.column(), "a minus needs a blank on each side; without, a hyphen is part of a name")
	case c == '[':
		return l.bracket()
	case '0' <= c && c <= '9' || c == '.':
		return l.quantity()
	}
	if name := names.FindString(l.rest); name != "" {
		return l.take(tokenName, len(name))
	}
	for _, s := range spelled {
		if strings.HasPrefix(l.rest, s.written) && (l.figure || s.operator != "÷") {
			t := l.take(tokenOperator, len(s.written))
			t.text = s.operator
			return t
		}
	}
	return l.fail(l.column(), "%q means nothing here", []rune(l.rest)[0])
}

// bracket reads [treatment].
func (l *lexer) bracket() token {
	end := strings.IndexByte(l.rest, ']')
	if end < 0 {
		return l.fail(l.column(), "this [ is never closed")
	}
	t := l.take(tokenBracket, end+1)
	t.text = t.text[1:end]
	return t
}

// quantity reads a number and its unit, with or without a blank between, and
// hands it on in canonical form, without the blank and with µs for us.
func (l *lexer) quantity() token {
	column := l.column()
	text, rest, err := units.Cut(l.rest)
	if err != nil {
		return l.fail(column, "%v", err)
	}
	l.rest = rest
	return token{kind: tokenQuantity, text: text, column: column}
}
