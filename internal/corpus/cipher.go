package corpus

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"unicode/utf16"

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
