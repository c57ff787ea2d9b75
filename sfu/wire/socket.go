package wire

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// socketBuffer is what the kernel is asked to hold in each direction: 100 ms of 300 Mbit/s, which is what a busy server
// receives while its reader waits for a core.
const socketBuffer = 4 << 20

// socket is the UDP socket with its batched reading and writing. The parts that differ between systems are in accel.
type socket struct {
	conn     *net.UDPConn
	raw      syscall.RawConn
	pool     *packetPool
	counters *counters
	log      *slog.Logger
	accel    accel     // what the system offers beyond the plain calls; set by probe, read-only but for its atomics
	batches  sync.Pool // of *batch
	lanes    []lane    // writers by destination; a power of two
	fixed    bool      // bound to one address, from which all packets leave: there is none to be chosen

	mu     sync.Mutex
	closed bool           // owned by mu
	drains sync.WaitGroup // goroutines that finish the queue of a lane; added to under mu, and not once closed

	recvBuffer, sendBuffer int // bytes granted by the kernel; 0 where it cannot be asked
}

func openSocket(conn *net.UDPConn, pool *packetPool, c *counters, log *slog.Logger) (*socket, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("wire: raw access to the UDP socket: %w", err)
	}
	s := &socket{conn: conn, raw: raw, pool: pool, counters: c, log: log, lanes: newLanes()}
	s.fixed = !conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().IsUnspecified()
	s.growBuffers()
	s.accel.probe(s)
	return s, nil
}

// growBuffers asks for socketBuffer in both directions, and says what to do when the kernel grants less.
func (s *socket) growBuffers() {
	recvErr, sendErr := s.conn.SetReadBuffer(socketBuffer), s.conn.SetWriteBuffer(socketBuffer)
	s.recvBuffer, s.sendBuffer = s.grantedBuffers()
	if recvErr != nil || sendErr != nil || (s.recvBuffer != 0 && min(s.recvBuffer, s.sendBuffer) < socketBuffer) {
		s.log.Warn("the kernel grants small UDP buffers; bursts may be lost: "+bufferAdvice,
			"receiveBytes", s.recvBuffer, "sendBytes", s.sendBuffer, "wantedBytes", socketBuffer)
	}
}

// serve reads until the socket is closed and passes each batch on; deliver takes over the packets. It returns nil when
// the socket was closed.
func (s *socket) serve(deliver func(*packet)) error {
	r := s.newReader()
	defer r.close()
	for {
		batch, err := r.read()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("wire: reading UDP: %w", err)
		}
		var bytes int
		for _, p := range batch {
			bytes += p.n
			deliver(p)
		}
		s.counters.receiveCalls.Add(1)
		s.counters.packetsIn.Add(uint64(len(batch)))
		s.counters.bytesIn.Add(uint64(bytes))
	}
}

// batchReader reads datagrams; the caller owns the packets of a batch, and the slice until the next read.
type batchReader interface {
	read() ([]*packet, error)
	close()
}

// plainReader reads one datagram per system call, on any system.
type plainReader struct {
	s   *socket
	out [1]*packet
}

func (r *plainReader) read() ([]*packet, error) {
	for {
		p := r.s.pool.get()
		n, peer, err := r.s.conn.ReadFromUDPAddrPort(p.buf[:])
		if err != nil {
			p.release()
			if isTransient(err) {
				continue
			}
			return nil, err
		}
		if n == len(p.buf) { // may have been cut
			r.s.counters.droppedUnknown.Add(1)
			p.release()
			continue
		}
		p.came = time.Now()
		p.n, p.peer = n, netip.AddrPortFrom(peer.Addr().Unmap(), peer.Port())
		r.out[0] = p
		return r.out[:], nil
	}
}

func (r *plainReader) close() {}

// close closes the socket; serve returns. Writes fail from now on.
func (s *socket) close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	err := s.conn.Close()
	s.drains.Wait()
	return err
}
