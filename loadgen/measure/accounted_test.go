package measure

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"pushbench/results"
	"pushbench/servers/wire"
)

var accountedCases = []ruleCase{
	{"never settled", clean, func(o *Observation) { o.Unsettled = []string{"the ends did not settle", "nor later"} },
		[]string{"accounted settle: the ends did not settle; nor later"}},
	{"never settled, of memory", memoryTrial, func(o *Observation) { o.Unsettled = []string{"the ends did not settle"} },
		[]string{"accounted settle: the ends did not settle"}},

	{"tallies down differ", clean, func(o *Observation) { o.After.Server.Counts.BytesWritten++ },
		[]string{"accounted tallies: tallies differ: the server has read 11600 bytes, written 29449 and kept 0, the fleet has written 11600 and read 29448"}},
	{"tallies up differ", clean, func(o *Observation) { o.After.Server.Counts.BytesRead-- },
		[]string{"accounted tallies: tallies differ: the server has read 11599 bytes, written 29448 and kept 0, the fleet has written 11600 and read 29448"}},
	{"tallies differ before", clean, func(o *Observation) { o.Before.Server.Counts.BytesRead++ },
		[]string{"accounted tallies: tallies differ: the server has read 5001 bytes, written 10000 and kept 0, the fleet has written 5000 and read 10000"}},
	{"tallies differ in quiet", quietTrial, func(o *Observation) { o.After.Server.Counts.BytesWritten++ },
		[]string{"accounted tallies: tallies differ: the server has read 0 bytes, written 1 and kept 0, the fleet has written 0 and read 0"}},

	{"a byte in no layer", clean, func(o *Observation) { o.After.Fleet.HeadersDown-- },
		[]string{"accounted layers: layers do not add up: {down:19447 up:6600}, at the socket {down:19448 up:6600}"}},
	{"a byte in two layers", clean, func(o *Observation) { o.After.Fleet.FramingUp++ },
		[]string{"accounted layers: layers do not add up: {down:19448 up:6601}, at the socket {down:19448 up:6600}"}},
	{"a record of TLS in clear", clean, func(o *Observation) { o.After.Server.Counts.TLS += 22 },
		[]string{"accounted layers: layers do not add up: {down:19470 up:6600}, at the socket {down:19448 up:6600}"}},

	{"the kernel has sent more", clean, func(o *Observation) { o.After.Fleet.TCP.BytesSent++ },
		[]string{"accounted kernel: tallies differ from the kernel's: {down:19448 up:6600}, the kernel's {down:19448 up:6601}"}},
	{"the kernel has received less", clean, func(o *Observation) { o.After.Fleet.TCP.BytesReceived-- },
		[]string{"accounted kernel: tallies differ from the kernel's: {down:19448 up:6600}, the kernel's {down:19447 up:6600}"}},
	{"the kernel tells nothing", clean, func(o *Observation) { o.After.Fleet.TCP, o.After.Fleet.NoTCP = wire.TCP{}, "it takes Linux" }, nil},

	{"a byte too many on the link", linked, func(o *Observation) { o.After.Link.Down.DeliveredBytes++ },
		[]string{"accounted link: the link counted {down:20001 up:5200} bytes, and the kernel's counts make it {down:20000 up:5200}, at most {down:0 up:0} more or 0 less"}},
	{"a byte too few", linked, func(o *Observation) { o.After.Link.Up.Bytes-- },
		[]string{"accounted link: the link counted {down:20000 up:5199} bytes, and the kernel's counts make it {down:20000 up:5200}, at most {down:0 up:0} more or 0 less"}},
	{"counts that the kernel does not have", linked, func(o *Observation) { o.After.Link.Up.Bytes--; o.After.Fleet.NoTCP = "no" }, nil},
	{"lost and brought", linked, func(o *Observation) { o.After.Link.Up.Lost = 1; o.After.Link.Up.Bytes += 100 * 28 }, nil},
	{"sent again in vain", linked, func(o *Observation) { o.After.Resent.Down++; o.After.Link.Down.DeliveredBytes += 200 }, nil},
	{"lost, and sent again after the mark", linked, func(o *Observation) { o.After.Link.Up.Lost = 1; o.After.Link.Up.Bytes -= 1500 }, nil},
	{"lost, and too few", linked, func(o *Observation) { o.After.Link.Up.Lost = 1; o.After.Link.Down.DeliveredBytes -= 7_501 },
		[]string{"accounted link: the link counted {down:12499 up:5200} bytes, and the kernel's counts make it {down:20000 up:5200}, at most {down:10300 up:10300} more or 7500 less"}},
	{"lost, and too many", linked, func(o *Observation) { o.After.Link.Up.Lost = 1; o.After.Link.Up.Bytes += 10_301 },
		[]string{"accounted link: the link counted {down:20000 up:15501} bytes, and the kernel's counts make it {down:20000 up:5200}, at most {down:10300 up:10300} more or 7500 less"}},
}

// Whatever the layers are, they must be the whole.
func TestLayersAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := clean(t)
		bytes := rapid.Int64Range(0, 1<<40)
		draw := func(name string, into *int64) int64 {
			n := bytes.Draw(rt, name)
			*into += n
			return n
		}
		saved := func(name string, into *int64) int64 {
			n := rapid.Int64Range(0, 1000).Draw(rt, name)
			*into -= n
			return n
		}
		f := &o.After.Fleet
		down := draw("payload", &f.Payload) + draw("envelope", &f.Envelope) + draw("headers down", &f.HeadersDown) + draw("framing down", &f.FramingDown) +
			draw("echoes down", &f.EchoesDown) + draw("compression down", &f.CompressionDown) +
			draw("TLS down", &o.After.Server.Counts.TLS)
		up := draw("headers up", &f.HeadersUp) + draw("framing up", &f.FramingUp) + draw("TLS up", &f.Counts.TLS) +
			draw("messages", &f.EchoesUp) - saved("compression up", &f.CompressionUp)
		offDown, offUp := rapid.Int64Range(-2, 2).Draw(rt, "off down"), rapid.Int64Range(-2, 2).Draw(rt, "off up")
		for _, c := range []*int64{&f.Counts.BytesRead, &o.After.Server.Counts.BytesWritten, &f.TCP.BytesReceived} {
			*c += down + offDown
		}
		for _, c := range []*int64{&f.Counts.BytesWritten, &o.After.Server.Counts.BytesRead, &f.TCP.BytesSent} {
			*c += up + offUp
		}
		told := slices.ContainsFunc(o.broken(), func(b results.Broken) bool { return b.Class == results.Accounted && b.Rule == "layers" })
		if told != (offDown != 0 || offUp != 0) {
			rt.Errorf("off by %d down and %d up: %q", offDown, offUp, o.broken())
		}
	})
}
