package wire

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"time"
)

// bindingRate is how many plain STUN requests are answered per second, all senders together: enough for thousands of
// clients that start at once, too few to make this server a useful mirror for forged senders (an answer is about the
// size of its request).
const bindingRate = 5000

// bindings answers plain STUN.
type bindings struct {
	mu     sync.Mutex
	second int64 // owned by mu
	count  int   // owned by mu: answers in that second
}

func (b *bindings) allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := now.Unix(); s != b.second {
		b.second, b.count = s, 0
	}
	b.count++
	return b.count <= bindingRate
}

// answerBinding tells the sender of a plain Binding request its address (RFC 8489, sections 6.3.1 and 14.2).
func (m *Mux) answerBinding(p *packet) {
	if !m.bindings.allow(time.Now()) {
		m.counters.bindingDropped.Add(1)
		return
	}
	var buf [stunHeaderLen + 4 + 20]byte
	answer := appendBindingAnswer(buf[:0], p.bytes(), p.peer)
	if _, err := m.socket.write(answer, p.peer, p.local.Addr()); err == nil {
		m.counters.bindingAnswers.Add(1)
	}
}

// appendBindingAnswer appends the success response to a request that classify took for a Binding request.
func appendBindingAnswer(b, request []byte, peer netip.AddrPort) []byte {
	family, addr := byte(1), peer.Addr().AsSlice()
	if peer.Addr().Is6() {
		family = 2
	}
	b = binary.BigEndian.AppendUint16(b, stunBindingSuccess)
	b = binary.BigEndian.AppendUint16(b, uint16(4+4+len(addr)))
	b = append(b, request[4:stunHeaderLen]...) // cookie and transaction
	b = binary.BigEndian.AppendUint16(b, stunAttrXORMapped)
	b = binary.BigEndian.AppendUint16(b, uint16(4+len(addr)))
	b = append(b, 0, family)
	b = binary.BigEndian.AppendUint16(b, peer.Port()^uint16(stunMagicCookie>>16))
	for i, octet := range addr {
		b = append(b, octet^request[4+i]) // the cookie, then the transaction
	}
	return b
}
