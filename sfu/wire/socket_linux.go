package wire

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// accel is what Linux offers beyond one system call per datagram: recvmmsg and sendmmsg, segmentation by the kernel or
// the network card (UDP_SEGMENT, "GSO", Linux 4.18), the local address of each datagram (IP_PKTINFO) and when it came (SO_TIMESTAMPNS).
type accel struct {
	batching bool
	six      bool        // an IPv6 socket: addresses and control messages are of that family, IPv4 mapped
	segments atomic.Bool // GSO works; turned off when a device turns out not to
}

// probe finds out what the kernel has. Old kernels, seccomp filters and emulations lack one or the other.
func (a *accel) probe(s *socket) {
	_ = s.raw.Control(func(fd uintptr) {
		domain, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
		if err != nil {
			return
		}
		a.six = domain == unix.AF_INET6
		_, sendErr := sendmmsg(int(fd), nil)
		_, recvErr := recvmmsg(int(fd), nil)
		a.batching = !errors.Is(sendErr, unix.ENOSYS) && !errors.Is(recvErr, unix.ENOSYS) &&
			!errors.Is(sendErr, unix.EPERM) && !errors.Is(recvErr, unix.EPERM)
		_, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT)
		a.segments.Store(a.batching && err == nil)
		// Without these the kernel just does not tell: answers leave from the address that routing picks, and what waited for
		// this process counts as having been on its way.
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
		if a.six {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
		} else {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		}
	})
}

func (a *accel) newSender(s *socket) sender {
	if a.batching {
		return newBatchSender(s)
	}
	return &plainSender{s: s}
}

func (s *socket) newReader() batchReader {
	if s.accel.batching {
		return newMultiReader(s)
	}
	return &plainReader{s: s}
}

// grantedBuffers tells what the kernel granted, after trying to pass the limit as a privileged process may. Linux counts
// its own bookkeeping in, and so reports twice what was asked for (socket(7)).
func (s *socket) grantedBuffers() (recv, send int) {
	_ = s.raw.Control(func(fd uintptr) {
		get := func(opt, force int) int {
			n, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, opt)
			if err == nil && n/2 < socketBuffer && unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, force, socketBuffer) == nil {
				n, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, opt)
			}
			if err != nil {
				return 0
			}
			return n / 2
		}
		recv = get(unix.SO_RCVBUF, unix.SO_RCVBUFFORCE)
		send = get(unix.SO_SNDBUF, unix.SO_SNDBUFFORCE)
	})
	return recv, send
}

const bufferAdvice = "as root, sysctl -w net.core.rmem_max=4194304 net.core.wmem_max=4194304 (and keep it in /etc/sysctl.d)"

// isTransient tells read errors that concern one datagram only: an ICMP answer to an earlier send.
func isTransient(err error) bool {
	return !errors.Is(err, net.ErrClosed) &&
		(errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH))
}
