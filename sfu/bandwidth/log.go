package bandwidth

import "time"

// history is how many packets a SendLog remembers: more than two seconds at 10 Mbit/s.
const history = 2048

// SendLog remembers when packets with transport-wide sequence numbers were sent. The zero value is ready.
type SendLog struct {
	entries [history]sent
	next    int64 // extended number of the next packet
}

// sent is small, because every leg has a log.
type sent struct {
	at     int64  // Unix nanoseconds; 0 if nothing is to be told of the packet
	number uint32 // low bits
	bytes  uint16
}

// Add notes a packet and returns its transport-wide sequence number.
func (l *SendLog) Add(bytes int, now time.Time) uint16 {
	if l.next == 0 {
		l.next = 1 << 16 // so that numbers from before the beginning are never negative
	}
	l.entries[l.next%history] = sent{at: now.UnixNano(), number: uint32(l.next), bytes: uint16(min(bytes, 0xFFFF))}
	l.next++
	return uint16(l.next - 1)
}

// Result is what feedback says of one packet.
type Result struct {
	Sent    time.Time
	Arrived time.Duration // by the receiver's clock, from a beginning of its own
	Bytes   int
	Lost    bool
}

// Result looks up a packet that feedback tells of. It is false for packets that are not remembered.
func (l *SendLog) Result(sequence uint16, arrived time.Duration, received bool) (Result, bool) {
	number := l.next - 1 - int64(uint16(l.next-1)-sequence)
	if number < 0 {
		return Result{}, false
	}
	e := &l.entries[number%history]
	if e.number != uint32(number) || e.at == 0 {
		return Result{}, false
	}
	r := Result{Sent: time.Unix(0, e.at), Arrived: arrived, Bytes: int(e.bytes), Lost: !received}
	if received {
		*e = sent{} // told once; a repetition counts for nothing
	}
	return r, true
}
