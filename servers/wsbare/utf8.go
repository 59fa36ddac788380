package wsbare

import "unicode/utf8"

// wholeRunes returns how many bytes of text from its beginning are whole
// characters of UTF-8 (§8.1), and false where what follows them cannot become
// one whatever comes next. So text that comes in fragments is refused as soon as
// it is bad, and a character may be cut between two of them.
func wholeRunes(text []byte) (n int, ok bool) {
	n = len(text)
	for back := 1; back <= min(utf8.UTFMax-1, len(text)); back++ {
		at := len(text) - back
		if !utf8.RuneStart(text[at]) {
			continue
		}
		if !utf8.FullRune(text[at:]) { // it may still become one
			n = at
		}
		break
	}
	return n, utf8.Valid(text[:n])
}
