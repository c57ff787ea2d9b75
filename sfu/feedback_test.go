package sfu

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// feedbackOf makes a feedback message with run-length and vector chunks, as browsers send it.
func feedbackOf(tb testing.TB, base uint16, reference uint32) []byte {
	tb.Helper()
	raw, err := (&rtcp.TransportLayerCC{
		Header:     rtcp.Header{Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback, Length: 7, Padding: true},
		SenderSSRC: 1, MediaSSRC: 2, BaseSequenceNumber: base, PacketStatusCount: 9, ReferenceTime: reference,
		PacketChunks: []rtcp.PacketStatusChunk{
			&rtcp.RunLengthChunk{Type: rtcp.TypeTCCRunLengthChunk, PacketStatusSymbol: rtcp.TypeTCCPacketReceivedSmallDelta, RunLength: 2},
			&rtcp.StatusVectorChunk{Type: rtcp.TypeTCCStatusVectorChunk, SymbolSize: rtcp.TypeTCCSymbolSizeTwoBit, SymbolList: []uint16{
				rtcp.TypeTCCPacketNotReceived, rtcp.TypeTCCPacketReceivedLargeDelta, rtcp.TypeTCCPacketNotReceived,
				rtcp.TypeTCCPacketNotReceived, rtcp.TypeTCCPacketReceivedSmallDelta, rtcp.TypeTCCPacketNotReceived,
				rtcp.TypeTCCPacketNotReceived,
			}},
		},
		RecvDeltas: []*rtcp.RecvDelta{
			{Type: rtcp.TypeTCCPacketReceivedSmallDelta, Delta: 4000}, {Type: rtcp.TypeTCCPacketReceivedSmallDelta, Delta: 250},
			{Type: rtcp.TypeTCCPacketReceivedLargeDelta, Delta: -1000}, {Type: rtcp.TypeTCCPacketReceivedSmallDelta, Delta: 500},
		},
	}).Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func TestFeedbackTellsWhatArrivedWhen(t *testing.T) {
	t.Parallel()
	var f rtcp.TransportLayerCC
	if err := f.Unmarshal(feedbackOf(t, 65534, 1000)); err != nil {
		t.Fatal(err)
	}
	const start = 64 * time.Second
	ms := func(x float64) time.Duration { return start + time.Duration(x*float64(time.Millisecond)) }
	want := map[uint16]time.Duration{65534: ms(4), 65535: ms(4.25), 1: ms(3.25), 4: ms(3.75)}
	var clock feedbackClock
	all := uint16(65534)
	clock.each(&f, func(sequence uint16, at time.Duration, received bool) {
		if sequence != all {
			t.Errorf("told of %d, want %d", sequence, all)
		}
		all++
		if expected, came := want[sequence]; came != received || came && at != expected {
			t.Errorf("%d: %v at %v, want %v at %v", sequence, received, at, came, expected)
		}
	})
	if all != 7 {
		t.Errorf("told of packets up to %d", all)
	}
}

// TestFeedbackTimeGoesOnWhenItWraps has the reference time of 24 bits begin anew.
func TestFeedbackTimeGoesOnWhenItWraps(t *testing.T) {
	t.Parallel()
	var clock feedbackClock
	var times []time.Duration
	for _, reference := range []uint32{1<<24 - 2, 1<<24 - 1, 0, 1, 1<<24 - 1, 5} {
		var f rtcp.TransportLayerCC
		if err := f.Unmarshal(feedbackOf(t, 1, reference)); err != nil {
			t.Fatal(err)
		}
		first := true
		clock.each(&f, func(_ uint16, at time.Duration, _ bool) {
			if first {
				times = append(times, at)
			}
			first = false
		})
	}
	for i, steps := range []int{1, 1, 1, -2, 6} {
		if got, want := times[i+1]-times[i], time.Duration(steps)*64*time.Millisecond; got != want {
			t.Errorf("step %d is %v, want %v", i, got, want)
		}
	}
}

// FuzzFeedback gives the clock anything that can be parsed, and the estimator what it makes of it.
func FuzzFeedback(f *testing.F) {
	f.Add(feedbackOf(f, 65534, 1000))
	f.Add(feedbackOf(f, 0, 1<<24-1))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var p rtcp.TransportLayerCC
		if p.Unmarshal(raw) != nil {
			return
		}
		var d downlink
		now := time.Unix(1000, 0)
		for i := range 2000 {
			d.sending(1200, now.Add(time.Duration(i)*time.Millisecond))
		}
		told := 0
		d.reference.each(&p, func(uint16, time.Duration, bool) { told++ })
		if told > int(p.PacketStatusCount) {
			t.Fatalf("told of %d packets, of %d", told, p.PacketStatusCount)
		}
		d.arrived(&p, now.Add(time.Second))
		d.arrived(&p, now.Add(2*time.Second))
	})
}
