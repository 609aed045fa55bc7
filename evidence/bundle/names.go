package bundle

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Limits of names (docs/formats/bundle.md, The ZIP file).
const (
	maxPart = 60
	maxName = 150
	// maxItem leaves room for a file's own name, whatever the bag's.
	maxItem = 32
	// longDir takes files whose own directories would make their names too long.
	longDir = "deep"
)

// SafeName makes one part of a name that any system takes out of any text: what is
// neither an ASCII letter nor a digit, '.', '_' or '-' becomes '_'.
func SafeName(text string) string {
	var b strings.Builder
	for _, r := range text { // a byte that is no UTF-8 is one too
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	return fit(b.String(), maxPart)
}

// fit shortens a part, keeping what a program goes by after the last dot, and mends how
// it begins and ends.
func fit(s string, most int) string {
	if len(s) > most {
		end := ""
		if i := strings.LastIndexByte(s, '.'); i > 0 && len(s)-i <= 9 {
			end = s[i:]
		}
		s = s[:most-len(end)] + end
	}
	if s == "" || s[0] == '.' || s[0] == '-' || reserved(s) {
		s = "_" + s[:min(len(s), most-1)]
	}
	if s[len(s)-1] == '.' {
		s = s[:len(s)-1] + "_"
	}
	return s
}

// reserved names are devices on Windows, whatever comes after a dot.
func reserved(part string) bool {
	stem, _, _ := strings.Cut(part, ".")
	stem = fold(stem)
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	digit := len(stem) == 4 && stem[3] >= '0' && stem[3] <= '9'
	return digit && (stem[:3] == "com" || stem[:3] == "lpt")
}

func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// checkName reports, with evidence.ErrFormat, why a path in a bag of this name is not safe.
func checkName(bag, name string) error {
	bad := func(why string) error {
		return fmt.Errorf("%w: name %q in a bundle: %s", evidence.ErrFormat, name, why)
	}
	if len(bag)+1+len(name) > maxName {
		return bad("too long")
	}
	for part := range strings.SplitSeq(bag+"/"+name, "/") {
		if part == "" || part != SafeName(part) || len(part) > maxPart {
			return bad("not safe on every system")
		}
	}
	return nil
}

// Names gives files safe names that are like their own. The same calls in the same
// order give the same names. It takes about 200 bytes for each file.
type Names struct {
	bag string
	// given are the safe parts by the directory and the part they stand for, taken the
	// folded ones with how often a number was added.
	given map[string]string
	taken map[string]int
}

// NewNames gives names in the bag of this name.
func NewNames(bag string) *Names {
	return &Names{bag: bag, given: map[string]string{}, taken: map[string]int{}}
}

// Item returns the directory for the files of an exhibit, below dir.
func (n *Names) Item(dir, exhibit string) string {
	if len(exhibit) > maxItem {
		// What tells two of them apart may stand at the end.
		exhibit = exhibit[len(exhibit)-maxItem:]
	}
	return n.part(dir, exhibit, true)
}

// File returns the path from the bag for one more file below dir, which is safe itself.
// parts are the directories in which the file stood, and last its own name, any bytes.
func (n *Names) File(dir string, parts ...string) string {
	if len(parts) == 0 {
		parts = []string{""}
	}
	at := dir
	room := maxName - len(n.bag) - 1
	for _, part := range parts[:len(parts)-1] {
		if at = n.part(at, part, true); len(at)+1+maxPart > room {
			at = dir + "/" + n.part(dir, longDir, true)[len(dir)+1:]
			break
		}
	}
	return n.part(at, parts[len(parts)-1], false)
}

// part returns the path of a part in a directory. Directories of one name are the same;
// files never are.
func (n *Names) part(dir, part string, isDir bool) string {
	key := dir + "/\x00" + part
	if isDir {
		if name, ok := n.given[key]; ok {
			return name
		}
	}
	safe := SafeName(part)
	name, base := dir+"/"+safe, fold(dir+"/"+safe)
	for n.taken[fold(name)] > 0 {
		n.taken[base]++
		name = dir + "/" + numbered(safe, n.taken[base])
	}
	n.taken[fold(name)] = 1
	if isDir {
		n.given[key] = name
	}
	return name
}

// numbered tells one of several parts apart from the others.
func numbered(part string, count int) string {
	number := "-" + strconv.Itoa(count)
	ext := path.Ext(part)
	if ext == part || len(ext) > 9 {
		ext = ""
	}
	stem := strings.TrimSuffix(part, ext)
	return fit(stem[:min(len(stem), maxPart-len(number)-len(ext))]+number+ext, maxPart)
}

// Printable is a name as files.csv has it: what is no UTF-8, what does not show, and a
// backslash are escaped. The list is fixed (docs/formats/bundle.md).
func Printable(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		switch {
		case r == utf8.RuneError && n == 1, hidden(r):
			for _, c := range []byte(name[i : i+n]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		case r == '\\':
			b.WriteString(`\\`)
		default:
			b.WriteString(name[i : i+n])
		}
		i += n
	}
	return b.String()
}

// hidden characters control, turn the direction of writing, or show nothing.
func hidden(r rune) bool {
	return r <= 0x1f || r >= 0x7f && r <= 0x9f || r == 0x61c || r >= 0x200b && r <= 0x200f ||
		r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff
}

// PrintablePath is a path as files.csv has it: in printable form, and such that no
// spreadsheet takes it for a formula.
func PrintablePath(path string) string {
	r, n := utf8.DecodeRuneInString(path)
	if !strings.ContainsRune("=+-@\uff1d\uff0b\uff0d\uff20", r) || n == 0 || r == utf8.RuneError {
		return Printable(path)
	}
	var b strings.Builder
	for _, c := range []byte(path[:n]) {
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return b.String() + Printable(path[n:])
}
