package run

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"

	"pushbench/results"
)

// A trial that fails is part of the record, and the run goes on. But what keeps every
// trial from working is no finding about a transport: the run finds it out before its
// first trial, or by two that fail alike, and stops with the cause and what would
// mend it.

// The rules that a trial broke which could not be taken to its end, and one of which
// nothing was reached.
const (
	failedRule    = "failed"
	unreachedRule = "unreached"
)

// failure is why a trial could not be taken to its end; "" where it was.
func failure(t *results.Trial) string {
	if t == nil {
		return ""
	}
	for _, b := range t.Broken {
		if b.Rule == failedRule || b.Rule == unreachedRule {
			return b.Text
		}
	}
	return ""
}

// unreached reports whether nothing of a trial was reached.
func unreached(t *results.Trial) bool {
	return slices.ContainsFunc(t.Broken, func(b results.Broken) bool { return b.Rule == unreachedRule })
}

// useless is an error where a trial failed as the one before it did.
func (s *session) useless(t *results.Trial) error {
	before := s.failed
	s.failed = t
	if why := failure(t); why != "" && likeness(why) == likeness(failure(before)) {
		return s.programs.useless("two trials in a row failed alike, and so would the rest", why, t.Log)
	}
	return nil
}

// likeness is what failures of one cause share of their first reason: neither ports,
// process IDs and other numbers, nor what is quoted, such as a transport's URL.
func likeness(text string) string {
	first, _, _ := strings.Cut(text, "; ")
	return varying.ReplaceAllString(first, "…")
}

var varying = regexp.MustCompile(`"[^"]*"|\d+`)

// brief is a text with one of the reasons that are alike: each subscriber has its own.
func brief(text string) string {
	var list, seen []string
	for part := range strings.SplitSeq(text, "; ") {
		_, kind, _ := strings.Cut(likeness(part), "subscriber …")
		if kind = cmp.Or(kind, part); !slices.Contains(seen, kind) {
			list, seen = append(list, part), append(seen, kind)
		}
	}
	return strings.Join(list, "; ")
}

// reason is an error in a line, as the end of a record has it.
func reason(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

// useless is an error which says that no trial can work: its first line has the cause,
// or what would mend it where that is known, and the others what was seen.
func (p programs) useless(says, why, log string) error {
	why = brief(why)
	cause, seen := why, lastLines(log, logLines)
	if mend := p.mend(why + "\n" + log); mend != "" {
		cause, seen = mend, why+"\n"+seen
	}
	seen = strings.TrimRight(strings.ReplaceAll("\n"+seen, "\n", "\n  "), "\n ")
	return errors.New(says + ": " + cause + seen)
}

// logLines is how much of a log tells why a process failed: the runtime writes its
// reason first, and then pages of stacks.
const logLines = 6

// lastLines is the end of a text, or of a crash its beginning.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		if crash.MatchString(line) {
			return strings.Join(lines[i:min(i+n, len(lines))], "\n")
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

var crash = regexp.MustCompile(`\b(runtime/cgo: |runtime: |fatal error: |panic: )`)

// cause is what keeps trials from working, by what they say.
type cause struct {
	says *regexp.Regexp
	mend func(programs) string
}

// causes are looked through from the first to the last, which says least.
var causes = []cause{
	{regexp.MustCompile(`(?i)network is unreachable|no route to host|cannot assign requested address`), loopback},
	{regexp.MustCompile(`(?i)address already in use`), always("the ports that the kernel picks from may be used up (net.ipv4.ip_local_port_range): end what holds them, or wait a minute")},
	{regexp.MustCompile(`(?i)start the \w+: .*permission denied`), programs.forbidden},
	{regexp.MustCompile(`(?i)exec format error`), programs.foreign},
	{regexp.MustCompile(`(?i)resource temporarily unavailable|failed to create new OS thread`), always("a limit on processes is reached (`ulimit -u`, or pids.max of a container): raise it, or end others")},
	{regexp.MustCompile(`(?i)cannot allocate memory|out of memory|failed to reserve|cannot reserve|errno=12`), always("memory is short, or limited (`ulimit -v`, or the limit of a container): raise it")},
	{regexp.MustCompile(`(?i)too many open files`), always("too few files may be open: `ulimit -n` raises the limit")},
	{regexp.MustCompile(`(?i)no space left on device|disk quota exceeded|read-only file system`), always("a disk is full, or cannot be written: make room, or let TMPDIR name another folder")},
	{regexp.MustCompile(`(?i)socket: (operation not permitted|permission denied|function not implemented)|address family not supported`), always("a sandbox or container forbids sockets: run it outside")},
	{regexp.MustCompile(`(?i)cpu time limit exceeded`), always("the time that a process may run is limited: `ulimit -t unlimited`")},
	{regexp.MustCompile(`(?i)signal: killed`), always("a process was killed; where nobody did it the kernel was short of memory, and `dmesg` tells")},
	{regexp.MustCompile(`(?i)\bserver: listen: `), programs.foreign},
}

// mend is what would mend the cause that a text tells of; "" where that is not known.
func (p programs) mend(text string) string {
	for _, c := range causes {
		if c.says.MatchString(text) {
			return c.mend(p)
		}
	}
	return ""
}

func always(text string) func(programs) string { return func(programs) string { return text } }

// loopback is what is wrong with the way from this host to itself.
func loopback(programs) string {
	interfaces, err := net.Interfaces()
	if err != nil {
		return "the loopback interface may be down: `ip link set lo up`"
	}
	return loopbackOf(interfaces)
}

func loopbackOf(interfaces []net.Interface) string {
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback == 0 {
			continue
		}
		if i.Flags&net.FlagUp == 0 {
			return fmt.Sprintf("the loopback interface is down: `ip link set %s up`", i.Name)
		}
		addresses, err := i.Addrs()
		for _, a := range addresses {
			if n, ok := a.(*net.IPNet); ok && n.Contains(net.IPv4(127, 0, 0, 1)) {
				return "the ports for connections may be used up (net.ipv4.ip_local_port_range): wait a minute, or use fewer subscribers"
			}
		}
		if err == nil {
			return fmt.Sprintf("the loopback interface has not the address 127.0.0.1: `ip address add 127.0.0.1/8 dev %s`", i.Name)
		}
	}
	return "there is no loopback interface with the address 127.0.0.1, which every trial needs"
}

// forbidden is why the host does not let a program run.
func (p programs) forbidden() string {
	const may = "a folder where programs may run"
	if info, err := os.Stat(p.servers); err == nil && info.Mode()&0o111 == 0 {
		return fmt.Sprintf("`chmod +x %s`", p.servers)
	}
	if p.built {
		return fmt.Sprintf("%s lets no program run (is it mounted noexec?): let TMPDIR name %s, or give the built program with -servers", os.TempDir(), may)
	}
	return fmt.Sprintf("%s may not run where it is (is that mounted noexec?): copy it to %s, and name it with -servers", p.servers, may)
}

// foreign is what to do about a program that is not the servers'.
func (p programs) foreign() string {
	const mend = "`go build -o bin/ ./servers`, then -servers bin/servers"
	if p.built {
		return "build it by hand: " + mend
	}
	return fmt.Sprintf("is %s the servers' program of this module? %s", p.servers, mend)
}
