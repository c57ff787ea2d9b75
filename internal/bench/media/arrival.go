package media

import (
	"encoding/binary"
	"sync"
	"time"
)

// remembered is how many packets of a stream may be between the socket and the one who decrypts them: a second of video.
const remembered = 256

// arrivals knows when the latest packets of a leg's streams came to its socket. What this program takes to get them from there is
// no business of the server's.
type arrivals struct {
	mu      sync.Mutex
	streams map[uint32]*[remembered]arrival // by SSRC; owned by mu
}

type arrival struct {
	sequence uint16
	at       time.Time
}

// note remembers a packet, if it is RTP or looks like it: its header is not encrypted.
func (a *arrivals) note(p []byte, at time.Time) {
	const version = 2
	if len(p) < rtpHeaderLen || p[0]>>6 != version {
		return
	}
	ssrc, sequence := binary.BigEndian.Uint32(p[8:]), binary.BigEndian.Uint16(p[2:])
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.streams == nil {
		a.streams = map[uint32]*[remembered]arrival{}
	}
	s := a.streams[ssrc]
	if s == nil {
		s = new([remembered]arrival)
		a.streams[ssrc] = s
	}
	s[sequence%remembered] = arrival{sequence, at}
}

// of returns when a packet came, or now if that is not remembered.
func (a *arrivals) of(p []byte, now time.Time) time.Time {
	ssrc, sequence := binary.BigEndian.Uint32(p[8:]), binary.BigEndian.Uint16(p[2:])
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.streams[ssrc]; s != nil && s[sequence%remembered].sequence == sequence && !s[sequence%remembered].at.IsZero() {
		return s[sequence%remembered].at
	}
	return now
}
