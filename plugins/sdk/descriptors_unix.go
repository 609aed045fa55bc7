//go:build unix

package sdk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

func closeOnExec(fd int) { unix.CloseOnExec(fd) }

// receive reads one packet: the job's number and its descriptors.
func (d *descriptors) receive() error {
	var head [9]byte // one more than a packet has
	oob := make([]byte, unix.CmsgSpace(4*maxRights))
	n, oobn, flags, _, err := d.conn.ReadMsgUnix(head[:], oob)
	if err != nil {
		return fmt.Errorf("sdk: receive descriptors: %w", err)
	}
	files, err := rights(oob[:oobn])
	switch {
	case err != nil:
	case n == 0 && oobn == 0:
		err = io.EOF
	case n != 8:
		err = fmt.Errorf("a packet of %d bytes", n)
	case flags&unix.MSG_CTRUNC != 0:
		err = errors.New("not all came: too many open files")
	}
	if err != nil {
		closeAll(files)
		return fmt.Errorf("sdk: receive descriptors: %w", err)
	}
	job := binary.BigEndian.Uint64(head[:])
	d.pending[job] = append(d.pending[job], files...)
	return nil
}

func rights(oob []byte) ([]*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, err
	}
	var files []*os.File
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return files, err
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, openedFile(fd))
		}
	}
	return files, nil
}

// openedFile wraps fd. A pipe is made non-blocking first, so that a write to a
// host that has stopped reading can be cancelled.
func openedFile(fd int) *os.File {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO {
		// Failure leaves a blocking pipe, which works but for cancellation.
		_ = unix.SetNonblock(fd, true)
	}
	return os.NewFile(uintptr(fd), "descriptor")
}

// limitMemory stays clear of the launcher's RLIMIT_DATA.
func limitMemory() {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_DATA, &l) == nil && l.Cur < 1<<50 {
		debug.SetMemoryLimit(int64(l.Cur) / 2)
	}
}
