package wire

import "net/netip"

// sender hands datagrams to the kernel. It is not for concurrent use.
type sender interface {
	// add queues a run of datagrams for one destination, to leave from src where that is valid. The buffers are not
	// copied: they must stay as they are until flush.
	add(dst netip.AddrPort, src netip.Addr, run [][]byte)
	// flush sends, and returns how many datagrams the kernel took since the last flush, and the last error. Datagrams
	// that were not taken are lost.
	flush() (int, error)
}

// batch is a sender with room to arrange what it is given.
type batch struct {
	sender
	run    [][]byte
	single [1][]byte
}

// one adds a single datagram.
func (b *batch) one(p []byte, dst netip.AddrPort, src netip.Addr) {
	b.single[0] = p
	b.add(dst, src, b.single[:])
}

func (s *socket) acquireBatch() *batch {
	if b, ok := s.batches.Get().(*batch); ok {
		return b
	}
	return &batch{sender: s.accel.newSender(s)}
}

// releaseBatch takes back a batch that was flushed.
func (s *socket) releaseBatch(b *batch) {
	clear(b.run)
	b.run, b.single[0] = b.run[:0], nil
	s.batches.Put(b)
}

// plainSender sends each datagram with a system call of its own, on any system.
type plainSender struct {
	s    *socket
	sent int
	err  error
}

func (o *plainSender) add(dst netip.AddrPort, _ netip.Addr, run [][]byte) {
	for _, p := range run {
		_, err := o.s.conn.WriteToUDPAddrPort(p, dst)
		o.s.counters.sendCalls.Add(1)
		if err != nil {
			o.s.counters.droppedOut.Add(1)
			o.err = err
			continue
		}
		o.sent++
		o.s.counters.packetsOut.Add(1)
		o.s.counters.bytesOut.Add(uint64(len(p)))
	}
}

func (o *plainSender) flush() (int, error) {
	sent, err := o.sent, o.err
	o.sent, o.err = 0, nil
	return sent, err
}
