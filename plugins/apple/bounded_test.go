package main

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// Whatever the bytes: no panic, and no more than they hold.
func FuzzBodies(f *testing.F) {
	f.Add([]byte("\x04\x0bstreamtyped\x81\xe8\x03\x84\x01@\x84\x84\x84\x08NSString\x01\x84\x84\x08NSObject\x00\x85\x84\x01+\x05hello\x86"))
	f.Add([]byte("bplist00\xd1\x01\x02Rec\xd0\x08\x0b\x0e\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if text, err := attributedText(b); err == nil && !bytes.Contains(b, []byte(text)) {
			t.Errorf("%q is not in the archive", text)
		}
		_, _ = plist(b)
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

// A list that names a list that names a list… is no way to fill memory.
func TestPlistBounds(t *testing.T) {
	if _, err := plist(nested(2)); err != nil {
		t.Error(err)
	}
	if _, err := plist(nested(12)); err == nil {
		t.Error("14^12 objects")
	}
}

// nested is a list in which object n is an array of fourteen times object n+1.
func nested(levels int) []byte {
	var b, table []byte
	b = append(b, "bplist00"...)
	for n := range levels {
		table = append(table, byte(len(b)))
		b = append(b, 0xae)
		for range 14 {
			b = append(b, byte(n+1))
		}
	}
	table = append(table, byte(len(b)))
	b = append(b, 0x09)
	at := len(b)
	b = append(b, table...)
	b = append(b, 0, 0, 0, 0, 0, 0, 1, 1)
	b = binary.BigEndian.AppendUint64(b, uint64(levels+1))
	b = binary.BigEndian.AppendUint64(b, 0)
	b = binary.BigEndian.AppendUint64(b, uint64(at))
	return b
}
