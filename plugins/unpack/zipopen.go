package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// opened is an encrypted member with the password that opens it.
type opened struct {
	key sdk.Key
	how string // "zipcrypto", "aes-256 ae-2"
	// content gives the decrypted bytes, which are length long and compressed as the
	// member says, from the start each time.
	content func() io.Reader
	length  int64
	// sound: the password is certain, or as certain as the format lets it be.
	sound bool
}

// closedMember says why no password opens a member.
type closedMember struct{ code, why string }

// open finds the password of a member whose stored bytes begin at data. Those that
// opened another member go first.
func (z *zipWalk) open(e *zipEntry, data int64) (*opened, closedMember, error) {
	stored := max(0, min(e.packed, z.in.Size-data))
	switch {
	case e.flags&flagStrong != 0 || e.flags&flagMasked != 0:
		return nil, closedMember{"zip.encrypted", "the member is encrypted by PKWARE's Strong Encryption, which is not read here: no password helps; decrypt it with the program that made it, and add what comes out"}, nil
	case e.aes.strength != 0 && stored < e.aes.overhead(), e.aes.strength == 0 && stored < zipCryptoHeader:
		return nil, closedMember{"zip.cut", "the member is encrypted, and its bytes end before its content begins"}, nil
	}
	head := make([]byte, zipCryptoHeader)
	if e.aes.strength != 0 {
		head = make([]byte, e.aes.salt()+aesVerifier)
	}
	if ok, err := z.read(head, data); !ok {
		return nil, closedMember{"zip.cut", "the input ends before the encrypted member does"}, err
	}
	var likely *opened
	for key, password := range z.candidates() {
		o, err := z.attempt(e, head, data, stored, key, password)
		if err != nil {
			return nil, closedMember{}, err
		}
		if o == nil {
			continue
		}
		if o.sound {
			z.proven = append(z.proven[:0], candidate{key, password})
			z.c.Use(key)
			return o, closedMember{}, nil
		}
		if likely == nil && len(z.proven) > 0 && z.proven[0].key.Fingerprint == key.Fingerprint && bytes.Equal(z.proven[0].password, password) {
			likely = o
		}
		if likely == nil && e.aes.strength != 0 {
			likely = o // one wrong password in 65,536 comes so far
		}
	}
	switch {
	case likely != nil:
		z.c.Use(likely.key)
		return likely, closedMember{}, nil
	case len(z.c.Keys()) == 0:
		return nil, closedMember{"zip.encrypted", "the member is encrypted: " + sdk.AddPassword}, nil
	case e.aes.strength != 0:
		return nil, closedMember{"zip.encrypted", fmt.Sprintf("the member is encrypted, and none of %s of the case is its password: %s", z.passwords(), sdk.AddPassword)}, nil
	}
	return nil, closedMember{"zip.encrypted", fmt.Sprintf("the member is encrypted, and none of %s of the case opens it (by this old encryption a wrong password looks as damage does): %s", z.passwords(), sdk.AddPassword)}, nil
}

// passwords counts the keys that were tried as such.
func (j *job) passwords() string {
	if n := len(j.c.Keys()); n != 1 {
		return fmt.Sprintf("the %d passwords", n)
	}
	return "the 1 password"
}

// attempt tries one password: nil where it is wrong.
func (z *zipWalk) attempt(e *zipEntry, head []byte, data, stored int64, key sdk.Key, password []byte) (*opened, error) {
	if e.aes.strength != 0 {
		return z.attemptAES(e, head, data, stored, key, password)
	}
	clear := bytes.Clone(head)
	k := newZipCrypto(password)
	k.decrypt(clear)
	check := byte(e.crc >> 24)
	if e.flags&flagDescriptor != 0 { // Info-ZIP: the CRC was not known when this was written
		check = byte(e.dosTime >> 8)
	}
	if clear[zipCryptoHeader-1] != check && clear[zipCryptoHeader-1] != byte(e.crc>>24) {
		return nil, nil
	}
	start := *k
	o := &opened{key: key, how: "zipcrypto", length: stored - zipCryptoHeader}
	o.content = func() io.Reader {
		k := start
		return &zipCryptoReader{z.in.Section(data+zipCryptoHeader, stored-zipCryptoHeader), &k}
	}
	// One byte is not enough: one wrong password in 256 has it. The checksum decides.
	d, err := z.decompress(e, data, o, sdk.Source{})
	if err != nil {
		return nil, err
	}
	n, err := io.CopyBuffer(io.Discard, io.LimitReader(d, e.size+1), z.buf) // a wrong password may make a bomb
	var bad *damage
	switch {
	case err == nil:
		o.sound = n == e.size
	case !errors.As(err, &bad):
		return nil, err
	}
	return o, nil
}

func (z *zipWalk) attemptAES(e *zipEntry, head []byte, data, stored int64, key sdk.Key, password []byte) (*opened, error) {
	salt := head[:e.aes.salt()]
	keys, err := e.aes.keys(password, salt)
	if err != nil || !bytes.Equal(keys.verifier[:], head[len(salt):]) {
		return nil, err
	}
	from := data + int64(len(head))
	o := &opened{key: key, how: fmt.Sprintf("aes-%d ae-%d", e.aes.key()*8, e.aes.version), length: stored - e.aes.overhead()}
	o.content = func() io.Reader { return newCTRReader(z.in.Section(from, o.length), keys.block) }
	keys.mac.Reset()
	if _, err := io.CopyBuffer(keys.mac, struct{ io.Reader }{z.in.Section(from, o.length)}, z.buf); err != nil {
		return nil, err
	}
	mac := make([]byte, aesMAC)
	if ok, err := z.read(mac, from+o.length); err != nil {
		return nil, err
	} else if ok && stored == e.packed {
		o.sound = hmac.Equal(keys.mac.Sum(nil)[:aesMAC], mac)
	}
	return o, nil
}

// unlock makes an artifact of an encrypted member.
func (z *zipWalk) unlock(e *zipEntry, at, data int64) error {
	whole := z.place(at, data-at+e.packed)
	if !supported(e.method) {
		z.badMethod(e, whole)
		return nil
	}
	o, closed, err := z.open(e, data)
	if err != nil {
		return err
	}
	if o == nil {
		z.c.Unresolved(whole, closed.code, closed.why)
		return nil
	}
	step := sdk.Step{"do": unzipEncrypted, "offset": data, "length": min(e.packed, z.in.Size-data), "method": e.method, "cipher": o.how, "key": o.key.Fingerprint}
	flaw := ""
	if !o.sound && e.aes.strength != 0 {
		flaw = "the member's bytes do not match its authentication code: they are damaged, or (one in 65,536) the password is a wrong one"
		z.report(damaged("zip.authentication", flaw, whole))
	}
	return z.give(e, data, o, whole, step, flaw)
}

// bufferedContent is what a decompressor reads.
func bufferedContent(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, 64<<10) }
