package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Bits of a member's general purpose flag (APPNOTE §4.4.4).
const (
	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3 // sizes and checksum follow the data
	flagStrong     = 1 << 6 // PKWARE's Strong Encryption
	flagUTF8       = 1 << 11
	flagMasked     = 1 << 13 // local headers hold no values: the directory is encrypted
)

// zipEntry is one member as a header describes it.
type zipEntry struct {
	version, flags, method, dosTime int64
	crc                             uint32
	packed, size, external, local   int64
	name, comment                   string
	mtime                           string // UTC, where an extra field states it
	listed                          bool   // in the central directory
	sized                           bool   // packed, size and crc are known
	aes                             zipAES
}

// readExtra reads the extra fields that matter: ZIP64 sizes, times in UTC.
func (e *zipEntry) readExtra(b []byte) {
	for len(b) >= 4 {
		id, n := u16(b, 0), u16(b, 2)
		b = b[4:]
		if int(n) > len(b) {
			return
		}
		field := b[:n]
		b = b[n:]
		switch {
		case id == 0x0001:
			e.readZip64(field)
		case id == extraAES && len(field) >= 7 && field[4] >= 1 && field[4] <= 3 && e.method == methodAES:
			e.aes = zipAES{version: u16(field, 0), strength: int64(field[4])}
			e.method = u16(field, 5)
		case id == 0x5455 && len(field) >= 5 && field[0]&1 != 0: // Info-ZIP: seconds since 1970
			e.mtime = rfc3339(int64(int32(binary.LittleEndian.Uint32(field[1:]))), 0)
		case id == 0x000a && len(field) >= 16 && u16(field, 4) == 1 && u16(field, 6) >= 8: // NTFS: 100 ns since 1601
			t := int64(binary.LittleEndian.Uint64(field[8:]) >> 1 << 1)
			if t >= 0 {
				e.mtime = rfc3339(t/1e7-11644473600, t%1e7*100)
			}
		}
	}
}

// readZip64 replaces what did not fit its field, in this order (APPNOTE §4.5.3).
func (e *zipEntry) readZip64(b []byte) {
	for _, p := range []*int64{&e.size, &e.packed, &e.local} {
		if *p == unknown32 && len(b) >= 8 {
			*p = u64(b, 0)
			b = b[8:]
		}
	}
}

// meta is what the archive says about the member.
func (e *zipEntry) meta() map[string]any {
	m := map[string]any{"method": e.method}
	if e.mtime != "" {
		m["mtime"] = e.mtime
	}
	if t := dosTime(e.dosTime); t != "" {
		m["dos_time"] = t
	}
	if e.comment != "" {
		m["comment"] = e.comment
	}
	if mode := e.external >> 16; mode != 0 && e.version>>8 == 3 { // made on Unix
		m["mode"] = fmt.Sprintf("%07o", mode)
	}
	if e.flags&flagUTF8 != 0 {
		m["utf8"] = true
	}
	if !e.listed {
		m["unlisted"] = true
	}
	return m
}

// dosTime is the local time, of a zone that nobody states, to two seconds.
func dosTime(n int64) string {
	t := time.Date(1980+int(n>>25), time.Month(n>>21&15), int(n>>16&31), int(n>>11&31), int(n>>5&63), int(n&31)*2, 0, time.UTC)
	if n>>21&15 == 0 || t.Month() != time.Month(n>>21&15) || t.Day() != int(n>>16&31) || n>>11&31 > 23 || n>>5&63 > 59 || n&31 > 29 {
		return ""
	}
	return t.Format("2006-01-02T15:04:05")
}

// place returns the bytes of a member, header and data, as far as they exist.
func (z *zipWalk) place(at, length int64) sdk.Source {
	at = min(max(at, 0), z.in.Size)
	return sdk.At(at, min(max(length, 0), z.in.Size-at))
}

// entry deals with a member that the central directory lists at src.
func (z *zipWalk) entry(e *zipEntry, src sdk.Source) error {
	z.note(e.name)
	if e.local < 0 || e.packed < 0 || e.size < 0 {
		z.c.Reject(src, "zip.header", "the member's place or length is beyond any file")
		return nil
	}
	at := e.local + z.base
	l, data, why, err := z.localAt(at)
	if err != nil {
		return err
	}
	if why != "" {
		z.c.Reject(src, "zip.header", why)
		return nil
	}
	z.members = append(z.members, extent{at, data - at + min(e.packed, z.in.Size-data)})
	if differ := e.differences(&l); len(differ) > 0 {
		z.c.Diagnose(sdk.Diagnostic{
			Code: "zip.headers", Severity: evidence.SeverityWarning, Source: src, Data: map[string]any{"fields": differ},
			Message: "the central directory and the member's own header do not agree; the directory is followed",
		})
	}
	e.sized = true
	return z.unpack(e, at, data)
}

