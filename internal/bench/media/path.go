package media

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
	"github.com/pion/webrtc/v4"
)

// Timeouts of a leg's ICE agent. Pion goes over its candidate pairs at the least of these and of 200 ms, and needs two
// rounds to connect; browsers nominate at once, and it is the server that is to be measured. So the "failed" timeout is
// made the beat, and counts only after the "disconnected" one, which never comes. At every beat Pion would also send a
// keep-alive, which is switched off: like a browser's, a leg's reports say that it is there (see run.report).
const (
	iceBeat      = 10 * time.Millisecond
	iceNever     = 24 * time.Hour
	iceKeepAlive = 0
	// icePatience is how many unanswered checks a pair may have: Pion's seven would be 140 ms of a busy server.
	icePatience = 1000
)

// receiveRoom is what a leg's socket can hold while the client's machine is busy: some 2,000 packets. The kernel grants
// what net.core.rmem_max allows. What is lost for want of it would be counted as the server's loss.
const receiveRoom = 4 << 20

// roomy is the machine's network with larger receive buffers, and sockets that can turn deaf.
type roomy struct {
	*stdnet.Net
	ear *ear
}

// ListenUDP opens a socket.
func (r roomy) ListenUDP(network string, at *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := net.ListenUDP(network, at)
	if err != nil {
		return nil, err
	}
	s := &socket{UDPConn: conn, ear: r.ear, control: make([]byte, controlRoom), closed: make(chan struct{})}
	return s, errors.Join(conn.SetReadBuffer(receiveRoom), keepTime(conn))
}

// ear is what a leg hears with: the sockets that it has opened.
type ear struct {
	deaf atomic.Bool
	came arrivals
}

// socket is a socket of a leg. Once the leg is deaf nobody reads it: the kernel drops what comes, on the account of who sends.
type socket struct {
	*net.UDPConn
	ear     *ear
	control []byte // of the goroutine that reads
	once    sync.Once
	closed  chan struct{}
}

var _ ice.AddrPortReaderWriter = (*socket)(nil)

// ReadFromAddrPort reads a packet, which is how Pion reads.
func (s *socket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	n, controls, _, from, err := s.ReadMsgUDPAddrPort(b, s.control)
	if s.ear.deaf.Load() {
		<-s.closed
		return 0, netip.AddrPort{}, net.ErrClosed
	}
	if err == nil {
		s.ear.came.note(b[:n], cameAt(s.control[:controls], time.Now()))
	}
	return n, from, err
}

// WriteToAddrPort sends a packet, which is how Pion writes.
func (s *socket) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return s.WriteToUDPAddrPort(b, to)
}

// Close closes the socket and ends reading.
func (s *socket) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.UDPConn.Close()
}

// configurePath sets how a leg reaches the server, and hears from it.
func configurePath(engine *webrtc.SettingEngine, local bool, ear *ear) error {
	machine, err := stdnet.NewNet()
	if err != nil {
		return err
	}
	engine.SetNet(roomy{machine, ear})
	engine.SetICETimeouts(iceNever, iceBeat, iceKeepAlive)
	engine.SetICEMaxBindingRequests(icePatience)
	engine.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	engine.SetIncludeLoopbackCandidate(local)
	if local { // media must not leave the machine either
		engine.SetIPFilter(net.IP.IsLoopback)
		engine.SetRemoteIPFilter(net.IP.IsLoopback)
	}
	return nil
}
