package host

import (
	"fmt"
	"strings"
)

func (e *environment) browser() Check {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	if p := e.find(names...); p != "" {
		return Check{"browser", OK, p, ""}
	}
	return Check{"browser", Lacks, "no chromium or google-chrome in PATH", "only Go subscribers can be measured, no real browser"}
}

// proxies looks in sbin, too, where distributions put daemons and few PATHs of
// users lead.
func (e *environment) proxies() Check {
	var found, missing []string
	for _, name := range []string{"nginx", "haproxy", "caddy"} {
		if p := e.find(name, "/usr/sbin/"+name, "/usr/local/sbin/"+name); p != "" {
			found = append(found, p)
		} else {
			missing = append(missing, name)
		}
	}
	switch none := strings.Join(missing, ", "); {
	case len(missing) == 0:
		return Check{"proxies", OK, strings.Join(found, ", "), ""}
	case len(found) == 0:
		return Check{"proxies", Lacks, "none of " + none + " is installed", "no path through a proxy can be measured"}
	default:
		return Check{"proxies", Note, strings.Join(found, ", "), fmt.Sprintf("no path through %s can be measured", none)}
	}
}

// compiler looks for what the go command would take: CC, else gcc, or clang
// where the system's compiler is that.
func (e *environment) compiler() Check {
	const without = "tests run without the race detector"
	// CC may carry flags after the program.
	if cc, _, _ := strings.Cut(strings.TrimSpace(e.cc), " "); cc != "" {
		if p := e.find(cc); p != "" {
			return Check{"compiler", OK, p + " (from CC)", ""}
		}
		return Check{"compiler", Lacks, "CC is " + cc + ", which is not there", without}
	}
	standard, other := "gcc", "clang"
	if strings.HasPrefix(e.host.OS, "darwin") {
		standard, other = other, standard
	}
	if p := e.find(standard); p != "" {
		return Check{"compiler", OK, p, ""}
	}
	if p := e.find(other, "cc"); p != "" {
		return Check{"compiler", Note, p, fmt.Sprintf("the go command looks for %s; CC=%s lets tests run with the race detector", standard, p)}
	}
	return Check{"compiler", Lacks, "no gcc or clang in PATH", without}
}
