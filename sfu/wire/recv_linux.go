package wire

import (
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// receiveBatch is how many datagrams one system call may bring: 64 is 50 µs of a loaded reader, and 130 KB of buffers.
const receiveBatch = 64

// multiReader reads with recvmmsg. It is owned by the goroutine of socket.serve.
type multiReader struct {
	s     *socket
	msgs  [receiveBatch]mmsghdr
	iovs  [receiveBatch]unix.Iovec
	names [receiveBatch]sockaddr
	ctrls [receiveBatch]control
	pkts  [receiveBatch]*packet
	out   []*packet

	// results of the system call inside poll, which is made once: a closure per read would allocate
	poll func(fd uintptr) bool
	n    int
	err  error
}

func newMultiReader(s *socket) *multiReader {
	r := &multiReader{s: s, out: make([]*packet, 0, receiveBatch)}
	for i := range r.msgs {
		h := &r.msgs[i].hdr
		h.Name = (*byte)(unsafe.Pointer(&r.names[i]))
		h.Iov = &r.iovs[i]
		h.SetIovlen(1)
		h.Control = &r.ctrls[i].buf[0]
	}
	r.poll = func(fd uintptr) bool {
		r.n, r.err = recvmmsg(int(fd), r.msgs[:])
		return r.err != unix.EAGAIN // a bare errno, on the hot path
	}
	return r
}

func (r *multiReader) read() ([]*packet, error) {
	for {
		for i := range r.msgs {
			if r.pkts[i] == nil {
				r.pkts[i] = r.s.pool.get()
				r.iovs[i].Base = &r.pkts[i].buf[0]
				r.iovs[i].SetLen(maxDatagram)
			}
			r.msgs[i].hdr.Namelen = unix.SizeofSockaddrInet6
			r.msgs[i].hdr.SetControllen(controlLen)
		}
		if err := r.s.raw.Read(r.poll); err != nil {
			return nil, err // closed
		}
		if r.err != nil {
			if isTransient(r.err) {
				continue
			}
			return nil, r.err
		}
		if r.collect(); len(r.out) > 0 {
			return r.out, nil
		}
	}
}

// collect takes the datagrams of the last system call out of their places.
func (r *multiReader) collect() {
	r.out = r.out[:0]
	now := time.Now()
	for i := range r.n {
		m := &r.msgs[i]
		if m.hdr.Flags&unix.MSG_TRUNC != 0 {
			r.s.counters.droppedUnknown.Add(1)
			continue
		}
		p := r.pkts[i]
		r.pkts[i] = nil
		p.n = int(m.len)
		p.peer = r.names[i].get()
		p.came = now
		if m.hdr.Flags&unix.MSG_CTRUNC == 0 {
			local, came := told(r.ctrls[i].buf[:m.hdr.Controllen])
			p.local, p.came = netip.AddrPortFrom(local, 0), since(came, now)
		}
		r.out = append(r.out, p)
	}
}

func (r *multiReader) close() {
	for i, p := range r.pkts {
		if p != nil {
			p.release()
			r.pkts[i] = nil
		}
	}
}
