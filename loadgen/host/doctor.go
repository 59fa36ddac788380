package host

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// State is what a check found.
type State string

const (
	OK    State = "ok"
	Note  State = "note"  // usable, and a reader of the results should know
	Lacks State = "lacks" // what needs it cannot be measured here
)

// Check is one thing that the host has, or has not.
type Check struct {
	Name  string
	State State
	Found string // what there is, with its number
	Means string // what that means for the user, one clause; "" if nothing
}

// Doctor examines this host in well under two seconds. It needs no root, opens no
// network connection and changes nothing. It writes a line for each check, what
// trials ask of a host among them, and the count of all.
func Doctor(w io.Writer, asked []Check) error { return write(w, thisHost().checks(asked...)) }

func write(w io.Writer, checks []Check) error {
	b := bufio.NewWriter(w)
	found := map[State]int{}
	for _, c := range checks {
		found[c.State]++
		fmt.Fprintf(b, "%-5s  %-10s  %s\n", c.State, c.Name, strings.Join(nonEmpty(c.Found, c.Means), " – "))
	}
	fmt.Fprintf(b, "%d ok, %d to note, %d lacking (only what needs them cannot run)\n", found[OK], found[Note], found[Lacks])
	return b.Flush()
}

func (e *environment) checks(asked ...Check) []Check {
	u := e.usage()
	all := []Check{
		e.system(),
		e.cpus(),
		e.load(u),
		e.steal(u),
		e.cpuTime(u),
		e.virtual(),
		e.clock(),
		e.timer(),
		e.openFiles(),
		e.ports(),
		e.congestion(),
		e.packets(),
	}
	return append(append(all, asked...), e.browser(), e.proxies(), e.compiler())
}
