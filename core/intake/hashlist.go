package intake

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Sum is one digest that something should have.
type Sum struct {
	// Algorithm is md5, sha1, sha256 or sha512.
	Algorithm string
	// Value is lower-case hexadecimal.
	Value string
}

// Listed is one line of a hash list.
type Listed struct {
	// Path is as the list gives it, unescaped; "" where the list names no file.
	Path string
	// Line is the line's number in the list, from 1.
	Line int
	Sums []Sum
}

// List is a hash list that came with the evidence.
type List struct {
	// Name is what the list is called in messages.
	Name string
	// SHA256 is the digest of the list itself.
	SHA256 evidence.Digest
	// Size of the list in bytes.
	Size    int64
	Entries []Listed
}

// maxList bounds a hash list; a list of ten million files is about 1.5 GB.
const maxList = 4 << 30

// ReadList reads a hash list in any of the forms that are common: sha256sum,
// sha1sum, md5sum and sha512sum with their escaped names, their BSD form
// (--tag) and openssl's, hashdeep, and delimited text (comma, semicolon or tab)
// whose header names a column of paths and one or more of digests. UTF-16 with
// a byte order mark is read too. A digest whose algorithm is not stated is
// known by its length: 32 digits MD5, 40 SHA-1, 64 SHA-256, 128 SHA-512.
// A line that is none of these fails the whole list with evidence.ErrFormat.
func ReadList(name string, r io.Reader) (*List, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxList+1))
	if err != nil {
		return nil, fmt.Errorf("intake: hash list %q: %w", name, err)
	}
	if len(raw) > maxList {
		return nil, fmt.Errorf("intake: hash list %q: %w: larger than %d bytes", name, evidence.ErrFormat, int64(maxList))
	}
	l := &List{Name: name, SHA256: evidence.Sum(raw), Size: int64(len(raw))}
	text, err := listText(raw)
	if err != nil {
		return nil, fmt.Errorf("intake: hash list %q: %w", name, err)
	}
	switch first := firstLine(text); {
	case first == "":
		err = fmt.Errorf("%w: it is empty", evidence.ErrFormat)
	case strings.HasPrefix(first, "%%%%"):
		l.Entries, err = readHashdeep(text)
	default:
		if _, lineErr := parseSumLine(first); lineErr == nil {
			l.Entries, err = readSumLines(text)
		} else {
			l.Entries, err = readDelimited(text)
		}
	}
	if err == nil && len(l.Entries) == 0 {
		err = fmt.Errorf("%w: it lists nothing", evidence.ErrFormat)
	}
	if err != nil {
		return nil, fmt.Errorf("intake: hash list %q: %w", name, err)
	}
	return l, nil
}

// ParseSum reads one digest given by a person: hexadecimal digits, alone or
// after an algorithm's name and a colon.
func ParseSum(s string) (Sum, error) {
	if name, value, ok := strings.Cut(s, ":"); ok {
		algorithm, known := algorithmName(name)
		if !known {
			return Sum{}, fmt.Errorf("%w: %q: algorithm %q is not md5, sha1, sha256 or sha512", evidence.ErrFormat, s, name)
		}
		return newSum(algorithm, value)
	}
	return newSum("", s)
}

// listText returns raw as UTF-8 without byte order mark. Names in a list
// without one may be any bytes.
func listText(raw []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		return raw[3:], nil
	case bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")):
		text, _, err := transform.Bytes(unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder(), raw)
		return text, err
	}
	return raw, nil
}

func isRemark(line string) bool {
	return strings.TrimSpace(line) == "" || line[0] == '#' || line[0] == ';'
}

// firstLine returns the first line that says something.
func firstLine(text []byte) string {
	for line := range bytes.Lines(text) {
		if s := trimEnding(line); !isRemark(s) {
			return s
		}
	}
	return ""
}

func trimEnding(line []byte) string {
	return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r")
}

func readSumLines(text []byte) ([]Listed, error) {
	var out []Listed
	n := 0
	for line := range bytes.Lines(text) {
		n++
		s := trimEnding(line)
		if isRemark(s) {
			continue
		}
		e, err := parseSumLine(s)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		e.Line = n
		out = append(out, e)
	}
	return out, nil
}

var (
	// coreutils: digits, a space, a space or asterisk (or, as `md5 -r` has it, nothing), the name.
	sumLine = regexp.MustCompile(`(?s)^(\\?)([0-9A-Fa-f]{32,128}) [ *]?(.+)$`)
	// BSD and openssl: algorithm, name in brackets, digits.
	tagLine  = regexp.MustCompile(`(?s)^(\\?)([A-Za-z0-9-]+) ?\((.+)\) ?= ?([0-9A-Fa-f]+)$`)
	bareLine = regexp.MustCompile(`^[0-9A-Fa-f]{32,128}$`)
)

