package wire

import (
	"log/slog"
	"net"
	"testing"
	"time"
)

// TestWaitingToBeReadIsNotOnTheWay leaves a datagram in the kernel for a while: it came before that.
func TestWaitingToBeReadIsNotOnTheWay(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp4", "udp6"} {
		conn, err := net.ListenUDP(network, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := openSocket(conn, new(packetPool), new(counters), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		to := conn.LocalAddr().(*net.UDPAddr)
		to.IP = map[string]net.IP{"udp4": net.IPv4(127, 0, 0, 1), "udp6": net.IPv6loopback}[network]
		if _, err := conn.WriteTo([]byte("hello"), to); err != nil {
			t.Fatal(err)
		}
		const wait = 50 * time.Millisecond
		time.Sleep(wait) // the waiting is what is measured
		r := s.newReader()
		defer r.close()
		batch, err := r.read()
		if err != nil || len(batch) != 1 {
			t.Fatalf("%s: %d datagrams, %v", network, len(batch), err)
		}
		if waited := time.Since(batch[0].came); waited < wait || waited > longestWait {
			t.Errorf("%s: came %v ago, want at least %v", network, waited, wait)
		}
		if !batch[0].local.Addr().IsLoopback() {
			t.Errorf("%s: came to %v", network, batch[0].local)
		}
		batch[0].release()
	}
}
