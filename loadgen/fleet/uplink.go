package fleet

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"time"

	"pushbench/servers/feed"
)

// A subscriber with an uplink sends messages while it is subscribed, each of
// which the server returns. They are due at a constant rate in trial time, an
// open loop: one whose turn comes while the transport is still busy with the one
// before is sent late, and its round trip counts from when it was due.

// uplinks is what the subscribers of a fleet send.
type uplinks struct {
	Config
	codec  feed.Codec
	phases []float64
	bell   *bell // that wakes them; nil: the runtime does
}

// maxUplink is one message a ns, below which trial time knows no difference.
const maxUplink = 1e9

// newUplinks is nil where the subscribers send nothing.
func newUplinks(c Config, codec feed.Codec) (*uplinks, error) {
	switch {
	case c.Uplink == 0:
		return nil, nil
	case !(c.Uplink > 0 && c.Uplink <= maxUplink) || c.UplinkPayload < 1:
		return nil, fmt.Errorf("messages of %d bytes sent at %v/s make no uplink; both must be above zero, and %g/s is the most", c.UplinkPayload, c.Uplink, maxUplink)
	}
	phases := feed.Phases(cmp.Or(c.Of, c.Subscribers), feed.Rand(c.Seed, c.Block, "uplink phases"))
	return &uplinks{Config: c, codec: codec, phases: phases}, nil
}

// uplink is one subscriber's.
type uplink struct {
	r       *recorder
	member  *feed.Member
	sleep   feed.Waiter
	slots   slots
	filler  *feed.Payload
	message []byte
	flights flights // the recorder's, and locked with it
}

// join makes the uplink of subscriber i, which is at work until its transport
// asks for the first message.
func (u *uplinks) join(i int, f *fleet) (*uplink, error) {
	content := u.codec
	if content.IsText() {
		content = feed.Text // a text message cannot hold any byte
	}
	filler, err := feed.NewPayload("random", u.UplinkPayload-1, content, feed.Rand(u.Seed, u.Block, fmt.Sprintf("uplink %d", i)))
	if err != nil {
		return nil, fmt.Errorf("uplink: %w", err)
	}
	up := &uplink{
		r:       f.seen,
		member:  f.timeline.Join(),
		sleep:   u.sleep(f.clock),
		slots:   slots{period: 1e9 / u.Uplink, phase: u.phases[i]},
		filler:  filler,
		message: make([]byte, u.UplinkPayload),
	}
	up.message[0] = feed.UplinkMark(u.codec)
	f.seen.enter(up, up.slots.before(up.member.Now()))
	return up, nil
}

func (u *uplinks) sleep(clock feed.Clock) feed.Waiter {
	if u.bell == nil {
		return feed.NewSleep(clock)
	}
	return u.bell.sleeper()
}

// send is feed.Uplink's Next. The message is made before the wait, so that
// making it does not delay it.
func (u *uplink) send(ctx context.Context) ([]byte, error) {
	u.filler.Next(u.message[1:])
	sum := maphash.Bytes(contents, u.message)
	due, err := u.member.Wait(ctx, u.slots.due(u.flights.next), u.sleep)
	if err != nil {
		return nil, err
	}
	u.r.sent(u, flight{due, sum})
	return u.message, nil
}

// echo is feed.Uplink's Echo.
func (u *uplink) echo(message []byte) {
	now := u.r.clock.Now()
	u.r.echoed(u, maphash.Bytes(contents, message), now)
}

// leave ends it together with its subscription.
func (u *uplink) leave() {
	u.member.Leave()
	u.r.abandon(u)
}

var contents = maphash.MakeSeed()

// slots is when messages are due: at (phase + n) periods of trial time, n = 0,
// 1, 2, …
type slots struct {
	period float64 // ns
	phase  float64 // in [0, 1)
}

func (s slots) due(n int64) time.Duration { return feed.Nanoseconds((s.phase + float64(n)) * s.period) }

// before is how many slots are due before an instant of trial time: the number
// of the first that is not.
func (s slots) before(at time.Duration) int64 {
	n := max(0, int64(feed.Nanoseconds(float64(at)/s.period-s.phase)))
	for n > 0 && s.due(n-1) >= at { // either way at most once: what rounding leaves
		n--
	}
	for s.due(n) < at {
		n++
	}
	return n
}
