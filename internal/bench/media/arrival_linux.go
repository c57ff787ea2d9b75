package media

import (
	"errors"
	"net"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// controlRoom is what the kernel's word of when a packet came takes.
var controlRoom = unix.CmsgSpace(int(unsafe.Sizeof(unix.Timespec{})))

// keepTime has the kernel tell of each packet when it came: SO_TIMESTAMPNS, socket(7).
func keepTime(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var refused error
	err = raw.Control(func(fd uintptr) { refused = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) })
	return errors.Join(err, refused)
}

// cameAt returns when a packet came that has been read now, from what the kernel has written beside it; now, if nothing. The
// kernel's clock is the wall's, of which only the difference to now counts.
func cameAt(control []byte, now time.Time) time.Time {
	header, data, _, err := unix.ParseOneSocketControlMessage(control)
	var at unix.Timespec
	if err != nil || header.Level != unix.SOL_SOCKET || header.Type != unix.SO_TIMESTAMPNS || len(data) < int(unsafe.Sizeof(at)) {
		return now
	}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&at)), unsafe.Sizeof(at)), data)
	return now.Add(-max(0, now.Sub(time.Unix(at.Unix()))))
}
