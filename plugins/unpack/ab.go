package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/aes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/adler32"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// Backups of `adb backup` (AOSP, com.android.server.backup: BackupManagerService,
// FullBackupEngine, BackupPasswordManager): lines of text, then a tar archive, which may
// be compressed (zlib) and encrypted around that.
const (
	abMagic      = "ANDROID BACKUP\n"
	abAES        = "AES-256"
	maxABLine    = 4 << 10
	maxABVersion = 5
	// maxABRounds bounds, over all passwords of a run, what is spent on trying them:
	// Android writes 10,000 rounds.
	maxABRounds = 50_000_000
)

// abHeader is what stands before the archive.
type abHeader struct {
	version    int64
	compressed bool
	encrypted  bool
	data       int64 // where the archive begins
	// Of an encrypted one: what the password is salted with, what tells whether it is
	// right, and the key of the archive, encrypted with that of the password.
	userSalt, checkSalt, iv, blob []byte
	rounds                        int64
}

// readAB reads the header; why says what is wrong with it, "" for nothing.
func (j *job) readAB() (h abHeader, why string, err error) {
	br := bufio.NewReaderSize(io.LimitReader(j.in.Reader(), int64(len(abMagic))+9*maxABLine), maxABLine)
	line := func() (string, bool) {
		b, err := br.ReadSlice('\n')
		h.data += int64(len(b))
		return string(bytes.TrimSuffix(b, []byte("\n"))), err == nil
	}
	line() // the magic
	version, _ := line()
	compressed, _ := line()
	encryption, ok := line()
	if j.fatal() != nil {
		return h, "", j.fatal()
	}
	n, perr := strconv.ParseInt(version, 10, 64)
	switch {
	case !ok:
		return h, "the backup ends inside its header", nil
	case perr != nil || n < 1:
		return h, "the backup's header states no version", nil
	case n > maxABVersion:
		return h, fmt.Sprintf("the backup is of version %d; versions 1 to %d are read", n, maxABVersion), nil
	case compressed != "0" && compressed != "1" || encryption != "none" && encryption != abAES:
		return h, "the backup's header states a compression or an encryption that is not known", nil
	}
	h.version, h.compressed, h.encrypted = n, compressed == "1", encryption == abAES
	if !h.encrypted {
		return h, "", nil
	}
	for i, to := range []*[]byte{&h.userSalt, &h.checkSalt, nil, &h.iv, &h.blob} {
		text, ok := line()
		var err error
		if to == nil {
			h.rounds, err = strconv.ParseInt(text, 10, 64)
		} else {
			*to, err = hex.DecodeString(text)
		}
		if j.fatal() != nil {
			return h, "", j.fatal()
		}
		if err != nil || !ok || to != nil && len(*to) == 0 {
			return h, fmt.Sprintf("line %d of the backup's header is not what it should be", 5+i), nil
		}
	}
	if len(h.iv) != aes.BlockSize || len(h.blob)%aes.BlockSize != 0 || h.rounds < 1 || h.rounds > maxABRounds {
		return h, "the backup's header states an encryption that cannot be", nil
	}
	return h, "", nil
}

// ab unpacks a backup: into the members of its archive, in one step.
func (j *job) ab() error {
	h, why, err := j.readAB()
	if err != nil {
		return err
	}
	if why != "" {
		j.c.Reject(sdk.At(0, j.in.Size), "ab.header", why)
		return nil
	}
	step := sdk.Step{"do": unab, "version": h.version, "compressed": h.compressed, "offset": h.data}
	open := func() io.Reader { return j.in.Section(h.data, j.in.Size-h.data) }
	if h.encrypted {
		key, master, err := j.abPassword(&h)
		if err != nil || master == nil {
			return err
		}
		block, err := aes.NewCipher(master.key)
		if err != nil {
			return err
		}
		j.c.Use(*key)
		step["cipher"], step["key"] = abAES, key.Fingerprint
		stored := open
		open = func() io.Reader { return crypt.NewCBCReader(stored(), block, master.iv, true) }
	}
	r := &abData{j: j, place: sdk.At(h.data, j.in.Size-h.data), r: open()}
	if h.compressed {
		if err := r.inflate(open); err != nil {
			return err
		}
	}
	return j.tar(r, []sdk.Step{step})
}

// abMaster is what the password opens.
type abMaster struct{ key, iv []byte }

