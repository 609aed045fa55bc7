//go:build linux

package main_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSevenZip: what 7-Zip wrote by each of its methods.
func TestSevenZip(t *testing.T) {
	for _, args := range [][]string{nil, {"-mx=0"}, {"-m0=LZMA"}, {"-m0=BZip2"}, {"-m0=Deflate"}, {"-m0=PPMd"}, {"-ms=off"}, {"-mhc=off"}, {"-m0=BCJ", "-m1=LZMA2"}, {"-m0=Delta:4", "-m1=LZMA"}, {"-mx=9"}} {
		t.Run(fmt.Sprint(args), func(t *testing.T) {
			data, files := archived(t, ".7z", args...)
			o := unpack(t, data)
			complete(t, o)
			if d := cmp.Diff(files, contents(o)); d != "" || len(o.Diagnostics) != 0 {
				t.Error(d, o.Diagnostics)
			}
			for _, a := range o.Artifacts {
				if a.Meta["mtime"] == nil || a.Steps[0]["do"] != "un7z" || !a.Complete {
					t.Errorf("%v, %v", a.Meta, a.Steps)
				}
			}
		})
	}
}

// TestSevenZipCut: every cut is said, and nothing comes out as whole that is not.
func TestSevenZipCut(t *testing.T) {
	data, files := archived(t, ".7z", "-ms=off")
	for _, at := range []int{8, 31, 40, len(data) / 2, len(data) - 1} {
		o := unpack(t, data[:at])
		if got := codes(t, o); got["7z.cut reject"] != 1 || len(o.Artifacts) != 0 || !strings.Contains(message(o, "7z.cut"), "NAME.7z.001") && at > 31 {
			t.Errorf("at %d: %v, %q", at, got, o.Diagnostics)
		}
	}
	said := 0
	for at := 32; at < len(data); at += 17 {
		flipped := []byte(string(data))
		flipped[at] ^= 1
		o := unpack(t, flipped)
		for _, a := range o.Artifacts {
			if a.Complete && a.Name != nil && files[a.Name.Text] != string(a.Data) && files[a.Name.Text] != "" && len(a.Data) > 0 {
				t.Errorf("flipped at %d: %q is not what it was, and complete", at, a.Name.Text)
			}
		}
		if len(o.Diagnostics) > 0 {
			said++
		}
	}
	if said == 0 {
		t.Error("no bit that was turned over was noticed")
	}
}

// TestSevenZipBomb: a dictionary of 3 GiB is refused, and not asked of the system.
func TestSevenZipBomb(t *testing.T) {
	data, _ := archived(t, ".7z", "-m0=LZMA2", "-mhc=off", "-ms=on")
	header := 32 + int(binary.LittleEndian.Uint64(data[12:]))
	at := header + strings.Index(string(data[header:]), "\x21\x21\x01") // coder: flags, LZMA2, one byte of properties
	if at < header {
		t.Fatal("no LZMA2 coder in the header")
	}
	data[at+3] = 39 // 3 GiB
	binary.LittleEndian.PutUint32(data[28:], crc32.ChecksumIEEE(data[header:]))
	binary.LittleEndian.PutUint32(data[8:], crc32.ChecksumIEEE(data[12:32]))
	o := unpack(t, data)
	if got := codes(t, o); got["7z.window damage"] == 0 {
		t.Errorf("%v", got)
	}
}
