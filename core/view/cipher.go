package view

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rc4"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/blowfish" //nolint:staticcheck // deprecated for new systems; the evidence uses it

	"github.com/exhibit-forensics/exhibit/evidence"
)

// profile is what a profile says of an encryption (docs/formats/profiles.md). It is read
// here to show what a plugin made of a line, never to read evidence.
type profile struct {
	Name      string   `json:"name"`
	Title     string   `json:"title"`
	Encodings []string `json:"encodings"`
	Cipher    string   `json:"cipher"`
	Mode      string   `json:"mode"`
	IV        string   `json:"iv"`
	Paddings  []string `json:"paddings"`
	Source    string   `json:"source"`
	Certainty string   `json:"certainty"`
	Note      string   `json:"note"`
	Key       *struct {
		Text string `json:"text"`
	} `json:"key"`
}

// keyless ciphers open without a key.
func (p *profile) keyless() bool { return p.Cipher == "none" || p.Cipher == "tom-chain" }

func (p *profile) paddings() []string {
	if len(p.Paddings) == 0 {
		return []string{"none"}
	}
	return p.Paddings
}

// blockSize of a cipher in bytes; 1 where any length will do.
func blockSize(name string) int {
	switch name {
	case "des", "3des", "blowfish":
		return 8
	case "aes":
		return 16
	}
	return 1
}

// decodeLine undoes the encoding of a line; ok is false where it is not in it.
func decodeLine(encoding string, line []byte) (b []byte, ok bool) {
	compact := strings.Join(strings.Fields(string(line)), "")
	var err error
	switch encoding {
	case "raw":
		return line, true
	case "hex":
		b, err = hex.DecodeString(compact)
	case "base64":
		b, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(compact, "="))
	default:
		return nil, false
	}
	return b, err == nil && len(b) > 0
}

// decipher decrypts one whole message. It fails with evidence.ErrKey where the key is not
// one for the cipher, and ErrFormat where the profile or the message cannot be followed.
func (p *profile) decipher(key, message []byte) ([]byte, error) {
	if n := blockSize(p.Cipher); len(message)%n != 0 {
		return nil, fmt.Errorf("%w: %d bytes are no whole number of blocks of %d", evidence.ErrFormat, len(message), n)
	}
	switch p.Cipher {
	case "none":
		return message, nil
	case "tom-chain":
		return chain(message), nil
	case "xor":
		if len(key) == 0 {
			return nil, fmt.Errorf("%w: it is empty", evidence.ErrKey)
		}
		out := bytes.Clone(message)
		for i := range out {
			out[i] ^= key[i%len(key)]
		}
		return out, nil
	case "rc4":
		c, err := rc4.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", evidence.ErrKey, err)
		}
		out := make([]byte, len(message))
		c.XORKeyStream(out, message)
		return out, nil
	}
	block, err := newBlock(p.Cipher, key)
	if err != nil {
		return nil, err
	}
	return p.blocks(block, key, message)
}

func newBlock(name string, key []byte) (b cipher.Block, err error) {
	switch name {
	case "des":
		b, err = des.NewCipher(key)
	case "3des":
		if len(key) == 16 {
			key = append(bytes.Clone(key), key[:8]...)
		}
		b, err = des.NewTripleDESCipher(key)
	case "aes":
		b, err = aes.NewCipher(key)
	case "blowfish":
		b, err = blowfish.NewCipher(key)
	default:
		return nil, fmt.Errorf("%w: cipher %q", evidence.ErrFormat, name)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", evidence.ErrKey, err)
	}
	return b, nil
}

func (p *profile) blocks(block cipher.Block, key, message []byte) ([]byte, error) {
	n := block.BlockSize()
	switch p.Mode {
	case "ecb":
		out := make([]byte, len(message))
		for i := 0; i < len(message); i += n {
			block.Decrypt(out[i:], message[i:])
		}
		return out, nil
	case "cbc":
		iv, err := hex.DecodeString(p.IV)
		if p.IV == "key" && len(key) >= n {
			iv, err = key[:n], nil
		}
		if p.IV == "prefix" && len(message) >= n {
			iv, message, err = message[:n], message[n:], nil
		}
		if err != nil || len(iv) != n {
			return nil, fmt.Errorf("%w: the profile states no iv of %d bytes", evidence.ErrFormat, n)
		}
		out := make([]byte, len(message))
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, message)
		return out, nil
	}
	return nil, fmt.Errorf("%w: mode %q", evidence.ErrFormat, p.Mode)
}

// chain is P[i] = (C[i] xor 0x68) - C[i-1] modulo 255; the first byte carries nothing.
func chain(c []byte) []byte {
	var out []byte
	for i := 1; i < len(c); i++ {
		out = append(out, byte(((int(c[i]^0x68)-int(c[i-1]))%255+255)%255))
	}
	return out
}

// unpad removes a padding to blocks of n bytes; ok is false where it is not there.
func unpad(padding string, text []byte, n int) (body []byte, ok bool) {
	switch padding {
	case "pkcs7": // RFC 5652 §6.3
		if len(text) == 0 {
			return nil, false
		}
		k := int(text[len(text)-1])
		if k == 0 || k > n || k > len(text) || bytes.Count(text[len(text)-k:], text[len(text)-1:]) != k {
			return nil, false
		}
		return text[:len(text)-k], true
	case "zero":
		body = bytes.TrimRight(text, "\x00")
		return text[:max(len(body), len(text)-n+1, 0)], true
	}
	return text, true
}
