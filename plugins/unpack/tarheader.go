package main

import (
	"bytes"
	"strconv"
	"strings"
)

// blockSize is a tar archive's.
const blockSize = 512

// Types of tar entries (POSIX.1-2017 pax; GNU tar 1.34 tar.h).
const (
	typeRegular    = '0'
	typeHardLink   = '1'
	typeSymlink    = '2'
	typeCharacter  = '3'
	typeBlock      = '4'
	typeDirectory  = '5'
	typeFIFO       = '6'
	typeContinue   = 'M' // of a file that began on another volume
	typeSparse     = 'S'
	typeVolume     = 'V'
	typeLongName   = 'L'
	typeLongLink   = 'K'
	typePax        = 'x'
	typePaxSolaris = 'X'
	typePaxGlobal  = 'g'
)

var typeNames = map[byte]string{
	typeHardLink: "hardlink", typeSymlink: "symlink", typeCharacter: "character", typeBlock: "block",
	typeDirectory: "directory", typeFIFO: "fifo", typeVolume: "volume",
}

// tarHeader is one header block, with what extended headers said put in.
type tarHeader struct {
	name, link     string
	size           int64 // of the data that follows
	typeflag       byte
	mode, uid, gid int64 // -1 where unreadable
	mtime          string
	user, group    string
	extra          map[string]any // of PAX, what has no place above
	sparse         []extent       // nil: not sparse
	realSize       int64          // of a sparse file
	sparseInData   bool           // the map is at the head of the data (PAX 1.0)
	extended       bool           // more of the map follows in blocks of its own (old GNU)
}

// isTar reports whether b begins with a tar header block, of whatever age: its
// checksum is right.
func isTar(b []byte) bool {
	if len(b) < blockSize || b[0] == 0 && !bytes.HasPrefix(b[257:], []byte("ustar")) {
		return false
	}
	want, ok := octal(b[148:156])
	if !ok {
		return false
	}
	unsigned, signed := checksums(b[:blockSize])
	if want != unsigned && want != signed {
		return false
	}
	size, ok := number(b[124:136])
	return ok && size >= 0
}

// checksums returns the sums of a block's bytes, the checksum's own taken for
// spaces; some old programs added signed bytes.
func checksums(b []byte) (unsigned, signed int64) {
	for i, c := range b {
		if i >= 148 && i < 156 {
			c = ' '
		}
		unsigned += int64(c)
		signed += int64(int8(c))
	}
	return unsigned, signed
}

// octal reads a number with spaces and NULs around it; an empty one is 0.
func octal(b []byte) (int64, bool) {
	s := strings.Trim(string(b), " \x00")
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = strings.TrimRight(s[:i], " ")
	}
	if s == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(s, 8, 63)
	return int64(n), err == nil
}

// number reads octal, or GNU's base 256 where the first bit is set.
func number(b []byte) (int64, bool) {
	if b[0]&0x80 == 0 {
		return octal(b)
	}
	negative := b[0]&0x40 != 0
	var n uint64
	for i, c := range b {
		if negative {
			c = ^c
		}
		if i == 0 {
			c &= 0x7f
		}
		if n>>55 != 0 {
			return 0, false
		}
		n = n<<8 | uint64(c)
	}
	if negative {
		return ^int64(n), true
	}
	return int64(n), true
}

func cstring(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

func orMinus1(b []byte) int64 {
	if n, ok := number(b); ok {
		return n
	}
	return -1
}

// parseTarHeader reads a block for which isTar holds.
func parseTarHeader(b []byte) tarHeader {
	size, _ := number(b[124:136])
	h := tarHeader{
		name: cstring(b[0:100]), link: cstring(b[157:257]), size: size, typeflag: b[156],
		mode: orMinus1(b[100:108]), uid: orMinus1(b[108:116]), gid: orMinus1(b[116:124]),
	}
	if sec, ok := number(b[136:148]); ok {
		h.mtime = rfc3339(sec, 0)
	}
	if h.typeflag == 0 {
		h.typeflag = typeRegular
	}
	if string(b[257:262]) == "ustar" {
		h.user, h.group = cstring(b[265:297]), cstring(b[297:329])
	}
	// GNU's own header has other fields where ustar has its prefix.
	if string(b[257:263]) == "ustar\x00" {
		if prefix := cstring(b[345:500]); prefix != "" {
			h.name = prefix + "/" + h.name
		}
	}
	if h.typeflag == typeSparse {
		h.sparse = oldSparse([]extent{}, b[386:], 4)
		h.realSize = orMinus1(b[483:495])
		h.extended = b[482] != 0
	}
	h.settle()
	return h
}

// settle makes what follows from the type hold, after anything changed it.
func (h *tarHeader) settle() {
	if h.typeflag == typeRegular && strings.HasSuffix(h.name, "/") {
		h.typeflag = typeDirectory // before POSIX there was no type for it
	}
	switch h.typeflag {
	case typeHardLink, typeSymlink, typeCharacter, typeBlock, typeDirectory, typeFIFO:
		h.size = 0 // whatever the field says, no data follows
	}
}

// meta is what the archive says about the member.
func (h *tarHeader) meta() map[string]any {
	m := map[string]any{}
	for name, n := range map[string]int64{"uid": h.uid, "gid": h.gid} {
		if n >= 0 {
			m[name] = n
		}
	}
	if h.mode >= 0 {
		m["mode"] = "0" + strconv.FormatInt(h.mode, 8)
	}
	for name, s := range map[string]string{"user": h.user, "group": h.group, "mtime": h.mtime} {
		if s != "" {
			m[name] = s
		}
	}
	for name, v := range h.extra {
		m[name] = v
	}
	if h.typeflag != typeRegular && h.typeflag != typeSparse {
		m["type"] = string(rune(h.typeflag))
	}
	if h.sparse != nil {
		m["sparse"] = true
	}
	return m
}
