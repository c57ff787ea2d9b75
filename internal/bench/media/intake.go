package media

import (
	"encoding/binary"
	"io"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/transport/v5/packetio"
)

// intake counts what a leg receives.
type intake struct {
	epoch    time.Time     // zero of the stamps' clock
	came     *arrivals     // when packets came to the socket
	delays   *delays       // of all legs
	first    chan struct{} // closed with the first packet of media
	keyFrame func()        // called when the server asks for one

	mu         sync.Mutex       // owns the fields below
	opened     bool             // first is closed
	joined     time.Time        // when the first packet came
	seen       map[int]*numbers // by publisher
	received   int64
	duplicates int64
	lost       int64
}

func newIntake(epoch time.Time, came *arrivals, all *delays, keyFrame func()) *intake {
	return &intake{epoch: epoch, came: came, delays: all, first: make(chan struct{}), keyFrame: keyFrame, seen: map[int]*numbers{}}
}

// buffer gives Pion what it writes the decrypted packets of an SSRC to.
func (in *intake) buffer(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	if kind == packetio.RTCPBufferPacket {
		return reports{in}
	}
	return &stream{in: in}
}

// unread is the reading half of a buffer that handles what is written to it at once.
type unread struct{}

// Read has nothing for Pion's own readers.
func (unread) Read([]byte) (int, error) { return 0, io.EOF }

// Close has nothing to free.
func (unread) Close() error { return nil }

// stream is one SSRC. Its state is owned by the goroutine that decrypts.
type stream struct {
	unread
	in      *intake
	started bool
	highest uint16
}

const rtpHeaderLen = 12 // RFC 3550, section 5.1

// Write takes a packet. It always says that the buffer is full, which makes Pion forget the packet.
func (s *stream) Write(b []byte) (int, error) {
	mark, ok := stampOf(b)
	if !ok || len(b) < rtpHeaderLen {
		return 0, packetio.ErrFull
	}
	s.in.take(mark, s.gap(binary.BigEndian.Uint16(b[2:])), s.in.came.of(b, time.Now()))
	return 0, packetio.ErrFull
}

// gap tells by how many the packets missing before the latest have become more, or -1 for one that comes late.
func (s *stream) gap(sequence uint16) int64 {
	ahead := int16(sequence - s.highest)
	if !s.started {
		s.started, s.highest = true, sequence
		return 0
	}
	if ahead <= 0 {
		return -1
	}
	s.highest = sequence
	return int64(ahead) - 1
}

func (in *intake) take(mark stamp, gap int64, at time.Time) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.opened {
		in.opened, in.joined = true, at
		close(in.first)
	}
	if mark.number == 0 {
		return
	}
	seen := in.seen[mark.publisher]
	if seen == nil {
		seen = &numbers{}
		in.seen[mark.publisher] = seen
	}
	if !seen.add(mark.number) {
		in.duplicates++
		return
	}
	in.received++
	in.lost += gap
	in.delays.add(at, at.Sub(in.epoch)-mark.at)
}

// numbers is a set of stamps' numbers. A run is bounded, and with it this: a bit for each packet.
type numbers struct{ bits []uint64 }

// add tells whether n is new.
func (s *numbers) add(n uint32) bool {
	word, bit := int(n/64), uint64(1)<<(n%64)
	for len(s.bits) <= word {
		s.bits = append(s.bits, 0)
	}
	if s.bits[word]&bit != 0 {
		return false
	}
	s.bits[word] |= bit
	return true
}

// reports takes the RTCP about one SSRC.
type reports struct{ *intake }

// Write looks for requests of key frames and forgets the rest.
func (r reports) Write(b []byte) (int, error) {
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		return 0, packetio.ErrFull
	}
	for _, p := range packets {
		switch p.(type) {
		case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
			r.keyFrame()
		}
	}
	return 0, packetio.ErrFull
}

// Read has nothing for Pion's own readers.
func (reports) Read([]byte) (int, error) { return 0, io.EOF }

// Close has nothing to free.
func (reports) Close() error { return nil }
