package view

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// pipe runs a program over some bytes.
func pipe(t *testing.T, dir string, in []byte, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(in)
	var out, diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diag
	if err := cmd.Run(); err != nil {
		t.Skipf("NOT TESTED: %s %v: %v: %s", name, args, err, diag.String())
	}
	return out.Bytes()
}

// Every cipher that a profile may name: what openssl, or Python, encrypted is decrypted
// here, and by the commands that a recipe has for it.
func TestCiphersOpenAndRedo(t *testing.T) {
	const text = "\u6d4b\u8bd5 192.0.2.1\ta\tb"
	pkcs7 := func(n int) []byte {
		k := n - len(text)%n
		return append([]byte(text), bytes.Repeat([]byte{byte(k)}, k)...)
	}
	zero := append([]byte(text), make([]byte, (8-len(text)%8)%8)...)
	legacy := []string{"-provider", "legacy", "-provider", "default"}
	iv8, iv16 := "0102030405060708", "000102030405060708090a0b0c0d0e0f"
	for _, c := range []struct {
		name, cipher, mode, iv, padding, key, openssl string
		plain                                         []byte
	}{
		{"des ecb", "des", "ecb", "", "pkcs7", "3332626e7832336c", "des-ecb", pkcs7(8)},
		{"des ecb zeros", "des", "ecb", "", "zero", "3332626e7832336c", "des-ecb", zero},
		{"des cbc", "des", "cbc", iv8, "pkcs7", "3332626e7832336c", "des-cbc", pkcs7(8)},
		{"des cbc key", "des", "cbc", "key", "pkcs7", "3332626e7832336c", "des-cbc", pkcs7(8)},
		{"aes 256 cbc key", "aes", "cbc", "key", "pkcs7", strings.Repeat("0f1e", 16), "aes-256-cbc", pkcs7(16)},
		{"des cbc prefix", "des", "cbc", "prefix", "pkcs7", "3332626e7832336c", "des-cbc", pkcs7(8)},
		{"3des 16", "3des", "ecb", "", "pkcs7", "000102030405060708090a0b0c0d0e0f", "des-ede", pkcs7(8)},
		{"3des 24", "3des", "cbc", iv8, "pkcs7", "000102030405060708090a0b0c0d0e0f1011121314151617", "des-ede3-cbc", pkcs7(8)},
		{"aes 128", "aes", "ecb", "", "pkcs7", "000102030405060708090a0b0c0d0e0f", "aes-128-ecb", pkcs7(16)},
		{"aes 256 cbc", "aes", "cbc", iv16, "pkcs7", strings.Repeat("0f1e", 16), "aes-256-cbc", pkcs7(16)},
		{"aes 192 cbc prefix", "aes", "cbc", "prefix", "pkcs7", strings.Repeat("0f1e", 12), "aes-192-cbc", pkcs7(16)},
		{"blowfish", "blowfish", "ecb", "", "pkcs7", hex.EncodeToString([]byte("H177UC09VI67KASI")), "bf-ecb", pkcs7(8)},
		{"rc4", "rc4", "", "", "none", "000102030405060708090a0b0c0d0e0f", "rc4", []byte(text)},
		{"xor", "xor", "", "", "none", "a1b2c3", "", []byte(text)},
		{"chain", "tom-chain", "", "", "none", "", "", []byte(text)},
		{"none", "none", "", "", "none", "", "", []byte(text)},
	} {
		t.Run(c.name, func(t *testing.T) {
			key, err := hex.DecodeString(c.key)
			if err != nil {
				t.Fatal(err)
			}
			var sealed []byte
			switch c.cipher {
			case "none":
				sealed = c.plain
			case "xor":
				sealed = pipe(t, "", c.plain, "python3", "-c", "import sys; k=bytes.fromhex('a1b2c3'); sys.stdout.buffer.write(bytes(b^k[i%3] for i,b in enumerate(sys.stdin.buffer.read())))")
			case "tom-chain":
				sealed = pipe(t, "", c.plain, "python3", "-c", "import sys\no=[200]\nfor p in sys.stdin.buffer.read(): o.append(((p+o[-1])%255)^0x68)\nsys.stdout.buffer.write(bytes(o))")
			default:
				args := []string{"enc", "-e", "-" + c.openssl, "-K", c.key, "-nopad"}
				iv := c.iv
				if iv == "prefix" {
					iv = map[string]string{"des": iv8, "aes": iv16}[c.cipher]
				}
				if iv == "key" {
					iv = c.key[:map[string]int{"des": 16, "aes": 32}[c.cipher]]
				}
				if iv != "" {
					args = append(args, "-iv", iv)
				}
				sealed = pipe(t, "", c.plain, "openssl", append(args, legacy...)...)
				if c.iv == "prefix" {
					b, _ := hex.DecodeString(iv)
					sealed = append(b, sealed...)
				}
			}
			for _, encoding := range []string{"base64", "hex", "base64 without padding", "raw"} {
				p := &profile{Name: "p", Cipher: c.cipher, Mode: c.mode, IV: c.iv, Paddings: []string{c.padding}}
				line := map[string]string{
					"base64": base64.StdEncoding.EncodeToString(sealed) + " ", "hex": strings.ToUpper(hex.EncodeToString(sealed)),
					"base64 without padding": base64.RawStdEncoding.EncodeToString(sealed), "raw": string(sealed),
				}[encoding]
				p.Encodings = []string{strings.Fields(encoding)[0]}
				var k *Key
				if c.key != "" {
					k = &Key{Fingerprint: "key:0", Form: "given", Name: "k", Hex: c.key, value: key}
				}
				o := openLine([]byte(line), "p", "utf-8", p, nil, k)
				if o.Problem != "" || o.Text != text || o.Encoding != p.Encodings[0] || o.Padding != c.padding {
					t.Fatalf("%s: %+v", encoding, o)
				}
				cook := newCook()
				cook.line("'in'", []byte(line), o, "utf-8", &way{})
				dir := t.TempDir()
				pipe(t, dir, []byte(line), "sh", "-c", "cat > in")
				if got := pipe(t, dir, nil, "sh", "-c", cook.r.Script()); string(got) != text || len(cook.r.Unknown) > 0 {
					t.Errorf("%s: by hand %q, %v\n%s", encoding, got, cook.r.Unknown, cook.r.Script())
				}
			}
		})
	}
}

