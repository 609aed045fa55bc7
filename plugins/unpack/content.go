package main

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// sampleSize is how much of a member is looked at before it is begun.
const sampleSize = 4096

// looksLikeText reports whether content that begins with b is worth compressing.
// It decides how an artifact is stored, nothing else.
func looksLikeText(b []byte) bool {
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return true
	}
	odd := 0
	for _, c := range b {
		switch {
		case c == 0:
			return false
		case c < 0x20 && c != '\t' && c != '\n' && c != '\r', c == 0x7f:
			odd++
		}
	}
	return len(b) > 0 && odd*50 < len(b) && !compressed(b)
}

// compressed reports whether b begins as a container or a picture does whose bytes
// no longer shrink.
func compressed(b []byte) bool {
	return sniff(b) != "" && !isTar(b) || bytes.HasPrefix(b, []byte("\xff\xd8\xff"))
}

// escapes reports whether a name, taken for a path of any system, leads out of the
// directory it is put in.
func escapes(name string) bool {
	name = strings.ReplaceAll(name, `\`, "/")
	if strings.HasPrefix(name, "/") || len(name) >= 2 && name[1] == ':' {
		return true
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return true
		}
	}
	return false
}

// rfc3339 returns a time that a container states as seconds since 1970, in UTC; the
// number itself where the year would have more than four digits.
func rfc3339(sec, nsec int64) string {
	if sec < -62167219200 || sec > 253402300799 {
		return strconv.FormatInt(sec, 10)
	}
	return time.Unix(sec, nsec).UTC().Format(time.RFC3339Nano)
}
