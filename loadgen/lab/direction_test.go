package lab

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/servers/feed"
)

// ways makes both directions of a path, for the down one of which most tests
// are: the up one has other streams.
func ways(c Conditions) (down, up *direction) {
	d, u := newDirections(OpenArgs{Conditions: c, Seed: 7, Block: 3})
	return &d, &u
}

// send hands a packet over, and tells of it what the direction did.
func send(d *direction, now int64, size int) (kept bool) {
	return d.arrive(now, packet{data: new([mtu]byte), size: size}, false)
}

const ms = int64(time.Millisecond)

// Known answers: when packets are handed on, and how many are dropped.
func TestDirection(t *testing.T) {
	type arrival struct {
		at   int64
		size int
	}
	for _, test := range []struct {
		name       string
		c          Conditions
		arrivals   []arrival
		due        []int64 // of the kept ones
		overflowed int64
	}{
		{"empty path", Conditions{}, []arrival{{5, 100}, {5, 1500}, {9, 40}}, []int64{5, 5, 9}, 0},
		{"half the RTT", Conditions{RTT: 20 * time.Millisecond}, []arrival{{0, 100}, {ms, 1500}}, []int64{10 * ms, 11 * ms}, 0},
		{"an odd RTT", Conditions{RTT: 5}, []arrival{{0, 100}}, []int64{2}, 0},
		// 1,250 B at 10 Mbit/s take 1 ms.
		{"bandwidth", Conditions{Down: 10e6}, []arrival{{0, 1250}, {0, 1250}, {5 * ms, 1250}}, []int64{ms, 2 * ms, 6 * ms}, 0},
		{"bandwidth and RTT", Conditions{Down: 10e6, RTT: 4 * time.Millisecond}, []arrival{{0, 1250}, {0, 625}}, []int64{3 * ms, 3*ms + ms/2}, 0},
		{"only down", Conditions{Up: 10e6}, []arrival{{0, 1250}, {0, 1250}}, []int64{0, 0}, 0},
		// The first is being sent, two wait, the fourth finds no room. At 1 ms the
		// second begins, and there is room for one.
		{"full queue", Conditions{Down: 10e6, Queue: 2500},
			[]arrival{{0, 1250}, {0, 1250}, {0, 1250}, {0, 1250}, {ms, 1250}, {ms, 1250}},
			[]int64{ms, 2 * ms, 3 * ms, 4 * ms}, 2},
		// A smaller packet may still fit.
		{"room for a small one", Conditions{Down: 10e6, Queue: 2000},
			[]arrival{{0, 1250}, {0, 1250}, {0, 1250}, {0, 625}},
			[]int64{ms, 2 * ms, 2*ms + ms/2}, 1},
		// 40 B at 3 Gbit/s take 106⅔ ns: thirds of a ns are not lost.
		{"fractions", Conditions{Down: 3e9}, []arrival{{0, 40}, {0, 40}, {0, 40}, {0, 40}, {0, 40}, {0, 40}}, []int64{106, 213, 320, 426, 533, 640}, 0},
		{"an idle line has none left over", Conditions{Down: 3e9}, []arrival{{0, 40}, {1000, 40}}, []int64{106, 1106}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, _ := ways(test.c)
			for _, a := range test.arrivals {
				send(d, a.at, a.size)
			}
			if d.flow.Overflowed != test.overflowed {
				t.Errorf("%d overflowed, want %d", d.flow.Overflowed, test.overflowed)
			}
			for i, want := range test.due {
				due, ok := d.next()
				if !ok || due != want {
					t.Fatalf("packet %d is due at %d, %v; want %d", i, due, ok, want)
				}
				d.leave()
			}
			if due, ok := d.next(); ok {
				t.Errorf("one more is due at %d", due)
			}
		})
	}
}

// The n-th packet of a direction is lost or not by seed, block and direction
// alone: not by its size, its time, or what becomes of others.
func TestLossIsTheSeeds(t *testing.T) {
	const n, p = 20_000, 0.02
	for i, name := range []string{"down", "up"} {
		d := make([]*direction, 2)
		d[0], d[1] = ways(Conditions{Loss: p})
		draws := feed.Rand(7, 3, "loss/"+name)
		lost := 0
		for k := range n {
			want := draws.Float64() < p
			before := d[i].flow.Lost
			switch k % 4 { // whatever else befalls it
			case 1:
				d[i].cut = true
			case 2:
				d[i].clear(func(*[mtu]byte) {})
			}
			send(d[i], int64(k*k), 40+k%1000)
			if d[i].cut {
				d[i].cut = false
				continue
			}
			if got := d[i].flow.Lost > before; got != want {
				t.Fatalf("%s: packet %d is lost: %v, want %v", name, k, got, want)
			}
			if want {
				lost++
			}
		}
		// Three quarters of the packets were not cut: within five standard
		// deviations of the binomial distribution.
		mean, sigma := 0.75*n*p, math.Sqrt(0.75*n*p*(1-p))
		if math.Abs(float64(lost)-mean) > 5*sigma {
			t.Errorf("%s: %d lost, want %.0f ± %.0f", name, lost, mean, 5*sigma)
		}
	}
}

