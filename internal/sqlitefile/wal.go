package sqlitefile

import (
	"encoding/binary"
	"fmt"
	"slices"
)

const (
	logHeaderSize   = 32
	frameHeaderSize = 24
	logMagic        = 0x377f0682 // the lowest bit is set where checksums are big-endian
	logVersion      = 3007000
	// maxFrames bounds the index of a log in memory, 8 bytes for each frame.
	maxFrames = 8 << 20
)

// WAL says what a write-ahead log holds (§4).
type WAL struct {
	// Present: there is one, of whatever content. Valid: its header is one.
	Present, Valid bool
	// Reason says why it was not used, "" where it was.
	Reason string
	// PageSize is in bytes; Pages how many the database has after the last commit.
	PageSize int
	Pages    uint32
	// Frames are those up to the last commit: what they hold is newer than the database.
	Frames int64
	// Uncommitted are those after it whose checksums are right: a transaction that never ended.
	Uncommitted int64
	// Broken are those of this generation from the first wrong checksum on.
	Broken int64
	// Stale are those of an earlier generation, by their salts: older versions of pages.
	Stale int64
	// Rest is how many bytes at the end are no whole frame.
	Rest int64
}

func (w *WAL) reject(reason string) {
	w.Valid, w.Reason, w.Frames, w.Pages = false, reason, 0, 0
}

// frame is a page's newest committed version; number counts frames from 0.
type frame struct{ page, number uint32 }

// frameOf returns the offset in the log of a page's content.
func (f *File) frameOf(page uint32) (offset int64, ok bool) {
	if len(f.frames) == 0 {
		return 0, false
	}
	i, ok := slices.BinarySearchFunc(f.frames, page, func(fr frame, page uint32) int {
		switch {
		case fr.page < page:
			return -1
		case fr.page > page:
			return 1
		}
		return 0
	})
	if !ok {
		return 0, false
	}
	return logHeaderSize + int64(f.frames[i].number)*int64(frameHeaderSize+f.log.PageSize) + frameHeaderSize, true
}

// sum is the running checksum of §4.2.
type sum struct {
	order  binary.ByteOrder
	s1, s2 uint32
}

func (s *sum) add(b []byte) {
	s1, s2 := s.s1, s.s2
	if s.order == binary.BigEndian {
		for ; len(b) >= 8; b = b[8:] {
			s1 += binary.BigEndian.Uint32(b) + s2
			s2 += binary.BigEndian.Uint32(b[4:]) + s1
		}
	} else {
		for ; len(b) >= 8; b = b[8:] {
			s1 += binary.LittleEndian.Uint32(b) + s2
			s2 += binary.LittleEndian.Uint32(b[4:]) + s1
		}
	}
	s.s1, s.s2 = s1, s2
}

func (s *sum) is(b []byte) bool {
	return binary.BigEndian.Uint32(b) == s.s1 && binary.BigEndian.Uint32(b[4:]) == s.s2
}

// readLog reads the log from its start, as SQLite does when it recovers one: a
// frame counts where its salts are the header's and its checksum, which goes on
// from frame to frame, is right; what counts then is all up to the last commit.
func (f *File) readLog(size int64) error {
	w := &f.log
	w.Present = true
	if size < logHeaderSize {
		w.Reason, w.Rest = "it has no header", size
		return nil
	}
	var head [logHeaderSize]byte
	if err := readFull(f.wal, head[:], 0); err != nil {
		return err
	}
	u32 := func(at int) uint32 { return binary.BigEndian.Uint32(head[at:]) }
	w.PageSize = int(u32(8))
	check := sum{order: binary.LittleEndian}
	if u32(0)&1 != 0 {
		check.order = binary.BigEndian
	}
	switch {
	case u32(0)&^1 != logMagic:
		w.reject("it does not start as one does")
	case u32(4) != logVersion:
		w.reject("it is of another version")
	case !isPageSize(w.PageSize):
		w.reject("its page size is impossible")
	default:
		if check.add(head[:24]); !check.is(head[24:]) {
			w.reject("the checksum of its header is wrong")
			break
		}
		w.Valid = true
		return f.readFrames(size, head[16:24], check)
	}
	return nil
}

// readFrames goes through the frames, a few at a time.
func (f *File) readFrames(size int64, salts []byte, check sum) error {
	w := &f.log
	length := int64(frameHeaderSize + w.PageSize)
	count := (size - logHeaderSize) / length
	w.Rest = (size - logHeaderSize) % length
	if count > maxFrames {
		return fmt.Errorf("%w: a write-ahead log of %d frames", ErrLimit, count)
	}
	batch := max(1, (256<<10)/length)
	buf := make([]byte, batch*length)
	var all []frame
	good := true
	for n := int64(0); n < count; {
		some := min(batch, count-n)
		if err := readFull(f.wal, buf[:some*length], logHeaderSize+n*length); err != nil {
			return err
		}
		for i := range some {
			b := buf[i*length : (i+1)*length]
			page, commit := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
			same := string(b[8:16]) == string(salts)
			if good {
				if good = same && page != 0; good {
					check.add(b[:8])
					check.add(b[frameHeaderSize:])
					good = check.is(b[16:])
				}
			}
			switch {
			case !good && same:
				w.Broken++
			case !good:
				w.Stale++
			default:
				all = append(all, frame{page, uint32(n + i)})
				if commit != 0 {
					w.Pages, w.Frames = commit, n+i+1
				}
			}
		}
		n += some
	}
	w.Uncommitted = int64(len(all)) - w.Frames
	if w.Frames == 0 {
		w.Reason = "no transaction in it was committed"
		return nil
	}
	f.index(all[:w.Frames])
	return nil
}

// index keeps the newest version of each page that the database still has.
func (f *File) index(all []frame) {
	slices.SortFunc(all, func(a, b frame) int {
		if a.page != b.page {
			if a.page < b.page {
				return -1
			}
			return 1
		}
		return int(b.number) - int(a.number) // the newest first
	})
	all = slices.CompactFunc(all, func(a, b frame) bool { return a.page == b.page })
	all = slices.DeleteFunc(all, func(fr frame) bool { return fr.page > f.log.Pages })
	f.frames = slices.Clip(all)
}
