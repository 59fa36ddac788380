package host

import (
	"strings"
	"testing"
)

func TestNumberAfter(t *testing.T) {
	const meminfo = "MemTotal:       24623456 kB\nSlab:              60316 kB\n"
	const sockstat = "sockets: used 40\nTCP: inuse 8 orphan 0 tw 3 alloc 9 mem 17\nUDP: inuse 1 mem 2\n"
	for _, c := range []struct {
		text, key, word string
		want            int64
		err             string
	}{
		{meminfo, "Slab:", "", 60316, ""},
		{sockstat, "TCP:", "mem", 17, ""},
		{sockstat, "TCP:", "tw", 3, ""},
		{sockstat, "TCP6:", "mem", 0, "there is no TCP6:mem"},
		{sockstat, "TCP:", "memory", 0, "there is no TCP:memory"},
		{"Slab:", "Slab:", "", 0, "there is no Slab:"},
		{"Slab: many kB", "Slab:", "", 0, "invalid syntax"},
		{"Slab: -1 kB", "Slab:", "", 0, "negative"},
		{"", "Slab:", "", 0, "there is no Slab:"},
	} {
		got, err := numberAfter([]byte(c.text), c.key, c.word)
		if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%q in %q: error %v does not say %q", c.key+c.word, c.text, err, c.err)
		}
		if c.err == "" && (err != nil || got != c.want) {
			t.Errorf("%q in %q: %d, %v; want %d", c.key+c.word, c.text, got, err, c.want)
		}
	}
}
