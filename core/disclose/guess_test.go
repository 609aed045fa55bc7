package disclose_test

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/core/disclose/disclosetest"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// guesser tries values against every hash of a bundle, as somebody would who knows all
// of a withheld thing but a few digits, and the formats.
type guesser struct {
	// hashes are the beginnings of everything in the bundle that may be a hash, with the
	// file where it stands.
	hashes map[[8]byte]string
	salts  []string
	tried  int
}

var (
	hexRun = regexp.MustCompile(`[0-9a-fA-F]{16,}`)
	b64Run = regexp.MustCompile(`[A-Za-z0-9+/]{43}=`)
	salt   = regexp.MustCompile(`"([0-9a-f]{32})"`)
)

func newGuesser(files map[string][]byte) *guesser {
	g := &guesser{hashes: map[[8]byte]string{}}
	salts := map[string]bool{"": true}
	for name, b := range files {
		if strings.HasPrefix(name, "data/files/") {
			continue // disclosed as it is
		}
		for _, run := range hexRun.FindAll(b, -1) {
			// A digest may begin anywhere in a run of digits.
			for i := 0; i+16 <= len(run); i += 2 {
				var key [8]byte
				if _, err := hex.Decode(key[:], run[i:i+16]); err == nil {
					g.hashes[key] = name
				}
				if i == 0 && len(run)%2 == 1 {
					i--
				}
			}
		}
		for _, run := range b64Run.FindAll(b, -1) {
			if d, err := base64.StdEncoding.DecodeString(string(run)); err == nil {
				g.hashes[[8]byte(d)] = name
			}
		}
		for _, m := range salt.FindAllSubmatch(b, -1) {
			salts[string(m[1])] = true
		}
	}
	g.salts = slices.Sorted(maps.Keys(salts))
	return g
}

func (g *guesser) is(sum []byte) (string, bool) {
	g.tried++
	where, ok := g.hashes[[8]byte(sum)]
	return where, ok
}

// bytes tries a text by itself, in every digest that the formats know.
func (g *guesser) bytes(b []byte) (string, bool) {
	a, c, d, e := sha256.Sum256(b), sha1.Sum(b), md5.Sum(b), sha512.Sum512(b)
	leaf := sha256.Sum256(append([]byte{0}, b...))
	twice := sha256.Sum256(a[:])
	for _, sum := range [][]byte{a[:], c[:], d[:], e[:], leaf[:], twice[:]} {
		if where, ok := g.is(sum); ok {
			return where, true
		}
	}
	return "", false
}

// value tries a JSON value as a field of these names, with every salt that the bundle
// has and without, and as the only field of a member.
func (g *guesser) value(value []byte, fields ...string) (string, bool) {
	for _, f := range fields {
		for _, s := range g.salts {
			d := custody.Commitment(s, f, value)
			if where, ok := g.is(d[:]); ok {
				return where, true
			}
			leaf := custody.LeafHash([]byte(`["` + s + `","` + f + `",` + string(value) + `]`))
			if where, ok := g.is(leaf[:]); ok {
				return where, true
			}
		}
		plain := []byte(`{"` + f + `":` + string(value) + `}`)
		if where, ok := g.bytes(plain); ok {
			return where, true
		}
	}
	return g.bytes(value)
}

func quoted(s string) []byte { return evidence.AppendString(nil, s) }