// abPassword finds the password. Where none is right that is said.
func (j *job) abPassword(h *abHeader) (*sdk.Key, *abMaster, error) {
	left := 0
	spent := int64(0)
	for key, password := range j.c.Passwords() {
		for _, utf8Text := range h.readings() {
			if spent += 2 * h.rounds; spent > maxABRounds {
				left++
				break
			}
			m, err := h.open(j.c, password, utf8Text)
			if err != nil {
				return nil, nil, err
			}
			if m != nil {
				return &key, m, nil
			}
		}
	}
	why := "the backup is encrypted: " + sdk.AddPassword
	if len(j.c.Keys()) > 0 {
		why = fmt.Sprintf("the backup is encrypted, and none of %s of the case is its password: %s", j.passwords(), sdk.AddPassword)
	}
	d := sdk.Diagnostic{Code: "ab.encrypted", Severity: evidence.SeverityUnresolved, Source: sdk.At(0, h.data), Message: why}
	if left > 0 {
		d.Message = fmt.Sprintf("%s (%d were not tried: the backup asks for %d rounds a password)", why, left, h.rounds)
		d.Data = map[string]any{"not_tried": left}
	}
	j.c.Diagnose(d)
	return nil, nil, nil
}

// readings are the ways in which a password may have become bytes: UTF-8, or, in version 1
// on some systems, the low byte of each character.
func (h *abHeader) readings() []bool {
	if h.version == 1 {
		return []bool{true, false}
	}
	return []bool{true}
}

// open tries one password: nil where its checksum is not the one in the backup.
func (h *abHeader) open(ctx context.Context, password []byte, utf8Text bool) (*abMaster, error) {
	derive := func(chars []uint16, salt []byte) ([]byte, error) {
		return crypt.PBKDF2(ctx, newSHA1, charBytes(chars, utf8Text), salt, int(h.rounds), 32)
	}
	user, err := derive(utf16.Encode([]rune(string(password))), h.userSalt)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(user)
	if err != nil {
		return nil, err
	}
	blob, err := io.ReadAll(crypt.NewCBCReader(bytes.NewReader(h.blob), block, h.iv, true))
	if err != nil {
		return nil, nil // the padding is not right: nor is the password
	}
	var parts [3][]byte // vector, key, checksum, each after its length
	for i := range parts {
		if len(blob) < 1 || len(blob) < 1+int(blob[0]) {
			return nil, nil
		}
		parts[i], blob = blob[1:1+int(blob[0])], blob[1+int(blob[0]):]
	}
	if len(parts[0]) != aes.BlockSize || len(parts[1]) != 32 {
		return nil, nil
	}
	chars := make([]uint16, len(parts[1])) // Java's (char) of a signed byte
	for i, c := range parts[1] {
		chars[i] = uint16(int16(int8(c)))
	}
	check, err := derive(chars, h.checkSalt)
	if err != nil || !bytes.Equal(check, parts[2]) {
		return nil, err
	}
	return &abMaster{key: parts[1], iv: parts[0]}, nil
}

func newSHA1() hash.Hash { return sha1.New() }

// charBytes are Java's characters as PBKDF2WithHmacSHA1 reads them, or
// PBKDF2WithHmacSHA1And8bit.
func charBytes(chars []uint16, utf8Text bool) []byte {
	var out []byte
	if utf8Text {
		for _, r := range utf16.Decode(chars) {
			out = utf8.AppendRune(out, r)
		}
		return out
	}
	for _, c := range chars {
		out = append(out, byte(c))
	}
	return out
}

// abData is the archive: decrypted, decompressed, checked.
type abData struct {
	j     *job
	place sdk.Source
	r     io.Reader
	br    *bufio.Reader // of the compressed stream, nil where it is not
	sum   hash.Hash32
}

// inflate has the stream decompressed (RFC 1950). open gives it again.
func (d *abData) inflate(open func() io.Reader) error {
	d.br, d.sum = bufferedContent(d.r), adler32.New()
	if _, err := d.br.Discard(2); err != nil {
		d.r, d.br = bytes.NewReader(nil), nil
		return d.j.fatal()
	}
	f := &inflater{in: d.j.in}
	d.r = f
	return f.reset(d.br, func() io.Reader {
		r := bufferedContent(open())
		_, _ = r.Discard(2) // what fails here fails again
		return r
	})
}

func (d *abData) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	if d.sum != nil {
		d.sum.Write(p[:n])
	}
	switch {
	case err == nil:
	case d.j.fatal() != nil:
		err = d.j.fatal()
	case errors.Is(err, io.EOF) && d.br != nil:
		err = d.check()
	case errors.Is(err, io.EOF):
	case errors.Is(err, crypt.ErrPadding), errors.Is(err, io.ErrUnexpectedEOF):
		err = damaged("ab.cut", "the backup ends before its end", d.place)
	default:
		err = damaged("ab.corrupt", "the backup is corrupt", d.place)
	}
	return n, err
}

// check compares the decompressed bytes with the stream's checksum.
func (d *abData) check() error {
	var want [4]byte
	if _, err := io.ReadFull(d.br, want[:]); err != nil {
		return damaged("ab.cut", "the backup ends before its end", d.place)
	}
	if string(d.sum.Sum(nil)) != string(want[:]) {
		return damaged("ab.checksum", "the backup's bytes do not match its checksum", d.place)
	}
	return io.EOF
}
