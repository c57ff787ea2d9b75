package doctor

import "golang.org/x/sys/unix"

// kernelClockIsSet tells whether a time service keeps the kernel's clock right (adjtimex(2)).
func kernelClockIsSet() bool {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return err == nil && state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
}
