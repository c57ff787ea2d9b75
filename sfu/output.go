package sfu

import "github.com/pion/rtp"

// output is the way of a slot's packets to the network. send takes a finished RTP packet that was built in memory of the
// burst; it is called with the slot's lock held, between the burst's begin and end.
type output interface {
	send(b *burst, raw []byte)
}

// plainOutput hands packets to Pion one by one, which encrypts and sends each at once. It works wherever Pion does.
type plainOutput struct {
	slot   *slot
	header rtp.Header // reused
}

var _ output = (*plainOutput)(nil)

func (o *plainOutput) send(_ *burst, raw []byte) {
	counters := &o.slot.leg.room.server.counters
	n, err := o.header.Unmarshal(raw)
	if err == nil {
		_, err = o.slot.plain.WriteRTP(&o.header, raw[n:])
	}
	if err != nil {
		counters.sendErrors.Add(1)
		return
	}
	counters.packetsOut.Add(1)
	counters.bytesOut.Add(uint64(len(raw)))
}
