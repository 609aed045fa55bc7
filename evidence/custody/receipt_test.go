package custody_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var sealed = time.Date(2026, 11, 22, 18, 11, 12, 0, time.FixedZone("", 8*3600))

func receipt(tb rapid.TB, size int64) (text, note []byte, vkey string) {
	tb.Helper()
	note, vkey = signed(tb, size, 1), custody.VKey(origin, publicKey(1))
	text, err := custody.FormatReceipt(note, vkey, sealed, "Exhibits: EX-001 to EX-004")
	if err != nil {
		tb.Fatal(err)
	}
	return text, note, vkey
}

func TestReceiptReads(t *testing.T) {
	text, note, vkey := receipt(t, 1234)
	golden := filepath.Join("testdata", "receipt.txt")
	if *update {
		if err := os.WriteFile(golden, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Error(diff)
	}
	if !bytes.Contains(text, note) || !bytes.Contains(text, []byte("\n"+vkey+"\n")) {
		t.Error("note or key are not in the receipt as they are")
	}
	// What surrounds the note survives every mail program: short lines of ASCII.
	prose, _, _ := strings.Cut(string(text), "-----BEGIN")
	for line := range strings.Lines(prose) {
		if len(line) > 80 || strings.ContainsFunc(line, func(r rune) bool { return r > 0x7e }) {
			t.Errorf("line %q", line)
		}
	}
	for _, says := range []string{origin, "1234 (numbers 0 to 1233)", "2026-11-22 10:11:12 UTC", "exhibit verify", "EX-001 to EX-004"} {
		if !strings.Contains(prose, says) {
			t.Errorf("receipt does not say %q", says)
		}
	}
}

func TestFormatReceiptRefuses(t *testing.T) {
	_, note, vkey := receipt(t, 3)
	if _, err := custody.FormatReceipt(note, custody.VKey(origin, publicKey(2)), sealed); !errors.Is(err, custody.ErrUnknownSigner) {
		t.Errorf("another key: %v", err)
	}
	if _, err := custody.FormatReceipt(note[1:], vkey, sealed); err == nil {
		t.Error("a damaged note")
	}
	// A line cannot bring marks of its own, nor further lines.
	other := string(signed(t, 2, 1))
	hostile := "x\n-----BEGIN EXHIBIT CHECKPOINT-----\n" + other + "-----END EXHIBIT CHECKPOINT-----\r\n-------END EXHIBIT LOG KEY-----"
	text, err := custody.FormatReceipt(note, vkey, sealed, hostile, "-----BEGIN EXHIBIT CHECKPOINT-----", "-------BEGIN EXHIBIT LOG KEY-----")
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := custody.ParseReceipt(text); err != nil || !bytes.Equal(got, note) {
		t.Errorf("%s: %v", got, err)
	}
}

// What mail programs and editors do to a text.
var manglings = map[string]func(string) string{
	"as it is": func(s string) string { return s },
	"CRLF":     func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
	"CR":       func(s string) string { return strings.ReplaceAll(s, "\n", "\r") },
	"quoted":   quoting("> "),
	"quoted twice, with a comment": func(s string) string {
		return "Please see below.\r\n\r\nAm 22.11.2026 schrieb jemand:\r\n" + quoting("> > ")(s) + "\r\n-- \r\nKanzlei\r\n"
	},
	"quoted tightly":         quoting(">>"),
	"bars":                   quoting("| "),
	"indented":               quoting("\t    "),
	"no-break spaces":        quoting("\u00a0\u00a0"),
	"trailing spaces":        func(s string) string { return strings.ReplaceAll(s, "\n", "  \n") },
	"blank lines added":      func(s string) string { return strings.ReplaceAll(s, "\n", "\n\n") },
	"blank lines lost":       func(s string) string { return strings.ReplaceAll(s, "\n\n", "\n") },
	"OpenPGP dashes":         func(s string) string { return strings.ReplaceAll(s, "\n-", "\n- -") },
	"byte order mark":        func(s string) string { return "\ufeff" + s },
	"UTF-16LE":               utf16Text(binary.LittleEndian),
	"UTF-16BE":               utf16Text(binary.BigEndian),
	"Windows-1252":           func(s string) string { return strings.ReplaceAll(s, "—", "\x97") },
	"1252 taken for Latin-1": func(s string) string { return strings.ReplaceAll(s, "—", "\u0097") },
	"en dash":                func(s string) string { return strings.ReplaceAll(s, "—", "–") },
	"two hyphens":            func(s string) string { return strings.ReplaceAll(s, "—", "--") },
	"wrapped at 72, quoted":  func(s string) string { return quoting("> ")(wrap(s, 72)) },
	"wrapped at 76":          func(s string) string { return wrap(s, 76) },
	"wrapped at 40":          func(s string) string { return wrap(s, 40) },
	"twice":                  func(s string) string { return s + "\n\nOriginal message\n" + quoting("> ")(s) },
}

func quoting(mark string) func(string) string {
	return func(s string) string { return mark + strings.ReplaceAll(s, "\n", "\n"+mark) }
}

// wrap breaks lines at a space where there is one late enough, else anywhere;
// marks are shorter than any width used here.
func wrap(s string, width int) string {
	var out strings.Builder
	for line := range strings.SplitSeq(s, "\n") {
		runes := []rune(line)
		for len(runes) > width {
			at := width
			for i := width; i > width/2; i-- {
				if runes[i] == ' ' {
					at = i + 1
					break
				}
			}
			out.WriteString(string(runes[:at]) + "\n")
			runes = runes[at:]
		}
		out.WriteString(string(runes) + "\n")
	}
	return out.String()
}

func utf16Text(order binary.ByteOrder) func(string) string {
	return func(s string) string {
		b := order.(binary.AppendByteOrder).AppendUint16(nil, 0xfeff)
		for _, u := range utf16.Encode([]rune(s)) {
			b = order.(binary.AppendByteOrder).AppendUint16(b, u)
		}
		return string(b)
	}
}

func TestReceiptSurvivesMail(t *testing.T) {
	text, note, vkey := receipt(t, 1234)
	for name, mangle := range manglings {
		gotNote, gotKey, err := custody.ParseReceipt([]byte(mangle(string(text))))
		if err != nil || !bytes.Equal(gotNote, note) || gotKey != vkey {
			t.Errorf("%s: %v\n%s%s", name, err, gotNote, gotKey)
		}
	}
	// Any width at which the marks stay whole, and any size of the log.
	rapid.Check(t, func(t *rapid.T) {
		text, note, vkey := receipt(t, rapid.Int64Range(0, evidence.MaxSafeInteger).Draw(t, "size"))
		mangled := wrap(string(text), rapid.IntRange(36, 120).Draw(t, "width"))
		gotNote, gotKey, err := custody.ParseReceipt([]byte(mangled))
		if err != nil || !bytes.Equal(gotNote, note) || gotKey != vkey {
			t.Fatalf("%v\n%s", err, mangled)
		}
	})
}

// A cosigned note comes back too, the cosigners' lines wrapped or not.
func TestReceiptOfCosignedNote(t *testing.T) {
	note, _ := cosigned(t, signed(t, 5, 1), "witness.example/w1", origin+"/witness", "x")
	vkey := custody.VKey(origin, publicKey(1))
	text, err := custody.FormatReceipt(note, vkey, sealed)
	if err != nil {
		t.Fatal(err)
	}
	for name, mangle := range map[string]func(string) string{"as it is": manglings["as it is"], "wrapped": manglings["wrapped at 72, quoted"]} {
		got, _, err := custody.ParseReceipt([]byte(mangle(string(text))))
		if err != nil || !bytes.Equal(got, note) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

func TestParseReceiptRefuses(t *testing.T) {
	text, _, vkey := receipt(t, 1234)
	whole := string(text)
	other, _, _ := receipt(t, 1235)
	otherCase := strings.Replace(origin, "0b9f", "1b9f", 1)
	cut := func(from, to string) string {
		i, j := strings.Index(whole, from), strings.LastIndex(whole, to)
		if i < 0 || j < i {
			t.Fatalf("receipt without %q … %q", from, to)
		}
		return whole[:i] + whole[j:]
	}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":              {"", evidence.ErrNotFound},
		"another text":         {"Dear Sir,\n", evidence.ErrNotFound},
		"two receipts":         {whole + string(other), evidence.ErrAmbiguous},
		"two keys":             {whole + strings.ReplaceAll(whole, vkey, custody.VKey(origin, publicKey(2))), evidence.ErrAmbiguous},
		"no key":               {whole[:strings.Index(whole, "-----BEGIN EXHIBIT LOG KEY")], evidence.ErrFormat},
		"no checkpoint":        {whole[strings.Index(whole, "-----BEGIN EXHIBIT LOG KEY"):], evidence.ErrFormat},
		"cut short":            {whole[:strings.LastIndex(whole, "-----END")], evidence.ErrFormat},
		"the second cut short": {whole + whole[:strings.Index(whole, "— ")], evidence.ErrFormat},
		"end mark lost":        {cut("-----END EXHIBIT CHECKPOINT", "\n-----BEGIN EXHIBIT LOG KEY"), evidence.ErrFormat},
		"no signature":         {cut("— ", "-----END EXHIBIT CHECKPOINT"), evidence.ErrFormat},
		"line of it lost":      {strings.Replace(whole, "\n1234\n", "\n", 1), evidence.ErrFormat},
		"line of it added":     {strings.Replace(whole, "\n1234\n", "\n1234\n5678\n", 1), evidence.ErrFormat},
		"key of another log":   {strings.Replace(whole, vkey, custody.VKey(otherCase, publicKey(1)), 1), evidence.ErrFormat},
		"key damaged":          {strings.Replace(whole, vkey, vkey[:len(vkey)-4], 1), evidence.ErrFormat},
		"too long":             {whole + strings.Repeat(" ", custody.MaxReceipt), evidence.ErrFormat},
	} {
		gotNote, gotKey, err := custody.ParseReceipt([]byte(c.text))
		if !errors.Is(err, c.want) || gotNote != nil || gotKey != "" {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
