package results

import (
	"fmt"
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
	{"+/-", "±"}, {"±", "±"}, {"+", "+"}, {"−", "−"}, {"×", "×"}, {"*", "×"},
	{"÷", "÷"}, {"≈", "≈"}, {"~", "≈"}, {"<", "<"}, {">", ">"}, {"(", "("}, {")", ")"},
}

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
	switch c := l.rest[0]; {
	case c == '-':
		return l.minus(spaced)
	case c == '[':
		return l.bracket()
	case '0' <= c && c <= '9' || c == '.':
		return l.quantity()
	case isNameStart(c):
		return l.take(tokenName, l.nameLength())
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

// nameLength is how far the name reaches that rest begins with.
func (l *lexer) nameLength() int {
	braces := 0
	for n := 1; n < len(l.rest); n++ {
		switch c := l.rest[n]; {
		case l.figure && c == '{':
			braces++
		case braces > 0 && c == '}':
			braces--
		case braces > 0 && (c == ',' || c == ' ') || isNamePart(c):
		default:
			return n
		}
	}
	return len(l.rest)
}

// minus reads an ASCII hyphen as a minus, which needs room around it because
// names have hyphens too.
func (l *lexer) minus(spaced bool) token {
	column := l.column()
	after := l.rest[1:]
	if !spaced || after == strings.TrimLeftFunc(after, unicode.IsSpace) {
		return l.fail(column, "a minus needs a blank on each side; without, a hyphen is part of a name")
	}
	t := l.take(tokenOperator, 1)
	t.text = "−"
	return t
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

func isNameStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isNamePart(c byte) bool {
	return isNameStart(c) || '0' <= c && c <= '9' || strings.IndexByte("-/._", c) >= 0
}