// The commands that read a key at its place make what the case makes of it, in every way of
// writing a key down.
func TestKeysByHand(t *testing.T) {
	text := []byte("0123456789abcdef")
	for _, encoding := range keyring.Encodings() {
		at := text
		switch encoding {
		case keyring.Zero8:
			at = text[:5]
		case keyring.FromUTF16:
			at = []byte("k\x00e\x00y\x00")
		}
		want, err := keyring.Decode(at, encoding)
		if err != nil {
			t.Fatal(encoding, err)
		}
		file := append([]byte("xx"), append(bytes.Clone(at), "yyy"...)...)
		w := &way{links: []Link{{Artifact: evidence.Sum(file), Size: int64(len(file))}}, original: &Original{Exhibit: "EX-001", Path: evidence.NewName("in"), name: evidence.NewName("in")}}
		k := newCook()
		commands, err := k.key(&Key{Fingerprint: "key:0", Form: keyring.AtPlace, Name: "k", Encoding: encoding, Place: "EX-001:in:2:16", at: &store.Place{Artifact: evidence.Sum(file), Offset: 2, Length: int64(len(at))}, way: w})
		if err != nil {
			t.Fatal(encoding, err)
		}
		dir := t.TempDir()
		pipe(t, dir, file, "sh", "-c", "cat > in")
		if got := pipe(t, dir, nil, "sh", "-c", strings.Join(commands, "\n")+"\nprintf %s \"$KEY\""); string(got) != hex.EncodeToString(want) {
			t.Errorf("%s: by hand %s, and %x\n%s", encoding, got, want, commands)
		}
	}
}

func TestLinesThatDoNotOpen(t *testing.T) {
	p := &profile{Name: "p", Cipher: "des", Mode: "ecb", Encodings: []string{"base64", "hex"}, Paddings: []string{"pkcs7"}}
	key := &Key{Fingerprint: "key:0", value: []byte("12345678")}
	for name, c := range map[string]struct {
		line string
		key  *Key
		p    *profile
		err  error
	}{
		"no key":       {"AAAAAAAAAAA=", &Key{Fingerprint: "key:0"}, p, nil},
		"no profile":   {"AAAAAAAAAAA=", key, nil, evidence.ErrNotFound},
		"not encoded":  {"%%", key, p, nil},
		"no blocks":    {"QUJD", key, p, nil},
		"wrong key":    {"AAAAAAAAAAA=", key, p, nil},
		"short key":    {"AAAAAAAAAAA=", &Key{value: []byte("1")}, p, nil},
		"other mode":   {"AAAAAAAAAAA=", key, &profile{Cipher: "des", Mode: "ofb", Encodings: []string{"base64"}}, nil},
		"other cipher": {"AAAAAAAAAAA=", key, &profile{Cipher: "enigma", Mode: "ecb", Encodings: []string{"base64"}}, nil},
		"no iv":        {"AAAAAAAAAAA=", key, &profile{Cipher: "des", Mode: "cbc", Encodings: []string{"base64"}}, nil},
	} {
		if o := openLine([]byte(c.line), "p", "utf-8", c.p, c.err, c.key); o.Problem == "" || o.Bytes != nil {
			t.Errorf("%s: %+v", name, o)
		}
	}
	if _, err := (&profile{Cipher: "aes", Mode: "ecb"}).decipher([]byte("short"), make([]byte, 16)); !errors.Is(err, evidence.ErrKey) {
		t.Error(err)
	}
}

