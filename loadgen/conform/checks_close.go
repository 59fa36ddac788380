package conform

import (
	"cmp"
	"strings"
)

// goodStatuses may be sent by a client (§7.4.1, §7.4.2, IANA's registry).
var goodStatuses = []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}

// closes is the closing handshake (§5.5.1, §7).
var closes = []Check{
	{Rule: "§5.5.1", Severity: Must, Name: "a close without a status is answered with a close", cases: talks(one(frame{op: opClose}), (*session).closed)},
	{Rule: "§5.5.1", Severity: Must, Name: "a close with status 1000 is answered with a close", cases: talks(one(closing(1000, "")), (*session).closed)},
	{Rule: "§5.5.1", Severity: Must, Name: "a close with a reason is answered with a close", cases: talks(
		[]frame{closing(1000, "good bye"), closing(1000, "κόσμε"), closing(1000, strings.Repeat("x", 123))}, (*session).closed)},
	{Rule: "§7.4", Severity: Must, Name: "a close with any legal status is answered with a close", cases: talks(goodStatuses, func(s *session, status int) error {
		return s.closed(closing(status, ""))
	})},
	{Rule: "§5.5.1", Severity: Should, Name: "the answer to a close has its status", cases: talks(goodStatuses, func(s *session, status int) error {
		got, err := s.ended(closing(status, ""))
		return cmp.Or(err, s.wants(got == status, "want the status %d back", status))
	})},
	{Rule: "§5.5.1", Severity: Must, Name: "after a close the server ends the TCP connection", cases: talk(func(s *session) error {
		s.send(closing(1000, ""))
		return s.gone()
	})},
	{Rule: "§5.5.2", Severity: Must, Name: "after a close no ping is answered and no message taken", cases: talk(func(s *session) error {
		if _, err := s.failed(closing(1000, ""), text("after the close")); err != nil {
			return err
		}
		return s.gone()
	})},
	{Rule: "§5.5.1", Severity: Must, Name: "a close with half a status: the connection fails", cases: badClose(frame{op: opClose, payload: []byte{3}})},
	{Rule: "§7.4.1", Severity: Must, Name: "no answer has a status that may not be sent", cases: badClose(closing(1005, ""), closing(1006, ""), closing(1015, ""))},
	{Rule: "§7.4.2", Severity: Must, Name: "a status below 1000: the connection fails", cases: badClose(closing(0, ""), closing(1, ""), closing(999, ""))},
	{Rule: "§7.4", Severity: Should, Name: "a status that may not be sent, or half of one, is told with 1002", cases: talks([][]frame{
		one(frame{op: opClose, payload: []byte{3}}), one(closing(0, "")), one(closing(999, "")), one(closing(1004, "")),
		one(closing(1005, "")), one(closing(1006, "")), one(closing(1016, "")), one(closing(1100, "")),
		one(closing(2000, "")), one(closing(2999, "")), one(closing(5000, "")), one(closing(65535, ""))}, told(1002))},
	{Rule: "§8.1", Severity: Must, Name: "a reason that is not UTF-8: the connection fails", cases: talks([]string{"\xff", "caf\xe9", "\xed\xa0\x80"}, func(s *session, reason string) error {
		status, err := s.failed(closing(1000, reason))
		told := status == 0 || status == 1002 || status == 1007
		return cmp.Or(err, s.wants(told, "want 1007, 1002, or the end, and not what says that all is well"))
	})},
}

// closed wants a close frame to be answered with a close frame, and that to be
// sound.
func (s *session) closed(f frame) error {
	status, err := s.ended(f)
	return cmp.Or(err, s.wants(status != 0, "want a close frame before the end"), s.wants(s.badClose == "", "that is %s", s.badClose))
}

// badClose wants close frames that nobody may send to fail the connection: an
// answer that repeats the status breaks the same rule.
func badClose(frames ...frame) []attempt {
	return talks(frames, func(s *session, f frame) error {
		_, err := s.failed(f)
		return cmp.Or(err, s.wants(s.badClose == "", "that is %s", s.badClose))
	})
}
