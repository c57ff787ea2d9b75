package media

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// source sends made-up media. Its exported state is atomic; the rest belongs to the goroutine that runs it.
type source struct {
	publisher int
	kind      Kind
	size      int // bytes of a packet with its header
	rate      int // packets a second
	level     byte
	epoch     time.Time
	track     *webrtc.TrackLocalStaticRTP
	levelID   uint8        // header extension of the audio level; 0 if not negotiated
	measuring *atomic.Bool // of the whole run
	wantKey   atomic.Bool  // the server has asked for a key frame
	sent      atomic.Int64 // measured packets

	sequence uint16
	picture  uint16
	packet   rtp.Packet // the latest; its payload is used again
}

const (
	frameTime    = 40 * time.Millisecond // 25 pictures a second
	videoPerTick = 90000 / 25            // RTP clock, RFC 7741
	soundPerSec  = 48000                 // RTP clock, RFC 7587
	silent       = 127                   // dBov below the loudest, RFC 6464
	talking      = 20
	beginning    = 14 // of a payload that vp8 writes
)

// run sends until the context ends. Each frame has its moment; one that is late is sent at once, and the next is not.
func (s *source) run(ctx context.Context) error {
	began := time.Now()
	// Publishers are apart from each other as people's cameras are.
	offset := time.Duration(s.publisher) * 7919 * time.Microsecond % frameTime
	timer := time.NewTimer(offset)
	defer timer.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		var err error
		if s.kind == Video {
			err = s.frame(n)
		} else {
			err = s.sound(n)
		}
		if err != nil && !errors.Is(err, io.ErrClosedPipe) {
			return err
		}
		timer.Reset(time.Until(began.Add(offset + s.due(n+1))))
	}
}

// due is when frame n is sent: a picture, or one packet of sound.
func (s *source) due(n int) time.Duration {
	if s.kind == Video {
		return time.Duration(n) * frameTime
	}
	return time.Duration(n) * time.Second / time.Duration(s.rate)
}

// frame sends picture n: all of its packets at once.
func (s *source) frame(n int) error {
	perSecond := int(time.Second / frameTime)
	packets := max((n+1)*s.rate/perSecond-n*s.rate/perSecond, 1)
	key := s.wantKey.Swap(false) || n == 0
	s.picture = (s.picture + 1) & 0x7FFF
	for i := range packets {
		payload := s.payload()
		vp8(payload, s.picture, i == 0, key)
		if err := s.send(payload, uint32(n)*videoPerTick, i == packets-1); err != nil {
			return err
		}
	}
	return nil
}

// payload returns that of the next packet: zeros, and whatever was in the one before behind the beginning.
func (s *source) payload() []byte {
	if s.packet.Payload == nil {
		s.packet.Payload = make([]byte, s.size-rtpHeaderLen)
	}
	clear(s.packet.Payload[:beginning])
	return s.packet.Payload
}

// vp8 writes the payload descriptor and the beginning of a frame: RFC 7741, sections 4.2 and 4.3; RFC 6386, section 9.1.
func vp8(b []byte, picture uint16, first, key bool) {
	b[0] = 0x80 // X: extended
	b[1] = 0x80 // I: picture id
	binary.BigEndian.PutUint16(b[2:], 0x8000|picture)
	if !first {
		return
	}
	b[0] |= 0x10 // S: a partition begins
	b[4] = 0x11  // shown, and no key frame
	if key {
		b[4] = 0x10
		copy(b[7:], []byte{0x9D, 0x01, 0x2A, 1280 & 0xFF, 1280 >> 8, 720 & 0xFF, 720 >> 8})
	}
}

// sound sends packet n.
func (s *source) sound(n int) error {
	payload := s.payload()
	payload[0] = 0x78 // Opus, 20 ms, one stream: RFC 6716, section 3.1
	return s.send(payload, uint32(n)*uint32(soundPerSec/s.rate), false)
}

func (s *source) send(payload []byte, timestamp uint32, last bool) error {
	p := &s.packet
	p.Header = rtp.Header{Version: 2, SequenceNumber: s.sequence, Timestamp: timestamp, Marker: last}
	s.sequence++
	if s.kind == Audio && s.levelID != 0 {
		voice := byte(0)
		if s.level < silent {
			voice = 0x80
		}
		if err := p.SetExtension(s.levelID, []byte{voice | s.level}); err != nil {
			return err
		}
	}
	mark := stamp{publisher: s.publisher}
	if s.measuring.Load() {
		mark.number = uint32(s.sent.Add(1))
	}
	mark.at = time.Since(s.epoch)
	mark.put(payload)
	return s.track.WriteRTP(p)
}