// Names and remarks come from evidence: they must stay words and remarks.
func TestQuote(t *testing.T) {
	for _, name := range []string{"a", "it's", "$(touch x)", "a b", "-n", "\xff\n", "a\n\n", "`id`", `a\b`, "a\\'b\x01", "%s", "\u202eabc", "'", "*"} {
		got := pipe(t, t.TempDir(), nil, "sh", "-c", "printf '%s' "+quote(name))
		want := name
		if strings.HasPrefix(name, "-") {
			want = "./" + name
		}
		if string(got) != want {
			t.Errorf("%q: the shell sees %q", name, got)
		}
	}
	r := Recipe{Steps: []RecipeStep{{What: "a\nrm -rf x\r\u2028y", Commands: []string{"true"}}}, Unknown: []string{"b\nc"}}
	if s := r.Script(); strings.Count(s, "\n") != 3 || strings.Contains(s, "\r") {
		t.Errorf("%q", s)
	}
}

// Steps of containers, by the tools that made the containers.
func TestDerivations(t *testing.T) {
	content := []byte(strings.Repeat("some text, ", 500))
	for _, c := range []struct {
		name, pack string
		steps      string
		partial    string
	}{
		{"gzip", "gzip -c in", `[{"do":"gunzip"}]`, ""},
		{"gzip twice", "gzip -c in; gzip -c in", `[{"do":"gunzip"}]`, ""},
		{"gzip cut", "gzip -c in | head -c 60", `[{"do":"gunzip"}]`, "cut"},
		{"bzip2", "bzip2 -c in", `[{"do":"bunzip2"}]`, ""},
		{"xz", "xz -c in", `[{"do":"unxz"}]`, ""},
		{"zstd", "zstd -qc in", `[{"do":"unzstd"}]`, ""},
		{"tar", "tar -cf - in", `[{"do":"untar","offset":512,"length":5500}]`, ""},
		{"tar.xz", "tar -cf - in | xz -c", `[{"do":"unxz"},{"do":"untar","offset":512,"length":5500}]`, ""},
		{"zip deflate", "zip -q -X z.zip in >/dev/null && cat z.zip", `[{"do":"unzip","offset":32,"length":%d,"method":8}]`, ""},
		{"zip stored", "zip -q -0 -X z.zip in >/dev/null && cat z.zip", `[{"do":"unzip","offset":32,"length":5500,"method":0}]`, ""},
		{"sqlite", "sqlite3 -batch x.db \"CREATE TABLE data(_id INTEGER PRIMARY KEY, data15 BLOB); INSERT INTO data VALUES (7, CAST(readfile('in') AS BLOB))\" && cat x.db", `[{"do":"sqlite","table":"data","rowid":7,"column":"data15"}]`, ""},
		{"sparse", "printf ab", `[{"do":"untar","offset":0,"length":2,"size":9,"sparse":[[1,1],[7,1]]}]`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			pipe(t, dir, content, "sh", "-c", "cat > in")
			packed := pipe(t, dir, nil, "sh", "-c", c.pack)
			want := content
			switch c.name {
			case "gzip twice":
				want = append(bytes.Clone(content), content...)
			case "gzip cut":
				want = pipe(t, dir, packed, "python3", "-c", "import sys,zlib; d=zlib.decompressobj(31); sys.stdout.buffer.write(d.decompress(sys.stdin.buffer.read()))")
			case "zip deflate":
				end := bytes.Index(packed, []byte("PK\x01\x02"))
				c.steps = fmt.Sprintf(c.steps, end-32)
			case "sparse":
				want = []byte("\x00a\x00\x00\x00\x00\x00b\x00")
			}
			in, out := evidence.Sum(packed), evidence.Sum(want)
			w := &way{
				links: []Link{
					{Artifact: out, Size: int64(len(want)), Steps: []byte(c.steps), Partial: c.partial},
					{Artifact: in, Size: int64(len(packed))},
				},
				original: &Original{Exhibit: "EX-001", Path: evidence.NewName("in"), name: evidence.NewName("in")},
			}
			cook := newCook()
			file := cook.artifact(w)
			pipe(t, dir, packed, "sh", "-c", "cat > in")
			got := pipe(t, dir, nil, "sh", "-c", cook.r.Script()+"cat "+file)
			if !bytes.Equal(got, want) || len(cook.r.Unknown) > 0 {
				t.Errorf("%d bytes of %d, %v\n%s", len(got), len(want), cook.r.Unknown, cook.r.Script())
			}
		})
	}
	w := &way{links: []Link{{Artifact: evidence.Sum([]byte("a")), Steps: []byte(`[{"do":"unicorn"}]`)}, {Artifact: evidence.Sum([]byte("b"))}}, original: &Original{name: evidence.NewName("x")}}
	cook := newCook()
	if cook.artifact(w) != "" || len(cook.r.Unknown) != 1 {
		t.Error(cook.r)
	}
}
