// Package lab is a network between server and fleet: real TCP of this host's
// kernel over a path with delay, jitter, loss and limited bandwidth, for
// ordinary users.
//
//	┌ namespace of the server ┐    ┌ loadgen link ─────────────┐    ┌ namespace of the fleet ┐
//	│ servers ── TCP ── TUN ──┼───▶│ Down: queue, loss, delay ─┼───▶│ TUN ── TCP ── fleet    │
//	│            198.18.0.1   │◀───┼─ delay, loss, queue :Up   │◀───┼─       198.18.0.2      │
//	└─────────────────────────┘    └───────────────────────────┘    └────────────────────────┘
//
// The process `loadgen link` (Serve) makes two network namespaces, each with a
// TUN device, and forwards IP packets between them. A trial starts it first,
// has it Open the path, and then starts server and fleet inside through
// `loadgen join` (Join). Namespaces have no name and are gone with the last process
// in them, devices with the link, which holds them, however it ended.
//
// Making namespaces takes rights that an ordinary user has in a user namespace
// of his own: Enter goes there, and Ready says whether this host lets him.
//
// Nothing of the path is in the kernel beside the devices: no netem, no
// firewall rule, no forwarding, and nothing outside the two namespaces changes.
package lab
