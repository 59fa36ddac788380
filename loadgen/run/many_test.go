package run

import (
	"errors"
	"strings"
	"testing"

	"pushbench/loadgen/host"
	"pushbench/scenarios"
)

// What no host has is refused, and what every host has is not.
func TestManyNeeds(t *testing.T) {
	one := []scenarios.Treatment{{Transport: "ws", Subscribers: 1}}
	for _, test := range []struct {
		name string
		can  func([]scenarios.Treatment) error
		tell func() error
		says string
	}{
		{"memory", memory, func() error { _, err := host.FreeMemory(); return err }, " connections take "},
		{"files", files, func() error { _, _, err := host.HostFiles(); return err }, "raise fs.file-max"},
	} {
		if err := test.can(one); err != nil {
			t.Errorf("%s for one connection: %v", test.name, err)
		}
		beyond := []scenarios.Treatment{{Transport: "ws", Subscribers: 1 << 30}}
		if err := test.can(beyond); test.tell() == nil && test.name == "memory" && (err == nil || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s for %d connections: %v, want %q in it", test.name, beyond[0].Subscribers, err, test.says)
		}
	}
	path := []scenarios.Treatment{{Transport: "ws", Subscribers: 1 << 30, Network: scenarios.Network{RTT: 1}}}
	if _, err := host.Ports(); err == nil {
		if err := ports(path); err == nil || !strings.Contains(err.Error(), "widen net.ipv4.ip_local_port_range") {
			t.Errorf("2^30 connections from one address: %v", err)
		}
	}
	if err := ports(one); err != nil {
		t.Errorf("a port for one connection: %v", err)
	}
	const few = 10_000
	for _, lacks := range []error{nil, errors.New("none left")} {
		many := manyFor(func([]scenarios.Treatment) error { return lacks })
		if many(scenarios.Treatment{Transport: "ws", Subscribers: few}) != (lacks != nil) || !many(scenarios.Treatment{Transport: "ws", Subscribers: few + 1}) {
			t.Errorf("%d subscribers are few, and one more are many; where the host lacks something (%v) they all are", few, lacks)
		}
	}
}
