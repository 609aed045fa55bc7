package main_test

import (
	"encoding/base64"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	main "github.com/exhibit-forensics/exhibit/plugins/userdb"
)

func read(t testing.TB, text string) (records, diagnostics []sdktest.Object, out sdktest.Output) {
	t.Helper()
	return sdktest.Read(t, main.Plugin(), sdktest.Case{Name: "case", Operation: "parse", Data: []byte(text)})
}

func TestLDIF(t *testing.T) {
	records, diagnostics, out := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/rfc2849.ldif"))
	if len(records) != 7 || sdktest.Count(records, "kind", "contact") != 1 || sdktest.Count(records, "kind", "account") != 2 || sdktest.Count(records, "kind", "row") != 4 {
		t.Fatalf("%v", records)
	}
	for code, n := range map[string]int{"ldif.no_dn": 1, "ldif.line_odd": 1, "ldif.base64_odd": 1, "ldif.url": 1, "ldif.change": 3} {
		if sdktest.Count(diagnostics, "code", code) != n {
			t.Errorf("%s: %v", code, diagnostics)
		}
	}
	c := records[0]
	if sdktest.Join(c["names"], "|") != "Barbara Example|Barbara J Example" || c["organisation"] != "Airius" || !strings.HasSuffix(c["extra"].(sdktest.Object)["description"].(string), "so long that they are folded.") {
		t.Errorf("%v", c)
	}
	if o := records[1]["columns"].(sdktest.Object); o["dn"] != "ou=営業部,o=Airius" {
		t.Errorf("%v", o)
	}
	a := records[2]
	if a["username"] != "rogasawara" || a["display_name"] != "小笠原ロドニー" || a["created"] != "2024-05-01T06:07:08Z" || a["times"].([]any)[1].(sdktest.Object)["time"] != "2024-05-02T06:09:10.250Z" ||
		a["credential"].(sdktest.Object)["type"] != "sha512crypt" || a["extra"].(sdktest.Object)["further_passwords"] != "salted-sha1" {
		t.Errorf("%v", a)
	}
	picture, err := base64.StdEncoding.DecodeString("/9j/4AAQSkZJRgABAQAAAQABAAD/2f/Y/+AAEEpGSUYAAQEAAAEAAQAA/9n/2P/gABBKRklGAAEBAAABAAEAAP/Z")
	if err != nil || len(out.Artifacts) != 1 || string(out.Artifacts[0].Data) != string(picture) || out.Artifacts[0].Name.Text != "3/jpegphoto.jpg" {
		t.Errorf("%+v", out.Artifacts)
	}
	if records[3]["credential"].(sdktest.Object)["type"] != "plain" {
		t.Errorf("%v", records[3])
	}
	for _, r := range records {
		if strings.Contains(fmt.Sprint(r["extra"], r["columns"]), "nevertried") {
			t.Error("a password stands where everybody sees it")
		}
	}
}

// The same file in UTF-16 gives the same, its picture too.
func TestWideLDIF(t *testing.T) {
	c := sdktest.Load(t, "testdata/rfc2849.ldif")
	plain := sdktest.Do(t, main.Plugin(), c)
	var wide []byte
	for _, u := range utf16.Encode([]rune(string(c.Data))) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	records, _, out := read(t, string(wide))
	if len(records) != len(plain.Records) || len(out.Artifacts) != 1 || string(out.Artifacts[0].Data) != string(plain.Artifacts[0].Data) || records[0]["charset"] != "utf-16le" {
		t.Errorf("%d records, %+v", len(records), out.Artifacts)
	}
}

