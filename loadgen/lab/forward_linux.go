package lab

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"pushbench/results"
	"pushbench/servers/feed"
)

// forwarder carries packets between the two ends, on one thread of its own: a
// packet costs it a read and a write, and a wake-up that packets share.
//
// It waits in poll(2) for the devices and a timerfd: there is nothing else in
// this process that the poller of Go's runtime would have to serve, and this way
// a wake-up passes by no scheduler but the kernel's. The timer is one of its own
// since poll's time-outs, and epoll's, may be late by a thousandth of their
// length (select_estimate_accuracy in fs/select.c), 0.1 ms of 100 ms. It never
// spins.
//
// A CPU that has been idle for long takes longest to wake up (deep C-states, a
// hypervisor that has given it away): 0.15 ms, measured in a virtual machine,
// against 0.04 ms after a short sleep. So a long wait is taken in two, the second
// of them short.
type forwarder struct {
	clock   feed.Clock
	ways    [2]way
	timer   int   // a timerfd
	armed   int64 // when it fires or has fired; 0: never
	setting unix.ItimerSpec
	stop    int // an eventfd that ends it
	done    chan struct{}

	mu    sync.Mutex // held while packets are handled; what follows is under it
	fleet netip.Addr
	pool  pool
	late  *results.Hist
	err   error // why it has ended
}

// way is a direction with the devices at its ends.
type way struct {
	direction
	from, to int
	refused  int64 // packets that the receiver's kernel did not take
	drained  bool  // nothing was left to read
}

const (
	down = 0 // indices of ways
	up   = 1
)

// batch is how many packets of a direction are handled in one go, before the
// other direction has its turn.
const batch = 64

// newForwarder starts carrying packets.
func newForwarder(server, fleet *end, a OpenArgs) (*forwarder, error) {
	f := &forwarder{clock: feed.NewClock(), done: make(chan struct{}), fleet: fleet.addr, late: results.NewHist()}
	f.ways[down].direction, f.ways[up].direction = newDirections(a)
	f.ways[down].from, f.ways[down].to = server.tun, fleet.tun
	f.ways[up].from, f.ways[up].to = fleet.tun, server.tun
	var err error
	if f.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("make a timer: %w", err)
	}
	if f.stop, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		unix.Close(f.timer)
		return nil, fmt.Errorf("make an eventfd: %w", err)
	}
	go f.run()
	return f, nil
}

// close ends it and returns once it has.
func (f *forwarder) close() {
	one := [8]byte{1} // any count above zero, in either byte order
	unix.Write(f.stop, one[:])
	<-f.done
	unix.Close(f.stop)
	unix.Close(f.timer)
}

