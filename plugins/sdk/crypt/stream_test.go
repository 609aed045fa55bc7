package crypt_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"testing"
	"testing/iotest"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// TestPBKDF2 compares with the standard library's.
func TestPBKDF2(t *testing.T) {
	for _, c := range []struct {
		h             func() hash.Hash
		password      string
		rounds, bytes int
	}{{sha1.New, "password", 1, 20}, {sha1.New, "pass\x00word", 4096, 32}, {sha256.New, "", 100, 65}, {sha256.New, "x", 40_000, 32}} {
		want, err := pbkdf2.Key(c.h, c.password, []byte("salt"), c.rounds, c.bytes)
		if err != nil {
			t.Fatal(err)
		}
		got, err := crypt.PBKDF2(t.Context(), c.h, []byte(c.password), []byte("salt"), c.rounds, c.bytes)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%+v: %x, %v; want %x", c.rounds, got, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := crypt.PBKDF2(ctx, sha256.New, nil, nil, 1<<30, 32); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestCBCReader decrypts what crypto/cipher encrypted, at every length around blocks and
// buffers, however it is handed out.
func TestCBCReader(t *testing.T) {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	iv := bytes.Repeat([]byte{7}, 16)
	for _, n := range []int{0, 1, 15, 16, 17, 32, 32<<10 - 16, 32<<10 - 1, 32 << 10, 32<<10 + 1, 70_001} {
		text := bytes.Repeat([]byte("evidence "), n/9+1)[:n]
		padded := append(bytes.Clone(text), bytes.Repeat([]byte{byte(16 - n%16)}, 16-n%16)...)
		sealed := make([]byte, len(padded))
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, padded)
		for name, r := range map[string]io.Reader{"whole": bytes.NewReader(sealed), "halves": iotest.HalfReader(bytes.NewReader(sealed)), "with end": iotest.DataErrReader(bytes.NewReader(sealed))} {
			if got, err := io.ReadAll(crypt.NewCBCReader(r, block, iv, true)); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%d bytes, %s: %d bytes, %v", n, name, len(got), err)
			}
		}
		if got, err := io.ReadAll(crypt.NewCBCReader(bytes.NewReader(sealed), block, iv, false)); err != nil || !bytes.Equal(got, padded) {
			t.Errorf("%d bytes, padding kept: %d bytes, %v", n, len(got), err)
		}
		if _, err := io.ReadAll(crypt.NewCBCReader(bytes.NewReader(sealed[:len(sealed)-1]), block, iv, true)); !errors.Is(err, crypt.ErrPadding) {
			t.Errorf("%d bytes, cut: %v", n, err)
		}
	}
	if _, err := io.ReadAll(crypt.NewCBCReader(iotest.ErrReader(io.ErrClosedPipe), block, iv, true)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("an error of the reader: %v", err)
	}
}
