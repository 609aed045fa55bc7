package sdk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// EnvDescriptors names the environment variable that holds the number of the
// inherited socket (docs/formats/wire.md).
const EnvDescriptors = "EXHIBIT_DESCRIPTORS"

const (
	// maxRights is what Linux passes in one message (SCM_MAX_FD).
	maxRights = 253
	// streams is how many descriptors come before the inputs.
	streams = 3
)

// descriptors receives the descriptors of jobs on a SOCK_SEQPACKET socket.
type descriptors struct {
	mu      sync.Mutex
	conn    *net.UnixConn
	pending map[uint64][]*os.File
}

// inheritedDescriptors opens the socket that the environment names.
func inheritedDescriptors(number string) (*descriptors, error) {
	fd, err := strconv.Atoi(number)
	if err != nil || fd < 3 {
		return nil, fmt.Errorf("sdk: %s is %q, not a descriptor", EnvDescriptors, number)
	}
	unix.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), "descriptors")
	if f == nil {
		return nil, fmt.Errorf("sdk: descriptor %d is not open", fd)
	}
	defer f.Close() // FileConn has its own
	return newDescriptors(f)
}

func newDescriptors(f *os.File) (*descriptors, error) {
	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("sdk: socket for descriptors: %w", err)
	}
	conn, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, errors.New("sdk: the socket for descriptors is no unix socket")
	}
	return &descriptors{conn: conn, pending: map[uint64][]*os.File{}}, nil
}

// take waits until n descriptors of the job have come, in one packet or several.
func (d *descriptors) take(ctx context.Context, job uint64, n int) ([]*os.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { d.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() {
			d.conn.SetReadDeadline(time.Time{})
		}
	}()
	for len(d.pending[job]) < n {
		if err := ctx.Err(); err != nil {
			d.drop(job)
			return nil, err
		}
		if err := d.receive(); err != nil {
			d.drop(job)
			return nil, err
		}
	}
	files := d.pending[job]
	delete(d.pending, job)
	if len(files) > n {
		closeAll(files)
		return nil, fmt.Errorf("sdk: %d descriptors came for a job of %d", len(files), n)
	}
	return files, nil
}

func (d *descriptors) drop(job uint64) {
	closeAll(d.pending[job])
	delete(d.pending, job)
}

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

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
