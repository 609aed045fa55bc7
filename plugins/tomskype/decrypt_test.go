package main_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	tomskype "github.com/exhibit-forensics/exhibit/plugins/tomskype"
)

// log is a text of n lines that are rows of chat.
func log(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		b.WriteString(row(fmt.Sprintf("message %d 你好", i)) + "\n")
	}
	return b.Bytes()
}

func TestDecrypt(t *testing.T) {
	block, err := des.NewCipher([]byte(keyOne))
	if err != nil {
		t.Fatal(err)
	}
	step := map[string]any{"do": "decrypt", "profile": "tom-log-3.6", "key": key("", []byte(keyOne)).Fingerprint, "cipher": "des", "mode": "ecb", "encoding": "raw"}
	for _, n := range []int{1, 2, 700, 5000, 12_000} { // one block, within the head, beyond a piece
		for padding, pad := range map[string]func([]byte, int) []byte{"pkcs7": pkcs7, "zero": zeros} {
			plain := log(n)
			if padding == "zero" && len(plain)%8 == 0 {
				plain = append(plain, row("one more")+"\n"...)
			}
			out := do(t, "decrypt", ecb(block, pad(plain, 8)), chat, append([]sdk.Key{key("other", []byte(keyTwo))}, published(t)...))
			if len(out.Artifacts) != 1 {
				t.Fatalf("%d lines, %s: %q", n, padding, out.Diagnostics)
			}
			a := out.Artifacts[0]
			step["padding"] = padding
			if !a.Complete || a.Name != nil || !a.Text || !bytes.Equal(a.Data, plain) || mustJSON(a.Steps) != mustJSON([]any{step}) {
				t.Errorf("%d lines, %s: %d bytes of %d, %s, complete %v", n, padding, len(a.Data), len(plain), mustJSON(a.Steps), a.Complete)
			}
			if mustJSON(out.Result.KeysUsed) != mustJSON([]any{step["key"]}) {
				t.Errorf("keys used: %v", out.Result.KeysUsed)
			}
			expect(t, out, nil, []string{"info profile.reconstructed"})
		}
	}
}

// A file whose end is missing gives what is there, and says so.
func TestDecryptCut(t *testing.T) {
	block, err := des.NewCipher([]byte(keyOne))
	if err != nil {
		t.Fatal(err)
	}
	plain := log(3000)
	sealed := ecb(block, pkcs7(plain, 8))
	for _, missing := range []int{3, 16, 70_001} {
		out := do(t, "decrypt", sealed[:len(sealed)-missing], chat, published(t))
		if len(out.Artifacts) != 1 {
			t.Fatalf("%d bytes missing: %q", missing, out.Diagnostics)
		}
		a := out.Artifacts[0]
		want := plain[:min(len(plain), (len(sealed)-missing)/8*8)]
		if a.Complete || a.Reason == "" || !bytes.Equal(a.Data, want) {
			t.Errorf("%d bytes missing: %d bytes of %d, complete %v", missing, len(a.Data), len(want), a.Complete)
		}
		expect(t, out, nil, []string{"damage file.cut", "info profile.reconstructed"})
	}
}

func TestDecryptRefused(t *testing.T) {
	sealed := sealDES(t, "unknown!", string(log(100)))
	for name, c := range map[string]struct {
		data []byte
		want []string
	}{
		"no key": {sealed, []string{"reject file.undecryptable", "unresolved file.unresolved"}},
		"plain":  {log(100), []string{"info file.not_encrypted"}},
		"empty":  {nil, nil},
		"short":  {[]byte("\x00\xff"), []string{"reject file.undecryptable", "unresolved file.unresolved"}},
	} {
		out := do(t, "decrypt", c.data, chat, published(t))
		if len(out.Artifacts) != 0 || out.Result.KeysUsed != nil || out.Result.Outcome != "complete" {
			t.Errorf("%s: %d artifacts, keys %v, %s", name, len(out.Artifacts), out.Result.KeysUsed, out.Result.Outcome)
		}
		t.Run(name, func(t *testing.T) { expect(t, out, nil, c.want) })
	}
}

// Modes and ciphers that chain blocks are decrypted in pieces all the same.
func TestDecryptChained(t *testing.T) {
	secret := []byte("sixteen byte key")
	b, err := aes.NewCipher(secret)
	if err != nil {
		t.Fatal(err)
	}
	plain := log(9000)
	iv := []byte("an iv of sixteen")
	sealed := pkcs7(plain, 16)
	ownVector := bytes.Clone(sealed)
	cipher.NewCBCEncrypter(b, secret).CryptBlocks(ownVector, ownVector)
	cipher.NewCBCEncrypter(b, iv).CryptBlocks(sealed, sealed)
	xored := bytes.Clone(plain)
	for i := range xored {
		xored[i] ^= secret[i%16]
	}
	for name, c := range map[string]struct {
		profile map[string]any
		data    []byte
	}{
		"iv stated":     {map[string]any{"cipher": "aes", "mode": "cbc", "iv": fmt.Sprintf("%x", iv), "paddings": []string{"pkcs7"}}, sealed},
		"iv is the key": {map[string]any{"cipher": "aes", "mode": "cbc", "iv": "key", "paddings": []string{"pkcs7"}}, ownVector},
		"iv before":     {map[string]any{"cipher": "aes", "mode": "cbc", "iv": "prefix", "paddings": []string{"pkcs7"}}, append(bytes.Clone(iv), sealed...)},
		"xor":           {map[string]any{"cipher": "xor"}, xored},
	} {
		p := map[string]any{"name": "lab", "units": []string{"file"}, "encodings": []string{"raw"}, "source": "a test", "certainty": "published"}
		for k, v := range c.profile {
			p[k] = v
		}
		config := json.RawMessage(mustJSON(map[string]any{"layout": chat, "profiles": []any{p}}))
		out := sdktest.Do(t, tomskype.Plugin(), sdktest.Case{Operation: "decrypt", Data: c.data, Config: config, Keys: []sdk.Key{key("lab", secret)}})
		if len(out.Artifacts) != 1 || !out.Artifacts[0].Complete || !bytes.Equal(out.Artifacts[0].Data, plain) {
			t.Errorf("%s: %d artifacts, %q", name, len(out.Artifacts), out.Diagnostics)
		}
		if len(out.Artifacts) == 1 && strings.Contains(mustJSON(out.Artifacts[0].Steps), string(secret)) {
			t.Errorf("%s: the key is in the steps", name)
		}
	}
}
