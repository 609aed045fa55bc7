package intake_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	md5OfA    = "0cc175b9c0f1b6a831c399e269772661"
	sha1OfA   = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
	sha256OfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
)

func TestReadListForms(t *testing.T) {
	md5, sha1, sha256 := intake.Sum{"md5", md5OfA}, intake.Sum{"sha1", sha1OfA}, intake.Sum{"sha256", sha256OfA}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("MD5\tSHA1\tFull Path\tName\r\n" + md5OfA + "\t" + sha1OfA + "\tC:\\x\\名\t名\r\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		want []intake.Listed
	}{
		"sha256sum": {sha256OfA + "  x/a\n" + sha256OfA + " *b c\n", []intake.Listed{{"x/a", 1, []intake.Sum{sha256}}, {"b c", 2, []intake.Sum{sha256}}}},
		"by length, upper case, CRLF, remarks, no last newline": {
			"# made by hand\r\n\r\n; old\r\n" + strings.ToUpper(md5OfA) + "  a\r\n" + sha1OfA + "  a",
			[]intake.Listed{{"a", 4, []intake.Sum{md5}}, {"a", 5, []intake.Sum{sha1}}},
		},
		"escaped": {`\` + md5OfA + `  a\nb\\c\r` + "\n" + md5OfA + `  a\nb` + "\n", []intake.Listed{{"a\nb\\c\r", 1, []intake.Sum{md5}}, {`a\nb`, 2, []intake.Sum{md5}}}},
		"BSD": {
			"SHA256 (a (1)) = " + sha256OfA + "\n" + `\MD5 (x\\y) = ` + md5OfA + "\nSHA2-256(o)= " + sha256OfA + "\n",
			[]intake.Listed{{"a (1)", 1, []intake.Sum{sha256}}, {`x\y`, 2, []intake.Sum{md5}}, {"o", 3, []intake.Sum{sha256}}},
		},
		"bytes that are no text": {md5OfA + "  \xff\xfe\n", []intake.Listed{{"\xff\xfe", 1, []intake.Sum{md5}}}},
		"md5 -r":                 {md5OfA + " a\n", []intake.Listed{{"a", 1, []intake.Sum{md5}}}},
		"one digest alone":       {sha256OfA + "\n", []intake.Listed{{"", 1, []intake.Sum{sha256}}}},
		"hashdeep": {
			"%%%% HASHDEEP-1.0\n%%%% size,md5,tiger,sha256,filename\n## Invoked from: /\n## \n1," + md5OfA + ",00," + sha256OfA + ",./x,y.txt\n",
			[]intake.Listed{{"./x,y.txt", 5, []intake.Sum{md5, sha256}}},
		},
		"CSV": {
			"\xef\xbb\xbfsize,MD5 Hash,\"File Path\",SHA-256\n1," + md5OfA + ",\"a \"\"b\"\",c\"," + sha256OfA + "\n0,,dir,\n",
			[]intake.Listed{{`a "b",c`, 2, []intake.Sum{md5, sha256}}},
		},
		"CSV, hash of any length": {"path;hash\na;" + sha1OfA + "\nb;" + md5OfA + "\n", []intake.Listed{{"a", 2, []intake.Sum{sha1}}, {"b", 3, []intake.Sum{md5}}}},
		"TSV in UTF-16":           {utf16, []intake.Listed{{`C:\x\名`, 2, []intake.Sum{md5, sha1}}}},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := intake.ReadList("list", strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, l.Entries); diff != "" {
				t.Error(diff)
			}
			if l.SHA256 != evidence.Sum([]byte(c.text)) {
				t.Error("digest of the list")
			}
		})
	}
}

func TestReadListRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":                    {"", evidence.ErrFormat},
		"remarks only":             {"# nothing\n\n", evidence.ErrFormat},
		"prose":                    {"these are the files\n", evidence.ErrFormat},
		"a cut digest":             {md5OfA + "  a\n" + md5OfA[:31] + "  b\n", evidence.ErrFormat},
		"digits of no algorithm":   {md5OfA + "00  a\n", evidence.ErrFormat},
		"a line without name":      {md5OfA + "  a\nhello\n", evidence.ErrFormat},
		"unknown escape":           {`\` + md5OfA + `  a\t` + "\n", evidence.ErrFormat},
		"unknown algorithm":        {"MD5 (a) = " + md5OfA + "\nRMD160 (a) = " + sha1OfA + "\n", evidence.ErrFormat},
		"wrong length for tag":     {"SHA256 (a) = " + md5OfA + "\n", evidence.ErrFormat},
		"hashdeep, no columns":     {"%%%% HASHDEEP-1.0\n1," + md5OfA + ",a\n", evidence.ErrFormat},
		"hashdeep, short line":     {"%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n1,a\n", evidence.ErrFormat},
		"hashdeep, only unknown":   {"%%%% HASHDEEP-1.0\n%%%% size,tiger,filename\n1,00,a\n", evidence.ErrFormat},
		"CSV without header":       {"a," + md5OfA + "\n", evidence.ErrFormat},
		"CSV without path":         {"size,md5\n1," + md5OfA + "\n", evidence.ErrFormat},
		"CSV with two paths":       {"path,full path,md5\na,b," + md5OfA + "\n", evidence.ErrAmbiguous},
		"CSV, not hexadecimal":     {"path,md5\na,zz\n", evidence.ErrFormat},
		"CSV, digest without path": {"path,md5\n," + md5OfA + "\n", evidence.ErrFormat},
		"CSV, ragged":              {"path,md5\na\n", evidence.ErrFormat},
		"CSV, no digest at all":    {"path,md5\na,\n", evidence.ErrFormat},
	} {
		if l, err := intake.ReadList("list", strings.NewReader(c.text)); !errors.Is(err, c.want) || l != nil {
			t.Errorf("%s: got %v, %v", name, l, err)
		}
	}
}

// The outside truth is what the tools print about awkward names.
func TestReadListOfStockTools(t *testing.T) {
	dir := t.TempDir()
	names := []string{"plain", "b\\s", "n\nl", "x,y \"z\".txt", "\xff\xfe", "名", " lead", "(a) = b", "\\lead", "cr\r"}
	for _, n := range names {
		if err := os.WriteFile(filepath.Join(dir, n), []byte("a"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tool := range [][]string{
		{"sha256sum", "--"},
		{"sha256sum", "--tag", "--"},
		{"md5sum", "-b", "--"},
		{"sha1sum", "--tag", "--"},
		{"sha512sum", "--"},
		{"openssl", "dgst", "-sha256"},
		{"openssl", "dgst", "-r", "-md5"},
		{"hashdeep", "-l", "-c", "md5,sha1,sha256,tiger"},
	} {
		t.Run(strings.Join(tool, " "), func(t *testing.T) {
			given := names
			if tool[0] == "hashdeep" || tool[0] == "openssl" {
				// They print line feeds as they are: such a list is refused, never misread.
				given = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return strings.ContainsAny(n, "\n\r\\") })
			}
			if _, err := exec.LookPath(tool[0]); err != nil {
				t.Skipf("%s is not installed", tool[0])
			}
			cmd := exec.Command(tool[0], append(slices.Clone(tool[1:]), given...)...)
			cmd.Dir = dir
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			l, err := intake.ReadList("list", bytes.NewReader(out))
			if err != nil {
				t.Fatalf("%v in:\n%s", err, out)
			}
			var got []string
			for _, e := range l.Entries {
				got = append(got, strings.TrimPrefix(e.Path, "./"))
				for _, s := range e.Sums {
					want := map[string]string{"md5": md5OfA, "sha1": sha1OfA, "sha256": sha256OfA}[s.Algorithm]
					if want != "" && s.Value != want {
						t.Errorf("%q: %v", e.Path, s)
					}
				}
			}
			slices.Sort(got)
			want := slices.Clone(given)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseSum(t *testing.T) {
	for in, want := range map[string]intake.Sum{
		md5OfA: {"md5", md5OfA}, strings.ToUpper(sha1OfA): {"sha1", sha1OfA}, "sha256:" + sha256OfA: {"sha256", sha256OfA}, "SHA-1:" + sha1OfA: {"sha1", sha1OfA},
	} {
		if got, err := intake.ParseSum(in); err != nil || got != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "abc", "md5:" + sha1OfA, "crc32:00000000", md5OfA + "x", "sha256:"} {
		if got, err := intake.ParseSum(bad); !errors.Is(err, evidence.ErrFormat) || got != (intake.Sum{}) {
			t.Errorf("%q: %v, %v", bad, got, err)
		}
	}
}

func FuzzReadList(f *testing.F) {
	for _, s := range []string{
		md5OfA + "  a\n", `\` + md5OfA + `  a\n` + "\n", "MD5 (a) = " + md5OfA, "%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n1," + md5OfA + ",a\n",
		"path,md5\na," + md5OfA + "\n", "\xff\xfep\x00,\x00",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := intake.ReadList("list", bytes.NewReader(b))
		if (err == nil) == (l == nil) {
			t.Fatal(l, err)
		}
		if err != nil {
			return
		}
		for _, e := range l.Entries {
			if len(e.Sums) == 0 || e.Line < 1 {
				t.Fatalf("%+v", e)
			}
		}
	})
}
