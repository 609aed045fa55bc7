package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	main "github.com/exhibit-forensics/exhibit/plugins/vcard"
)

func picture(t testing.TB) []byte {
	t.Helper()
	b, err := hex.DecodeString("ffd8ffe000104a46494600010100000100010000ffd9")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat(b, 4)
}

func TestVersion21(t *testing.T) {
	records, _, out := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/v21.vcf"))
	if len(records) != 3 || out.Result.Outcome != evidence.OutcomeComplete {
		t.Fatal(len(records))
	}
	r := records[0]
	extra := r["extra"].(sdktest.Object)
	if sdktest.Join(r["names"], "|") != "张伟" || sdktest.Join(r["phones"], "|") != "+86 138 0000 0001|010-5555" || r["organisation"] != "Example, Sales" || sdktest.Join(r["usernames"], "|") != "zhang.wei" || r["charset"] != "gb18030" {
		t.Errorf("%v", r)
	}
	if sdktest.Join(extra["NOTE"], "|") != "first line\nsecond Ü" {
		t.Errorf("%q", sdktest.Join(extra["NOTE"], "|"))
	}
	photo := extra["PHOTO"].([]any)[0].(sdktest.Object)["value"].(sdktest.Object)
	if len(out.Artifacts) != 1 || !bytes.Equal(out.Artifacts[0].Data, picture(t)) || photo["sha256"] != evidence.Sum(picture(t)).String() || out.Artifacts[0].Name.Text != photo["file"] || photo["file"] != "1/photo.jpg" {
		t.Errorf("%v, %+v", photo, out.Artifacts)
	}
	if sdktest.Join(extra["TEL"].([]any)[0].(sdktest.Object)["type"], "|") != "cell|pref" {
		t.Errorf("%v", extra["TEL"])
	}
	// A card inside of another one is a contact of its own.
	if sdktest.Join(records[1]["names"], "|") != "The Secretary" || sdktest.Join(records[2]["names"], "|") != "Big Boss" || sdktest.Join(records[2]["emails"], "|") != "boss@example.com" {
		t.Errorf("%v %v", records[1], records[2])
	}
}

func TestVersion30(t *testing.T) {
	records, diagnostics, out := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/v30.vcf"))
	if len(records) != 2 || len(out.Artifacts) != 1 || !bytes.Equal(out.Artifacts[0].Data, picture(t)) {
		t.Fatal(len(records), len(out.Artifacts))
	}
	r := records[0]
	extra := r["extra"].(sdktest.Object)
	if sdktest.Join(r["names"], "|") != "Dr. Anna Maria, Theresa Example|Annie" || sdktest.Join(r["phones"], "|") != "+1 555-0100|+1 555-0101" || sdktest.Join(r["emails"], "|") != "anna@example.com" || r["organisation"] != "Example Ltd; Sons, Sailing" ||
		r["time"] != "2024-05-01T06:07:08Z" || r["time_kind"] != "edited" || sdktest.Join(r["usernames"], "|") != "skype:anna.example" {
		t.Errorf("%v", r)
	}
	if sdktest.Join(extra["NOTE"], "|") != "two\nlines, one note" || sdktest.Join(extra["lines_odd"], "|") != "this line is nothing" || extra["X-ABLABEL"].([]any)[0].(sdktest.Object)["group"] != "ITEM1" {
		t.Errorf("%v", extra)
	}
	// The second one has no end, and a name in another charset than the file.
	if r = records[1]; !strings.Contains(sdktest.Join(r["flags"], "|"), "card_unended") || sdktest.Join(r["phones"], "|") != "+15550109" || r["names_raw"] == nil {
		t.Errorf("%v", r)
	}
	for code, n := range map[string]int{"vcard.unended": 1, "vcard.outside": 1, "vcard.line_odd": 1} {
		if sdktest.Count(diagnostics, "code", code) != n {
			t.Errorf("%s: %v", code, diagnostics)
		}
	}
	c := sdktest.Load(t, "testdata/v30.vcf")
	c.Config = []byte(`{"charset":"windows-1252"}`)
	if records, _, _ = sdktest.Read(t, main.Plugin(), c); sdktest.Join(records[1]["names"], "|") != "Latin üé name" || records[1]["charset"] != "windows-1252" {
		t.Errorf("%v", records[1])
	}
}

func TestVersion40(t *testing.T) {
	records, _, out := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/v40.vcf"))
	r := records[0]
	if sdktest.Join(r["names"], "|") != "Bo Example" || sdktest.Join(r["phones"], "|") != "+1-555-0102" || sdktest.Join(r["emails"], "|") != "bo@example.com|bo2@example.com" || sdktest.Join(r["usernames"], "|") != "xmpp:bo@example.org" || r["time"] != "2024-05-01T06:07:08Z" {
		t.Errorf("%v", r)
	}
	if len(out.Artifacts) != 1 || !bytes.Equal(out.Artifacts[0].Data, picture(t)) || out.Artifacts[0].Name.Text != "1/photo.jpg" || sdktest.Join(r["extra"].(sdktest.Object)["LOGO"], "|") != "https://example.com/logo.png" {
		t.Errorf("%+v", out.Artifacts)
	}
}

