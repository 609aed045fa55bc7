package main_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rc4"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/crypto/blowfish" //nolint:staticcheck // deprecated for new systems; the evidence uses it
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// sealing is how a log is encrypted.
type sealing struct {
	cipher, mode, iv string // iv: "", "zero", "prefix", "key" or "fixed"
	padding          string
	encoding         string // base64, hex; raw: the file as a whole
	charset          string
	key              []byte
}

func (s sealing) String() string {
	return strings.Join([]string{s.cipher, s.mode, s.iv, s.padding, s.encoding, s.charset, fmt.Sprint(len(s.key))}, "-")
}

// seal encrypts lines with the standard library, not with the code that opens them.
func (s sealing) seal(t testing.TB, rng *rand.Rand, lines []string) []byte {
	t.Helper()
	if s.encoding == "raw" {
		return s.message(t, rng, s.encode(t, strings.Join(lines, "\n")+"\n"))
	}
	var out bytes.Buffer
	for _, l := range lines {
		b := s.message(t, rng, s.encode(t, l))
		if s.encoding == "hex" {
			out.WriteString(hex.EncodeToString(b) + "\r\n")
		} else {
			out.WriteString(base64.StdEncoding.EncodeToString(b) + "\n")
		}
	}
	return out.Bytes()
}

func (s sealing) encode(t testing.TB, text string) []byte {
	t.Helper()
	e := map[string]encoding.Encoding{
		"utf-8": encoding.Nop, "gb18030": simplifiedchinese.GB18030, "big5": traditionalchinese.Big5, "shift_jis": japanese.ShiftJIS,
		"utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	}[s.charset]
	b, err := e.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s sealing) message(t testing.TB, rng *rand.Rand, text []byte) []byte {
	t.Helper()
	var b cipher.Block
	var err error
	switch s.cipher {
	case "xor":
		out := bytes.Clone(text)
		for i := range out {
			out[i] ^= s.key[i%len(s.key)]
		}
		return out
	case "rc4":
		c, err := rc4.NewCipher(s.key)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]byte, len(text))
		c.XORKeyStream(out, text)
		return out
	case "des":
		b, err = des.NewCipher(s.key)
	case "3des":
		key := s.key
		if len(key) == 16 {
			key = append(bytes.Clone(key), key[:8]...)
		}
		b, err = des.NewTripleDESCipher(key)
	case "aes":
		b, err = aes.NewCipher(s.key)
	case "blowfish":
		b, err = blowfish.NewCipher(s.key)
	}
	if err != nil {
		t.Fatal(err)
	}
	n := b.BlockSize()
	padded := bytes.Clone(text)
	if pad := n - len(text)%n; s.padding == "pkcs7" {
		padded = append(padded, bytes.Repeat([]byte{byte(pad)}, pad)...)
	} else if pad < n {
		padded = append(padded, make([]byte, pad)...)
	}
	out := make([]byte, len(padded))
	if s.mode == "ecb" {
		for i := 0; i < len(padded); i += n {
			b.Encrypt(out[i:], padded[i:])
		}
		return out
	}
	iv := make([]byte, n)
	switch s.iv {
	case "prefix":
		fill(rng, iv)
	case "key":
		copy(iv, s.key)
	case "fixed":
		copy(iv, "fixed iv")
	}
	cipher.NewCBCEncrypter(b, iv).CryptBlocks(out, padded)
	if s.iv == "prefix" {
		return append(iv, out...)
	}
	return out
}

func fill(rng *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
}

// words that the charset can write.
var wordsOf = map[string][]string{
	"utf-8": {"你好", "what time is it", "明天见", "ok", "привет"}, "gb18030": {"你好", "学校", "明天见面", "ok then"}, "big5": {"你好", "學校", "明天見面", "ok then"},
	"shift_jis": {"こんにちは", "明日の朝", "学校", "ok then"}, "utf-16le": {"你好", "学校", "明天见面", "see you"},
}

// rows are lines of a chat log.
func rows(rng *rand.Rand, n int, charset, delimiter string) []string {
	var out []string
	for i := range n {
		w := wordsOf[charset]
		text := w[rng.IntN(len(w))]
		for range rng.IntN(5) {
			text += " " + w[rng.IntN(len(w))]
		}
		out = append(out, strings.Join([]string{
			fmt.Sprintf("2009-03-%02d %02d:%02d:%02d", 1+rng.IntN(28), rng.IntN(24), rng.IntN(60), i%60), fmt.Sprintf("user_%d", rng.IntN(60)), fmt.Sprintf("peer.%d", rng.IntN(60)),
			fmt.Sprintf("192.0.2.%d", rng.IntN(250)), text,
		}, delimiter))
	}
	return out
}
