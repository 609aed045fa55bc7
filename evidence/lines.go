package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// MaxLine is how long a line of a record set may be, newline included.
const MaxLine = 1 << 20

// Lines calls f with each line of a record set, without its newline; the slice is
// good until f returns. It stops at f's first error. A set whose last line has no
// newline, or with a line over MaxLine, is ErrFormat.
func Lines(r io.ReaderAt, size int64, f func(line []byte) error) error {
	buf := make([]byte, 0, 2*MaxLine)
	var at int64
	for {
		n := min(int64(cap(buf)-len(buf)), size-at)
		if n > 0 {
			got, err := r.ReadAt(buf[len(buf):len(buf)+int(n)], at)
			if int64(got) < n && err != nil {
				if errors.Is(err, io.EOF) {
					err = io.ErrUnexpectedEOF
				}
				return fmt.Errorf("read record set: %w", err)
			}
			buf = buf[:len(buf)+int(n)]
			at += n
		}
		rest := buf
		for {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				break
			}
			if i >= MaxLine {
				return tooLong()
			}
			if err := f(rest[:i]); err != nil {
				return err
			}
			rest = rest[i+1:]
		}
		switch {
		case len(rest) >= MaxLine:
			return tooLong()
		case at == size && len(rest) > 0:
			return fmt.Errorf("%w: record set ends within a line", ErrFormat)
		case at == size:
			return nil
		}
		buf = buf[:copy(buf[:cap(buf)], rest)]
	}
}

func tooLong() error {
	return fmt.Errorf("%w: record set with a line over %d bytes", ErrFormat, MaxLine)
}

var (
	errFound = errors.New("found")
	nameKind = []byte("kind")
	nameTime = []byte("time")
)

// KindAndTime reads a record line's kind and time; "" for what it lacks.
func KindAndTime(line []byte) (kind, at string) {
	_ = Members(line, func(name, value []byte) error {
		switch {
		case bytes.Equal(name, nameKind):
			kind = textOf(value)
		case bytes.Equal(name, nameTime):
			at = textOf(value)
			return errFound // members ascend: kind came before
		}
		return nil
	})
	return kind, at
}

func textOf(value []byte) string {
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	return Unescape(value[1 : len(value)-1])
}

// RecordID prints the stable name of a record: 16 digits of its record set's
// digest and its line number from 1.
func RecordID(set Digest, line int64) string {
	return set.Hex()[:16] + ":" + strconv.FormatInt(line, 10)
}
