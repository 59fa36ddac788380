package wsbare

import (
	"crypto/rand"
	"encoding/binary"
)

// newMaskingKey is a key for one frame. A client masks every frame with one that
// nobody can foresee (§5.3), so that no text of its user's choice appears on the
// network, which a cache on the way might take for HTTP (§10.3).
func newMaskingKey() (key [keyLen]byte) {
	rand.Read(key[:])
	return key
}

// mask masks or unmasks a whole payload in place: byte i with byte i mod 4 of
// the key (§5.3). It goes by eight bytes at a time, which comes to the same in an
// eighth of the steps.
func mask(b []byte, key [keyLen]byte) {
	four := binary.LittleEndian.Uint32(key[:])
	eight := uint64(four)<<32 | uint64(four)
	for ; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^eight)
	}
	for i := range b {
		b[i] ^= key[i%keyLen]
	}
}
