package bandwidth

import "time"

const (
	// history is how many packets a SendLog remembers at most: more than two seconds at 10 Mbit/s.
	history = 2048
	// least is how many it remembers at least, and memory for how long: feedback comes within a round trip and 250 ms.
	least  = 64
	memory = 2 * time.Second
)

// SendLog remembers when packets with transport-wide sequence numbers were sent. The zero value is ready. It grows with
// the rate of packets, because every leg has one and most are sent little.
type SendLog struct {
	entries []sent // a power of two
	next    int64  // extended number of the next packet
}

// sent is small for the same reason.
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
	at := now.UnixNano()
	if e := l.entry(l.next); e == nil || len(l.entries) < history && e.at > at-int64(memory) {
		l.grow()
	}
	*l.entry(l.next) = sent{at: at, number: uint32(l.next), bytes: uint16(min(bytes, 0xFFFF))}
	l.next++
	return uint16(l.next - 1)
}

// entry returns the place of a packet; nil before the first.
func (l *SendLog) entry(number int64) *sent {
	if len(l.entries) == 0 {
		return nil
	}
	return &l.entries[number&int64(len(l.entries)-1)]
}

// grow makes room for twice as many packets.
func (l *SendLog) grow() {
	old := l.entries
	l.entries = make([]sent, max(least, 2*len(old)))
	for _, e := range old {
		if e.at != 0 {
			*l.entry(int64(e.number)) = e
		}
	}
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
	e := l.entry(number)
	if e == nil || e.number != uint32(number) || e.at == 0 {
		return Result{}, false
	}
	r := Result{Sent: time.Unix(0, e.at), Arrived: arrived, Bytes: int(e.bytes), Lost: !received}
	if received {
		*e = sent{} // told once; a repetition counts for nothing
	}
	return r, true
}
