package main

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// Whatever the bytes: no panic, and no more than they hold.
func FuzzBodies(f *testing.F) {
	f.Add([]byte("\x04\x0bstreamtyped\x81\xe8\x03\x84\x01@\x84\x84\x84\x08NSString\x01\x84\x84\x08NSObject\x00\x85\x84\x01+\x05hello\x86"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if text, err := attributedText(b); err == nil && !bytes.Contains(b, []byte(text)) {
			t.Errorf("%q is not in the archive", text)
		}
	})
}

// A string by itself, its length in one, two and four bytes.
func TestArchives(t *testing.T) {
	head := "\x04\x0bstreamtyped\x81\xe8\x03\x84\x01@\x84\x84\x84\x08NSString\x01\x84\x84\x08NSObject\x00\x85\x84\x01+"
	long := string(bytes.Repeat([]byte("long "), 20_000))
	for _, c := range []struct{ length, text string }{
		{"\x05", "hello"}, {"\x81" + string(binary.LittleEndian.AppendUint16(nil, 300)), long[:300]}, {"\x82" + string(binary.LittleEndian.AppendUint32(nil, 100_000)), long}, {"\x00", ""},
	} {
		if got, err := attributedText([]byte(head + c.length + c.text + "\x86")); err != nil || got != c.text {
			t.Errorf("%.20q: %.20q, %v", c.text, got, err)
		}
	}
	for _, b := range []string{"", "\x04", head, head + "\x06short", "\x04\x0bstreamtyped\x81\xe8\x03\x84\x01@\x84\x84\x84\x06NSData\x00\x85\x84\x01+\x01x", head[:20] + "\xff\xff\xff"} {
		if got, err := attributedText([]byte(b)); err == nil {
			t.Errorf("%q: %q", b, got)
		}
	}
}
