package wire

// Receiver takes what comes on a connection that a loop reads, one call at a time.
type Receiver = interface {
	// Take takes what was read next, valid until it returns. Its error ends the
	// connection.
	Take(p []byte) error
	// End is called last: with Take's error, or with what ended reading, io.EOF where
	// that was the other end.
	End(err error)
}
