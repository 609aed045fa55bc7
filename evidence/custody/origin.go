package custody

import (
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxLab bounds the part of an origin before the case's UUID, in bytes.
const maxLab = 200

// CheckOrigin reports whether s can name a log: <lab>/<case uuid>. lab is one or
// more parts between slashes, each of ASCII letters, digits, '.', '_' and '-',
// beginning with a letter or digit, at most 200 bytes in all; the UUID is of
// version 4 in lower case. So an origin survives signed notes, e-mail and file
// names, and no two look alike. It fails with evidence.ErrFormat.
func CheckOrigin(s string) error {
	i := strings.LastIndexByte(s, '/')
	if i < 0 || !isUUID(s[i+1:]) {
		return fmt.Errorf("custody: origin %q: %w: not <lab>/<case uuid>", s, evidence.ErrFormat)
	}
	return CheckLab(s[:i])
}

// CheckLab reports whether s can stand before the case's UUID in an origin. It
// fails with evidence.ErrFormat.
func CheckLab(s string) error {
	if len(s) > maxLab {
		return fmt.Errorf("custody: lab: %w: longer than %d bytes", evidence.ErrFormat, maxLab)
	}
	for part := range strings.SplitSeq(s, "/") {
		if !isLabPart(part) {
			return fmt.Errorf("custody: lab %q: %w: letters, digits, '.', '_', '-' only, beginning with a letter or digit", s, evidence.ErrFormat)
		}
	}
	return nil
}

func isLabPart(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return s != ""
}

// isUUID reports whether s is a version 4 UUID (RFC 9562) in lower case.
func isUUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' || s[14] != '4' {
		return false
	}
	if v := s[19]; v != '8' && v != '9' && v != 'a' && v != 'b' {
		return false
	}
	return isHex(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:], 32)
}
