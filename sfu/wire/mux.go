package wire

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/pion/ice/v4"
)

// Mux is the one port. Its methods may be called by several goroutines.
type Mux struct {
	cfg      Config
	log      *slog.Logger
	port     uint16
	pool     packetPool
	counters counters

	socket    *socket
	hosts     *hosts
	ice       *iceMux
	docks     *docks
	bindings  bindings
	inquiries inquiries
	turn      *turnTap
	tcp       *tcpDoor

	failure    atomic.Pointer[error] // why the UDP socket stopped; nil while it works
	goroutines sync.WaitGroup
	closeOnce  sync.Once
	closeErr   error
}

// Listen opens the UDP socket and the TCP listener. A port that is taken, in either protocol, is an error that names it.
func Listen(cfg Config) (*Mux, error) {
	m := &Mux{cfg: cfg, log: cfg.Log}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	listener, conn, err := openPort(cfg.Listen)
	if err != nil {
		return nil, err
	}
	m.port = uint16(listener.Addr().(*net.TCPAddr).Port)
	if m.socket, err = openSocket(conn, &m.pool, &m.counters, m.log); err != nil {
		return nil, errors.Join(err, listener.Close(), conn.Close())
	}
	bound := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	m.hosts = newHosts(bound, m.log)
	m.SetPublic(cfg.PublicIPs, cfg.PublicPort)
	m.ice = newICEMux(m)
	m.docks = newDocks(m)
	m.turn = newTURNTap(m)
	if m.tcp, err = newTCPDoor(m, listener); err != nil {
		return nil, errors.Join(err, listener.Close(), m.socket.close())
	}
	m.goroutines.Go(m.serveUDP)
	m.goroutines.Go(m.tcp.serve)
	return m, nil
}

// openPort opens one port number in both protocols.
func openPort(address string) (net.Listener, *net.UDPConn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, nil, fmt.Errorf("wire: listen address %q: %w", address, err)
	}
	// With port 0 the TCP port that the system picks may be taken in UDP; then another is tried.
	const attempts = 32
	for attempt := 1; ; attempt++ {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return nil, nil, fmt.Errorf("wire: TCP: %w", err)
		}
		_, chosen, _ := net.SplitHostPort(listener.Addr().String())
		var conn *net.UDPConn
		addr, err := net.ResolveUDPAddr("udp", net.JoinHostPort(host, chosen))
		if err == nil {
			conn, err = net.ListenUDP("udp", addr)
		}
		if err == nil {
			return listener, conn, nil
		}
		_ = listener.Close()
		if (port != "0" && port != "") || attempt == attempts {
			return nil, nil, fmt.Errorf("wire: UDP: %w", err)
		}
	}
}

func (m *Mux) serveUDP() {
	if err := m.socket.serve(m.receive); err != nil {
		m.failure.Store(&err)
		m.log.Error("the UDP socket has failed; no media until restart", "error", err)
	}
}

// receive takes over a packet from the network.
func (m *Mux) receive(p *packet) {
	what := classify(p.bytes())
	if p.peer.Port() == 0 || isBerth(p.peer.Addr()) {
		what = classUnknown
	}
	switch what {
	case classMedia:
		if m.inquiries.answer(p) {
			p.release()
			return
		}
		m.ice.dispatch(p, what)
	case classCheck:
		m.ice.dispatch(p, what)
	case classTURN:
		m.turn.push(p)
	case classBinding:
		m.answerBinding(p)
		p.release()
	default:
		m.counters.droppedUnknown.Add(1)
		p.release()
	}
}

// send sends one packet to a remote address or to a berth, from the candidate c.
func (m *Mux) send(p []byte, remote netip.AddrPort, c *iceConn) (int, error) {
	if isBerth(remote.Addr()) {
		if b := m.docks.at(remote); b != nil {
			b.deliver(p, c.local)
		}
		return len(p), nil // a berth that is gone is like a host that is gone
	}
	return m.socket.write(p, remote, c.src)
}

// WriteBatch sends packets[i] to to[i]; it makes Mux an sfu.BatchWriter. Neighbours with one destination leave as one
// segmented message where they are of one size (the last may be shorter), and all of them with as few system calls as
// the system allows. Buffers are the caller's again on return. It returns how many datagrams were handed to the kernel
// or to a berth; the others are lost, and the last reason is the error.
func (m *Mux) WriteBatch(to []netip.AddrPort, packets [][]byte) (sent int, err error) {
	if len(to) != len(packets) {
		return 0, fmt.Errorf("wire: %d destinations for %d packets", len(to), len(packets))
	}
	b := m.socket.acquireBatch()
	for i := 0; i < len(to); {
		end := i + 1
		for end < len(to) && to[end] == to[i] {
			end++
		}
		sent += m.addRun(b, to[i], packets[i:end])
		i = end
	}
	n, err := b.flush()
	m.socket.releaseBatch(b)
	return sent + n, err
}

// addRun adds a run for one destination to a batch, or delivers it to a berth, and tells how many it delivered.
func (m *Mux) addRun(b *batch, dst netip.AddrPort, run [][]byte) int {
	dst = netip.AddrPortFrom(dst.Addr().Unmap(), dst.Port())
	if isBerth(dst.Addr()) {
		berth, c := m.docks.at(dst), m.ice.sourceOf(dst)
		if berth == nil || c == nil {
			return 0
		}
		for _, p := range run {
			berth.deliver(p, c.local)
		}
		return len(run)
	}
	var src netip.Addr
	if !m.socket.fixed {
		if c := m.ice.sourceOf(dst); c != nil {
			src = c.src
		}
	}
	b.add(dst, src, run)
	return 0
}

// UDPMux carries ICE, DTLS and SRTP of every leg. Its listen addresses are the candidates: no further settings are
// needed for them to be right.
func (m *Mux) UDPMux() ice.UDPMux { return m.ice }

// TCPMux carries ICE-TCP. Candidates for it are made only with the settings of Configure.
func (m *Mux) TCPMux() ice.TCPMux { return m.tcp.ice }

// Port is the number listened on, UDP and TCP.
func (m *Mux) Port() int { return int(m.port) }

// Stats are the counters of this Mux.
func (m *Mux) Stats() Stats { return m.counters.snapshot() }

// Err tells why no more media can flow, or nil while the UDP socket works.
func (m *Mux) Err() error {
	if err := m.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// Buffers tells how many bytes the kernel holds for the UDP socket in each direction, and how many were asked for; 0
// where the system does not tell.
func (m *Mux) Buffers() (receive, send, wanted int) {
	return m.socket.recvBuffer, m.socket.sendBuffer, socketBuffer
}

// Close closes both sockets and everything that came from them, and waits. It is idempotent.
func (m *Mux) Close() error {
	m.closeOnce.Do(func() {
		m.closeErr = errors.Join(m.tcp.close(), m.ice.Close(), m.turn.close(), m.socket.close())
		m.goroutines.Wait()
	})
	return m.closeErr
}
