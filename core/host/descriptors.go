package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// pipeBytes is the capacity asked for: one system call moves that much at most.
const pipeBytes = 1 << 20

// stream is one pipe from the plugin.
type stream struct {
	r *os.File // ours, with deadlines
	w int      // the plugin's, blocking as other languages expect; -1 once closed
}

func newStream(name string) (*stream, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	// More than the user's share of pipe memory is refused; the default does too.
	_, _ = unix.FcntlInt(uintptr(p[1]), unix.F_SETPIPE_SZ, pipeBytes)
	if err := unix.SetNonblock(p[0], true); err != nil {
		_ = unix.Close(p[0])
		_ = unix.Close(p[1])
		return nil, fmt.Errorf("pipe: %w", err)
	}
	return &stream{r: os.NewFile(uintptr(p[0]), name), w: p[1]}, nil
}

// handed closes the plugin's end here, where the plugin has its own.
func (s *stream) handed() {
	if s.w >= 0 {
		_ = unix.Close(s.w)
		s.w = -1
	}
}

func (s *stream) close() {
	s.handed()
	_ = s.r.Close()
}

// reopen returns a new open file description of f, read-only: the plugin's offset
// and flags are its own, and it cannot write even where f could.
func reopen(f *os.File, size int64) (int, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd, openErr := -1, error(nil)
	if err := raw.Control(func(old uintptr) {
		path := fmt.Sprintf("/proc/self/fd/%d", old)
		// Without touching the access time where we may ask for that.
		fd, openErr = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOATIME, 0)
		if errors.Is(openErr, unix.EPERM) {
			fd, openErr = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		}
	}); err != nil {
		return -1, err
	}
	if openErr != nil {
		return -1, fmt.Errorf("open read-only: %w", openErr)
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	switch {
	case err != nil:
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		err = errors.New("not a regular file")
	case st.Size != size:
		err = fmt.Errorf("%w: %d bytes, not %d", evidence.ErrChanged, st.Size, size)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// hand sends the packet of a job (docs/formats/wire.md): its number and the
// descriptors in their order.
func hand(socket *os.File, number uint64, streams []*stream, inputs []Input) error {
	fds := make([]int, 0, len(streams)+len(inputs))
	for _, s := range streams {
		fds = append(fds, s.w)
	}
	defer func() {
		for _, fd := range fds[len(streams):] {
			_ = unix.Close(fd)
		}
	}()
	for _, in := range inputs {
		fd, err := reopen(in.File, in.Size)
		if err != nil {
			return fmt.Errorf("input %q: %w", in.Role, err)
		}
		fds = append(fds, fd)
	}
	packet := binary.BigEndian.AppendUint64(nil, number)
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	var sendErr error
	if err := raw.Control(func(fd uintptr) {
		// Never blocks: a plugin that left earlier packets unread is no use any more.
		sendErr = unix.Sendmsg(int(fd), packet, unix.UnixRights(fds...), nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
	}); err != nil {
		return err
	}
	if sendErr != nil {
		return fmt.Errorf("%w: %w", errHandOver, sendErr)
	}
	return nil
}

// errHandOver: the plugin does not take the packet; it is dead or stuck.
var errHandOver = errors.New("hand over descriptors")
