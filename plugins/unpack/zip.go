package main

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Signatures and fixed lengths (PKWARE APPNOTE 6.3.10 §4.3).
const (
	localHeader       = "PK\x03\x04"
	centralHeader     = "PK\x01\x02"
	endRecord         = "PK\x05\x06"
	endRecord64       = "PK\x06\x06"
	endLocator64      = "PK\x06\x07"
	dataDescriptor    = "PK\x07\x08"
	localHeaderLen    = 30
	centralHeaderLen  = 46
	endRecordLen      = 22
	endRecord64Len    = 56
	endLocator64Len   = 20
	maxEndComment     = 65535
	unknown32, max16  = 0xFFFFFFFF, 0xFFFF
	maxNamesToCompare = 1 << 20 // duplicates are looked for among so many members
)

// zipWalk reads one archive: by its central directory where that is sound, by the
// local headers where it is not.
type zipWalk struct {
	*job
	base    int64               // what precedes the archive: a self-extractor
	members []extent            // where those of the directory are, header and data
	seen    map[uint64]struct{} // names

	repeated, overlapping int64

	viewed   []byte // of find
	viewAt   int64
	measured int64
}

// directory is where the central directory is, and what is said of it.
type directory struct {
	at, size, entries int64
	base              int64
}

func (j *job) zip() error {
	z := &zipWalk{job: j, seen: map[uint64]struct{}{}}
	d, found, err := z.findDirectory()
	if err != nil {
		return err
	}
	if !found {
		z.c.Damage(sdk.At(0, z.in.Size), "zip.directory", "the archive has no central directory; members are looked for by their own headers")
		_, err := z.salvage(0, z.in.Size)
		return err
	}
	z.base = d.base
	z.out.Declare(d.entries)
	sound, err := z.central(d)
	if err != nil {
		return err
	}
	unlisted, err := z.gaps(d.at)
	if err != nil {
		return err
	}
	z.summarise()
	if sound && unlisted > 0 {
		z.c.Diagnose(sdk.Diagnostic{
			Code: "zip.unlisted", Severity: evidence.SeverityWarning, Data: map[string]any{"members": unlisted},
			Message: "members that the central directory does not list stand between those it does; they are unpacked too",
		})
	}
	return nil
}

// gaps looks for members between those of the directory, up to an offset, and
// counts those that share bytes.
func (z *zipWalk) gaps(to int64) (found int64, err error) {
	slices.SortFunc(z.members, func(a, b extent) int { return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.length, b.length)) })
	at := z.base
	for _, m := range append(z.members, extent{to, 0}) {
		switch {
		case m.offset < at && m.length > 0:
			z.overlapping++
		case m.offset-at >= localHeaderLen:
			n, err := z.salvage(at, m.offset)
			if found += n; err != nil {
				return found, err
			}
		}
		at = max(at, m.offset+m.length)
	}
	return found, nil
}

// summarise reports once what may hold for thousands of members.
func (z *zipWalk) summarise() {
	for _, s := range []struct {
		n             int64
		code, message string
	}{
		{z.repeated, "zip.duplicate", "members have the name of a member before them; all are unpacked"},
		{z.overlapping, "zip.overlap", "members share bytes with the member before them, as only made-up archives do"},
	} {
		if s.n > 0 {
			z.c.Diagnose(sdk.Diagnostic{Code: s.code, Severity: evidence.SeverityWarning, Message: s.message, Data: map[string]any{"members": s.n}})
		}
	}
}

func u16(b []byte, i int) int64 { return int64(binary.LittleEndian.Uint16(b[i:])) }
func u32(b []byte, i int) int64 { return int64(binary.LittleEndian.Uint32(b[i:])) }

// u64 returns -1 where the number is no offset or length that could be.
func u64(b []byte, i int) int64 {
	if n := binary.LittleEndian.Uint64(b[i:]); n < 1<<62 {
		return int64(n)
	}
	return -1
}

