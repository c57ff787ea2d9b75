//go:build !linux

package wire

import (
	"errors"
	"syscall"
)

// accel is empty here: one system call per datagram is what the portable interface offers.
type accel struct{}

func (*accel) probe(*socket) {}

func (*accel) newSender(s *socket) sender { return &plainSender{s: s} }

func (s *socket) newReader() batchReader { return &plainReader{s: s} }

// grantedBuffers cannot be asked portably.
func (s *socket) grantedBuffers() (recv, send int) { return 0, 0 }

const bufferAdvice = "raise the system's limit on the size of socket buffers"

// isTransient tells read errors that concern one datagram only: an ICMP answer to an earlier send, or a datagram that
// was too long (Windows).
func isTransient(err error) bool {
	var errno syscall.Errno
	const wsaMessageSize, wsaConnReset, wsaNetReset = 10040, 10054, 10052
	return errors.As(err, &errno) && (errno == syscall.ECONNRESET || errno == syscall.ECONNREFUSED ||
		errno == wsaMessageSize || errno == wsaConnReset || errno == wsaNetReset)
}
