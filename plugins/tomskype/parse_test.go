package main_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	tomskype "github.com/exhibit-forensics/exhibit/plugins/tomskype"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"
)

const (
	keyOne = "32bnx23l" // published
	keyTwo = "q8tV0gyE"
	// "示威游行" under Sina UC's key: openssl enc -bf-ecb -provider legacy
	blowfishTerm = "0fcb4282a4e08c4cd91beb836750cbfe"
)

// chat is a layout with an address and a time, notes one of text alone.
var (
	chat = map[string]any{
		"kind": "message", "delimiter": "\t", "fields": 4, "last_field_takes_rest": true,
		"columns": []string{"ip", "account", "time", "text"},
		"time":    map[string]any{"kind": "logged", "format": "%Y-%m-%d %H:%M:%S", "zone": "+08:00"},
	}
	notes = map[string]any{"kind": "message", "delimiter": "\t", "fields": 2, "columns": []string{"account", "text"}}
)

func row(text string) string { return "192.0.2.7\tanna\t2008-08-01 07:10:19\t" + text }

func sealDES(t testing.TB, key, text string) []byte {
	t.Helper()
	b, err := des.NewCipher([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return ecb(b, pkcs7([]byte(text), 8))
}

func pkcs7(b []byte, n int) []byte {
	k := n - len(b)%n
	return append(bytes.Clone(b), bytes.Repeat([]byte{byte(k)}, k)...)
}

func zeros(b []byte, n int) []byte { return append(bytes.Clone(b), make([]byte, (n-len(b)%n)%n)...) }

func ecb(b cipher.Block, padded []byte) []byte {
	out := make([]byte, len(padded))
	for i := 0; i < len(padded); i += b.BlockSize() {
		b.Encrypt(out[i:], padded[i:])
	}
	return out
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func gb(t testing.TB, s string) string {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// outline is a record as "text" or "term", with profile and key where decrypted;
// a diagnostic is its severity and code.
func outline(t testing.TB, out sdktest.Output) (records, diagnostics []string) {
	t.Helper()
	for _, line := range out.Records {
		var rec struct {
			Text, Term, Charset *string
			CharsetBasis        string `json:"charset_basis"`
			Source              struct {
				Line         int
				Profile, Key string
			}
		}
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		s := ""
		for _, v := range []*string{rec.Text, rec.Term} {
			if v != nil {
				s += *v
			}
		}
		s = fmt.Sprintf("%d %s", rec.Source.Line, s)
		if rec.Source.Profile != "" {
			s += " | " + rec.Source.Profile
		}
		records = append(records, s)
	}
	for _, line := range out.Diagnostics {
		var d struct {
			Severity, Code string
			Source         struct{ Line int }
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		s := d.Severity + " " + d.Code
		if d.Source.Line > 0 {
			s = fmt.Sprintf("%d %s", d.Source.Line, s)
		}
		diagnostics = append(diagnostics, s)
	}
	return records, diagnostics
}

func expect(t *testing.T, out sdktest.Output, records, diagnostics []string) {
	t.Helper()
	gotRecords, gotDiagnostics := outline(t, out)
	if diff := cmp.Diff(records, gotRecords); diff != "" {
		t.Errorf("records: %s", diff)
	}
	if diff := cmp.Diff(diagnostics, gotDiagnostics); diff != "" {
		t.Errorf("diagnostics: %s", diff)
	}
}

func lines(l ...string) []byte { return []byte(strings.Join(l, "\n") + "\n") }

func TestLines(t *testing.T) {
	whole := b64(sealDES(t, keyOne, row("one")))
	spoilt := sealDES(t, keyOne, row("four \xff\xff"))
	address := sealDES(t, keyOne, strings.Replace(row("bad"), "192.0.2.7", "192.0.2.777", 1))
	out := do(t, "parse", lines(
		whole,
		"",
		strings.ToUpper(hex.EncodeToString(sealDES(t, keyOne, row("two")))),
		" \t",
		" "+strings.TrimRight(b64(sealDES(t, keyTwo, row("three\nover two lines"))), "=")+"\r",
		row("plain"),
		b64(spoilt),
		whole[:len(whole)-5],
		"--MARK-- log rotated",
		b64(sealDES(t, "another!", row("five"))),
		b64(address),
		"192.0.2.7\tanna\tyesterday\tplain",
		"only\tthree\tfields",
		hex.EncodeToString(sealDES(t, keyOne, row("six")))[:31],
	), chat, append(published(t), key("second", []byte(keyTwo))))
	expect(t, out, []string{
		"1 one | tom-log-3.6", "3 two | tom-log-3.6", "5 three\nover two lines | tom-log", "6 plain",
	}, []string{
		"7 reject line.charset", "8 reject line.cut", "9 reject line.not_encoded", "10 reject line.undecryptable",
		"11 reject line.layout", "12 reject line.layout", "13 reject line.layout", "14 reject line.cut",
		"unresolved file.unresolved", "info profile.reconstructed", "info profile.assumed",
	})
	if u := out.Result.Units; u.Read != 14 || u.Emitted != 4 || u.Rejected != 8 || u.Skipped != 2 {
		t.Errorf("units %+v", u)
	}
	if !strings.Contains(out.Diagnostics[4], `"data":{"column":"ip","mismatch":"ip"}`) {
		t.Errorf("the column is not named: %s", out.Diagnostics[4])
	}
}

// A key that was not handed over opens nothing, published or not; one that was
// and opened nothing is not said to be used.
func TestKeys(t *testing.T) {
	data := lines(b64(sealDES(t, keyOne, row("one"))), b64(sealDES(t, keyOne, row("two"))))
	out := do(t, "parse", data, chat, nil)
	expect(t, out, nil, []string{"1 reject line.undecryptable", "2 reject line.undecryptable", "unresolved file.unresolved"})
	if out.Result.Outcome != "complete" || out.Result.KeysUsed != nil {
		t.Errorf("outcome %s, keys %v", out.Result.Outcome, out.Result.KeysUsed)
	}
	two := key("second", []byte(keyTwo))
	for _, keys := range [][]sdk.Key{append(published(t), two), append([]sdk.Key{two}, published(t)...)} {
		out = do(t, "parse", data, chat, keys)
		want := []string{key("", []byte(keyOne)).Fingerprint}
		if diff := cmp.Diff(want, out.Result.KeysUsed); diff != "" {
			t.Error(diff)
		}
	}
	// The examiner adds the published key by another name: it opens the same.
	given := do(t, "parse", data, chat, []sdk.Key{key("conf", []byte(keyOne))})
	expect(t, given, []string{"1 one | tom-log", "2 two | tom-log"}, []string{"info profile.assumed"})
	// With an odd parity in every byte it is the same key to DES: no ambiguity.
	odd := []byte(keyOne)
	for i := range odd {
		odd[i] ^= 1
	}
	both := do(t, "parse", data, chat, append(published(t), key("odd", odd)))
	expect(t, both, []string{"1 one | tom-log-3.6", "2 two | tom-log-3.6"}, []string{"info profile.reconstructed"})
}

// What a run makes does not depend on the order in which keys come, and a change
// of key is followed at the very line, back and forth too.
func TestKeyChange(t *testing.T) {
	var text, want []string
	for i := range 1500 {
		k, profile := keyOne, "tom-log-3.6"
		if i >= 700 && i < 1100 || i%97 == 0 {
			k, profile = keyTwo, "tom-log"
		}
		text = append(text, b64(sealDES(t, k, row(fmt.Sprint("message ", i)))))
		want = append(want, fmt.Sprintf("%d message %d | %s", i+1, i, profile))
	}
	keys := append(published(t), key("second", []byte(keyTwo)), key("third", []byte("8bytes!!")))
	var first []string
	for range keys {
		out := do(t, "parse", lines(text...), chat, keys)
		got, _ := outline(t, out)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if first != nil && !slices.Equal(first, out.Records) {
			t.Fatal("the order of keys changes the records")
		}
		first = out.Records
		keys = append(keys[1:], keys[0])
	}
}

// Two keys of a repeating xor that differ in the text's part alone open the line
// to different texts: neither is chosen.
func TestAmbiguous(t *testing.T) {
	profiles := []map[string]any{{
		"name": "x", "units": []string{"line"}, "encodings": []string{"hex"}, "cipher": "xor", "source": "a test", "certainty": "assumed",
	}}
	plain := row("yes")
	one, two := bytes.Repeat([]byte{0x5A}, len(plain)), bytes.Repeat([]byte{0x5A}, len(plain))
	two[len(two)-1] ^= 's' ^ 't'
	sealed := make([]byte, len(plain))
	for i := range sealed {
		sealed[i] = plain[i] ^ 0x5A
	}
	config, err := json.Marshal(map[string]any{"layout": chat, "profiles": profiles})
	if err != nil {
		t.Fatal(err)
	}
	data := lines(row("plain"), hex.EncodeToString(sealed))
	c := sdktest.Case{Operation: "parse", Data: data, Config: config, Keys: []sdk.Key{key("one", one), key("two", two)}}
	out := sdktest.Do(t, tomskype.Plugin(), c)
	expect(t, out, []string{"1 plain"}, []string{"2 reject line.ambiguous", "unresolved file.unresolved"})
	if out.Result.KeysUsed != nil {
		t.Errorf("a key that opened nothing for good is used: %v", out.Result.KeysUsed)
	}
	c.Keys = c.Keys[:1]
	expect(t, sdktest.Do(t, tomskype.Plugin(), c), []string{"1 plain", "2 yes | x"}, []string{"info profile.assumed"})
}

// The two characters of this text are valid in GB18030 and, as other characters,
// in UTF-8: the neighbours decide. In a file where they cannot, the order of the profile does.
func TestCharsetOfTheFile(t *testing.T) {
	const both = "联通" // C1 AA CD A8
	seal := func(s string) string { return b64(sealDES(t, keyOne, gb(t, row(s)))) }
	out := do(t, "parse", lines(seal(both), seal("这是一条消息"), seal("ascii"), seal(both)), chat, published(t))
	expect(t, out, []string{"1 联通 | tom-log-3.6", "2 这是一条消息 | tom-log-3.6", "3 ascii | tom-log-3.6", "4 联通 | tom-log-3.6"},
		[]string{"info profile.reconstructed"})
	for _, line := range out.Records {
		if !strings.Contains(line, `"charset":"gb18030","charset_basis":"detected"`) {
			t.Errorf("charset: %s", line)
		}
	}
	// In a file of UTF-8 a line that is text in GB18030 alone is kept, with a warning.
	stray := do(t, "parse", lines(b64(sealDES(t, keyOne, row("长消息"))), seal("这是一条消息"), seal("这是一条消息")), chat, published(t))
	expect(t, stray, []string{"1 长消息 | tom-log-3.6", "2 这是一条消息 | tom-log-3.6", "3 这是一条消息 | tom-log-3.6"},
		[]string{"info profile.reconstructed"})
	var long []string
	for range 512 {
		long = append(long, b64(sealDES(t, keyOne, row("长消息"))))
	}
	stray = do(t, "parse", lines(append(long, seal("这是一条消息"), seal("这是一条消息"))...), chat, published(t))
	if got, diagnostics := outline(t, stray); len(got) != 514 || !slices.Equal(diagnostics, []string{"513 warning line.charset_differs", "info profile.reconstructed"}) {
		t.Errorf("%d records, %q", len(got), diagnostics)
	}
	mixed := do(t, "parse", lines(seal("这是一条消息"), b64(sealDES(t, keyOne, row("这是一条消息")))), chat, published(t))
	got, _ := outline(t, mixed)
	if diff := cmp.Diff([]string{"1 这是一条消息 | tom-log-3.6", "2 这是一条消息 | tom-log-3.6"}, got); diff != "" {
		t.Error(diff)
	}
	declared := map[string]any{"charset": "utf-8", "kind": "message", "delimiter": "\t", "fields": 4, "columns": chat["columns"], "time": chat["time"]}
	expect(t, do(t, "parse", lines(seal("这是一条消息"), b64(sealDES(t, keyOne, row("ok")))), declared, published(t)),
		[]string{"2 ok | tom-log-3.6"}, []string{"1 reject line.charset", "info profile.reconstructed"})
}

// A line that is cut between two blocks decrypts to text, but without the padding
// that the lines around it have.
func TestMissingPadding(t *testing.T) {
	long := sealDES(t, keyOne, row("a long message that goes on for some blocks"))
	cut := b64(long[:len(long)-16])
	whole := b64(sealDES(t, keyOne, row("one")))
	expect(t, do(t, "parse", lines(cut, whole, cut), chat, published(t)), []string{"2 one | tom-log-3.6"},
		[]string{"1 reject line.cut", "3 reject line.cut", "info profile.reconstructed"})
	// Zeros pad a block or nothing: here the same is a line that fills its blocks.
	b, err := des.NewCipher([]byte(keyOne))
	if err != nil {
		t.Fatal(err)
	}
	full := row("0123456789")
	for len(full)%8 != 0 {
		full += "x"
	}
	out := do(t, "parse", lines(b64(ecb(b, zeros([]byte(row("12")), 8))), b64(ecb(b, []byte(full)))), chat, published(t))
	got, _ := outline(t, out)
	if diff := cmp.Diff([]string{"1 12 | tom-log-3.6", "2 " + full[len(row("")):] + " | tom-log-3.6"}, got); diff != "" {
		t.Error(diff)
	}
}

// Without a typed column a line proves nothing: most of the file must open.
func TestWeakLayout(t *testing.T) {
	var text []string
	for i := range 10 {
		text = append(text, b64(sealDES(t, keyOne, fmt.Sprintf("anna\tmessage %d", i))))
	}
	out := do(t, "parse", lines(append(text, "not encoded")...), notes, published(t))
	if got, _ := outline(t, out); len(got) != 10 || got[9] != "10 message 9 | tom-log-3.6" {
		t.Errorf("%q", got)
	}
	plain := do(t, "parse", lines("anna\thello", "bo\t你好"), notes, published(t))
	expect(t, plain, []string{"1 hello", "2 你好"}, nil)
}

func TestKeywords(t *testing.T) {
	aesKey := unhex(t, "300073007200200054004d00230052005700460044002c006100340033002000")
	b, err := aes.NewCipher(aesKey)
	if err != nil {
		t.Fatal(err)
	}
	wide := func(s string) string {
		var out []byte
		for _, r := range s {
			out = append(out, byte(r), byte(r>>8))
		}
		return b64(ecb(b, pkcs7(out, 16)))
	}
	chain := func(s string) string {
		out := []byte{0x4F}
		for _, p := range []byte(s) {
			out = append(out, byte((int(p)+int(out[len(out)-1]))%255)^0x68)
		}
		return strings.ToUpper(hex.EncodeToString(out))
	}
	if got := chain("tibet"); got != "4FAB7DB77581" {
		t.Fatalf("the chain of this test is another: %s", got)
	}
	expect(t, do(t, "parse", []byte(wide("自由")+"\r\n"+wide("falcon")+"\r\n"+wide("长一点的词语在这里")), nil, published(t)),
		[]string{"1 自由 | tom-keywords-5.0", "2 falcon | tom-keywords-5.0", "3 长一点的词语在这里 | tom-keywords-5.0"}, []string{"info profile.reconstructed"})
	old := lines(chain("自由"), chain("tibet"), "zz not hexadecimal", chain("长一点的词语"), chain("a\x01b"))
	expect(t, do(t, "parse", old, nil, published(t)),
		[]string{"1 自由 | tom-keywords-3.6", "2 tibet | tom-keywords-3.6", "4 长一点的词语 | tom-keywords-3.6"},
		[]string{"3 reject line.not_encoded", "5 reject line.undecryptable", "unresolved file.unresolved", "info profile.reconstructed"})
	// Of unknown ciphertext the chain opens a line here and there, and means nothing by it.
	var noise []string
	for i := range 40 {
		noise = append(noise, hex.EncodeToString(sealDES(t, "unknown!", fmt.Sprint("term ", i))))
	}
	out := do(t, "parse", lines(noise...), nil, published(t))
	if len(out.Records) != 0 || out.Result.Units.Rejected != 40 {
		t.Errorf("%d records out of noise", len(out.Records))
	}
}

func TestBlowfishKeywords(t *testing.T) {
	o, err := crypt.New("blowfish", "ecb", []byte("H177UC09VI67KASI"), nil)
	if err != nil {
		t.Fatal(err)
	}
	// Made by openssl bf-ecb -provider legacy over PKCS#7: testdata/vectors/vectors.py checks the two against each other.
	sealed := unhex(t, blowfishTerm)
	if got := o.Open(nil, sealed); string(got) != "示威游行\x04\x04\x04\x04" {
		t.Fatalf("%q", got)
	}
	expect(t, do(t, "parse", lines(blowfishTerm, blowfishTerm, blowfishTerm), nil, published(t)),
		[]string{"1 示威游行 | sina-uc-keywords", "2 示威游行 | sina-uc-keywords", "3 示威游行 | sina-uc-keywords"}, []string{"info profile.reconstructed"})
}

// What an examiner adds is tried like the rest: here AES in CBC, each line
// beginning with its iv.
func TestExaminersProfile(t *testing.T) {
	secret := []byte("sixteen byte key")
	b, err := aes.NewCipher(secret)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(n byte, text string) string {
		iv := bytes.Repeat([]byte{n}, 16)
		out := pkcs7([]byte(text), 16)
		cipher.NewCBCEncrypter(b, iv).CryptBlocks(out, out)
		return hex.EncodeToString(append(iv, out...))
	}
	config, err := json.Marshal(map[string]any{"layout": chat, "profiles": []map[string]any{{
		"name": "lab-aes", "units": []string{"line"}, "encodings": []string{"hex"}, "cipher": "aes", "mode": "cbc", "iv": "prefix",
		"paddings": []string{"pkcs7"}, "source": "the seized program", "certainty": "published",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	out := sdktest.Do(t, tomskype.Plugin(), sdktest.Case{
		Operation: "parse", Config: config,
		Data: lines(seal(1, row("one")), seal(2, row("two")), seal(3, row("")), seal(4, row("four"))[:64]),
		Keys: append(published(t), key("lab", secret)),
	})
	expect(t, out, []string{"1 one | lab-aes", "2 two | lab-aes", "3  | lab-aes"}, []string{"4 reject line.undecryptable", "unresolved file.unresolved"})
}

func TestHeaderAndZone(t *testing.T) {
	l := map[string]any{
		"kind": "sms", "delimiter": ",", "quote": `"`, "header": 1, "fields": 3, "columns": []string{"from", "time", "text"},
		"time": map[string]any{"kind": "sent", "format": "%Y/%m/%d %H:%M:%S"},
	}
	data := []byte("from,when,what\r\n123,2008/08/20 21:00:05,\"a, b\"\r\n")
	out := do(t, "parse", data, l, nil)
	expect(t, out, []string{"2 a, b"}, []string{"warning time.zone_assumed"})
	if out.Result.Units.Skipped != 1 || !strings.Contains(out.Records[0], `"time":"2008-08-20T21:00:05Z"`) {
		t.Error(out.Result.Units, out.Records)
	}
	config, err := json.Marshal(map[string]any{"layout": l, "zone": "+08:00"})
	if err != nil {
		t.Fatal(err)
	}
	out = sdktest.Do(t, tomskype.Plugin(), sdktest.Case{Operation: "parse", Data: data, Config: config})
	expect(t, out, []string{"2 a, b"}, nil)
	if !strings.Contains(out.Records[0], `"time":"2008-08-20T13:00:05Z"`) {
		t.Error(out.Records)
	}
}

func TestBadConfig(t *testing.T) {
	for _, config := range []string{
		`{"layout":{"kind":"message"}}`, `{"charset":"ebcdic"}`, `{"profiles":[{"name":"x"}]}`, `{"profiles":[null]}`, `{"layout":3}`,
		`{"profiles":[],"zone":"Asia/Shanghai","layout":` + mustJSON(map[string]any{
			"kind": "sms", "delimiter": ",", "fields": 1, "columns": []string{"time"},
			"time": map[string]any{"kind": "sent", "format": "%F %T"},
		}) + `}`,
	} {
		out := sdktest.Do(t, tomskype.Plugin(), sdktest.Case{Operation: "parse", Data: []byte("x\n"), Config: json.RawMessage(config)})
		if out.Result.Outcome != "failed" {
			t.Errorf("%s: %s", config, out.Result.Outcome)
		}
	}
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
