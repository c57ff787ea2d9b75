package wire

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

const (
	// askAgain is the first pause between requests to a STUN server; it doubles (RFC 8489, section 6.2.1).
	askAgain = 500 * time.Millisecond
	// maxAsked bounds the requests that wait for an answer. There is one for each server and family now and then.
	maxAsked = 64
)

// transaction identifies a STUN request.
type transaction [12]byte

// inquiries are the STUN requests of our own that wait for an answer.
type inquiries struct {
	mu      sync.Mutex
	waiting map[transaction]inquiry // owned by mu
}

type inquiry struct {
	server netip.AddrPort
	answer chan netip.AddrPort // has room for one
}

// Mapped asks a STUN server for the address under which it sees this port: behind NAT the public one. The request leaves
// from the port itself, so the mapping is that of the media. It asks again until the context ends.
func (m *Mux) Mapped(ctx context.Context, server netip.AddrPort) (netip.AddrPort, error) {
	server = netip.AddrPortFrom(server.Addr().Unmap(), server.Port())
	id, ask := transaction{}, inquiry{server: server, answer: make(chan netip.AddrPort, 1)}
	_, _ = rand.Read(id[:]) // never fails
	if !m.inquiries.add(id, ask) {
		return netip.AddrPort{}, errors.New("wire: too many STUN requests are under way")
	}
	defer m.inquiries.remove(id)

	request := binary.BigEndian.AppendUint16(nil, stunBinding)
	request = binary.BigEndian.AppendUint16(request, 0)
	request = binary.BigEndian.AppendUint32(request, stunMagicCookie)
	request = append(request, id[:]...)
	for pause := askAgain; ; pause *= 2 {
		if _, err := m.socket.write(request, server, netip.Addr{}); err != nil {
			return netip.AddrPort{}, fmt.Errorf("wire: asking the STUN server %s: %w", server, err)
		}
		timer := time.NewTimer(pause)
		select {
		case mapped := <-ask.answer:
			timer.Stop()
			return mapped, nil
		case <-ctx.Done():
			timer.Stop()
			return netip.AddrPort{}, fmt.Errorf("wire: no answer from the STUN server %s: %w", server, ctx.Err())
		case <-timer.C:
		}
	}
}

func (q *inquiries) add(id transaction, ask inquiry) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) >= maxAsked {
		return false
	}
	if q.waiting == nil {
		q.waiting = map[transaction]inquiry{}
	}
	q.waiting[id] = ask
	return true
}

func (q *inquiries) remove(id transaction) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.waiting, id)
}

// answer takes a packet if it is the answer to a request of ours: success, the transaction, and the address asked.
func (q *inquiries) answer(p *packet) bool {
	b := p.bytes()
	if !isSTUN(b) || binary.BigEndian.Uint16(b) != stunBindingSuccess {
		return false
	}
	q.mu.Lock()
	ask, ok := q.waiting[transaction(b[8:stunHeaderLen])]
	q.mu.Unlock()
	if !ok || ask.server != p.peer {
		return false
	}
	if mapped, ok := xorMapped(b); ok {
		select {
		case ask.answer <- mapped:
		default: // a second answer to one request
		}
	}
	return true
}

// xorMapped finds the XOR-MAPPED-ADDRESS of a STUN message (RFC 8489, section 14.2).
func xorMapped(p []byte) (netip.AddrPort, bool) {
	v, ok := stunAttribute(p, stunAttrXORMapped)
	if !ok || len(v) < 4 {
		return netip.AddrPort{}, false
	}
	addr := append([]byte(nil), v[4:]...)
	const ipv4, ipv6 = 1, 2 // families
	if family := v[1]; !(family == ipv4 && len(addr) == 4 || family == ipv6 && len(addr) == 16) {
		return netip.AddrPort{}, false
	}
	for i := range addr {
		addr[i] ^= p[4+i] // the cookie, then the transaction
	}
	ip, _ := netip.AddrFromSlice(addr)
	return netip.AddrPortFrom(ip.Unmap(), binary.BigEndian.Uint16(v[2:])^uint16(stunMagicCookie>>16)), true
}