// run is the thread, to its end.
func (f *forwarder) run() {
	defer close(f.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := f.carry()
	f.change(func() { f.err = err })
}

// carry handles packets until it is told to stop.
func (f *forwarder) carry() error {
	fds := []unix.PollFd{
		{Fd: int32(f.ways[down].from), Events: unix.POLLIN},
		{Fd: int32(f.ways[up].from), Events: unix.POLLIN},
		{Fd: int32(f.timer), Events: unix.POLLIN},
		{Fd: int32(f.stop), Events: unix.POLLIN},
	}
	for {
		wait, err := f.arm()
		if err == nil {
			_, err = unix.Poll(fds, wait)
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for packets: %w", err)
		}
		if fds[3].Revents != 0 {
			return nil
		}
		if err := f.round(fds[down].Revents != 0, fds[up].Revents != 0); err != nil {
			return err
		}
	}
}

// nap is the second part of a wait that is at least twice as long (ns): more than
// most CPUs take to wake up.
const nap = 500_000

// arm sets the timer to when the first packet is due or nearly so, and gives the
// time-out of poll: none, or 0 where there is something to do already.
func (f *forwarder) arm() (wait int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	due := int64(math.MaxInt64)
	for i := range f.ways {
		if at, ok := f.ways[i].next(); ok {
			due = min(due, at)
		}
		if !f.ways[i].drained {
			return 0, nil
		}
	}
	switch left := feed.Between(f.clock.Now(), due); {
	case left <= 0:
		return 0, nil
	case due == math.MaxInt64:
		due = 0 // disarmed, and no longer readable where it has fired
	case left >= 2*nap:
		due -= nap
	}
	if due == f.armed {
		return -1, nil
	}
	f.armed = due
	f.setting.Value = unix.NsecToTimespec(due)
	return -1, unix.TimerfdSettime(f.timer, unix.TFD_TIMER_ABSTIME, &f.setting, nil)
}

// round hands on what is due and takes in what there is, a batch each.
func (f *forwarder) round(downReady, upReady bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.ways {
		f.handOn(&f.ways[i])
	}
	for i, ready := range [...]bool{downReady, upReady} {
		if w := &f.ways[i]; ready || !w.drained {
			if err := f.takeIn(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// handOn writes packets that are due to the receiver's device.
func (f *forwarder) handOn(w *way) {
	for range batch {
		due, ok := w.next()
		if !ok {
			return
		}
		now := f.clock.Now()
		if now < due {
			return
		}
		p := w.leave()
		f.late.Record(int64(feed.Between(due, now))) // below an hour, or Dropped says so
		if _, err := unix.Write(w.to, p.data[:p.size]); err != nil {
			w.refused++
		}
		f.pool.put(p.data)
	}
}

// takeIn reads packets from the sender's device.
func (f *forwarder) takeIn(i int) error {
	w := &f.ways[i]
	w.drained = false
	for range batch {
		data := f.pool.get()
		n, err := unix.Read(w.from, data[:])
		if err != nil || n <= 0 {
			f.pool.put(data)
		}
		switch {
		case errors.Is(err, unix.EAGAIN):
			w.drained = true
			return nil
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Errorf("read the TUN device: %w", err)
		case n > 0:
			p := packet{data: data, size: n}
			if !w.arrive(f.clock.Now(), p, f.stray(i, p)) {
				f.pool.put(data)
			}
		}
	}
	return nil
}

// stray reports whether a packet is to or from another address than the fleet's
// present one.
func (f *forwarder) stray(i int, p packet) bool {
	const source, destination, header = 12, 16, 20 // RFC 791, section 3.1
	at := destination
	if i == up {
		at = source
	}
	return p.size < header || netip.AddrFrom4([4]byte(p.data[at:at+4])) != f.fleet
}

// change does something between packets, and says why there are no more, if so.
func (f *forwarder) change(do func()) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	return f.err
}

// cut lets directions' packets vanish from now on, those under way included.
func (f *forwarder) cut(a CutArgs) error {
	return f.change(func() {
		for i, asked := range [...]bool{a.Down, a.Up} {
			if asked {
				f.ways[i].cut = true
				f.ways[i].clear(f.pool.put)
			}
		}
	})
}

// mend lets packets pass again.
func (f *forwarder) mend() error {
	return f.change(func() { f.ways[down].cut, f.ways[up].cut = false, false })
}

// readdress lets everything vanish that is under way or goes to or comes from
// another address of the fleet than this one, from now on.
func (f *forwarder) readdress(fleet netip.Addr) error {
	return f.change(func() {
		f.fleet = fleet
		f.ways[down].clear(f.pool.put)
		f.ways[up].clear(f.pool.put)
	})
}

// mark gives the flows, and the lateness since the mark before.
func (f *forwarder) mark() (m LinkMark, err error) {
	fresh := results.NewHist()
	err = f.change(func() {
		m = LinkMark{At: f.clock.Now(), Down: f.ways[down].flow, Up: f.ways[up].flow, Late: f.late}
		m.Down.Missed, m.Up.Missed = f.ways[down].refused, f.ways[up].refused
		f.late = fresh
	})
	return m, err
}