func TestUnixFiles(t *testing.T) {
	records, diagnostics, _ := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/users.shadow"))
	if len(records) != 6 || sdktest.Count(diagnostics, "code", "users.fields") != 1 {
		t.Fatalf("%v %v", records, diagnostics)
	}
	anna := records[1]
	if anna["time"] != "2024-05-01T00:00:00Z" || anna["times"].([]any)[1].(sdktest.Object)["time"] != "2024-10-04T00:00:00Z" || anna["time_basis"].(sdktest.Object)["unit"] != "d" || anna["extra"].(sdktest.Object)["maximum_days"] != 90.0 {
		t.Errorf("%v", anna)
	}
	for i, want := range []string{"yescrypt", "sha512crypt", "sha256crypt", "", "", ""} {
		c, _ := records[i]["credential"].(sdktest.Object)
		if name, _ := c["type"].(string); name != want {
			t.Errorf("%d: %q", i, name)
		}
	}
	if sdktest.Join(records[2]["flags"], " ") != "account_locked" || sdktest.Join(records[5]["flags"], " ") != "password_empty time_date_only" || records[2]["extra"].(sdktest.Object)["must_change"] != true {
		t.Errorf("%v", records)
	}
	records, _, _ = sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/master.passwd"))
	if len(records) != 2 || records[1]["times"].([]any)[0].(sdktest.Object)["time"] != "2024-05-01T04:07:08Z" || records[1]["extra"].(sdktest.Object)["class"] != "staff" {
		t.Errorf("%v", records)
	}
	if _, _, out := read(t, "1,2\n3,4\n"); out.Result.Err == nil {
		t.Error("no list of users is read as one")
	}
}

// credential is what comes of a password in a list of one user.
func credential(t testing.TB, field string) (name string) {
	t.Helper()
	records, _, _ := read(t, "anna:"+field+"\n")
	if len(records) != 1 {
		t.Fatalf("%q: %v", field, records)
	}
	c, _ := records[0]["credential"].(sdktest.Object)
	name, _ = c["type"].(string)
	return name
}

// What openssl(1) and Python's crypt(3) make is named as they were asked to make it.
func TestHashesOfOthers(t *testing.T) {
	for option, want := range map[string]string{"-1": "md5crypt", "-5": "sha256crypt", "-6": "sha512crypt", "-apr1": "apr1"} {
		out, err := exec.Command("openssl", "passwd", option, "-salt", "saltsalt", "hello").Output()
		if err != nil {
			t.Skip("NOT TESTED: openssl is not installed")
		}
		if got := credential(t, strings.TrimSpace(string(out))); got != want {
			t.Errorf("openssl passwd %s: %s", option, got)
		}
	}
	// crypt(5) has an example of each form; none is a password of anybody.
	for hash, want := range map[string]string{
		"$y$j9T$abc$def": "yescrypt", "$gy$j9T$abc$def": "gost-yescrypt", "$7$CU..../abc$def": "scrypt", "$2a$05$abc": "bcrypt", "$sm3$abc$def": "sm3crypt", "$sha1$40000$abc$def": "sha1crypt",
		"$md5,rounds=5000$abc$$def": "sunmd5", "$3$$8846f7eaee8fb117ad06bdd830b7586c": "nthash", "_J9..CCCCXBrJUJV154M": "bsdicrypt", "rEK1ecacw.7.c": "descrypt",
		"{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr": "salted-sha1", "{SHA}2fd4": "sha1", "{CRYPT}$1$a$b": "md5crypt", "{NoSuch}x": "unknown", "$argon2id$v=19$m=1$a$b": "argon2id", "hello": "unknown",
	} {
		if got := credential(t, hash); got != want {
			t.Errorf("%s: %s, not %s", hash, got, want)
		}
	}
}

// An entry that never ends costs what is kept of one, and says so.
func TestBounded(t *testing.T) {
	records, diagnostics, _ := read(t, "dn: cn=x\ndescription: a\n"+strings.Repeat(" "+strings.Repeat("x", 1000)+"\n", 3000)+"\ndn: cn=y\n")
	if len(records) != 2 || sdktest.Join(records[0]["flags"], " ") != "value_long" || sdktest.Count(diagnostics, "code", "ldif.entry_too_long") != 1 {
		t.Errorf("%d records, %v", len(records), diagnostics)
	}
	if _, _, out := read(t, "dn: cn=x\n"+strings.Repeat("a: b\n", 20_000)); out.Result.Units.Emitted != 1 {
		t.Errorf("%+v", out.Result.Units)
	}
}
