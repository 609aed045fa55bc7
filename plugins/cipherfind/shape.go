package main

import (
	"bytes"
	"math"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// shape is what the bytes of an artifact show by themselves, of the windows that
// were looked at.
type shape struct {
	size, seen int64
	// lines that are not blank, of them those that are encoded as encoding says, and
	// those that are nearly so; shortest and longest in bytes.
	lines, encoded, cut int
	shortest, longest   int
	// ends are the lines' ends: lf, crlf, mixed, none.
	ends string
	// encoding of most lines: hex or base64; "" for none.
	encoding string
	// text is the charset in which nearly all of it is text; "" for none.
	text string
	// encodedText is the charset in which the decoded lines are text: not encrypted.
	encodedText string
	// magic is a file format known by its first bytes, of the decoded bytes too.
	magic string
	// entropy is of the bytes, decoded where lines are encoded: bits in 8, in thousandths.
	entropy int
	// blocks holds, by block size, how many blocks there are and how many of them
	// occurred before; modulo how many units are whole blocks, of units.
	blocks  map[int][2]int
	modulo  map[int]int
	units   int
	control int // per thousand bytes that are control characters
}

const minLine = 8

// newShape looks at the windows of an artifact of size bytes.
func newShape(size int64, parts [][]byte) *shape {
	s := &shape{size: size, blocks: map[int][2]int{}, modulo: map[int]int{}}
	for _, w := range parts {
		s.seen += int64(len(w))
	}
	if s.seen == 0 {
		return s
	}
	s.magic = magicOf(parts[0])
	lines := linesOf(parts)
	s.lineStructure(parts, lines)
	units := s.decoded(lines)
	if s.encoding == "" {
		units = parts
		if s.text = s.textOf(lines); s.text == "" && wideThroughout(parts) {
			s.text = "utf-16le"
		}
	} else {
		s.encodedText = s.textOf(units)
		if len(units) > 0 {
			s.magic = magicOf(units[0])
		}
	}
	s.measure(units)
	return s
}

func (s *shape) lineStructure(parts, lines [][]byte) {
	s.lines = len(lines)
	for i, l := range lines {
		if i == 0 || len(l) < s.shortest {
			s.shortest = len(l)
		}
		s.longest = max(s.longest, len(l))
	}
	crlf, all, control, n := 0, 0, 0, 0
	for _, w := range parts {
		crlf += bytes.Count(w, []byte("\r\n"))
		all += bytes.Count(w, []byte("\n"))
		n += len(w)
		for _, c := range w {
			if c < 0x20 && c != '\t' && c != '\n' && c != '\r' || c == 0x7F {
				control++
			}
		}
	}
	s.control = 1000 * control / max(1, n)
	switch {
	case all == 0:
		s.ends = "none"
	case crlf == 0:
		s.ends = "lf"
	case crlf == all:
		s.ends = "crlf"
	default:
		s.ends = "mixed"
	}
}

// decoded settles how lines are encoded, if they are, and returns what they hold.
// Hexadecimal digits are all digits of base64 too, so that comes first.
func (s *shape) decoded(lines [][]byte) [][]byte {
	for _, encoding := range []string{crypt.Hex, crypt.Base64} {
		var out [][]byte
		cut, mixed := 0, 0
		for _, l := range lines {
			b, state := crypt.Decode(encoding, nil, l)
			switch {
			case state == crypt.CutShort && len(l) >= minLine:
				cut++
			case state == crypt.Decoded && len(b) >= minLine*3/4 && bytes.IndexByte(l, ' ') < 0:
				out = append(out, b)
				if encoding == crypt.Base64 && looksRandom(l) {
					mixed++
				}
			}
		}
		// Words of letters alone are base64 by accident; what is encoded has digits and
		// letters of both cases in nearly every line.
		if len(out) > 0 && 2*len(out) > len(lines) && (encoding == crypt.Hex || 2*mixed > len(out)) {
			s.encoding, s.encoded, s.cut = encoding, len(out), cut
			return out
		}
	}
	return nil
}

// looksRandom: of small letters, capitals, digits and signs at least three occur.
func looksRandom(l []byte) bool {
	var small, capital, digit, sign int
	for _, c := range l {
		switch {
		case c >= 'a' && c <= 'z':
			small = 1
		case c >= 'A' && c <= 'Z':
			capital = 1
		case c >= '0' && c <= '9':
			digit = 1
		default:
			sign = 1
		}
	}
	return small+capital+digit+sign >= 3
}

// textOf names the charset in which nine of ten pieces are text.
func (s *shape) textOf(pieces [][]byte) string {
	if len(pieces) == 0 || s.control > 5 && s.encoding == "" {
		return ""
	}
	all := newForms()
	for _, i := range []int{formUTF8, formUTF16LE, formGB18030, formBig5, formShiftJIS} {
		f, fit := &all[i], 0
		for _, p := range pieces {
			if f.passes(p, true) {
				fit++
			}
		}
		if 10*fit >= 9*len(pieces) {
			return f.name
		}
	}
	return ""
}

// wideThroughout: it is UTF-16, little end first, whose lines cannot be cut at bytes.
func wideThroughout(parts [][]byte) bool {
	f := &newForms()[formUTF16LE]
	for _, p := range parts {
		if !f.passes(bytes.TrimPrefix(p, []byte("\xff\xfe")), true) {
			return false
		}
	}
	return true
}

func (s *shape) measure(units [][]byte) {
	var hist [256]int
	n := 0
	for _, u := range units {
		for _, c := range u {
			hist[c]++
		}
		n += len(u)
	}
	bits := 0.0
	for _, c := range hist {
		if c > 0 {
			p := float64(c) / float64(n)
			bits -= p * math.Log2(p)
		}
	}
	s.entropy = int(math.Round(bits * 1000))
	for _, size := range []int{8, 16} {
		seen := map[string]bool{}
		blocks, again := 0, 0
		for _, u := range units {
			if len(u)%size == 0 && (s.encoding != "" || s.size%int64(size) == 0) {
				s.modulo[size]++
			}
			for b := u; len(b) >= size; b = b[size:] {
				blocks++
				if seen[string(b[:size])] {
					again++
				}
				seen[string(b[:size])] = true
			}
		}
		s.blocks[size] = [2]int{blocks, again}
	}
	s.units = len(units)
}

// block is the size of which nearly every unit is a multiple, where that is no
// accident: 16, 8, or 1.
func (s *shape) block() int {
	for _, size := range []int{16, 8} {
		if s.encoding != "" && s.units >= 4 && 10*s.modulo[size] >= 9*s.units || s.encoding == "" && s.size > 0 && s.size%int64(size) == 0 && s.blocks[size][1] > 0 {
			return size
		}
	}
	return 1
}

// signature is how a format's files begin.
type signature struct {
	at          int
	bytes, name string
}

var signatures = []signature{
	{0, "\x1f\x8b", "gzip"},
	{0, "PK\x03\x04", "zip"},
	{0, "BZh", "bzip2"},
	{0, "\xfd7zXZ\x00", "xz"},
	{0, "\x28\xb5\x2f\xfd", "zstd"},
	{0, "7z\xbc\xaf\x27\x1c", "7-zip"},
	{0, "Rar!\x1a\x07", "rar"},
	{0, "\x7fELF", "ELF"},
	{0, "%PDF-", "pdf"},
	{0, "\x89PNG", "png"},
	{0, "\xff\xd8\xff", "jpeg"},
	{0, "GIF8", "gif"},
	{0, "SQLite format 3\x00", "sqlite"},
	{0, "Salted__", "openssl enc, with a salt"},
	{0, "-----BEGIN PGP MESSAGE", "OpenPGP"},
	{0, "age-encryption.org/", "age"},
	{0, "LUKS\xba\xbe", "LUKS"},
	{257, "ustar", "tar"},
	{4, "ftyp", "mp4"},
	{0, "OggS", "ogg"},
	{0, "ID3", "mp3"},
	{0, "\xca\xfe\xba\xbe", "java class"},
	{0, "\xed\xab\xee\xdb", "rpm"},
	{0, "!<arch>", "ar"},
	{0, "d8:announce", "torrent"},
}

func magicOf(b []byte) string {
	for _, s := range signatures {
		if len(b) >= s.at+len(s.bytes) && string(b[s.at:s.at+len(s.bytes)]) == s.bytes {
			return s.name
		}
	}
	if len(b) > 2 && b[0] == 'M' && b[1] == 'Z' && bytes.Contains(b[:min(len(b), 1024)], []byte("PE\x00\x00")) {
		return "Windows program"
	}
	return ""
}
