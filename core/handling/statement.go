package handling

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	// maxStatement bounds a statement, in bytes.
	maxStatement = 256 << 10
	// listed is up to how many files a statement names each; beyond that, only the digest
	// of their list.
	listed = 50
	// maxValue bounds one line's value.
	maxValue = 4 << 10
)

// Statement is a transfer of custody in words that both parties sign
// (docs/formats/custody.md, Statements of transfer).
type Statement struct {
	// Origin, Entries and Root fix the log as it was: whoever signs the statement vouches
	// for its state too.
	Origin  string
	Entries int64
	Root    [32]byte
	// Exhibit is the item's number, Item the entry that began receiving it.
	Exhibit     string
	Item        int64
	Description string
	// Files and Bytes are of what was received; List is the digest of the list that FileList
	// writes, Each the files themselves where they are few.
	Files, Bytes int64
	List         evidence.Digest
	Each         []File
	From, To     Party
	Method       string
	Courier      string
	// Released is when it was given, RFC 3339 UTC to the second.
	Released  string
	SealOut   string
	Condition string
	Purpose   string
	Authority string
}

// Party is who gives or takes.
type Party struct {
	Name, Organisation, Role string
	// Key is the fingerprint (SHA256:…) of the SSH key that the party signs with; where it
	// is "" any key does.
	Key string
}

// File is a file of the item.
type File struct {
	SHA256 evidence.Digest
	Size   int64
	Path   evidence.Name
}

const preamble = `STATEMENT OF TRANSFER OF CUSTODY

The exhibit below passes from one person to another. Whoever gives it and
whoever takes it sign this file as it is, byte for byte:

    ssh-keygen -Y sign -n exhibit-transfer -f KEY FILE

Each checks the digests first. A signature says that what is written here
was so when it was given or taken. It says nothing about what the exhibit
holds.

`

// line is one line of a statement: its name, and where its value stands.
type line struct {
	name     string
	value    *string
	optional bool
}

// lines are the lines of a statement, numbers aside.
func (s *Statement) lines() []line {
	return []line{
		{"Log", &s.Origin, false},
		{"Exhibit", &s.Exhibit, false},
		{"Description", &s.Description, true},
		{"From", &s.From.Name, false},
		{"From-Organisation", &s.From.Organisation, true},
		{"From-Role", &s.From.Role, true},
		{"From-Key", &s.From.Key, true},
		{"To", &s.To.Name, false},
		{"To-Organisation", &s.To.Organisation, true},
		{"To-Role", &s.To.Role, true},
		{"To-Key", &s.To.Key, true},
		{"Method", &s.Method, false},
		{"Courier", &s.Courier, true},
		{"Released", &s.Released, false},
		{"Seal-Out", &s.SealOut, true},
		{"Condition", &s.Condition, true},
		{"Purpose", &s.Purpose, true},
		{"Authority", &s.Authority, true},
	}
}

// Format writes the statement. It fails with evidence.ErrFormat where a value is missing or
// is no single line of text.
func (s Statement) Format() ([]byte, error) {
	b := []byte(preamble)
	add := func(name, value string) { b = append(b, name+": "+value+"\n"...) }
	add("Statement", "1")
	for _, l := range s.lines() {
		if *l.value == "" && l.optional {
			continue
		}
		if err := checkValue(*l.value); err != nil {
			return nil, fmt.Errorf("handling: statement: %s: %w", l.name, err)
		}
		add(l.name, *l.value)
		if l.name == "Log" {
			add("Entries", strconv.FormatInt(s.Entries, 10))
			add("Root", hex.EncodeToString(s.Root[:]))
		}
		if l.name == "Exhibit" {
			add("Item", strconv.FormatInt(s.Item, 10))
			add("Files", strconv.FormatInt(s.Files, 10))
			add("Bytes", strconv.FormatInt(s.Bytes, 10))
			add("List", s.List.String())
		}
	}
	if t, err := time.Parse(time.RFC3339, s.Released); err != nil || t.UTC().Format(time.RFC3339) != s.Released {
		return nil, fmt.Errorf("handling: statement: Released: %w: not RFC 3339 UTC to the second", evidence.ErrFormat)
	}
	for _, f := range s.Each {
		name, err := evidence.Canonical(f.Path)
		if err != nil {
			return nil, fmt.Errorf("handling: statement: File: %w", err)
		}
		add("File", fmt.Sprintf("%s %d %s", f.SHA256.Hex(), f.Size, name))
	}
	if len(b) > maxStatement {
		return nil, fmt.Errorf("handling: statement: %w: longer than %d bytes", evidence.ErrFormat, maxStatement)
	}
	return b, nil
}

