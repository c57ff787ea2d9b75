package wire

import (
	"encoding/binary"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is struct mmsghdr of sendmmsg(2) and recvmmsg(2). The compiler pads it as C does.
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// sendmmsg sends messages without waiting and returns how many the kernel took; an error concerns the first one.
func sendmmsg(fd int, msgs []mmsghdr) (int, error) {
	return multi(unix.SYS_SENDMMSG, fd, msgs)
}

// recvmmsg receives what is there without waiting.
func recvmmsg(fd int, msgs []mmsghdr) (int, error) {
	return multi(unix.SYS_RECVMMSG, fd, msgs)
}

// multi calls the kernel without telling Go's scheduler. These calls never wait, but one that sends is some hundred microseconds of
// work; told of it, the scheduler would give the processor to another thread meanwhile, and with more packets at hand than
// processors, threads would then take turns at each other's half-sent pictures. Whatever else wants the goroutine waits for one
// call at the most.
func multi(trap uintptr, fd int, msgs []mmsghdr) (int, error) {
	for {
		n, _, errno := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(msgs))),
			uintptr(len(msgs)), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// sockaddr holds an address of either family: that of the socket.
type sockaddr unix.RawSockaddrInet6

// set writes an address in the form that the socket's family wants and returns its length. It tells false for an IPv6
// destination on an IPv4 socket.
func (sa *sockaddr) set(a netip.AddrPort, six bool) (uint32, bool) {
	if six {
		sa.Family = unix.AF_INET6
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&sa.Port))[:], a.Port())
		sa.Addr = a.Addr().As16()
		return unix.SizeofSockaddrInet6, true
	}
	if !a.Addr().Is4() {
		return 0, false
	}
	v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
	v4.Family = unix.AF_INET
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&v4.Port))[:], a.Port())
	v4.Addr = a.Addr().As4()
	return unix.SizeofSockaddrInet4, true
}

// get reads an address as the kernel wrote it, IPv4 unmapped.
func (sa *sockaddr) get() netip.AddrPort {
	switch sa.Family {
	case unix.AF_INET6:
		port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&sa.Port))[:])
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), port)
	case unix.AF_INET:
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&v4.Port))[:])
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), port)
	}
	return netip.AddrPort{}
}

// controlLen is room for the control messages that we send or receive: a packet info and a segment size or a time, each with
// a header of up to 16 bytes, aligned to 8.
const controlLen = 72

// control is a buffer for control messages, aligned as the kernel wants it.
type control struct {
	_   [0]uint64
	buf [controlLen]byte
}

// append writes one control message behind the n bytes that are there and returns the new length.
func (c *control) append(n int, level, typ int32, data []byte) int {
	h := (*unix.Cmsghdr)(unsafe.Pointer(&c.buf[n]))
	h.Level, h.Type = level, typ
	h.SetLen(unix.CmsgLen(len(data)))
	copy(c.buf[n+unix.CmsgLen(0):], data)
	return n + unix.CmsgSpace(len(data))
}

// appendSource asks for a source address (ip(7) IP_PKTINFO, ipv6(7) IPV6_PKTINFO).
func (c *control) appendSource(n int, src netip.Addr, six bool) int {
	if six {
		info := unix.Inet6Pktinfo{Addr: src.As16()}
		return c.append(n, unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, (*[unix.SizeofInet6Pktinfo]byte)(unsafe.Pointer(&info))[:])
	}
	info := unix.Inet4Pktinfo{Spec_dst: src.As4()}
	return c.append(n, unix.IPPROTO_IP, unix.IP_PKTINFO, (*[unix.SizeofInet4Pktinfo]byte)(unsafe.Pointer(&info))[:])
}

// appendSegment asks for segmentation into datagrams of size bytes (udp(7) UDP_SEGMENT).
func (c *control) appendSegment(n, size int) int {
	var data [2]byte
	binary.NativeEndian.PutUint16(data[:], uint16(size))
	return c.append(n, unix.IPPROTO_UDP, unix.UDP_SEGMENT, data[:])
}

// told reads what the kernel says of a datagram beside it: the own address that it was sent to, and when it came by the wall's
// clock; the zero Addr and Time where it did not tell.
func told(oob []byte) (local netip.Addr, came time.Time) {
	for len(oob) >= unix.SizeofCmsghdr {
		h, data, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			break
		}
		switch {
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			local = netip.AddrFrom4([4]byte(data[8:12])) // ipi_addr
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			local = netip.AddrFrom16([16]byte(data[:16])).Unmap()
		case h.Level == unix.SOL_SOCKET && h.Type == unix.SO_TIMESTAMPNS && len(data) >= sizeofTimespec:
			var at unix.Timespec
			copy((*[sizeofTimespec]byte)(unsafe.Pointer(&at))[:], data)
			came = time.Unix(at.Unix())
		}
		oob = rest
	}
	return local, came
}

const sizeofTimespec = int(unsafe.Sizeof(unix.Timespec{}))

// longestWait is how long a datagram may be taken to have waited to be read: more is a wall clock that was set meanwhile.
const longestWait = time.Second

// since turns a time by the wall's clock into one that later times can be held against.
func since(came, now time.Time) time.Time {
	if waited := now.Sub(came); !came.IsZero() && waited > 0 && waited < longestWait {
		return now.Add(-waited)
	}
	return now
}
