package conform

import "slices"

// Suite is every check, in the order of the RFC's sections as far as that reads
// well.
func Suite() []Check {
	return slices.Concat(
		group("legal handshakes", 0, legal),
		group("illegal handshakes", 0, illegal),
		group("negotiation", 0, negotiation),
		group("transport of the handshake", 0, transport),
		group("messages", needsOpen|needsEcho, messages),
		group("control frames", needsOpen, control),
		group("frames that break the rules", needsOpen, broken),
		group("text", needsOpen|needsText, texts),
		group("closing", needsOpen, closes),
		group("limits", needsOpen, limits),
		group("permessage-deflate", needsOpen|needsEcho|needsDeflate, compression),
	)
}

// group gives its checks a name in common and what all of them need.
func group(name string, all needs, checks []Check) []Check {
	checks = slices.Clone(checks)
	for i := range checks {
		checks[i].Group = name
		checks[i].needs |= all
	}
	return checks
}
