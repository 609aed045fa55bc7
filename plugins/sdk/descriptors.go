package sdk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
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
	closeOnExec(fd)
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

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