func parseSumLine(s string) (Listed, error) {
	var escaped bool
	var algorithm, digits, name string
	switch {
	case bareLine.MatchString(s):
		digits = s
	case sumLine.MatchString(s):
		m := sumLine.FindStringSubmatch(s)
		escaped, digits, name = m[1] != "", m[2], m[3]
	case tagLine.MatchString(s):
		m := tagLine.FindStringSubmatch(s)
		known := false
		if algorithm, known = algorithmName(m[2]); !known {
			return Listed{}, fmt.Errorf("%w: algorithm %q is not md5, sha1, sha256 or sha512", evidence.ErrFormat, m[2])
		}
		escaped, name, digits = m[1] != "", m[3], m[4]
	default:
		return Listed{}, fmt.Errorf("%w: not a line of a hash list", evidence.ErrFormat)
	}
	sum, err := newSum(algorithm, digits)
	if err != nil {
		return Listed{}, err
	}
	if escaped {
		if name, err = unescapeName(name); err != nil {
			return Listed{}, err
		}
	}
	return Listed{Path: name, Sums: []Sum{sum}}, nil
}

// unescapeName undoes what coreutils does to names with a backslash, a line
// feed or a carriage return, in lines that begin with a backslash.
func unescapeName(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch {
		case i < len(s) && s[i] == '\\':
			b.WriteByte('\\')
		case i < len(s) && s[i] == 'n':
			b.WriteByte('\n')
		case i < len(s) && s[i] == 'r':
			b.WriteByte('\r')
		default:
			return "", fmt.Errorf("%w: unknown escape in an escaped name", evidence.ErrFormat)
		}
	}
	return b.String(), nil
}

// readHashdeep reads what hashdeep prints: two lines of %%%%, the second of
// which names the columns; the name comes last and may hold commas.
func readHashdeep(text []byte) ([]Listed, error) {
	var out []Listed
	var columns []string
	in := bufio.NewScanner(bytes.NewReader(text))
	in.Buffer(nil, 1<<20)
	n := 0
	for in.Scan() {
		n++
		s := strings.TrimSuffix(in.Text(), "\r")
		switch {
		case strings.HasPrefix(s, "%%%% HASHDEEP-"):
		case strings.HasPrefix(s, "%%%%"):
			columns = strings.Split(strings.TrimSpace(s[4:]), ",")
			if columns[len(columns)-1] != "filename" {
				return nil, fmt.Errorf("line %d: %w: the last column is not filename", n, evidence.ErrFormat)
			}
		case s == "" || s[0] == '#':
		default:
			cells := strings.SplitN(s, ",", max(len(columns), 1))
			if columns == nil || len(cells) != len(columns) {
				return nil, fmt.Errorf("line %d: %w: not a line of a hashdeep list", n, evidence.ErrFormat)
			}
			e := Listed{Path: cells[len(cells)-1], Line: n}
			for i, cell := range cells[:len(cells)-1] {
				algorithm, known := algorithmName(columns[i])
				if !known {
					continue
				}
				sum, err := newSum(algorithm, cell)
				if err != nil {
					return nil, fmt.Errorf("line %d: %w", n, err)
				}
				e.Sums = append(e.Sums, sum)
			}
			if len(e.Sums) == 0 {
				return nil, fmt.Errorf("line %d: %w: no column of md5, sha1, sha256 or sha512", n, evidence.ErrFormat)
			}
			out = append(out, e)
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("after line %d: %w: %w", n, evidence.ErrFormat, err)
	}
	return out, nil
}

// algorithmName returns our name of an algorithm that others spell in many ways.
func algorithmName(s string) (string, bool) {
	switch strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s)) {
	case "md5":
		return "md5", true
	case "sha1":
		return "sha1", true
	case "sha256", "sha2256":
		return "sha256", true
	case "sha512", "sha2512":
		return "sha512", true
	}
	return "", false
}

// digitsOf is how many hexadecimal digits a digest has.
var digitsOf = map[string]int{"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}

func newSum(algorithm, digits string) (Sum, error) {
	digits = strings.ToLower(strings.TrimSpace(digits))
	if strings.Trim(digits, "0123456789abcdef") != "" || digits == "" {
		return Sum{}, fmt.Errorf("%w: a digest that is not hexadecimal", evidence.ErrFormat)
	}
	if algorithm == "" {
		for _, name := range []string{"md5", "sha1", "sha256", "sha512"} {
			if digitsOf[name] == len(digits) {
				return Sum{name, digits}, nil
			}
		}
		return Sum{}, fmt.Errorf("%w: a digest of %d hexadecimal digits is none of md5 (32), sha1 (40), sha256 (64), sha512 (128)", evidence.ErrFormat, len(digits))
	}
	if len(digits) != digitsOf[algorithm] {
		return Sum{}, fmt.Errorf("%w: %s has %d hexadecimal digits, not %d", evidence.ErrFormat, algorithm, digitsOf[algorithm], len(digits))
	}
	return Sum{algorithm, digits}, nil
}
