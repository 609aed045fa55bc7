// Package crypt undoes the encryptions and encodings that a profile may name
// (docs/formats/profiles.md): ciphers old and new, their paddings, and the way a line
// is written down. It opens evidence; nothing is to be kept secret with it.
//
//	c, err := crypt.New(crypt.DES, crypt.ECB, key, nil)
//	message, state := crypt.Decode(crypt.Base64, nil, line)
//	text, ok := crypt.Strip(crypt.PKCS7, c.Open(nil, message), c.Block())
package crypt

// Ciphers. XOR repeats its key; Chain is the byte chain of TOM-Skype's older keyword
// lists. None and Chain have no key.
const (
	None      = "none"
	DES       = "des"
	TripleDES = "3des"
	AES       = "aes"
	Blowfish  = "blowfish"
	RC4       = "rc4"
	XOR       = "xor"
	Chain     = "tom-chain"
)

// Modes of block ciphers.
const (
	ECB = "ecb"
	CBC = "cbc"
)

// Encodings of a ciphertext.
const (
	Base64 = "base64"
	Hex    = "hex"
	Raw    = "raw"
)

// Paddings to whole blocks.
const (
	PKCS7 = "pkcs7"
	Zero  = "zero"
	// NoPadding leaves a text as it is.
	NoPadding = "none"
)
