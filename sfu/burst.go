package sfu

import "sync"

// burst gathers the packets that one publisher's packets turn into, so that they go out together. It hands out memory to
// build them in.
type burst struct {
	server *Server
	mu     sync.Mutex // owns the fields below; taken for the fan-out of one packet
	memory []byte
}

func newBurst(s *Server) *burst { return &burst{server: s} }

// begin and end stand around the fan-out of one packet.
func (b *burst) begin() { b.mu.Lock() }

// end is told whether a frame is complete, so that nothing is gained by waiting for more.
func (b *burst) end(bool) { b.mu.Unlock() }

// reserve returns room for a packet of up to n bytes, with a length of zero. It is called between begin and end, and
// valid until the packet is sent.
func (b *burst) reserve(n int) []byte {
	if cap(b.memory) < n+tagRoom {
		b.memory = make([]byte, 0, n+tagRoom)
	}
	return b.memory[:0]
}

// tagRoom is what the longest SRTP authentication tag needs behind a packet.
const tagRoom = 16

func (b *burst) close() {}