// record tries a withheld record: its line, what it says, and the record set it is of.
func (g *guesser) record(lines []string, at int, line, text, number string) (string, bool) {
	set := []byte(strings.Join(append(append(slices.Clone(lines[:at]), line), lines[at+1:]...), "\n") + "\n")
	digest := evidence.Sum(set)
	for _, try := range []func() (string, bool){
		func() (string, bool) { return g.value([]byte(line), "record", "line") },
		func() (string, bool) { return g.bytes([]byte(line + "\n")) },
		func() (string, bool) { return g.bytes([]byte(text)) },
		func() (string, bool) { return g.bytes([]byte(number)) },
		func() (string, bool) { return g.value(quoted(text), "text") },
		func() (string, bool) { return g.value(quoted(number), "text", "value") },
		func() (string, bool) { return g.bytes(set) },
		func() (string, bool) { return g.bytes(set[:len(set)-1]) },
		func() (string, bool) { return g.is(digest[:]) },
		func() (string, bool) {
			return g.value(quoted(digest.String()), "artifact", "records", "sha256", "subject", "input")
		},
		func() (string, bool) {
			ref := fmt.Sprintf(`{"artifact":%q,"count":%d,"kinds":{"message":%d}}`, digest, len(lines), len(lines))
			return g.value([]byte(ref), "records")
		},
		func() (string, bool) {
			return g.value(fmt.Appendf(nil, `"%s:%d"`, digest, at+1), "subject")
		},
		func() (string, bool) {
			tree := custody.NewRecordTree([32]byte{}) // as if nothing were drawn
			for _, l := range lines[:at] {
				tree.Add([]byte(l))
			}
			tree.Add([]byte(line))
			for _, l := range lines[at+1:] {
				tree.Add([]byte(l))
			}
			root, _ := tree.Root()
			return g.is(root[:])
		},
	} {
		if where, ok := try(); ok {
			return where, true
		}
	}
	return "", false
}

// findRecord looks for the sample's secret number among those from first to last, and says
// where it was found.
func findRecord(files map[string][]byte, first, last int) (where, number string, tried int) {
	g := newGuesser(files)
	lines := disclosetest.Lines()
	const at = 3
	for i := first; i <= last; i++ {
		number := fmt.Sprintf("%04d", i)
		text := disclosetest.SecretText(number)
		line := strings.Replace(lines[at], disclosetest.SecretText(disclosetest.Secret), text, 1)
		if where, ok := g.record(lines, at, line, text, number); ok {
			return where, number, g.tried
		}
	}
	return "", "", g.tried
}

// TestNoRecordCanBeGuessed: all records of a set but two are disclosed, one of them
// with a number of four digits. Whoever knows everything else, and the first digit,
// still cannot tell the others.
func TestNoRecordCanBeGuessed(t *testing.T) {
	name, r := bundleOf(t, disclose.Request{Select: disclosetest.Query(`"message number"`)})
	if r.Records != 21 || r.Withheld.Records != 5 {
		t.Fatalf("%+v", r)
	}
	files := contents(t, name)
	for path, b := range files {
		if strings.Contains(string(b), disclosetest.SecretText(disclosetest.Secret)) {
			t.Errorf("%s holds the text", path)
		}
	}
	where, number, tried := findRecord(files, 4000, 4999)
	if where != "" {
		t.Fatalf("the number %s was found by a hash in %s", number, where)
	}
	t.Logf("%d hashes tried", tried)
	if tried < 1_000_000 {
		t.Errorf("only %d hashes were tried", tried)
	}

	// The same search finds what is planted, in each form that somebody may think harmless.
	lines := disclosetest.Lines()
	set := []byte(strings.Join(lines, "\n") + "\n")
	digest := evidence.Sum(set)
	unsalted := custody.Commitment("", "record", []byte(lines[3]))
	known := newGuesser(files).salts[1]
	salted := custody.LeafHash([]byte(`["` + known + `","record",` + lines[3] + `]`))
	for what, planted := range map[string]string{
		"digest of the record set":              digest.Hex(),
		"printed id":                            evidence.RecordID(digest, 4),
		"digest of the line":                    evidence.Sum([]byte(lines[3])).String(),
		"MD5 of the text":                       fmt.Sprintf("%x", md5.Sum([]byte(disclosetest.SecretText(disclosetest.Secret)))),
		"commitment without salt":               unsalted.Hex(),
		"leaf under a salt that is in there":    hex.EncodeToString(salted[:]),
		"digest of the record set, in base64":   base64.StdEncoding.EncodeToString(digest[:]),
		"field of a run under a disclosed salt": custody.Commitment(known, "records", fmt.Appendf(nil, `{"artifact":%q,"count":23,"kinds":{"message":23}}`, digest)).Hex(),
	} {
		with := maps.Clone(files)
		with["certificate-data.json"] = append(slices.Clone(with["certificate-data.json"]), planted...)
		if where, number, _ := findRecord(with, 4709, 4712); where != "certificate-data.json" || number != disclosetest.Secret {
			t.Errorf("%s is there, and was not found (%q, %q)", what, where, number)
		}
	}
}

