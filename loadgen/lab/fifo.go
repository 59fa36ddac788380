package lab

// mtu is the largest IP packet of either device, as on Ethernet.
const mtu = 1500

// packet is one IP packet under way.
type packet struct {
	data  *[mtu]byte
	size  int
	start int64 // ns: when it begins to be sent
	due   int64 // ns: when it is to be handed on
}

// fifo is packets in order, in a ring that grows as needed.
type fifo struct {
	ring []packet // of a power of two
	head int
	n    int
}

func (f *fifo) at(i int) *packet { return &f.ring[(f.head+i)&(len(f.ring)-1)] }

func (f *fifo) push(p packet) {
	if f.n == len(f.ring) {
		larger := make([]packet, max(64, 2*len(f.ring)))
		for i := range f.n {
			larger[i] = *f.at(i)
		}
		f.ring, f.head = larger, 0
	}
	f.n++
	*f.at(f.n - 1) = p
}

// insert puts a packet behind all that are due no later, which with order kept is
// at the end.
func (f *fifo) insert(p packet) {
	f.push(p)
	for i := f.n - 1; i > 0 && f.at(i-1).due > p.due; i-- {
		*f.at(i - 1), *f.at(i) = *f.at(i), *f.at(i - 1)
	}
}

func (f *fifo) pop() packet {
	p := *f.at(0)
	*f.at(0) = packet{}
	f.head = (f.head + 1) & (len(f.ring) - 1)
	f.n--
	return p
}

// pool is buffers that no packet uses, so that none is allocated per packet.
type pool []*[mtu]byte

func (p *pool) get() *[mtu]byte {
	last := len(*p) - 1
	if last < 0 {
		return new([mtu]byte)
	}
	data := (*p)[last]
	*p = (*p)[:last]
	return data
}

func (p *pool) put(data *[mtu]byte) { *p = append(*p, data) }
