//go:build linux || darwin

package sandbox

import (
	"encoding/json"

	"golang.org/x/sys/unix"
)

func report(fd int, r Report) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
