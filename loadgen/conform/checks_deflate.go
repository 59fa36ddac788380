package conform

// compression is messages under permessage-deflate (RFC 7692 §6, §7.2), on
// connections that have agreed on it.
var compression = []Check{
	{Rule: "RFC 7692 §7.2.3", Severity: Must, Name: "the RFC's compressed messages come back as Hello", cases: inflates("Hello",
		one(text("\xf2\x48\xcd\xc9\xc9\x07\x00").with(rsv1)),                         // §7.2.3.1: fixed Huffman codes
		one(text("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00").with(rsv1)),         // §7.2.3.3: a stored block
		one(text("\xf3\x48\xcd\xc9\xc9\x07\x00\x00").with(rsv1)),                     // §7.2.3.4: BFINAL is 1
		one(text("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00").with(rsv1)), // §7.2.3.5: two blocks
		one(text("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x00").with(rsv1)))},   // an empty block behind it, which §7.2.1 allows
	{Rule: "RFC 7692 §7.2.3.2", Severity: Must, Name: "a compressed message may refer to the one before it", cases: talk(func(s *session) error {
		if !s.clientTakeover {
			return notApplicable("the server asks for client_no_context_takeover")
		}
		op := s.kind(opText)
		s.send(frame{op: op, rsv: rsv1, payload: []byte("\xf2\x48\xcd\xc9\xc9\x07\x00")})
		if err := s.back(op, []byte("Hello")); err != nil {
			return err
		}
		s.send(frame{op: op, rsv: rsv1, payload: []byte("\xf2\x00\x11\x00\x00")})
		return s.back(op, []byte("Hello"))
	})},
	{Rule: "RFC 7692 §7.2.3.6", Severity: Must, Name: "an empty compressed message comes back", cases: inflates("", one(text("\x00").with(rsv1)))},
	{Rule: "RFC 7692 §6.1", Severity: Must, Name: "a compressed message in fragments, a ping between them, comes back", cases: inflates("Hello",
		[]frame{text("\xf2\x48\xcd").with(rsv1).begun(), ping("between"), continuation("").begun(), continuation("\xc9\xc9\x07\x00")})},
	{Rule: "RFC 7692 §6", Severity: Must, Name: "a message that is not compressed comes back, too", cases: inflates("Hello", one(text("Hello")))},
	{Rule: "RFC 7692 §7.2", Severity: Must, Name: "messages of many sizes, one after the other, come back", cases: talk(func(s *session) error {
		for _, n := range []int{1, 125, 126, 500, 20000, 500, 1} {
			for _, f := range []frame{{op: s.kind(opBinary), payload: ramp(n)}, s.filled(n)} {
				s.send(frame{op: f.op, rsv: rsv1, payload: compress(f.payload, s.windowBits)})
				if err := s.back(f.op, f.payload); err != nil {
					return err
				}
			}
		}
		return nil
	})},
	{Rule: "RFC 7692 §6.1", Severity: Must, Name: "the server sets RSV1 on first frames of messages only", cases: talk(func(s *session) error {
		op := s.kind(opBinary)
		s.send(frame{op: op, rsv: rsv1, payload: compress(ramp(20000), s.windowBits)}, ping("control"))
		if err := s.back(op, ramp(20000)); err != nil {
			return err
		}
		s.send(ping("again"), closing(1000, ""))
		s.gone() // every frame on the way is looked at
		return s.noFault("reserved bits")
	})},
	breaks("RFC 7692 §6.1", Must, "RSV1 on a continuation",
		[]frame{text("\xf2\x48\xcd").with(rsv1).begun(), continuation("\xc9\xc9\x07\x00").with(rsv1)},
		[]frame{text("Hel").begun(), continuation("lo").with(rsv1)}),
	breaks("RFC 7692 §6.1", Must, "RSV1 on a control frame", one(ping("Hello").with(rsv1))),
	breaks("§5.2", Must, "RSV2 or RSV3 beside compression",
		one(text("Hello").with(rsv2)), one(text("\xf2\x48\xcd\xc9\xc9\x07\x00").with(rsv1|rsv3))),
	breaks("RFC 7692 §7.2.2", Should, "what does not decompress",
		one(text("\x06\x00\x00").with(rsv1)),              // a block of the type that does not exist
		one(text("\x00\x05\x00\x00\x00Hello").with(rsv1)), // a stored block whose length is not confirmed
		one(text("\xf2\x00\x11\x00\x00").with(rsv1))),     // refers to what was not sent
	breaks("§8.1", Must, "compressed text that is not UTF-8", one(text(string(compress([]byte("caf\xe9"), 8))).with(rsv1))),
	{Rule: "§10.4", Severity: Must, Name: "a small message that decompresses to 16 MB is refused, or comes back", cases: talk(bomb)},
}

// inflates wants a message back from frames that make it, of whichever kind comes back.
func inflates(want string, cases ...[]frame) []attempt {
	return talks(cases, func(s *session, frames []frame) error {
		frames = s.ofEither(frames)
		s.send(frames...)
		return s.back(frames[0].op, []byte(want))
	})
}
