package bundle

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// hostile are names that some system or other cannot have, or takes for another.
func hostile() []string {
	return []string{
		"", ".", "..", "../../etc/passwd", "/etc/passwd", `C:\Windows\x`, "CON", "con.txt", "Com1", "LPT9.log", "aux.", "nul", "COM0",
		"a.", "a ", " a", "-rf", ".hidden", "~", "a:b", "a*b", "a?b", "a\x00b", "a\nb", "a\x1b[2J", "\xff\xfe", "caf\u00e9", "cafe\u0301", "Cafe\u0301",
		"消息", "信息", "\u202egpj.exe", strings.Repeat("x", 300), strings.Repeat("x", 300) + ".jpg", strings.Repeat("é", 200) + ".tar.gz", "x.", "X", "x", "ﬁ", "fi",
		"a.verylongextensionindeed", "name.with.dots...", "!", "a!b", "tagmanifest-sha256.txt", "%2e%2e", "a\u200bb", "…", "_", "-", "--",
	}
}

// safe is the rule written once more, as another reader would.
var safe = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_-])?$`)

var device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$`)

func checkSafe(t *testing.T, bag, name string) {
	t.Helper()
	full := bag + "/" + name
	if len(full) > 150 {
		t.Errorf("%q: %d bytes", full, len(full))
	}
	for part := range strings.SplitSeq(full, "/") {
		if len(part) > 60 || !safe.MatchString(part) || device.MatchString(part) {
			t.Errorf("%q: part %q is not safe", full, part)
		}
	}
}

// TestHostileNames: any names, in any directories, come out safe, each one its own, none
// the directory of another.
func TestHostileNames(t *testing.T) {
	for _, bag := range []string{"b", strings.Repeat("b", 30)} {
		r := rand.New(rand.NewPCG(1, 2))
		n := NewNames(bag)
		files, dirs := map[string]bool{}, map[string]bool{}
		add := func(exhibit string, parts ...string) {
			name := n.File(n.Item(FilesDir, exhibit), parts...)
			checkSafe(t, bag, name)
			if checkName(bag, name) != nil {
				t.Errorf("%q is refused", name)
			}
			folded := strings.ToLower(name)
			if files[folded] || dirs[folded] {
				t.Fatalf("%q twice, for %q", name, parts)
			}
			files[folded] = true
			for i := strings.LastIndexByte(folded, '/'); i > 0; i = strings.LastIndexByte(folded[:i], '/') {
				if dirs[folded[:i]] = true; files[folded[:i]] {
					t.Fatalf("%q is a file and a directory", folded[:i])
				}
			}
		}
		all := hostile()
		for _, ex := range []string{"EX-001", "ex-001", "EX 001", strings.Repeat("E", 64), strings.Repeat("E", 63) + "F", "物证-7"} {
			for _, name := range all {
				add(ex, name)
				add(ex, name)
				add(ex, name, "below")
			}
			for range 2_000 {
				var parts []string
				for range 1 + r.IntN(12) {
					parts = append(parts, all[r.IntN(len(all))])
				}
				add(ex, parts...)
			}
		}
	}
}

// TestNamesNumbered: what is numbered to be told apart does not meet what is called so.
func TestNamesNumbered(t *testing.T) {
	n := NewNames("b")
	var got []string
	for _, name := range []string{"a-2.txt", "a.txt", "A.txt", "a.TXT", "a-2.txt", "a-2-2.txt"} {
		got = append(got, n.File("data", name))
	}
	if want := "data/a-2.txt data/a.txt data/A-3.txt data/a-4.TXT data/a-2-2.txt data/a-2-2-2.txt"; strings.Join(got, " ") != want {
		t.Errorf("%s", got)
	}
	// A hundred thousand of one name take no longer than others do.
	for range 100_000 {
		n.File("data", "消")
	}
}

// TestNamesKept: what is safe keeps its name.
func TestNamesKept(t *testing.T) {
	n := NewNames("b")
	for _, name := range []string{"a/b/c.txt", "DCIM/IMG_0001.JPG", "x/.hidden"} {
		got := n.File("data/files/EX-001", strings.Split(name, "/")...)
		want := "data/files/EX-001/" + strings.Replace(name, "/.", "/_.", 1)
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestBagName(t *testing.T) {
	for file, want := range map[string]string{
		"F.zip": "F", "F.ZIP": "F", ".zip": "_.zip", "a b.zip": "a_b", "CON.zip": "_CON", "消.zip": "_", strings.Repeat("x", 200) + ".zip": strings.Repeat("x", 30),
	} {
		if got := BagName(file); got != want {
			t.Errorf("%q: %q, want %q", file, got, want)
		}
		checkSafe(t, BagName(file), BagItFile)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain é 消": "plain é 消", "a\\b": `a\\b`, "a\nb": `a\x0ab`, "\xff": `\xff`, "x\u202ey": `x\xe2\x80\xaey`, "\u0085": `\xc2\x85`, "\ufeff": `\xef\xbb\xbf`, "\u00ad": "\u00ad", "\x7f": `\x7f`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"=1+1": `\x3d1+1`, "+86": `\x2b86`, "-x": `\x2dx`, "@a": `\x40a`, "＝a": `\xef\xbc\x9da`, "a=": "a=", "": "", "\xff=": `\xff=`,
	} {
		if got := PrintablePath(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
