package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// stream is one pipe from the plugin.
type stream struct {
	r *os.File // ours, with deadlines
	w int      // the plugin's, blocking as other languages expect; -1 once closed
}

func newStream(name string) (*stream, error) {
	r, w, err := newPipe()
	if err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	return &stream{r: os.NewFile(uintptr(r), name), w: w}, nil
}

// handed closes the plugin's end here, where the plugin has its own.
func (s *stream) handed() {
	if s.w >= 0 {
		closeFD(s.w)
		s.w = -1
	}
}

func (s *stream) close() {
	s.handed()
	_ = s.r.Close()
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
			closeFD(fd)
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
	// Never blocks: a plugin that left earlier packets unread is no use any more.
	if err := raw.Control(func(fd uintptr) { sendErr = sendRights(int(fd), packet, fds) }); err != nil {
		return err
	}
	if sendErr != nil {
		return fmt.Errorf("%w: %w", errHandOver, sendErr)
	}
	return nil
}

// errHandOver: the plugin does not take the packet; it is dead or stuck.
var errHandOver = errors.New("hand over descriptors")
