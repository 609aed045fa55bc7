package disclose_test

import (
	"archive/zip"
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// crockford is the alphabet of marks.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

var (
	inMark   = regexp.MustCompile(`[A-Z]-([0-9A-HJKMNP-TV-Z]{8})[0-9A-HJKMNP-TV-Z]*`)
	inBase64 = regexp.MustCompile(`(?:[A-Za-z0-9+/]{76}\r\n)+[A-Za-z0-9+/]+={0,2}`)
)

// phoneGuesser tries numbers against a redacted bundle: against everything that may be a
// hash in hexadecimal or base64, against all bytes of the new files as they stand, and
// against what the marks are.
type phoneGuesser struct {
	*guesser
	tokens map[[5]byte]bool
	keys   [][]byte
	lines  []string
}

func newPhoneGuesser(t testing.TB, files map[string][]byte) *phoneGuesser {
	files = maps.Clone(files)
	for name, b := range files {
		unpackMail(t, files, name, b)
	}
	g := &phoneGuesser{guesser: newGuesser(files), tokens: map[[5]byte]bool{}, lines: phoneLines()}
	for name, b := range files {
		if !strings.HasPrefix(name, "data/redacted/") {
			continue
		}
		for i := 0; i+8 <= len(b); i++ {
			g.hashes[[8]byte(b[i:])] = name
		}
		for _, m := range inMark.FindAllSubmatch(b, -1) {
			d, err := crockford.DecodeString(string(m[1]))
			must(t, err)
			g.tokens[[5]byte(d)] = true
		}
	}
	// Keys that a program may have by mistake.
	for _, k := range []string{"", "phone", "PHONE", "test", "exhibit", "Counsel", "EX", strings.Repeat("\x00", 32)} {
		g.keys = append(g.keys, []byte(k))
	}
	return g
}

// unpackMail puts beside a message what its parts and the archives in them hold.
func unpackMail(t testing.TB, files map[string][]byte, name string, b []byte) {
	if !strings.HasSuffix(name, ".rsmf") {
		return
	}
	for i, part := range inBase64.FindAll(b, -1) {
		d, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(part), "\r\n", ""))
		must(t, err)
		files[fmt.Sprintf("%s@%d", name, i)] = d
		z, err := zip.NewReader(bytes.NewReader(d), int64(len(d)))
		if err != nil {
			continue
		}
		for _, f := range z.File {
			r, err := f.Open()
			must(t, err)
			content, err := io.ReadAll(r)
			must(t, err)
			files[name+"!"+f.Name] = content
		}
	}
}

// mark tries a hash as what a mark says.
func (g *phoneGuesser) mark(sum []byte) (string, bool) {
	g.tried++
	return "a mark", g.tokens[[5]byte(sum)]
}

// quick tries one number in every usual spelling, by itself, as a JSON string, and in the
// records that it stands in, with MD5, SHA-1 and SHA-256, and those as marks.
func (g *phoneGuesser) quick(n string) (string, bool) {
	for _, text := range g.spellings(n) {
		a, b, c := sha256.Sum256([]byte(text)), md5.Sum([]byte(text)), sha1.Sum([]byte(text))
		for _, sum := range [][]byte{a[:], b[:], c[:]} {
			if where, ok := g.is(sum); ok {
				return where, true
			}
			if where, ok := g.mark(sum); ok {
				return where, true
			}
		}
	}
	return "", false
}

func (g *phoneGuesser) spellings(n string) []string {
	spaced := n[:3] + " " + n[3:7] + " " + n[7:]
	plain := []string{n, "+86" + n, "86" + n, "0086" + n, spaced, n[:3] + "-" + n[3:7] + "-" + n[7:], "+86 " + spaced, "tel:+86" + n}
	out := slices.Clone(plain)
	for _, p := range plain {
		out = append(out, `"`+p+`"`)
	}
	return append(out, g.records(n)...)
}

// records are those that the number stands in.
func (g *phoneGuesser) records(n string) []string {
	return []string{
		strings.Replace(g.lines[2], secretPhone, n, 1), strings.Replace(g.lines[5], secretSpaced, n[:3]+" "+n[3:7]+" "+n[7:], 1), strings.Replace(g.lines[7], secretPhone, n, 1),
	}
}

