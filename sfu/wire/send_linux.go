package wire

import (
	"errors"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// sendBatch is how many messages one system call takes; each is one datagram or one segmented run.
	sendBatch = 64
	// maxSegments is how many datagrams one segmented message may hold (UDP_MAX_SEGMENTS of Linux before 6.9).
	maxSegments = 64
	// maxSegmented bounds the bytes of one segmented message: the 16-bit length of the IP header, less headers.
	maxSegmented = 65000
	// sendPatience is how long a full socket buffer is waited for before the rest of a batch is dropped, in ms: a
	// packet that is much later is of no use to a call, and the caller has other receivers to serve.
	sendPatience = 1
)

// batchSender sends with sendmmsg, and runs of equal size as one segmented message.
type batchSender struct {
	s     *socket
	msgs  [sendBatch]mmsghdr
	names [sendBatch]sockaddr
	ctrls [sendBatch]control
	first [sendBatch]int // index of the message's first datagram in iovs
	iovs  [sendBatch * 4]unix.Iovec
	nmsg  int
	niov  int
	sent  int
	err   error

	// arguments and results of the system call inside call, which is made once: a closure per flush would allocate
	call   func(fd uintptr)
	from   int
	n      int
	result error
}

func newBatchSender(s *socket) *batchSender {
	o := &batchSender{s: s}
	for i := range o.msgs {
		o.msgs[i].hdr.Name = (*byte)(unsafe.Pointer(&o.names[i]))
	}
	o.call = func(fd uintptr) {
		o.n, o.result = sendmmsg(int(fd), o.msgs[o.from:o.nmsg])
		if o.result == unix.EAGAIN { // a bare errno, on the hot path
			fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
			_, _ = unix.Poll(fds[:], sendPatience)
			o.n, o.result = sendmmsg(int(fd), o.msgs[o.from:o.nmsg])
		}
	}
	return o
}

func (o *batchSender) add(dst netip.AddrPort, src netip.Addr, run [][]byte) {
	for len(run) > 0 {
		n := 1
		if o.s.accel.segments.Load() {
			n = segmentable(run)
		}
		o.message(dst, src, run[:n])
		run = run[n:]
	}
}

// segmentable tells how many datagrams from the beginning can be one segmented message: all of one size, the last may be
// shorter.
func segmentable(run [][]byte) int {
	size, total := len(run[0]), len(run[0])
	if size == 0 {
		return 1
	}
	n := 1
	for n < len(run) && n < maxSegments && len(run[n]) > 0 && len(run[n]) <= size && total+len(run[n]) <= maxSegmented {
		total += len(run[n])
		n++
		if len(run[n-1]) < size {
			break
		}
	}
	return n
}

// message adds one message of one or several datagrams.
func (o *batchSender) message(dst netip.AddrPort, src netip.Addr, run [][]byte) {
	if o.nmsg == sendBatch || o.niov+len(run) > len(o.iovs) {
		o.transmit()
	}
	six := o.s.accel.six
	m := &o.msgs[o.nmsg].hdr
	namelen, ok := o.names[o.nmsg].set(dst, six)
	if !ok {
		o.lose(len(run), unix.EAFNOSUPPORT)
		return
	}
	m.Namelen = namelen
	c := &o.ctrls[o.nmsg]
	used := 0
	if src.IsValid() && !o.s.fixed && (six || src.Is4()) {
		used = c.appendSource(used, src, six)
	}
	if len(run) > 1 {
		used = c.appendSegment(used, len(run[0]))
	}
	m.Control = nil
	if used > 0 {
		m.Control = &c.buf[0]
	}
	m.SetControllen(used)
	o.first[o.nmsg] = o.niov
	m.Iov = &o.iovs[o.niov]
	m.SetIovlen(len(run))
	for _, p := range run {
		o.iovs[o.niov].Base = unsafe.SliceData(p)
		o.iovs[o.niov].SetLen(len(p))
		o.niov++
	}
	o.nmsg++
}

func (o *batchSender) flush() (int, error) {
	o.transmit()
	sent, err := o.sent, o.err
	o.sent, o.err = 0, nil
	return sent, err
}

// transmit sends all messages that are there.
func (o *batchSender) transmit() {
	for o.from = 0; o.from < o.nmsg; {
		if err := o.s.raw.Control(o.call); err != nil {
			o.lose(o.niov-o.first[o.from], err) // closed
			break
		}
		o.s.counters.sendCalls.Add(1)
		if o.result == nil {
			o.took(o.from, o.from+o.n)
			o.from += o.n
			continue
		}
		if o.result == unix.EAGAIN { // a bare errno
			o.lose(o.niov-o.first[o.from], o.result)
			break
		}
		o.salvage(o.from, o.result)
		o.from++
	}
	clear(o.iovs[:o.niov]) // let go of the caller's buffers
	o.nmsg, o.niov, o.from = 0, 0, 0
}

// end is the index behind the last datagram of a message.
func (o *batchSender) end(msg int) int {
	if msg+1 < o.nmsg {
		return o.first[msg+1]
	}
	return o.niov
}

// took counts the messages from a up to b as sent.
func (o *batchSender) took(a, b int) {
	if a == b {
		return
	}
	first, end := o.first[a], o.end(b-1)
	bytes := 0
	for i := first; i < end; i++ {
		bytes += int(o.iovs[i].Len)
	}
	o.sent += end - first
	o.s.counters.packetsOut.Add(uint64(end - first))
	o.s.counters.bytesOut.Add(uint64(bytes))
}

func (o *batchSender) lose(n int, err error) {
	o.err = err
	o.s.counters.droppedOut.Add(uint64(n))
}

// salvage sends the datagrams of a refused message one by one, without segmentation and from the address that routing
// picks: the device may not segment, the path may be narrower than a segment, the source address may be gone.
func (o *batchSender) salvage(msg int, cause error) {
	if errors.Is(cause, unix.EIO) && o.s.accel.segments.Swap(false) {
		// EIO is what Linux says when the device cannot checksum segments (udp_send_skb).
		o.s.log.Warn("the network device cannot segment UDP; sending without")
	}
	dst := o.names[msg].get()
	for i := o.first[msg]; i < o.end(msg); i++ {
		p := unsafe.Slice(o.iovs[i].Base, int(o.iovs[i].Len))
		o.s.counters.sendCalls.Add(1)
		if _, err := o.s.conn.WriteToUDPAddrPort(p, dst); err != nil {
			o.lose(1, err)
			if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH) {
				o.lose(o.end(msg)-i-1, err) // the others of the run would fare the same
				return
			}
			continue
		}
		o.sent++
		o.s.counters.packetsOut.Add(1)
		o.s.counters.bytesOut.Add(uint64(len(p)))
	}
}
