package scenarios

import "strconv"

// Who takes part in a trial beside our server and one fleet.

// NoProxy is the level of the key proxy where nobody stands before the server.
const NoProxy = "none"

// Proxies are the levels of the key proxy: none, and the names that package
// loadgen/stage has the programs of.
var Proxies = []string{NoProxy, "relay"}

// maxFleets bounds the processes that share the subscribers of a trial.
const maxFleets = 64

// Proxied reports whether somebody stands before the server.
func (t Treatment) Proxied() bool { return t.Proxy != "" && t.Proxy != NoProxy }

func readFleets(level string, t *Treatment) (string, error) {
	n, err := wholeNumber(level, 1, maxFleets, "2")
	if err != nil {
		return "", err
	}
	t.Fleets = int(n)
	return strconv.FormatUint(n, 10), nil
}
