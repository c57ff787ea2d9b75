//go:build !linux

package doctor

// kernelClockIsSet tells whether a time service keeps the kernel's clock right; only Linux tells.
func kernelClockIsSet() bool { return false }
