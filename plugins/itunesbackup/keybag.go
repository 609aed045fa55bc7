package main

import (
	"context"
	"crypto/aes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"hash"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// errKeybag: the backup's keys are not as they should be.
var errKeybag = errors.New("the backup's keybag is damaged, or of a kind that is not read here")

// wrapPassword is the bit of a class key that says that the password wraps it.
const wrapPassword = 2

// maxClasses bounds a keybag; iOS has some fifteen.
const maxClasses = 256

// keybag is the BackupKeyBag of Manifest.plist: tags of four letters, four bytes of
// length, big end first, and a value (Apple Platform Security, Keybags; iphone-dataprotection).
type keybag struct {
	salt, salt2     []byte // of SHA-1, and since iOS 10.2 of SHA-256, which goes first
	rounds, rounds2 int64
	wrapped         []wrappedKey
}

type wrappedKey struct {
	class uint32
	wrap  uint32
	key   []byte
}

func parseKeybag(b []byte) (k keybag, err error) {
	header := true // of the bag; then of each class
	var class *wrappedKey
	for len(b) >= 8 {
		tag, n := string(b[:4]), binary.BigEndian.Uint32(b[4:])
		if uint64(n) > uint64(len(b)-8) {
			return k, errKeybag
		}
		v := b[8 : 8+n]
		b = b[8+n:]
		number := uint32(0)
		if n == 4 {
			number = binary.BigEndian.Uint32(v)
		}
		switch {
		case tag == "UUID" && header && k.salt == nil && k.rounds == 0: // the bag's own comes first
		case tag == "UUID":
			if len(k.wrapped) == maxClasses {
				return k, errKeybag
			}
			header = false
			k.wrapped = append(k.wrapped, wrappedKey{})
			class = &k.wrapped[len(k.wrapped)-1]
		case tag == "SALT":
			k.salt = v
		case tag == "ITER":
			k.rounds = int64(number)
		case tag == "DPSL":
			k.salt2 = v
		case tag == "DPIC":
			k.rounds2 = int64(number)
		case class == nil:
		case tag == "CLAS":
			class.class = number
		case tag == "WRAP":
			class.wrap = number
		case tag == "WPKY":
			class.key = v
		}
	}
	if k.salt == nil || k.rounds < 1 || (k.salt2 == nil) != (k.rounds2 < 1) || len(k.wrapped) == 0 {
		return k, errKeybag
	}
	return k, nil
}

// cost is how many rounds of PBKDF2 trying one password takes.
func (k *keybag) cost() int64 { return k.rounds + k.rounds2 }

// open tries a password: nil where it is wrong, which the check value of RFC 3394 tells
// but for one in 2^64.
func (k *keybag) open(ctx context.Context, password []byte) (map[uint32][]byte, error) {
	var err error
	if k.salt2 != nil {
		if password, err = crypt.PBKDF2(ctx, func() hash.Hash { return sha256.New() }, password, k.salt2, int(k.rounds2), 32); err != nil {
			return nil, err
		}
	}
	key, err := crypt.PBKDF2(ctx, func() hash.Hash { return sha1.New() }, password, k.salt, int(k.rounds), 32)
	if err != nil {
		return nil, err
	}
	classes := map[uint32][]byte{}
	for _, w := range k.wrapped {
		if w.wrap&wrapPassword == 0 {
			continue
		}
		plain, ok := unwrap(key, w.key)
		if !ok {
			return nil, nil
		}
		classes[w.class] = plain
	}
	if len(classes) == 0 {
		return nil, errKeybag
	}
	return classes, nil
}

// unwrap undoes RFC 3394's key wrap (§2.2.2); ok is false where its check value is wrong.
func unwrap(kek, wrapped []byte) (plain []byte, ok bool) {
	block, err := aes.NewCipher(kek)
	if err != nil || len(wrapped) < 24 || len(wrapped)%8 != 0 {
		return nil, false
	}
	n := len(wrapped)/8 - 1
	var b [16]byte
	copy(b[:8], wrapped)
	plain = append([]byte(nil), wrapped[8:]...)
	for j := 5; j >= 0; j-- {
		for i := n; i >= 1; i-- {
			binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])^uint64(n*j+i))
			copy(b[8:], plain[8*(i-1):])
			block.Decrypt(b[:], b[:])
			copy(plain[8*(i-1):], b[8:])
		}
	}
	return plain, subtle.ConstantTimeCompare(b[:8], []byte{0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6}) == 1
}

// fileKey opens the key of a file: the class in four bytes, low end first, and the key that
// the class's key wraps.
func fileKey(classes map[uint32][]byte, wrapped []byte) ([]byte, bool) {
	if len(wrapped) < 4 {
		return nil, false
	}
	kek := classes[binary.LittleEndian.Uint32(wrapped)]
	if kek == nil {
		return nil, false
	}
	return unwrap(kek, wrapped[4:])
}
