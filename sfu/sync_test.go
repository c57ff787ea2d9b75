package sfu_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"confab/sfu"
)

// TestSoundAndPictureStayTogether has a publisher whose clock is far off say when its timestamps were, and wants the
// receiver's sender reports to relate sound and picture to each other just so.
func TestSoundAndPictureStayTogether(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServerOn(t, newWire(t)))
	a, b := newClient(t, clientOptions{}), newClient(t, clientOptions{})
	a.join(room, "a")
	b.join(room, "b")
	const audioZero, videoZero = 5_000_000, 77_000_000
	go b.film(t.Context(), &source{name: 'B', ts: videoZero}, 20*time.Millisecond)
	go b.speak(t.Context(), &source{name: 'B', ts: audioZero})
	// By the publisher's account, its first sound was 1.5 s before its first picture, by a clock of another century.
	then := uint64(1000) << 32
	const ahead = 1500 * time.Millisecond
	report := func(sender int, ntp uint64, timestamp uint32) *rtcp.SenderReport {
		ssrc := uint32(b.pc.GetSenders()[sender].GetParameters().Encodings[0].SSRC)
		return &rtcp.SenderReport{SSRC: ssrc, NTPTime: ntp, RTPTime: timestamp}
	}
	go func() {
		for t.Context().Err() == nil {
			if b.pc.WriteRTCP([]rtcp.Packet{
				report(0, then, audioZero), report(1, then+uint64(ahead)<<32/uint64(time.Second), videoZero),
			}) != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	// when returns the time, by the server's reports, of the source's beginning in a slot.
	when := func(mid string, zero func(got) uint32, clock float64) (time.Duration, bool) {
		packets := a.on(mid)
		if len(packets) == 0 {
			return 0, false
		}
		first := packets[0]
		for i := len(a.rtcp) - 1; i >= 0; i-- {
			if sr, ok := a.rtcp[i].(*rtcp.SenderReport); ok && sr.SSRC == first.header.SSRC {
				back := int32(sr.RTPTime - (first.header.Timestamp - zero(first)))
				ntp := time.Duration(sr.NTPTime>>32)*time.Second + time.Duration((sr.NTPTime&0xFFFFFFFF)*1e9>>32)
				return ntp - time.Duration(float64(back)/clock*float64(time.Second)), true
			}
		}
		return 0, false
	}
	a.wait("reports that agree", func() bool {
		sound, ok1 := when(a.slotOf("b", sfu.SourceMicrophone), func(g got) uint32 {
			return binary.BigEndian.Uint32(g.pay[1:]) * 960
		}, 48000)
		picture, ok2 := when(a.slotOf("b", sfu.SourceCamera), func(g got) uint32 { return frameNumber(g) * 3000 }, 90000)
		apart := picture - sound
		return ok1 && ok2 && apart > ahead-2*time.Millisecond && apart < ahead+2*time.Millisecond
	})
}
