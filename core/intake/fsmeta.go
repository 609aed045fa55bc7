package intake

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// statMask asks for everything that docs/formats/case.md records.
const statMask = unix.STATX_BASIC_STATS | unix.STATX_BTIME

// statAt looks at name below the directory dir without following or mounting anything.
func statAt(dir int, name string) (unix.Statx_t, error) {
	var st unix.Statx_t
	err := ignoringEINTR(func() error {
		return unix.Statx(dir, name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT, statMask, &st)
	})
	return st, err
}

// statOf looks at what fd is.
func statOf(fd int) (unix.Statx_t, error) {
	var st unix.Statx_t
	err := ignoringEINTR(func() error { return unix.Statx(fd, "", unix.AT_EMPTY_PATH, statMask, &st) })
	return st, err
}

func ignoringEINTR(f func() error) error {
	for {
		if err := f(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// kindOf says in words what a file that is not read is.
func kindOf(mode uint16) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "file"
	case unix.S_IFDIR:
		return "directory"
	case unix.S_IFLNK:
		return "symbolic link"
	case unix.S_IFIFO:
		return "named pipe"
	case unix.S_IFSOCK:
		return "socket"
	case unix.S_IFCHR:
		return "character device"
	case unix.S_IFBLK:
		return "block device"
	}
	return "file of unknown type"
}

// metadata is what the filesystem says of a file, in the form of
// docs/formats/case.md: canonical JSON. target is that of a symbolic link.
func metadata(st *unix.Statx_t, target *string, xattrs map[string][]byte) ([]byte, error) {
	m := map[string]any{
		"size":   st.Size,
		"mode":   fmt.Sprintf("%06o", st.Mode),
		"uid":    st.Uid,
		"gid":    st.Gid,
		"nlink":  st.Nlink,
		"inode":  strconv.FormatUint(st.Ino, 10),
		"device": fmt.Sprintf("%d:%d", st.Dev_major, st.Dev_minor),
		"mtime":  timestamp(st.Mtime),
		"ctime":  timestamp(st.Ctime),
		"atime":  timestamp(st.Atime),
	}
	if st.Mask&unix.STATX_BTIME != 0 {
		m["btime"] = timestamp(st.Btime)
	}
	if t := st.Mode & unix.S_IFMT; t == unix.S_IFCHR || t == unix.S_IFBLK {
		m["rdev"] = fmt.Sprintf("%d:%d", st.Rdev_major, st.Rdev_minor)
	}
	if isSparse(st) {
		m["allocated"] = st.Blocks * 512
	}
	if target != nil {
		m["target"] = evidence.NewName(*target)
	}
	if len(xattrs) > 0 {
		m["xattrs"] = xattrs
	}
	return evidence.Canonical(m)
}

// isSparse: less is allocated than the size in whole blocks would take.
func isSparse(st *unix.Statx_t) bool {
	return st.Mode&unix.S_IFMT == unix.S_IFREG && st.Blocks*512 < st.Size
}

// timestamp writes a time as the filesystem has it. Filesystems hold times that
// RFC 3339 cannot write; those are seconds since 1970 after an "@", as date(1) reads them.
func timestamp(t unix.StatxTimestamp) string {
	utc := time.Unix(t.Sec, int64(t.Nsec)).UTC()
	if t.Sec < -62135596800 || t.Sec > 253402300799 {
		return fmt.Sprintf("@%d.%09d", t.Sec, t.Nsec)
	}
	return utc.Format("2006-01-02T15:04:05.000000000Z")
}

// Limits of the kernel on extended attributes (XATTR_LIST_MAX, XATTR_SIZE_MAX).
const (
	maxXattrList  = 64 << 10
	maxXattrValue = 64 << 10
)

// xattrsOf reads the extended attributes of the file at path, not following a
// link at its end. path may be /proc/self/fd/N/name. What cannot be read is left out.
func xattrsOf(path string) map[string][]byte {
	return readXattrs(
		func(b []byte) (int, error) { return unix.Llistxattr(path, b) },
		func(name string, b []byte) (int, error) { return unix.Lgetxattr(path, name, b) })
}

// xattrsOfFile reads the extended attributes of an open file or directory.
func xattrsOfFile(fd int) map[string][]byte {
	return readXattrs(
		func(b []byte) (int, error) { return unix.Flistxattr(fd, b) },
		func(name string, b []byte) (int, error) { return unix.Fgetxattr(fd, name, b) })
}

func readXattrs(list func([]byte) (int, error), get func(string, []byte) (int, error)) map[string][]byte {
	// Most files have none: ask for the size before setting memory aside.
	if n, err := list(nil); err != nil || n == 0 {
		return nil
	}
	names := make([]byte, maxXattrList)
	n, err := list(names)
	if err != nil || n <= 0 {
		return nil
	}
	out := map[string][]byte{}
	value := make([]byte, maxXattrValue)
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names[:n]), "\x00"), "\x00") {
		if n, err := get(name, value); err == nil {
			out[strings.ToValidUTF8(name, "\uFFFD")] = append([]byte{}, value[:n]...)
		}
	}
	return out
}

// readLink returns the target of the symbolic link name below dir, as bytes.
func readLink(dir int, name string) (string, error) {
	for size := 256; ; size *= 2 {
		b := make([]byte, size)
		n, err := unix.Readlinkat(dir, name, b)
		if err != nil {
			return "", err
		}
		if n < size {
			return string(b[:n]), nil
		}
	}
}
