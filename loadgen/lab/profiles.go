package lab

import "time"

// Profile is a kind of network that many users have, as one name.
type Profile struct {
	Name   string
	About  string
	Source string // of the numbers
	Conditions
}

const webPageTest = "WebPageTest's connectivity profile "

// Profiles are all there are, from near to far. Where nobody's published figure
// fits, the source says "chosen", and why.
var Profiles = []Profile{
	{
		Name:       "lan",
		About:      "wired, in one building",
		Source:     "chosen: gigabit Ethernet (IEEE 802.3ab), and a round trip in which two hosts' interrupts count for more than the cable",
		Conditions: Conditions{RTT: 500 * time.Microsecond, Down: 1e9, Up: 1e9},
	},
	{
		Name:       "fibre",
		About:      "fibre to the home, server in the same city",
		Source:     webPageTest + "FIOS: 20/5 Mbit/s, 4 ms",
		Conditions: Conditions{RTT: 4 * time.Millisecond, Down: 20e6, Up: 5e6},
	},
	{
		Name:       "lossy-wifi",
		About:      "crowded wireless LAN: short, unsteady, losing packets",
		Source:     "chosen: a round trip between 5 and 35 ms and 1 % of loss each way, where TCP feels every loss but connections live",
		Conditions: Conditions{RTT: 20 * time.Millisecond, Jitter: 15 * time.Millisecond, Loss: 0.01, Down: 20e6, Up: 20e6},
	},
	{
		Name:       "4g",
		About:      "phone on a good mobile network",
		Source:     webPageTest + "LTE: 12/12 Mbit/s, 70 ms",
		Conditions: Conditions{RTT: 70 * time.Millisecond, Down: 12e6, Up: 12e6},
	},
	{
		Name:       "intercontinental",
		About:      "wired, between two continents",
		Source:     "chosen: light in glass (refractive index 1.468) takes 9.8 ms for 1,000 km and back, so this is a cable of some 15,000 km, as between Europe and East Asia; wide enough not to count",
		Conditions: Conditions{RTT: 150 * time.Millisecond, Down: 100e6, Up: 100e6},
	},
	{
		Name:       "3g",
		About:      "phone on an older mobile network",
		Source:     webPageTest + "3G: 1.6 Mbit/s down, 768 kbit/s up, 300 ms",
		Conditions: Conditions{RTT: 300 * time.Millisecond, Down: 1.6e6, Up: 768e3},
	},
}

// ProfileNamed finds a profile.
func ProfileNamed(name string) (Profile, bool) {
	for _, p := range Profiles {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}
