package media

import (
	"encoding/binary"
	"time"
)

// stamp is what every packet ends with.
type stamp struct {
	publisher int
	number    uint32 // 1, 2, 3 … among the measured ones of the publisher; 0 is not measured
	at        time.Duration
}

const (
	stampMagic = 0xC0FB
	stampLen   = 2 + 2 + 4 + 8
)

// put writes the stamp to the end of b.
func (s stamp) put(b []byte) {
	b = b[len(b)-stampLen:]
	binary.BigEndian.PutUint16(b, stampMagic)
	binary.BigEndian.PutUint16(b[2:], uint16(s.publisher))
	binary.BigEndian.PutUint32(b[4:], s.number)
	binary.BigEndian.PutUint64(b[8:], uint64(s.at))
}

// stampOf reads it; there is none on packets that the server has made itself, such as padding.
func stampOf(b []byte) (stamp, bool) {
	if len(b) < stampLen {
		return stamp{}, false
	}
	b = b[len(b)-stampLen:]
	if binary.BigEndian.Uint16(b) != stampMagic {
		return stamp{}, false
	}
	return stamp{
		publisher: int(binary.BigEndian.Uint16(b[2:])), number: binary.BigEndian.Uint32(b[4:]),
		at: time.Duration(binary.BigEndian.Uint64(b[8:])),
	}, true
}
