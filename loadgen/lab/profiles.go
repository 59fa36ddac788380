package lab

import "time"

// Profiles are kinds of network that many users have, by name. Each has the source of
// its numbers: WebPageTest's connectivity profiles, or a reason where nobody has
// published any.
var Profiles = map[string]Conditions{
	// Gigabit Ethernet in one building (IEEE 802.3ab), and a round trip in which two
	// hosts' interrupts count for more than the cable.
	"lan": {RTT: 500 * time.Microsecond, Down: 1e9, Up: 1e9},
	// To the home, from a server in the same city: WebPageTest's FIOS.
	"fibre": {RTT: 4 * time.Millisecond, Down: 20e6, Up: 5e6},
	// A crowded wireless LAN, short, unsteady and losing packets: a round trip between 5
	// and 35 ms and 1 % of loss each way, where TCP feels every loss but connections live.
	"lossy-wifi": {RTT: 20 * time.Millisecond, Jitter: 15 * time.Millisecond, Loss: 0.01, Down: 20e6, Up: 20e6},
	// A phone on a good mobile network: WebPageTest's LTE.
	"4g": {RTT: 70 * time.Millisecond, Down: 12e6, Up: 12e6},
	// Light in glass (refractive index 1.468) takes 9.8 ms for 1,000 km and back, so this
	// is a cable of some 15,000 km, as between Europe and East Asia; wide enough not to count.
	"intercontinental": {RTT: 150 * time.Millisecond, Down: 100e6, Up: 100e6},
	// A phone on an older mobile network: WebPageTest's 3G.
	"3g": {RTT: 300 * time.Millisecond, Down: 1.6e6, Up: 768e3},
}
