package target

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// tick is the unit of CPU times in /proc: USER_HZ, which is 100 on every Linux whatever its kernel's own HZ (proc(5)).
const tick = 10 * time.Millisecond

// Usage is what a process has used so far.
type Usage struct {
	CPU    time.Duration // user and system, of all its threads
	Memory int64         // resident, bytes
}

// UsageOf reads /proc. The id 0 stands for no process at hand: the answer is zero.
func UsageOf(pid int) (Usage, error) {
	if pid == 0 {
		return Usage{}, nil
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Usage{}, fmt.Errorf("process %d: %w", pid, err)
	}
	// The name in parentheses may hold anything; the third field, the state, follows it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const utime, stime, rss = 14 - 3, 15 - 3, 24 - 3 // proc_pid_stat(5) counts from 1
	if len(fields) <= rss {
		return Usage{}, fmt.Errorf("/proc/%d/stat: %d fields", pid, len(fields))
	}
	var n [3]int64
	for i, at := range []int{utime, stime, rss} {
		if n[i], err = strconv.ParseInt(string(fields[at]), 10, 64); err != nil {
			return Usage{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
	}
	return Usage{time.Duration(n[0]+n[1]) * tick, n[2] * int64(os.Getpagesize())}, nil
}
