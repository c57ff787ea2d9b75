package media

import (
	"net"
	"time"

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

// roomy is the machine's network with larger receive buffers.
type roomy struct{ *stdnet.Net }

// ListenUDP opens a socket.
func (r roomy) ListenUDP(network string, at *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := r.Net.ListenUDP(network, at)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetReadBuffer(receiveRoom)
}

// configurePath sets how a leg reaches the server.
func configurePath(engine *webrtc.SettingEngine, local bool) error {
	machine, err := stdnet.NewNet()
	if err != nil {
		return err
	}
	engine.SetNet(roomy{machine})
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
