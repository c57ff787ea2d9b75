package outside

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// What PCP messages are made of (RFC 6887, sections 7 and 11).
const (
	pcpPort     = 5351
	pcpVersion  = 2
	pcpMap      = 1    // opcode
	pcpResponse = 0x80 // bit of the opcode
	pcpHeader   = 24
	pcpMapLen   = 60   // header and MAP
	pcpMaxLen   = 1100 // section 7
	// pcpAskAgain is the first pause between transmissions; it doubles. Section 8.1.1 wants 3 s, for providers' servers
	// that thousands ask; this one is the router in the house, for which RFC 6886 has 250 ms.
	pcpAskAgain = 250 * time.Millisecond
)

// pcp speaks PCP (RFC 6887), the successor of NAT-PMP.
type pcp struct {
	// nonce proves to the router that it is the same client who renews a mapping or takes it back; zero if there is none.
	nonce  [12]byte
	via    net.IP
	mapped uint16 // internal port, if there is a mapping
}

func (*pcp) String() string { return "PCP" }

func (r *pcp) forward(ctx context.Context, internal, external uint16, lifetime time.Duration) (_ netip.AddrPort, err error) {
	if r.via, err = defaultGateway(); err != nil {
		return netip.AddrPort{}, err
	}
	if r.mapped == 0 {
		_, _ = rand.Read(r.nonce[:]) // never fails
		r.mapped = internal
		defer func() {
			if err != nil {
				r.unmap(ctx)
			}
		}()
	}
	want := netip.AddrPortFrom(netip.IPv4Unspecified(), external)
	for _, protocol := range protocols() {
		got, err := r.ask(ctx, protocol, want, lifetime)
		if err != nil {
			return netip.AddrPort{}, err
		}
		if protocol != "udp" && got != want {
			return netip.AddrPort{}, errOneProtocol(want.Port())
		}
		want = got
	}
	return want, nil
}

func (r *pcp) unmap(ctx context.Context) {
	if r.mapped == 0 {
		return
	}
	for _, protocol := range protocols() {
		_, _ = r.ask(ctx, protocol, netip.AddrPortFrom(netip.IPv4Unspecified(), 0), 0) // otherwise it runs out by itself
	}
	r.mapped = 0
}

// ask asks for a mapping of the port, or with lifetime 0 for its end, and returns what it was mapped to.
func (r *pcp) ask(ctx context.Context, protocol string, external netip.AddrPort, lifetime time.Duration) (netip.AddrPort, error) {
	conn, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: r.via, Port: pcpPort})
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer conn.Close() // a socket for one question
	own := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
	request := pcpRequest{
		client: own, nonce: r.nonce, protocol: protocol, internal: r.mapped, external: external, lifetime: lifetime,
	}
	message := request.append(nil)
	ctx, cancel := context.WithTimeout(ctx, routerPatience)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // wakes the reader
	defer stop()
	buf := make([]byte, pcpMaxLen)
	for pause := pcpAskAgain; ctx.Err() == nil; pause *= 2 {
		if _, err := conn.Write(message); err != nil {
			return netip.AddrPort{}, errors.Join(err, ctx.Err())
		}
		if err := conn.SetReadDeadline(time.Now().Add(pause)); err != nil {
			return netip.AddrPort{}, errors.Join(err, ctx.Err())
		}
		for {
			n, err := conn.Read(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if errors.Is(err, syscall.ECONNREFUSED) {
				return netip.AddrPort{}, errUnspoken
			}
			if err != nil { // the time is up
				return netip.AddrPort{}, errors.Join(err, ctx.Err())
			}
			if mapped, mine, err := request.answeredBy(buf[:n]); mine {
				return mapped, err
			}
		}
	}
	return netip.AddrPort{}, fmt.Errorf("no answer from the router %s", r.via)
}

// pcpRequest is a MAP request.
type pcpRequest struct {
	client   netip.Addr // the address that the router sees, which it compares
	nonce    [12]byte
	protocol string
	internal uint16
	external netip.AddrPort // what is wished for
	lifetime time.Duration  // 0 ends the mapping
}

func (q *pcpRequest) number() byte { return map[string]byte{"udp": 17, "tcp": 6}[q.protocol] }

// append appends the message (RFC 6887, sections 7.1 and 11.1). IPv4 addresses are written as IPv4-mapped ones.
func (q *pcpRequest) append(b []byte) []byte {
	b = append(b, pcpVersion, pcpMap, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(q.lifetime/time.Second))
	client, external := q.client.As16(), q.external.Addr().As16()
	b = append(b, client[:]...)
	b = append(b, q.nonce[:]...)
	b = append(b, q.number(), 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, q.internal)
	b = binary.BigEndian.AppendUint16(b, q.external.Port())
	return append(b, external[:]...)
}

// answeredBy reads a message from the router, and tells whether it is the answer to the request (sections 7.2 and 11.4).
func (q *pcpRequest) answeredBy(b []byte) (mapped netip.AddrPort, mine bool, err error) {
	if len(b) >= 4 && b[0] < pcpVersion { // an older server answers so to what it does not know (RFC 6886, section 3.5)
		return netip.AddrPort{}, true, errors.New("the router speaks NAT-PMP only")
	}
	if len(b) < pcpHeader || b[0] != pcpVersion || b[1] != pcpMap|pcpResponse {
		return netip.AddrPort{}, false, nil
	}
	if code := b[3]; code != 0 && len(b) < pcpMapLen {
		return netip.AddrPort{}, true, pcpError(code)
	}
	if len(b) < pcpMapLen || [12]byte(b[24:36]) != q.nonce || b[36] != q.number() || binary.BigEndian.Uint16(b[40:]) != q.internal {
		return netip.AddrPort{}, false, nil
	}
	if code := b[3]; code != 0 {
		return netip.AddrPort{}, true, pcpError(code)
	}
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[44:60])).Unmap(), binary.BigEndian.Uint16(b[42:])), true, nil
}

// pcpError is a result code (RFC 6887, section 7.4).
func pcpError(code byte) error {
	names := []string{
		"success", "version not supported", "not authorized", "malformed request", "operation not supported", "option not supported",
		"malformed option", "the network behind the router is down", "no resources left", "protocol not supported",
		"too many mappings of this machine", "the port cannot be had", "there is another router in between", "too many remote peers",
	}
	if int(code) < len(names) {
		return fmt.Errorf("the router refuses: %s", names[code])
	}
	return fmt.Errorf("the router refuses with code %d", code)
}