// findPath looks for the name and the content of the file of EX-002.
func findPath(files map[string][]byte) (where, number string) {
	g := newGuesser(files)
	for i := range 100 {
		number := fmt.Sprintf("%02d", i)
		path, content := disclosetest.SecretPath(number), disclosetest.SecretContent(number)
		digest := evidence.Sum(content)
		name := `{"text":` + string(quoted(path)) + `}`
		for _, try := range []func() (string, bool){
			func() (string, bool) { return g.bytes([]byte(path)) },
			func() (string, bool) { return g.bytes([]byte("EX-002/" + path)) },
			func() (string, bool) { return g.bytes([]byte("EX-002:" + path)) },
			func() (string, bool) { return g.bytes(content) },
			func() (string, bool) { return g.value([]byte(name), "path", "name") },
			func() (string, bool) { return g.value(quoted(path), "path", "name", "file") },
			func() (string, bool) { return g.is(digest[:]) },
			func() (string, bool) {
				return g.value(quoted(digest.String()), "artifact", "input", "child", "parent", "subject")
			},
			func() (string, bool) {
				return g.value(fmt.Appendf(nil, `{"md5":"%x","sha1":"%x"}`, md5.Sum(content), sha1.Sum(content)), "hashes")
			},
			func() (string, bool) {
				return g.value(fmt.Appendf(nil, `{"encoding":"raw","sha256":%q,"size":%d}`, digest, len(content)), "stored")
			},
			func() (string, bool) {
				id, err := evidence.RunKey{Plugin: evidence.Sum([]byte(evidence.OpParse)), Operation: evidence.OpParse, Config: []byte("{}"), Input: digest}.ID()
				if err != nil {
					return err.Error(), true
				}
				if where, ok := g.is(id[:]); ok {
					return where, ok
				}
				return g.value(quoted(id.String()), "run")
			},
		} {
			if where, ok := try(); ok {
				return where, number
			}
		}
	}
	return "", ""
}

// TestNoNameCanBeGuessed: EX-001 is disclosed whole, EX-002 is not; the name of a file of
// it has two digits to be guessed, and so has its content.
func TestNoNameCanBeGuessed(t *testing.T) {
	name, _ := bundleOf(t, disclosetest.Requests()["whole"])
	files := contents(t, name)
	for path, b := range files {
		for _, text := range []string{"informant", "EX-002", "paid by account", "Laptop"} {
			if strings.Contains(string(b), text) {
				t.Errorf("%s holds %q", path, text)
			}
		}
	}
	if where, number := findPath(files); where != "" {
		t.Fatalf("the number %s was found by a hash in %s", number, where)
	}
	for what, planted := range map[string]string{
		"MD5 of the content":  fmt.Sprintf("%x", md5.Sum(disclosetest.SecretContent(disclosetest.SecretNumber))),
		"digest of the path":  evidence.Sum([]byte(disclosetest.SecretPath(disclosetest.SecretNumber))).Hex(),
		"unsalted commitment": custody.Commitment("", "path", []byte(`{"text":`+string(quoted(disclosetest.SecretPath(disclosetest.SecretNumber)))+`}`)).Hex(),
	} {
		with := maps.Clone(files)
		with["HOW-TO-VERIFY.txt"] = append(slices.Clone(with["HOW-TO-VERIFY.txt"]), planted...)
		if where, number := findPath(with); where != "HOW-TO-VERIFY.txt" || number != disclosetest.SecretNumber {
			t.Errorf("%s is there, and was not found (%q, %q)", what, where, number)
		}
	}
}
