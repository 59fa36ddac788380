package wire

// Receiver takes what comes on a connection that a loop reads, one call at a time.
type Receiver = interface {
	// Take takes what was read next, valid until it returns. Its error ends the
	// connection.
	Take(p []byte) error
	// End says what it means that reading ended with err, io.EOF where that was the
	// other end. It is called once, unless Take has failed.
	End(err error) error
}
