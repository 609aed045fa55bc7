package main_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	main "github.com/exhibit-forensics/exhibit/plugins/itunesbackup"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// backupOf reads one of the samples, which testdata/make.py made with Python's own ciphers.
func backupOf(t testing.TB, name string, passwords ...string) sdktest.Case {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	c := sdktest.Case{Name: name, Operation: evidence.OpUnpack, Data: data}
	dir := "testdata/" + name + ".beside"
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		beside := sdktest.Companion{Role: "file", Name: strings.TrimPrefix(filepath.ToSlash(path), dir+"/"), Data: b}
		if beside.Name == "Manifest.plist" {
			beside.Role = "plist"
		}
		c.Companions = append(c.Companions, beside)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for i, p := range passwords {
		c.Keys = append(c.Keys, sdk.Key{Fingerprint: fmt.Sprintf("key:%016d", i+1), Name: fmt.Sprintf("k%d", i+1), Value: []byte(p)})
	}
	return c
}

// want are the files of the samples.
var want = map[string]string{
	"HomeDomain/Library/Preferences/org.example.plist":  "bplist00 not really",
	"CameraRollDomain/Media/DCIM/100APPLE/IMG_0001.JPG": "\xff\xd8\xff" + strings.Repeat(all256(), 3),
	"AppDomain-org.example.chat/Documents/日記.txt":       strings.Repeat("日記\n", 9),
	"AppDomain-org.example.chat/Documents/empty":        "",
}

func all256() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}

func found(o sdktest.Output) map[string]string {
	m := map[string]string{}
	for _, a := range o.Artifacts {
		if a.Complete {
			m[a.Name.Text] = string(a.Data)
		}
	}
	return m
}

// said are the diagnostics of a code.
func said(o sdktest.Output, code string) (list []string) {
	for _, d := range o.Diagnostics {
		if strings.Contains(d, `"code":"`+code+`"`) {
			list = append(list, d)
		}
	}
	return list
}

func TestBackups(t *testing.T) {
	for name, passwords := range map[string][]string{"plain.db": nil, "secret.db": {"notthis", "secret\n"}, "secret9.db": {"notthis", "secret"}} {
		o := sdktest.Do(t, main.Plugin(), backupOf(t, name, passwords...))
		if o.Result.Outcome != evidence.OutcomeComplete || fmt.Sprint(found(o)) != fmt.Sprint(want) {
			t.Errorf("%s: %s, %q, %q", name, o.Result.Outcome, found(o), o.Diagnostics)
		}
		if len(o.Diagnostics) != 1 || len(said(o, "backup.file_missing")) != 1 {
			t.Errorf("%s: %q", name, o.Diagnostics)
		}
		if u := o.Result.Units; u.Emitted != 4 || u.Skipped != 2 {
			t.Errorf("%s: %+v", name, u)
		}
		if used := o.Result.KeysUsed; len(passwords) > 0 && !slices.Equal(used, []string{"key:0000000000000002"}) {
			t.Errorf("%s: used %v", name, used)
		}
		if m := o.Artifacts[0].Meta; m["mtime"] != "2008-07-31T23:10:19Z" || m["mode"] != "0100644" {
			t.Errorf("%s: %v", name, m)
		}
	}
}

// TestWrongPassword: nothing comes out, and the text says what to type; damage of the
// keybag or of the list is another thing.
func TestWrongPassword(t *testing.T) {
	for n, passwords := range [][]string{nil, {"notthis", "Secret"}} {
		o := sdktest.Do(t, main.Plugin(), backupOf(t, "secret.db", passwords...))
		text := strings.Join(said(o, "backup.encrypted"), "")
		if len(o.Artifacts) != 0 || !strings.Contains(text, "exhibit key add NAME --stdin") || (n == 1) != strings.Contains(text, "none of the 2 passwords") || !strings.Contains(text, `"severity":"unresolved"`) {
			t.Errorf("%q", o.Diagnostics)
		}
	}
	c := backupOf(t, "secret.db", "secret")
	for i, f := range c.Companions {
		if f.Role == "plist" {
			c.Companions[i].Data = bytes.Replace(f.Data, []byte("CLAS"), []byte("XLAS"), 3)
		}
	}
	if o := sdktest.Do(t, main.Plugin(), c); o.Result.Outcome != evidence.OutcomeFailed || strings.Contains(o.Result.Reason, "secret") {
		t.Errorf("a keybag without classes: %s, %q", o.Result.Outcome, o.Result.Reason)
	}
	c = backupOf(t, "secret.db", "secret")
	c.Companions = slices.DeleteFunc(c.Companions, func(f sdktest.Companion) bool { return f.Role == "plist" })
	if o := sdktest.Do(t, main.Plugin(), c); o.Result.Outcome != evidence.OutcomeFailed || !strings.Contains(o.Result.Reason, "no Manifest.plist") {
		t.Errorf("without Manifest.plist: %s, %q", o.Result.Outcome, o.Result.Reason)
	}
}

