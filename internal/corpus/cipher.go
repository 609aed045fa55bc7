package corpus

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"unicode/utf16"

	"golang.org/x/crypto/blowfish" //nolint:staticcheck // deprecated for new systems; old ones used it
	"golang.org/x/text/encoding/simplifiedchinese"
)

// keywordKey is the AES-256 key of the keyword lists as published.
const keywordKey = "0sr TM#RWFD,a43 "

func utf16le(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func gb18030(s string) []byte {
	out, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil {
		panic(err) // GB18030 encodes all of Unicode
	}
	return out
}

// ecb encrypts whole blocks.
func ecb(b cipher.Block, padded []byte) []byte {
	out := make([]byte, len(padded))
	for i := 0; i < len(padded); i += b.BlockSize() {
		b.Encrypt(out[i:], padded[i:])
	}
	return out
}

func pkcs7(text []byte, block int) []byte {
	n := block - len(text)%block
	return append(bytes.Clone(text), bytes.Repeat([]byte{byte(n)}, n)...)
}

func zeroPad(text []byte, block int) []byte {
	n := (block - len(text)%block) % block
	return append(bytes.Clone(text), make([]byte, n)...)
}

// Variant says how another server's logs differ: their cipher, and how a line is laid out.
type Variant struct {
	// Cipher is des, 3des, aes or blowfish; des where "".
	Cipher string
	// CBC: with an initialisation vector of zeros, else ECB.
	CBC bool
	// KeyBytes is the length of its keys, 8 where 0.
	KeyBytes int
	// Delimiter stands between fields, a tab where "".
	Delimiter string
	// Order is that of the columns of a message: ip, account, peer, direction, time,
	// term, text as 0 to 6. The text stays last. As listed where nil.
	Order []int
}

func (v Variant) block(key string) cipher.Block {
	var b cipher.Block
	var err error
	switch v.Cipher {
	case "3des":
		b, err = des.NewTripleDESCipher([]byte(key))
	case "aes":
		b, err = aes.NewCipher([]byte(key))
	case "blowfish":
		b, err = blowfish.NewCipher([]byte(key))
	default:
		return mustDES(key)
	}
	if err != nil {
		panic(err) // KeyBytes does not fit Cipher
	}
	return b
}

// seal encrypts a padded text.
func (v Variant) seal(key string, padded []byte) []byte {
	b := v.block(key)
	if !v.CBC {
		return ecb(b, padded)
	}
	out := make([]byte, len(padded))
	cipher.NewCBCEncrypter(b, make([]byte, b.BlockSize())).CryptBlocks(out, padded) //nolint:gosec // a careless server is what it imitates
	return out
}

func mustDES(key string) cipher.Block {
	b, err := des.NewCipher([]byte(key))
	if err != nil {
		panic(err) // keys are eight bytes by construction
	}
	return b
}

func keywordAES() cipher.Block {
	b, err := aes.NewCipher(utf16le(keywordKey))
	if err != nil {
		panic(err) // the key is 32 bytes
	}
	return b
}

// chain is the byte chain of the old keyword lists, the inverse of
// P[i] = (C[i] XOR 0x68) - C[i-1] mod 255: C[0] is a first byte of free choice.
func chain(text []byte, first byte) []byte {
	out := []byte{first}
	for i, p := range text {
		out = append(out, byte((int(p)+int(out[i]))%255)^0x68)
	}
	return out
}