// read fills b from an offset; ok is false where the input ends before.
func (z *zipWalk) read(b []byte, at int64) (ok bool, err error) {
	if at < 0 || at > z.in.Size-int64(len(b)) {
		return false, nil
	}
	_, err = z.in.ReadAt(b, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return err == nil, err
}

// findDirectory looks for the end record from the end of the input backwards.
func (z *zipWalk) findDirectory() (d directory, found bool, err error) {
	tail := make([]byte, min(z.in.Size, endRecordLen+maxEndComment))
	from := z.in.Size - int64(len(tail))
	if ok, err := z.read(tail, from); !ok {
		return d, false, err
	}
	for i := len(tail) - endRecordLen; i >= 0; i-- {
		if string(tail[i:i+4]) != endRecord || int(u16(tail, i+20)) > len(tail)-i-endRecordLen {
			continue
		}
		d, ok, err := z.readEnd(tail[i:i+endRecordLen], from+int64(i))
		if ok || err != nil {
			return d, ok, err
		}
	}
	return d, false, nil
}

// readEnd reads the end record b, which stands at an offset, and the ZIP64 one
// before it. ok is false where no directory is where it says.
func (z *zipWalk) readEnd(b []byte, at int64) (d directory, ok bool, err error) {
	d = directory{entries: u16(b, 10), size: u32(b, 12), at: u32(b, 16)}
	end := at
	if d.entries == max16 || d.size == unknown32 || d.at == unknown32 {
		locator := make([]byte, endLocator64Len)
		if ok, err := z.read(locator, at-endLocator64Len); err != nil {
			return d, false, err
		} else if ok && string(locator[:4]) == endLocator64 {
			record := make([]byte, endRecord64Len)
			where := u64(locator, 8)
			ok, err := z.read(record, where)
			if err != nil {
				return d, false, err
			}
			if ok && string(record[:4]) == endRecord64 {
				d = directory{entries: u64(record, 32), size: u64(record, 40), at: u64(record, 48)}
				end = where
			}
		}
	}
	if d.entries < 0 || d.size < 0 || d.at < 0 || d.size > end {
		return d, false, nil
	}
	// Offsets count from the archive's first byte, which may not be the input's.
	for _, base := range []int64{end - d.size - d.at, 0} {
		if base < 0 {
			continue
		}
		first := make([]byte, 4)
		switch ok, err := z.read(first, base+d.at); {
		case err != nil:
			return d, false, err
		case d.entries == 0 && d.size == 0, ok && string(first) == centralHeader:
			d.base, d.at = base, d.at+base
			return d, true, nil
		}
	}
	return d, false, nil
}

// central goes through the directory. sound is false where it breaks off.
func (z *zipWalk) central(d directory) (sound bool, err error) {
	r := bufio.NewReaderSize(z.in.Section(d.at, d.size), 64<<10)
	fixed := make([]byte, centralHeaderLen)
	at := d.at
	for n := int64(0); n < d.entries; n++ {
		_, err := io.ReadFull(r, fixed)
		if z.in.Err() != nil {
			return false, z.in.Err()
		}
		if err != nil || string(fixed[:4]) != centralHeader {
			z.c.Diagnose(sdk.Diagnostic{
				Code: "zip.directory", Severity: evidence.SeverityDamage, Source: sdk.At(at, d.at+d.size-at), Data: map[string]any{"entries": d.entries, "read": n},
				Message: "the central directory breaks off; further members are looked for by their own headers",
			})
			return false, nil
		}
		e := zipEntry{
			version: u16(fixed, 4), flags: u16(fixed, 8), method: u16(fixed, 10), dosTime: u32(fixed, 12), crc: uint32(u32(fixed, 16)),
			packed: u32(fixed, 20), size: u32(fixed, 24), external: u32(fixed, 38), local: u32(fixed, 42), listed: true,
		}
		rest := make([]byte, u16(fixed, 28)+u16(fixed, 30)+u16(fixed, 32))
		if _, err := io.ReadFull(r, rest); err != nil {
			if z.in.Err() != nil {
				return false, z.in.Err()
			}
			z.c.Damage(sdk.At(at, d.at+d.size-at), "zip.directory", "the central directory ends inside an entry; further members are looked for by their own headers")
			return false, nil
		}
		nameLen, extraLen := u16(fixed, 28), u16(fixed, 30)
		e.name, e.comment = string(rest[:nameLen]), string(rest[nameLen+extraLen:])
		e.readExtra(rest[nameLen : nameLen+extraLen])
		if err := z.entry(&e, sdk.At(at, centralHeaderLen+int64(len(rest)))); err != nil {
			return false, err
		}
		at += centralHeaderLen + int64(len(rest))
	}
	if at != d.at+d.size {
		z.c.Warn(sdk.At(at, d.at+d.size-at), "zip.directory", "the central directory holds more than the entries it counts")
	}
	return true, nil
}