// With other seeds and blocks, others are lost.
func TestLossDiffers(t *testing.T) {
	fate := func(a OpenArgs) (fates [64]bool) {
		a.Loss = 0.5
		d, _ := newDirections(a)
		for i := range fates {
			fates[i] = send(&d, 0, 100)
		}
		return fates
	}
	one := fate(OpenArgs{Seed: 1, Block: 1})
	if one != fate(OpenArgs{Seed: 1, Block: 1}) {
		t.Error("the same seed and block lose other packets")
	}
	if one == fate(OpenArgs{Seed: 2, Block: 1}) || one == fate(OpenArgs{Seed: 1, Block: 2}) {
		t.Error("another seed or block loses the same packets")
	}
}

// Delays spread evenly over (RTT ± jitter)/2 where packets are far enough apart
// not to hold one another up.
func TestJitter(t *testing.T) {
	const n = 20_000
	c := Conditions{RTT: 100 * time.Millisecond, Jitter: 40 * time.Millisecond}
	d, _ := ways(c)
	low, high, sum := int64(math.MaxInt64), int64(0), 0.0
	for i := range n {
		now := int64(i) * int64(time.Second)
		send(d, now, 100)
		due, _ := d.next()
		d.leave()
		took := due - now
		low, high, sum = min(low, took), max(high, took), sum+float64(took)
	}
	if low < 30*ms || low > 30*ms+ms/10 || high > 70*ms || high < 70*ms-ms/10 {
		t.Errorf("delays lie between %v and %v, want 30ms to 70ms", time.Duration(low), time.Duration(high))
	}
	// Uniform over 40 ms: a standard deviation of 11.5 ms.
	if mean, bound := sum/n, 5*11.55e6/math.Sqrt(n); math.Abs(mean-50e6) > bound {
		t.Errorf("the mean delay is %.3f ms, want 50 ± %.3f", mean/1e6, bound/1e6)
	}
}

// Packets overtake one another by their jitter where they may, and arrive with the
// one before them where they may not.
func TestReorder(t *testing.T) {
	const n = 1000
	for _, reorder := range []bool{false, true} {
		d, _ := ways(Conditions{RTT: 100 * time.Millisecond, Jitter: 40 * time.Millisecond, Reorder: reorder})
		draws := feed.Rand(7, 3, "jitter/down")
		type arrival struct {
			size int
			due  int64
		}
		var want []arrival
		latest := int64(0)
		for i := range n {
			send(d, int64(i)*ms, 40+i)
			due := int64(i)*ms + 50*ms + int64((2*draws.Float64()-1)*float64(20*ms))
			if latest = max(latest, due); !reorder {
				due = latest
			}
			want = append(want, arrival{40 + i, due})
		}
		slices.SortStableFunc(want, func(a, b arrival) int { return cmp.Compare(a.due, b.due) })
		overtaken := 0
		for i, w := range want {
			due, ok := d.next()
			if p := d.leave(); !ok || p.size != w.size || due != w.due {
				t.Fatalf("reorder %v: packet %d is that of %d bytes, due at %d; want %+v", reorder, i, p.size, due, w)
			}
			if i > 0 && w.size < want[i-1].size {
				overtaken++
			}
		}
		if reorder != (overtaken > n/4) {
			t.Errorf("reorder %v: %d of %d packets come after one sent later", reorder, overtaken, n)
		}
	}
}

