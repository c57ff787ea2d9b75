package wire

import "sync/atomic"

// Stats are counters since Listen.
type Stats struct {
	PacketsIn, BytesIn   uint64 // datagrams received
	PacketsOut, BytesOut uint64 // datagrams handed to the kernel; segments of a run count one each
	ReceiveCalls         uint64 // system calls that received at least one datagram
	SendCalls            uint64 // system calls that sent
	DroppedUnknown       uint64 // datagrams that are nothing we speak, too long, or from an address that cannot be
	DroppedNoLeg         uint64 // datagrams for no leg that is known
	DroppedFull          uint64 // datagrams for which a queue had no room
	DroppedOut           uint64 // datagrams that the kernel did not take
	BindingAnswers       uint64 // plain STUN requests answered
	BindingDropped       uint64 // plain STUN requests over the rate limit
	TCPAccepted          uint64 // connections accepted
	TCPRefused           uint64 // connections closed because too many were undecided, or because nobody took them
	TCPUndecided         uint64 // connections closed because they said nothing in time, or nothing that we speak
}

// counters are the live form of Stats.
type counters struct {
	packetsIn, bytesIn, packetsOut, bytesOut   atomic.Uint64
	receiveCalls, sendCalls                    atomic.Uint64
	droppedUnknown, droppedNoLeg, droppedFull  atomic.Uint64
	droppedOut, bindingAnswers, bindingDropped atomic.Uint64
	tcpAccepted, tcpRefused, tcpUndecided      atomic.Uint64
}

func (c *counters) snapshot() Stats {
	return Stats{
		PacketsIn: c.packetsIn.Load(), BytesIn: c.bytesIn.Load(),
		PacketsOut: c.packetsOut.Load(), BytesOut: c.bytesOut.Load(),
		ReceiveCalls: c.receiveCalls.Load(), SendCalls: c.sendCalls.Load(),
		DroppedUnknown: c.droppedUnknown.Load(), DroppedNoLeg: c.droppedNoLeg.Load(),
		DroppedFull: c.droppedFull.Load(), DroppedOut: c.droppedOut.Load(),
		BindingAnswers: c.bindingAnswers.Load(), BindingDropped: c.bindingDropped.Load(),
		TCPAccepted: c.tcpAccepted.Load(), TCPRefused: c.tcpRefused.Load(), TCPUndecided: c.tcpUndecided.Load(),
	}
}