// number tries more: other texts, longer hashes, keys that are none, and every salt that the
// bundle has where all is set.
func (g *phoneGuesser) number(n string, all bool) (string, bool) {
	if where, ok := g.quick(n); ok {
		return where, true
	}
	texts, lines, plain := g.spellings(n), g.records(n), []string{n, "+86" + n}
	for _, p := range plain {
		texts = append(texts, p+"\n", "phone:"+p, "phone\x00"+p, phoneText(p))
	}
	for _, text := range append(texts, lines[0]+"\n") {
		if where, ok := g.bytes([]byte(text)); ok {
			return where, true
		}
	}
	for _, p := range plain {
		for _, k := range g.keys {
			h := hmac.New(sha256.New, k)
			_, _ = h.Write([]byte(p)) // a hash does not fail
			sum := h.Sum(nil)
			if where, ok := g.mark(sum); ok {
				return where, true
			}
			if where, ok := g.is(sum); ok {
				return where, true
			}
		}
	}
	if !all {
		return "", false
	}
	for _, line := range lines {
		if where, ok := g.value([]byte(line), "record"); ok {
			return where, true
		}
	}
	for _, p := range plain {
		if where, ok := g.value(quoted(p), "text", "from", "value", "phone"); ok {
			return where, true
		}
	}
	return "", false
}

func (g *phoneGuesser) all(n string) (string, bool)  { return g.number(n, true) }
func (g *phoneGuesser) some(n string) (string, bool) { return g.number(n, false) }

// search tries the numbers from first to last, without the first five digits, which are
// known.
func (g *phoneGuesser) search(first, last int, try func(n string) (string, bool)) (where, number string) {
	for i := first; i <= last; i++ {
		n := fmt.Sprintf("%s%06d", secretPhone[:5], i)
		if where, ok := try(n); ok {
			return where, n
		}
	}
	return "", ""
}

// TestNoRedactedNumberCanBeGuessed: whoever has the bundle, the formats, all of the records
// but the number, and five of its eleven digits cannot tell the other six by trying them all.
func TestNoRedactedNumberCanBeGuessed(t *testing.T) {
	c, r := redactedCase(t, allSpans()...)
	files, _ := produce(t, c, disclose.Redaction{Redactor: r, Prefix: "EX"}, "")
	g := newPhoneGuesser(t, files)
	if len(g.tokens) < 2 {
		t.Fatalf("only %d marks in the bundle", len(g.tokens))
	}
	if where, n := g.search(345_400, 345_899, g.all); where != "" {
		t.Fatalf("the number %s was found by %s", n, where)
	}
	if slow.Asked() { // all that there are: minutes
		if where, n := g.search(0, 999_999, g.quick); where != "" {
			t.Fatalf("the number %s was found by %s", n, where)
		}
	}
	t.Logf("%d hashes tried against %d places", g.tried, len(g.hashes))

	// The same search finds what is planted, in each form that somebody may think harmless.
	sum := sha256.Sum256([]byte(secretPhone))
	mac := hmac.New(sha256.New, make([]byte, 32))
	_, _ = mac.Write([]byte("+86" + secretPhone)) // a hash does not fail
	line := sha256.Sum256([]byte(phoneLines()[2]))
	for what, planted := range map[string]string{
		"SHA-256 in hexadecimal":           hex.EncodeToString(sum[:]),
		"SHA-256 in base64":                base64.StdEncoding.EncodeToString(sum[:]),
		"SHA-256 as bytes":                 string(sum[:]),
		"the first digits of it":           hex.EncodeToString(sum[:])[:16],
		"MD5 of the JSON string":           fmt.Sprintf("%x", md5.Sum([]byte(`"`+secretPhone+`"`))),
		"a mark without a key":             "[PHONE-" + crockford.EncodeToString(sum[:5]) + "]",
		"a mark under a key of zero bytes": "[PHONE-" + crockford.EncodeToString(mac.Sum(nil)[:5]) + "]",
		"SHA-256 of the original record":   evidence.Digest(line).Hex(),
	} {
		with := maps.Clone(files)
		with["data/redacted/about.json"] = append(slices.Clone(with["data/redacted/about.json"]), planted...)
		g := newPhoneGuesser(t, with)
		if where, n := g.search(345_676, 345_679, g.some); where == "" || n != secretPhone {
			t.Errorf("%s is there, and was not found (%q, %q)", what, where, n)
		}
	}
}