// Whatever the path and the traffic: order is kept unless it need not be, nothing
// is handed on before its time on an empty path, sending takes at least 8b/rate after what was sent
// before, no more waits than there is room for, and packets are conserved.
func TestDirectionProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Conditions{
			RTT:   time.Duration(rapid.Int64Range(0, int64(300*time.Millisecond)).Draw(t, "RTT")),
			Loss:  rapid.SampledFrom([]float64{0, 0.1, 1}).Draw(t, "loss"),
			Down:  rapid.SampledFrom([]float64{0, MinRate, 1e6, 123.4e6, 1e9, MaxRate}).Draw(t, "rate"),
			Queue: rapid.SampledFrom([]int{0, mtu, 10_000}).Draw(t, "queue"),
		}
		c.Jitter = time.Duration(rapid.Int64Range(0, int64(c.RTT)).Draw(t, "jitter"))
		c.Reorder = c.Jitter > 0 && rapid.Bool().Draw(t, "reorder")
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		d, _ := ways(c)
		earliest := map[*[mtu]byte]int64{}
		var order []*[mtu]byte
		gone := func(data *[mtu]byte) {
			i := slices.Index(order, data)
			if i != 0 && !c.Reorder {
				t.Fatal("order is not kept")
			}
			order = slices.Delete(order, i, i+1)
		}
		var now, last, sent, bytes, brought int64
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				d.cut = !d.cut
				if d.cut {
					d.clear(gone)
				}
			case 1, 2, 3:
				now += rapid.Int64Range(0, int64(20*time.Millisecond)).Draw(t, "time")
				for {
					due, ok := d.next()
					if !ok || due > now {
						break
					}
					p := d.leave()
					if due < last || due < earliest[p.data] {
						t.Fatalf("a packet is due at %d, before %d, where it can be", due, max(last, earliest[p.data]))
					}
					gone(p.data)
					last = due
					brought += int64(p.size)
				}
			default:
				p := packet{data: new([mtu]byte), size: rapid.IntRange(20, mtu).Draw(t, "size")}
				stray := rapid.IntRange(0, 9).Draw(t, "stray") == 0
				sent++
				bytes += int64(p.size)
				free := d.free
				kept := d.arrive(now, p, stray)
				if kept && (stray || d.cut || c.Loss == 1) {
					t.Fatal("a packet got through that could not")
				}
				if !kept {
					continue
				}
				begins := now
				if c.Down > 0 {
					begins = max(now, free)
					took := float64(d.free - begins)
					if want := float64(p.size) * 8 / c.Down * 1e9; math.Abs(took-want) > 1 {
						t.Fatalf("%d bytes took %v ns, want %v", p.size, took, want)
					}
				}
				earliest[p.data] = d.free + int64((c.RTT-c.Jitter)/2) - 1
				order = append(order, p.data)
			}
			waiting := 0
			for i := range d.flight.n {
				if p := d.flight.at(i); p.start > now {
					waiting += p.size
				}
			}
			if c.Down > 0 && waiting > c.QueueOf(c.Down) {
				t.Fatalf("%d bytes wait, there is room for %d", waiting, c.QueueOf(c.Down))
			}
			f := d.flow
			if f.Packets != sent || f.Packets != f.Lost+f.Overflowed+f.Cut+f.Delivered+int64(len(order)) || f.Bytes != bytes || f.DeliveredBytes != brought {
				t.Fatalf("of %d packets and %d bytes, of which %d were brought, it counts %+v", sent, bytes, brought, f)
			}
		}
	})
}

// What becomes of packets, and how long each is under way, is the same wherever the
// clock is: of a host just booted, below 0, or near its end.
func TestDirectionAtAnyInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Conditions{
			RTT:  time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "RTT")),
			Loss: 0.1,
			Down: rapid.SampledFrom([]float64{0, MinRate, 1e6, 3e9}).Draw(t, "rate"),
		}
		c.Jitter = c.RTT / 2
		c.Reorder = c.Jitter > 0 && rapid.Bool().Draw(t, "reorder")
		times := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Second)), 1, 40).Draw(t, "times")
		slices.Sort(times)
		clear := rapid.IntRange(0, len(times)).Draw(t, "cleared before")
		course := func(start int64) (due []int64, f Flow) {
			d, _ := ways(c)
			for i, at := range times {
				if i == clear {
					d.clear(func(*[mtu]byte) {})
				}
				send(d, start+at, 1000)
			}
			for {
				at, ok := d.next()
				if !ok {
					return due, d.flow
				}
				due = append(due, at-start)
				d.leave()
			}
		}
		want, flow := course(0)
		start := rapid.Int64Range(math.MinInt64+int64(time.Second), math.MaxInt64-int64(time.Hour)).Draw(t, "start")
		if got, counted := course(start); !slices.Equal(got, want) || counted != flow {
			t.Fatalf("from %d on packets are due at %v and counted %+v, not at %v and %+v", start, got, counted, want, flow)
		}
	})
}

// What is cut or cleared takes no time of what comes after.
func TestClear(t *testing.T) {
	d, _ := ways(Conditions{Down: 10e6, RTT: 10 * time.Millisecond, Queue: 5000})
	for range 4 {
		send(d, 0, 1250)
	}
	freed := 0
	d.clear(func(*[mtu]byte) { freed++ })
	if freed != 4 || d.flow.Cut != 4 || d.flight.n != 0 || d.waiting != 0 {
		t.Errorf("%d freed: %+v", freed, d.flow)
	}
	send(d, ms/2, 1250)
	if due, ok := d.next(); !ok || due != ms/2+6*ms {
		t.Errorf("a packet at 0.5 ms is due at %d", due)
	}
}

// A packet through a direction allocates nothing, once there are buffers.
func TestDirectionDoesNotAllocate(t *testing.T) {
	d, _ := ways(Conditions{RTT: time.Millisecond, Jitter: time.Millisecond, Loss: 0.1, Down: 1e9})
	var p pool
	now := int64(0)
	carry := func() {
		data := p.get()
		if !d.arrive(now, packet{data: data, size: 1000}, false) {
			p.put(data)
		}
		for {
			due, ok := d.next()
			if !ok || due > now {
				break
			}
			p.put(d.leave().data)
		}
		now += 10_000
	}
	for range 1000 {
		carry()
	}
	if n := testing.AllocsPerRun(1000, carry); n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
}