// note counts names that come again. SHA-256 is cut to 8 bytes: a chance hit in a
// million names is one in 30 million.
func (z *zipWalk) note(name string) {
	sum := sha256.Sum256([]byte(name))
	key := binary.LittleEndian.Uint64(sum[:])
	if _, again := z.seen[key]; again {
		z.repeated++
	} else if len(z.seen) < maxNamesToCompare {
		z.seen[key] = struct{}{}
	}
}

// localAt reads the local header at an offset. data is where its member's data
// begin; why says what is wrong, in words.
func (z *zipWalk) localAt(at int64) (e zipEntry, data int64, why string, err error) {
	fixed := make([]byte, localHeaderLen)
	ok, err := z.read(fixed, at)
	switch {
	case err != nil:
		return e, 0, "", err
	case !ok:
		return e, 0, "the input ends before the member's header does", nil
	case string(fixed[:4]) != localHeader:
		return e, 0, "there is no header where the member should be", nil
	}
	e = zipEntry{
		version: u16(fixed, 4), flags: u16(fixed, 6), method: u16(fixed, 8), dosTime: u32(fixed, 10), crc: uint32(u32(fixed, 14)),
		packed: u32(fixed, 18), size: u32(fixed, 22), local: at,
	}
	rest := make([]byte, u16(fixed, 26)+u16(fixed, 28))
	if ok, err := z.read(rest, at+localHeaderLen); !ok {
		return e, 0, "the input ends before the member's header does", err
	}
	e.name = string(rest[:u16(fixed, 26)])
	e.readExtra(rest[u16(fixed, 26):])
	e.sized = e.flags&flagDescriptor == 0 && e.packed >= 0 && e.size >= 0
	return e, at + localHeaderLen + int64(len(rest)), "", nil
}

// differences names the fields in which a local header contradicts the directory's.
func (e *zipEntry) differences(l *zipEntry) (fields []any) {
	add := func(differs bool, name string) {
		if differs {
			fields = append(fields, name)
		}
	}
	if (e.flags|l.flags)&flagMasked != 0 {
		return nil
	}
	add(e.name != l.name, "name")
	add(e.method != l.method, "method")
	add((e.flags^l.flags)&(flagEncrypted|flagUTF8) != 0, "flags")
	if l.sized {
		add(e.crc != l.crc, "crc32")
		add(e.packed != l.packed, "compressed_size")
		add(e.size != l.size, "size")
	}
	return fields
}

// unpack makes an artifact of a member whose data begin at an offset.
func (z *zipWalk) unpack(e *zipEntry, at, data int64) error {
	whole := z.place(at, data-at+e.packed)
	switch {
	case e.flags&flagEncrypted != 0:
		return z.unlock(e, at, data)
	case strings.HasSuffix(e.name, "/") && e.size == 0:
		z.out.Skip(1)
		return nil
	case !supported(e.method):
		z.badMethod(e, whole)
		return nil
	}
	step := sdk.Step{"do": unzip, "offset": data, "length": min(e.packed, z.in.Size-data), "method": e.method}
	return z.give(e, data, nil, whole, step, "")
}

func (z *zipWalk) badMethod(e *zipEntry, whole sdk.Source) {
	z.c.Diagnose(sdk.Diagnostic{
		Code: "zip.method", Severity: evidence.SeverityReject, Source: whole, Data: map[string]any{"method": e.method},
		Message: "the member is compressed by a method that is not read here",
	})
}

// give makes the artifact; o is nil where the member is not encrypted.
func (z *zipWalk) give(e *zipEntry, data int64, o *opened, whole sdk.Source, step sdk.Step, flaw string) error {
	name := evidence.NewName(e.name)
	m := member{name: &name, meta: e.meta(), steps: []sdk.Step{step}, flaw: flaw}
	r, err := z.decompress(e, data, o, whole)
	if err != nil {
		return err
	}
	bad, err := z.copyMember(m, r, false)
	if bad != nil {
		z.report(bad)
	}
	return err
}