// TestCutFiles: a file that is shorter than the list says is kept, and not whole.
func TestCutFiles(t *testing.T) {
	for _, name := range []string{"plain.db", "secret.db"} {
		c := backupOf(t, name, "secret")
		for i, f := range c.Companions {
			if f.Role == "file" && len(f.Data) > 700 {
				c.Companions[i].Data = f.Data[:500]
			}
		}
		o := sdktest.Do(t, main.Plugin(), c)
		if len(said(o, "backup.file_size")) != 1 || len(found(o)) != len(want)-1 || len(o.Artifacts) != len(want) {
			t.Errorf("%s: %q", name, o.Diagnostics)
		}
	}
}

// TestParts: two runs over one list share its files without a gap, and without one twice.
func TestParts(t *testing.T) {
	c := backupOf(t, "plain.db")
	slices.SortFunc(c.Companions, func(a, b sdktest.Companion) int { return strings.Compare(a.Name, b.Name) })
	var files []string
	for _, f := range c.Companions {
		if f.Role == "file" {
			files = append(files, f.Name)
		}
	}
	got, missing := map[string]string{}, 0
	for _, part := range []map[string]string{{"upto": files[1]}, {"after": files[1], "upto": files[2]}, {"after": files[2]}} {
		d := c
		d.Config, _ = json.Marshal(map[string]any{"part": part})
		d.Companions = slices.Clone(c.Companions)
		d.Companions = slices.DeleteFunc(d.Companions, func(f sdktest.Companion) bool {
			return f.Role == "file" && (part["after"] != "" && f.Name <= part["after"] || part["upto"] != "" && f.Name > part["upto"])
		})
		o := sdktest.Do(t, main.Plugin(), d)
		missing += len(said(o, "backup.file_missing"))
		for name, data := range found(o) {
			if _, twice := got[name]; twice {
				t.Errorf("%q twice", name)
			}
			got[name] = data
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || missing != 1 {
		t.Errorf("%q, %d missing", got, missing)
	}
}

func TestOldBackup(t *testing.T) {
	if o := sdktest.Do(t, main.Plugin(), backupOf(t, "old.mbdb")); o.Result.Outcome != evidence.OutcomeFailed || !strings.Contains(o.Result.Reason, "before iOS 10") {
		t.Errorf("%s, %q", o.Result.Outcome, o.Result.Reason)
	}
}

// TestUnwrap: the vectors of RFC 3394 §4.1, 4.3 and 4.6.
func TestUnwrap(t *testing.T) {
	un := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, v := range [][3]string{
		{"000102030405060708090A0B0C0D0E0F", "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5", "00112233445566778899AABBCCDDEEFF"},
		{"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7", "00112233445566778899AABBCCDDEEFF"},
		{"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21", "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F"},
	} {
		if got, ok := main.Unwrap(un(v[0]), un(v[1])); !ok || !bytes.Equal(got, un(v[2])) {
			t.Errorf("%s: %x, %v", v[1], got, ok)
		}
		bad := un(v[1])
		bad[5] ^= 1
		if _, ok := main.Unwrap(un(v[0]), bad); ok {
			t.Errorf("%s: one bit turned over is not noticed", v[1])
		}
	}
	if _, ok := main.Unwrap(make([]byte, 32), make([]byte, 23)); ok {
		t.Error("23 bytes are no wrapped key")
	}
}

// TestCBCAt compares with crypto/cipher at every place.
func TestCBCAt(t *testing.T) {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	plain := []byte(strings.Repeat("0123456789abcdef", 5))
	sealed := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, make([]byte, 16)).CryptBlocks(sealed, plain)
	r := main.NewCBCAt(bytes.NewReader(sealed), block)
	for at := range plain {
		for n := 1; n <= len(plain)-at; n++ {
			b := make([]byte, n)
			if k, err := r.ReadAt(b, int64(at)); k != n || err != nil || !bytes.Equal(b, plain[at:at+n]) {
				t.Fatalf("%d bytes at %d: %d, %q, %v", n, at, k, b, err)
			}
		}
	}
	b := make([]byte, 20)
	if n, err := r.ReadAt(b, 70); n != 10 || err != io.EOF || string(b[:n]) != "6789abcdef" {
		t.Errorf("over the end: %d, %v", n, err)
	}
}
