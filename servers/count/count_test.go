package count_test

import (
	"reflect"
	"strings"
	"testing"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/host"
	"pushbench/loadgen/lab"
	"pushbench/loadgen/measure"
	"pushbench/servers/control"
	"pushbench/servers/count"
	"pushbench/servers/wire"
)

// Every reading that is added or subtracted somewhere adds up in all of its fields.
func TestReadings(t *testing.T) {
	adds[wire.Counts](t)
	adds[wire.TCP](t)
	adds[control.Usage](t)
	adds[fleet.Age](t)
	adds[fleet.Order](t)
	adds[fleet.Count](t)
	adds[fleet.Age](t)
	adds[fleet.Uplink](t)
	adds[measure.Ways](t)
	adds[fleet.Setups](t)
	adds[lab.Flow](t)
	adds[host.CoreTime](t)
	adds[host.ThreadTime](t)
	adds[host.Throttle](t)
}

// adds gives every number of two readings its own value, and looks at each of their
// sum and difference.
func adds[T comparable](t *testing.T) {
	t.Helper()
	set := func(of func(n int) int) (v T) {
		n := 0
		fill(reflect.ValueOf(&v).Elem(), func() int { n++; return of(n) })
		return v
	}
	a, b := set(func(n int) int { return 1000 * n }), set(func(n int) int { return n })
	if got, want := count.Add(a, b), set(func(n int) int { return 1001 * n }); got != want {
		t.Errorf("%T: %+v and %+v are %+v together", a, a, b, got)
	}
	if got, want := count.Sub(a, b), set(func(n int) int { return 999 * n }); got != want {
		t.Errorf("%T: %+v less %+v is %+v", a, a, b, got)
	}
}

func fill(v reflect.Value, next func() int) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Struct:
			fill(f, next)
		default:
			f.Set(reflect.ValueOf(next()).Convert(f.Type()))
		}
	}
}

func TestNoNumber(t *testing.T) {
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, "NoTCP is no number") {
			t.Errorf("it panics with %q", said)
		}
	}()
	count.Add(fleet.Mark{}, fleet.Mark{})
}

// A poll without keepalive adds this up for each of its connections.
func BenchmarkAdd(b *testing.B) {
	b.ReportAllocs()
	var sum wire.TCP
	for b.Loop() {
		sum = count.Add(sum, wire.TCP{Opened: 1, BytesSent: 100})
	}
}
