package sfu

import (
	"time"

	"github.com/pion/rtcp"
)

// feedbackClock turns the reference times of transport-wide feedback, which wrap every twelve days, into a time that goes
// on (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1).
type feedbackClock struct {
	newest  int64 // reference time, extended
	started bool
}

// each calls f for every packet that the feedback tells of, in order.
func (c *feedbackClock) each(p *rtcp.TransportLayerCC, f func(sequence uint16, arrived time.Duration, received bool)) {
	const bits = 24
	reference := int64(p.ReferenceTime)
	if c.started {
		// Shifting the difference up and down again takes it as a signed number of 24 bits.
		reference = c.newest + (int64(p.ReferenceTime)-c.newest)<<(64-bits)>>(64-bits)
	}
	c.newest, c.started = reference, true
	at := time.Duration(reference) * 64 * time.Millisecond
	sequence, left, deltas := p.BaseSequenceNumber, p.PacketStatusCount, p.RecvDeltas
	one := func(symbol uint16) {
		if left == 0 {
			return
		}
		left--
		received := symbol == rtcp.TypeTCCPacketReceivedSmallDelta || symbol == rtcp.TypeTCCPacketReceivedLargeDelta
		if received {
			if len(deltas) == 0 {
				left = 0 // it lied about its length
				return
			}
			at += time.Duration(deltas[0].Delta) * time.Microsecond
			deltas = deltas[1:]
		}
		f(sequence, at, received)
		sequence++
	}
	for _, chunk := range p.PacketChunks {
		switch chunk := chunk.(type) {
		case *rtcp.RunLengthChunk:
			for n := chunk.RunLength; n > 0 && left > 0; n-- {
				one(chunk.PacketStatusSymbol)
			}
		case *rtcp.StatusVectorChunk:
			for _, symbol := range chunk.SymbolList {
				one(symbol)
			}
		}
	}
}