func checkValue(v string) error {
	if v == "" || v != strings.TrimSpace(v) || len(v) > maxValue || !utf8.ValidString(v) || strings.ContainsFunc(v, func(r rune) bool {
		return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	}) {
		return fmt.Errorf("%w: it must be one line of text", evidence.ErrFormat)
	}
	return nil
}

// Parse reads what Format writes, and nothing else: evidence.ErrFormat.
func Parse(text []byte) (Statement, error) {
	s, err := parse(text)
	if err != nil {
		return Statement{}, fmt.Errorf("handling: statement: %w", err)
	}
	return s, nil
}

func parse(text []byte) (Statement, error) {
	var s Statement
	bad := func(why string) (Statement, error) { return Statement{}, fmt.Errorf("%w: %s", evidence.ErrFormat, why) }
	if len(text) > maxStatement {
		return bad("too long")
	}
	rest, ok := bytes.CutPrefix(text, []byte(preamble))
	if !ok {
		return bad("it does not begin as a statement of transfer does")
	}
	values := map[string]*string{}
	for _, l := range s.lines() {
		values[l.name] = l.value
	}
	for row := range bytes.Lines(rest) {
		name, value, ok := strings.Cut(strings.TrimSuffix(string(row), "\n"), ": ")
		if !ok {
			return bad("a line that is none of its lines")
		}
		var err error
		switch to := values[name]; {
		case to != nil:
			*to = value
		case name == "Statement":
			if value != "1" {
				return Statement{}, fmt.Errorf("%w: statement of format %q", evidence.ErrNewer, value)
			}
		case name == "Entries":
			s.Entries, err = strconv.ParseInt(value, 10, 64)
		case name == "Item":
			s.Item, err = strconv.ParseInt(value, 10, 64)
		case name == "Files":
			s.Files, err = strconv.ParseInt(value, 10, 64)
		case name == "Bytes":
			s.Bytes, err = strconv.ParseInt(value, 10, 64)
		case name == "Root":
			_, err = hex.Decode(s.Root[:], []byte(value[:min(len(value), 64)]))
		case name == "List":
			s.List, err = evidence.ParseDigest(value)
		case name == "File":
			var f File
			f, err = parseFile(value)
			s.Each = append(s.Each, f)
		default:
			return bad("a line " + strconv.Quote(name))
		}
		if err != nil {
			return bad("the value of " + name)
		}
	}
	// Written again it must be the same bytes.
	again, err := s.Format()
	if err != nil {
		return Statement{}, err
	}
	if !bytes.Equal(again, text) {
		return bad("not in its one form: it was changed, or saved by a program that changes line ends")
	}
	return s, nil
}

func parseFile(value string) (File, error) {
	digest, rest, _ := strings.Cut(value, " ")
	size, name, _ := strings.Cut(rest, " ")
	f := File{}
	var err error
	if f.SHA256, err = evidence.ParseDigest(digest); err != nil {
		return f, err
	}
	if f.Size, err = strconv.ParseInt(size, 10, 64); err != nil {
		return f, err
	}
	return f, decodeName(name, &f.Path)
}
