package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

func join(v any) string {
	list, _ := v.([]any)
	var words []string
	for _, w := range list {
		s, _ := w.(string)
		words = append(words, s)
	}
	return strings.Join(words, "|")
}

func picture(t testing.TB) []byte {
	t.Helper()
	b, err := hex.DecodeString("ffd8ffe000104a46494600010100000100010000ffd9")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat(b, 4)
}

func TestVersion21(t *testing.T) {
	records, _, out := read(t, load(t, "testdata/v21.vcf"))
	if len(records) != 3 || out.Result.Outcome != evidence.OutcomeComplete {
		t.Fatal(len(records))
	}
	r := records[0]
	extra := r["extra"].(object)
	if join(r["names"]) != "张伟" || join(r["phones"]) != "+86 138 0000 0001|010-5555" || r["organisation"] != "Example, Sales" || join(r["usernames"]) != "zhang.wei" || r["charset"] != "gb18030" {
		t.Errorf("%v", r)
	}
	if join(extra["NOTE"]) != "first line\nsecond Ü" {
		t.Errorf("%q", join(extra["NOTE"]))
	}
	photo := extra["PHOTO"].([]any)[0].(object)["value"].(object)
	if len(out.Artifacts) != 1 || !bytes.Equal(out.Artifacts[0].Data, picture(t)) || photo["sha256"] != evidence.Sum(picture(t)).String() || out.Artifacts[0].Name.Text != photo["file"] || photo["file"] != "1/photo.jpg" {
		t.Errorf("%v, %+v", photo, out.Artifacts)
	}
	if join(extra["TEL"].([]any)[0].(object)["type"]) != "cell|pref" {
		t.Errorf("%v", extra["TEL"])
	}
	// A card inside of another one is a contact of its own.
	if join(records[1]["names"]) != "The Secretary" || join(records[2]["names"]) != "Big Boss" || join(records[2]["emails"]) != "boss@example.com" {
		t.Errorf("%v %v", records[1], records[2])
	}
}

func TestVersion30(t *testing.T) {
	records, diagnostics, out := read(t, load(t, "testdata/v30.vcf"))
	if len(records) != 2 || len(out.Artifacts) != 1 || !bytes.Equal(out.Artifacts[0].Data, picture(t)) {
		t.Fatal(len(records), len(out.Artifacts))
	}
	r := records[0]
	extra := r["extra"].(object)
	if join(r["names"]) != "Dr. Anna Maria, Theresa Example|Annie" || join(r["phones"]) != "+1 555-0100|+1 555-0101" || join(r["emails"]) != "anna@example.com" || r["organisation"] != "Example Ltd; Sons, Sailing" ||
		r["time"] != "2024-05-01T06:07:08Z" || r["time_kind"] != "edited" || join(r["usernames"]) != "skype:anna.example" {
		t.Errorf("%v", r)
	}
	if join(extra["NOTE"]) != "two\nlines, one note" || join(extra["lines_odd"]) != "this line is nothing" || extra["X-ABLABEL"].([]any)[0].(object)["group"] != "ITEM1" {
		t.Errorf("%v", extra)
	}
	// The second one has no end, and a name in another charset than the file.
	if r = records[1]; !strings.Contains(join(r["flags"]), "card_unended") || join(r["phones"]) != "+15550109" || r["names_raw"] == nil {
		t.Errorf("%v", r)
	}
	for code, n := range map[string]int{"vcard.unended": 1, "vcard.outside": 1, "vcard.line_odd": 1} {
		if count(diagnostics, "code", code) != n {
			t.Errorf("%s: %v", code, diagnostics)
		}
	}
	c := load(t, "testdata/v30.vcf")
	c.Config = []byte(`{"charset":"windows-1252"}`)
	if records, _, _ = read(t, c); join(records[1]["names"]) != "Latin üé name" || records[1]["charset"] != "windows-1252" {
		t.Errorf("%v", records[1])
	}
}

func TestVersion40(t *testing.T) {
	records, _, out := read(t, load(t, "testdata/v40.vcf"))
	r := records[0]
	if join(r["names"]) != "Bo Example" || join(r["phones"]) != "+1-555-0102" || join(r["emails"]) != "bo@example.com|bo2@example.com" || join(r["usernames"]) != "xmpp:bo@example.org" || r["time"] != "2024-05-01T06:07:08Z" {
		t.Errorf("%v", r)
	}
	if len(out.Artifacts) != 1 || !bytes.Equal(out.Artifacts[0].Data, picture(t)) || out.Artifacts[0].Name.Text != "1/photo.jpg" || join(r["extra"].(object)["LOGO"]) != "https://example.com/logo.png" {
		t.Errorf("%+v", out.Artifacts)
	}
}

// The exports of telephones that others collected: six contacts of the one, one of the
// other, each photo as Python's and Go's decoders have it.
func TestSamples(t *testing.T) {
	const dir = "../../../shared/data/vcard/"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("NOT TESTED: there is no ../shared/data/vcard")
	}
	records, diagnostics, out := read(t, load(t, dir+"John_Doe_ANDROID.vcf"))
	if len(records) != 6 || len(diagnostics) != 0 {
		t.Fatalf("%d records, %v", len(records), diagnostics)
	}
	if join(records[0]["emails"]) != "john.doe@company.com" || join(records[2]["names"]) != "Ñ Ñ Ñ Ñ Ñ " || join(records[3]["phones"]) != "123456|234567|3456789|45678901" ||
		join(records[4]["emails"]) != "bob@company.com|"+strings.Repeat("Ñ", 14) || records[4]["organisation"] != strings.Repeat("Ñ", 12) || join(records[5]["phones"]) != "55556666" {
		t.Errorf("%v", records)
	}
	// Whoever shortened the photo left one character more than base64 can have.
	if len(out.Artifacts) != 1 || !bytes.HasPrefix(out.Artifacts[0].Data, []byte("\xff\xd8\xff")) || out.Artifacts[0].Complete || out.Artifacts[0].Reason == "" {
		t.Errorf("%+v", out.Artifacts)
	}
	c := load(t, dir+"John_Doe_IPHONE.vcf")
	records, diagnostics, out = read(t, c)
	r := records[0]
	if len(records) != 1 || len(diagnostics) != 0 || join(r["names"]) != "Mr. John Richter James Doe Sr.|Johny" || r["organisation"] != "IBM, Accounting" || join(r["emails"]) != "john.doe@ibm.com" ||
		join(r["phones"]) != "905-555-1234|905-666-1234|905-777-1234|905-888-1234|905-999-1234|905-111-1234|905-222-1234" {
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
