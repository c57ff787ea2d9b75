//go:build unix

package sqlite

import (
	"os"
	"strconv"
	"syscall"
)

// fileNumber is the number by which the file system knows the file: another file under the same name has another.
func fileNumber(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", nil
	}
	return strconv.FormatUint(stat.Ino, 10), nil
}
