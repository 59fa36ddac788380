package conform

import "strings"

// texts is UTF-8 (§5.6, §8.1; RFC 3629 §3 and §4).
var texts = []Check{
	{Rule: "RFC 3629 §4", Severity: Must, Name: "characters of every length, and the last ones of each, are text", cases: talks([]string{"κόσμε",
		"\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\uffff", "\U00010000", "\U0010ffff", "\ufeffa"},
		func(s *session, good string) error { return s.whole(one(text(good))) })},
	{Rule: "§5.6", Severity: Must, Name: "a character may be cut between fragments", cases: talks(strides(len(characters))[1:], func(s *session, cut stride) error {
		return s.whole([]frame{text(characters[:cut.from]).begun(), continuation(characters[cut.from:])})
	})},
	{Rule: "§5.6", Severity: Must, Name: "binary need not be UTF-8", cases: talks(
		[][]frame{one(binaryOf([]byte{0xff, 0xfe, 0xc0, 0x80}))}, (*session).whole)},
	badText("continuation bytes alone", "\x80", "\xbf", "ok \x80\xbf\x80"),
	badText("forms longer than they need be", "\xc0\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf"),
	badText("halves of surrogate pairs", "\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xbf\xbf", "\xed\xa0\x80\xed\xb0\x80"),
	badText("what is beyond U+10FFFF", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"),
	badText("bytes that no UTF-8 has", "\xfe", "\xff", "caf\xe9"),
	badText("a character that is cut off by the end", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "text\xce"),
	{Rule: "§8.1", Severity: Must, Name: "not UTF-8, over fragments: the connection fails", cases: talks([][]frame{
		{text("\xf0\x9f").begun(), continuation("\x98")},
		{text("\xc3").begun(), continuation("(")},
		{text("good").begun(), continuation("\xed").begun(), continuation("\xa0\x80")},
		{text("\xe2\x82").begun(), continuation("").begun(), continuation("")},
	}, fails)},
	{Rule: "§8.1", Severity: Should, Name: "not UTF-8 is told with status 1007", cases: talks(
		[][]frame{one(text("\xff")), one(text("\xc3")), {text("\xf0\x9f").begun(), continuation("\x98")}}, told(1007))},
	{Rule: "§8.1", Severity: May, Name: "not UTF-8 is seen before the message ends", cases: talks(
		[][]frame{one(text("\xff" + strings.Repeat("x", 10)).begun())}, fails)},
}

// characters are of two, three and four bytes.
const characters = "é€\U0001f600"

func badText(name string, cases ...string) Check {
	var frames [][]frame
	for _, bad := range cases {
		frames = append(frames, one(text(bad)))
	}
	return breaks("§8.1", Must, "not UTF-8, "+name, frames...)
}
