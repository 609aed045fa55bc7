package sqlitefile

import (
	"errors"
	"io"
)

// ReaderAt returns the database as it is after the log's last commit, and its size
// in bytes. The format versions at 18 and 19 read 1, so that whoever reads it looks
// for no log. A page that the file does not hold reads as zeros, which is no valid
// page: whoever reads it notices there, and not at the beginning.
func (f *File) ReaderAt() (io.ReaderAt, int64) {
	return overlay{f}, int64(f.header.Pages) * int64(f.header.PageSize)
}

type overlay struct{ f *File }

func (o overlay) ReadAt(p []byte, off int64) (int, error) {
	f := o.f
	size := int64(f.header.PageSize)
	total := int64(f.header.Pages) * size
	if off < 0 {
		return 0, errors.New("sqlitefile: negative offset")
	}
	n := 0
	for n < len(p) {
		at := off + int64(n)
		if at >= total {
			return n, io.EOF
		}
		within := at % size
		k, err := o.page(p[n:n+int(min(int64(len(p)-n), size-within))], at, uint32(at/size)+1, within)
		n += k
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// page reads a part of one page, which begins at offset at of the database.
func (o overlay) page(p []byte, at int64, page uint32, within int64) (int, error) {
	f := o.f
	if frame, ok := f.frameOf(page); ok {
		if err := readFull(f.wal, p, frame+within); err != nil {
			return 0, err
		}
	} else {
		held := max(0, min(int64(len(p)), f.size-at))
		if held > 0 {
			if err := readFull(f.db, p[:held], at); err != nil {
				return 0, err
			}
		}
		clear(p[held:])
	}
	if page == 1 {
		for _, i := range [2]int64{18, 19} {
			if j := i - within; j >= 0 && j < int64(len(p)) {
				p[j] = 1
			}
		}
	}
	return len(p), nil
}
