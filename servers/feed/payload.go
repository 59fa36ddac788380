package feed

import (
	"fmt"
	"math/rand/v2"
)

// MinTicker is the smallest ticker payload in bytes: one quote has to fit.
const MinTicker = 64

// Payload makes event bodies of one size. What they contain decides what
// compression is worth, so there are three kinds:
//
//	random     text: the base64 alphabet, which nothing has to escape; binary: any byte
//	ticker     stock quotes in JSON that drift from event to event, fitted to the size
//	identical  a ticker's first body again and again: the best case of compression
type Payload struct {
	size   int
	rng    *rand.Rand
	binary bool
	prices []float64 // of a ticker
	same   []byte    // every body there will be, of an identical one
}

// NewPayload makes a payload of kind ("random", "ticker" or "identical") and
// size bytes.
func NewPayload(kind string, size int, codec Codec, rng *rand.Rand) (*Payload, error) {
	p := &Payload{size: size, rng: rng, binary: codec != Text}
	switch {
	case size < 0 || size > maxBodySize:
		return nil, fmt.Errorf("payload of %d bytes: use 0 to %d", size, maxBodySize)
	case kind == "random":
		return p, nil
	case kind != "ticker" && kind != "identical":
		return nil, fmt.Errorf("payload kind %q is not known; use random, ticker or identical", kind)
	case size < MinTicker:
		return nil, fmt.Errorf("%s payload of %d bytes: a quote needs at least %d", kind, size, MinTicker)
	}
	for range symbols {
		p.prices = append(p.prices, 20+480*rng.Float64())
	}
	if kind == "identical" {
		p.same = p.quotes(nil)
	}
	return p, nil
}

// Next fills dst with the next body and returns it, grown if it was too small.
func (p *Payload) Next(dst []byte) []byte {
	if p.same != nil {
		return append(dst[:0], p.same...)
	}
	if p.prices != nil {
		return p.quotes(dst[:0])
	}
	if cap(dst) < p.size {
		dst = make([]byte, p.size)
	}
	dst = dst[:p.size]
	var bits uint64
	for i := range dst {
		if i%8 == 0 {
			bits = p.rng.Uint64()
		}
		if p.binary {
			dst[i] = byte(bits)
		} else {
			dst[i] = alphabet[bits&63]
		}
		bits >>= 8
	}
	return dst
}

// alphabet is that of standard base64 (RFC 4648 §4).
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

var symbols = []string{"ACME", "BOLT", "CRUX", "DUNE", "ECHO", "FLUX", "GRIT", "HALO"}

// quotes appends as many quotes as fit, each moved a little from its last
// price, and fills up with blanks, which JSON allows between tokens.
func (p *Payload) quotes(dst []byte) []byte {
	dst = append(dst, '[')
	for first := p.rng.IntN(len(symbols)); ; first++ {
		i := first % len(symbols)
		p.prices[i] *= 1 + 0.001*p.rng.NormFloat64()
		mark := len(dst)
		if mark > 1 {
			dst = append(dst, ',')
		}
		dst = fmt.Appendf(dst, `{"symbol":"%s","bid":%.2f,"size":%d}`, symbols[i], p.prices[i], 100*(1+p.rng.IntN(50)))
		if len(dst)+1 > p.size {
			dst = dst[:mark]
			break
		}
	}
	for len(dst) < p.size-1 {
		dst = append(dst, ' ')
	}
	return append(dst, ']')
}