// The exports of telephones that others collected: six contacts of the one, one of the
// other, each photo as Python's and Go's decoders have it.
func TestSamples(t *testing.T) {
	records, diagnostics, out := sdktest.Read(t, main.Plugin(), sdktest.Load(t, sdktest.Shared(t, "vcard/John_Doe_ANDROID.vcf")))
	if len(records) != 6 || len(diagnostics) != 0 {
		t.Fatalf("%d records, %v", len(records), diagnostics)
	}
	if sdktest.Join(records[0]["emails"], "|") != "john.doe@company.com" || sdktest.Join(records[2]["names"], "|") != "Ñ Ñ Ñ Ñ Ñ " || sdktest.Join(records[3]["phones"], "|") != "123456|234567|3456789|45678901" ||
		sdktest.Join(records[4]["emails"], "|") != "bob@company.com|"+strings.Repeat("Ñ", 14) || records[4]["organisation"] != strings.Repeat("Ñ", 12) || sdktest.Join(records[5]["phones"], "|") != "55556666" {
		t.Errorf("%v", records)
	}
	// Whoever shortened the photo left one character more than base64 can have.
	if len(out.Artifacts) != 1 || !bytes.HasPrefix(out.Artifacts[0].Data, []byte("\xff\xd8\xff")) || out.Artifacts[0].Complete || out.Artifacts[0].Reason == "" {
		t.Errorf("%+v", out.Artifacts)
	}
	c := sdktest.Load(t, sdktest.Shared(t, "vcard/John_Doe_IPHONE.vcf"))
	records, diagnostics, out = sdktest.Read(t, main.Plugin(), c)
	r := records[0]
	if len(records) != 1 || len(diagnostics) != 0 || sdktest.Join(r["names"], "|") != "Mr. John Richter James Doe Sr.|Johny" || r["organisation"] != "IBM, Accounting" || sdktest.Join(r["emails"], "|") != "john.doe@ibm.com" ||
		sdktest.Join(r["phones"], "|") != "905-555-1234|905-666-1234|905-777-1234|905-888-1234|905-999-1234|905-111-1234|905-222-1234" {
		t.Errorf("%v %v", r, diagnostics)
	}
	text := string(c.Data)
	from := strings.Index(text, "TYPE=JPEG:") + len("TYPE=JPEG:")
	to := from + strings.Index(text[from:], "END:VCARD")
	want, err := base64.StdEncoding.DecodeString(strings.NewReplacer("\r", "", "\n", "", " ", "").Replace(text[from:to]))
	if err != nil || len(out.Artifacts) != 1 || !bytes.Equal(out.Artifacts[0].Data, want) {
		t.Errorf("%v: %d artifacts", err, len(out.Artifacts))
	}
}

// The same cards in UTF-16, with a mark and without, are the same contacts and photos.
func TestWide(t *testing.T) {
	for _, name := range samples {
		c := sdktest.Load(t, name)
		c.Data = []byte(strings.ToValidUTF8(string(c.Data), "x"))
		want, _, plain := sdktest.Read(t, main.Plugin(), c)
		for charset, encoding := range map[string]encoding.Encoding{
			"utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "utf-16be": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
		} {
			wide := c
			var err error
			if wide.Data, err = encoding.NewEncoder().Bytes(c.Data); err != nil {
				t.Fatal(err)
			}
			got, _, out := sdktest.Read(t, main.Plugin(), wide)
			if len(got) != len(want) || len(out.Artifacts) != len(plain.Artifacts) || out.Result.Outcome != evidence.OutcomeComplete {
				t.Fatalf("%s, %s: %d contacts, %d files", name, charset, len(got), len(out.Artifacts))
			}
			for i := range got {
				if sdktest.Join(got[i]["names"], "|") != sdktest.Join(want[i]["names"], "|") || sdktest.Join(got[i]["phones"], "|") != sdktest.Join(want[i]["phones"], "|") ||
					got[i]["charset"] != charset && got[i]["charset"] != want[i]["charset"] {
					t.Errorf("%s: %v, not %v", charset, got[i], want[i])
				}
			}
			for i := range out.Artifacts {
				if !bytes.Equal(out.Artifacts[i].Data, plain.Artifacts[i].Data) {
					t.Errorf("%s, %s: another file", name, charset)
				}
			}
		}
	}
}
