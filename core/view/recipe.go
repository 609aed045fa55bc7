package view

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Recipe says how anyone gets from the original files to what is shown, with tools that
// exhibit is not part of. The commands are for a POSIX shell, in a directory that holds
// the exhibit's files as they were received; what comes last writes to standard output.
type Recipe struct {
	Steps []RecipeStep `json:"steps"`
	// Tools are the programs that the commands need beside those of POSIX.
	Tools []string `json:"tools,omitempty"`
	// Unknown says what could not be put into commands: then they end before it.
	Unknown []string `json:"unknown,omitempty"`
}

// RecipeStep is one step. A step that makes a file says which digest it has.
type RecipeStep struct {
	What     string           `json:"what"`
	Commands []string         `json:"commands"`
	Output   string           `json:"output,omitempty"`
	SHA256   *evidence.Digest `json:"sha256,omitempty"`
}

// Script is the commands alone, with what they do as remarks.
func (r *Recipe) Script() string {
	var b strings.Builder
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "# %s\n", oneLine(s.What))
		for _, c := range s.Commands {
			b.WriteString(c + "\n")
		}
	}
	for _, u := range r.Unknown {
		fmt.Fprintf(&b, "# not known: %s\n", oneLine(u))
	}
	return b.String()
}

// oneLine keeps a remark from becoming a command.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// quote makes a word for a POSIX shell out of any bytes but NUL.
func quote(s string) string {
	plain := utf8.ValidString(s)
	for _, r := range s {
		plain = plain && unicode.IsPrint(r)
	}
	if strings.HasPrefix(s, "-") {
		s = "./" + s
	}
	// The shell drops newlines at the end of what a command prints.
	if plain || strings.HasSuffix(s, "\n") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("/._-+,=@ ", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return `"$(printf '` + b.String() + `')"`
}

// slice is the filter that passes length bytes from offset on.
func slice(offset, length int64) string {
	head := fmt.Sprintf("head -c %d", length)
	if offset == 0 {
		return head
	}
	return fmt.Sprintf("tail -c +%d | %s", offset+1, head)
}

// feed lets the first program of a pipe read a file.
func feed(pipe, file string) string {
	first, rest, piped := strings.Cut(pipe, " | ")
	if piped {
		return first + " < " + file + " | " + rest
	}
	return first + " < " + file
}

// cook writes recipes. Files that it makes are called step1, step2, …
type cook struct {
	r     Recipe
	made  map[evidence.Digest]string // what is there already, by digest
	files int
	tools map[string]bool
}

func newCook() *cook { return &cook{made: map[evidence.Digest]string{}, tools: map[string]bool{}} }

func (k *cook) need(tools ...string) {
	for _, t := range tools {
		if !k.tools[t] {
			k.tools[t] = true
			k.r.Tools = append(k.r.Tools, t)
		}
	}
}

func (k *cook) file() string {
	k.files++
	return fmt.Sprintf("step%d", k.files)
}

func (k *cook) unknown(format string, args ...any) {
	k.r.Unknown = append(k.r.Unknown, fmt.Sprintf(format, args...))
}

// check compares a file with its digest, on standard error.
func check(file string, d evidence.Digest) string {
	if name := strings.Trim(file, "'"); strings.HasPrefix(file, "'") && !strings.ContainsFunc(name, func(r rune) bool { return r == '\'' || r == '\\' || !unicode.IsPrint(r) }) {
		return fmt.Sprintf("echo '%s  %s' | sha256sum -c - >&2", d.Hex(), name)
	}
	return fmt.Sprintf("sha256sum < %s >&2   # %s", file, d.Hex())
}

// artifact adds the steps from an original to the artifact at the beginning of a walk, and
// returns the word for the file that then holds it, "" where a step is not known.
func (k *cook) artifact(w *way) string {
	if w.original == nil {
		k.unknown("where the bytes of %s came from: the case has no file of them", w.links[len(w.links)-1].Artifact)
		return ""
	}
	last := w.links[len(w.links)-1]
	in, ok := k.made[last.Artifact]
	if !ok {
		in = quote(w.original.name.Bytes())
		d := last.Artifact
		k.r.Steps = append(k.r.Steps, RecipeStep{
			What:     fmt.Sprintf("the original: %s of exhibit %s, %d bytes", w.original.Path.String(), w.original.Exhibit, last.Size),
			Commands: []string{check(in, d)}, SHA256: &d,
		})
		k.made[d] = in
	}
	for i := len(w.links) - 2; i >= 0; i-- {
		l := w.links[i]
		if have, ok := k.made[l.Artifact]; ok {
			in = have
			continue
		}
		if in = k.derive(in, w, i); in == "" {
			return ""
		}
		k.made[l.Artifact] = in
	}
	return in
}

// derive adds the step that makes link i of w out of the file that holds link i+1.
func (k *cook) derive(in string, w *way, i int) string {
	l, parent := w.links[i], w.links[i+1]
	var steps []deriveStep
	if err := json.Unmarshal(l.Steps, &steps); err != nil || len(steps) == 0 {
		k.unknown("how %s was made out of %s: the derivation states no steps", l.Artifact, parent.Artifact)
		return ""
	}
	var before, filters, what []string
	size := parent.Size
	for n, s := range steps {
		s.partial = l.Partial != ""
		f, pre, err := k.filter(s, w, size, n == 0, in)
		if err != nil {
			k.unknown("step %q of making %s: %v", s.Do, l.Artifact, err)
			return ""
		}
		before = append(before, pre...)
		filters, what = append(filters, f), append(what, s.words())
		size = -1
	}
	out := k.file()
	text := strings.Join(what, ", then ")
	if l.Partial != "" {
		text += " (it ends before its end, and the tools may say so: " + l.Partial + ")"
	}
	d := l.Artifact
	command := feed(filters[0], in)
	for _, f := range filters[1:] {
		command += " | " + f
	}
	if l.Partial != "" {
		// Tools differ in how much they give of what is damaged.
		command += fmt.Sprintf(" | head -c %d", l.Size)
	}
	k.r.Steps = append(k.r.Steps, RecipeStep{
		What:     fmt.Sprintf("%s: %d bytes", text, l.Size),
		Commands: append(before, command+" > "+out, check("'"+out+"'", d)), Output: out, SHA256: &d,
	})
	return "'" + out + "'"
}

// deriveStep is one step of a derivation (docs/formats/case.md).
type deriveStep struct {
	Do      string     `json:"do"`
	Offset  int64      `json:"offset"`
	Length  int64      `json:"length"`
	Size    int64      `json:"size"`
	Method  int64      `json:"method"`
	Sparse  [][2]int64 `json:"sparse"`
	Profile string     `json:"profile"`
	Key     string     `json:"key"`
	Cipher  string     `json:"cipher"`
	Mode    string     `json:"mode"`
	Padding string     `json:"padding"`
	Table   string     `json:"table"`
	RowID   int64      `json:"rowid"`
	Column  string     `json:"column"`

	partial bool // what it gives is cut short or damaged
}

func (s deriveStep) words() string {
	switch s.Do {
	case "untar":
		return fmt.Sprintf("the member of the tar archive at byte %d", s.Offset)
	case "unar":
		return fmt.Sprintf("the member of the ar archive whose data begin at byte %d", s.Offset)
	case "unzip":
		return fmt.Sprintf("the member of the zip archive whose data begin at byte %d", s.Offset)
	case "decrypt":
		return fmt.Sprintf("decrypted with %s %s, as profile %s says", s.Cipher, s.Mode, s.Profile)
	case "sqlite":
		return fmt.Sprintf("the column %s of row %d of the table %s (where the database came with a write-ahead log, that belongs beside it)", s.Column, s.RowID, s.Table)
	case "unbase64":
		return fmt.Sprintf("the base64 at byte %d, decoded", s.Offset)
	case "gunzip", "bunzip2", "unxz", "unzstd":
		return "decompressed (" + s.Do + ")"
	}
	return s.Do
}

const (
	inflate = `python3 -c 'import sys,zlib; d=zlib.decompressobj(-15); o=sys.stdout.buffer; o.write(d.decompress(sys.stdin.buffer.read())); o.write(d.flush())'`
	// salvage gives what a deflate stream holds up to where it is cut or damaged: gzip(1)
	// gives less.
	salvage = `python3 -c 'import sys,zlib
c=sys.stdin.buffer.read(); o=sys.stdout.buffer; d=zlib.decompressobj(%[1]d)
for i in range(len(c)):
  try: o.write(d.decompress(c[i:i+1]))
  except zlib.error: break
  if d.eof: d=zlib.decompressobj(%[1]d)'`
	// spread puts the parts of a sparse file where they belong.
	spread = `python3 -c 'import sys; m=%s; i=sys.stdin.buffer; o=bytearray(%d)
for at,n in m: o[at:at+n]=i.read(n)
sys.stdout.buffer.write(o)'`
)

// filter is the shell filter for one step, with commands to run before. size is that of
// what it reads, -1 where not known; first: it reads the file in.
func (k *cook) filter(s deriveStep, w *way, size int64, first bool, in string) (string, []string, error) {
	switch s.Do {
	case "gunzip":
		if s.partial {
			k.need("python3")
			return fmt.Sprintf(salvage, 31), nil, nil
		}
		k.need("gzip")
		return "gzip -dc", nil, nil
	case "bunzip2":
		k.need("bzip2")
		return "bzip2 -dc", nil, nil
	case "unxz":
		k.need("xz")
		return "xz -dc", nil, nil
	case "unzstd":
		k.need("zstd")
		return "zstd -dc", nil, nil
	case "unbase64":
		k.need("base64")
		return slice(s.Offset, s.Length) + " | base64 -di", nil, nil
	case "sqlite":
		const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
		if s.Table == "" || s.Column == "" || strings.Trim(s.Table+s.Column, letters) != "" {
			return "", nil, fmt.Errorf("%w: a name in SQL that is not made of letters", evidence.ErrNotFound)
		}
		k.need("sqlite3", "xxd")
		db := k.file()
		return fmt.Sprintf(`tee '%[1]s' | { cat > /dev/null; sqlite3 '%[1]s' "SELECT hex(%[2]s) FROM %[3]s WHERE rowid = %[4]d"; } | xxd -r -p`, db, s.Column, s.Table, s.RowID), nil, nil
	case "untar":
		if len(s.Sparse) > 0 {
			k.need("python3")
			parts, err := json.Marshal(s.Sparse)
			if err != nil {
				return "", nil, err
			}
			return slice(s.Offset, s.Length) + " | " + fmt.Sprintf(spread, parts, s.Size), nil, nil
		}
		return slice(s.Offset, s.Length), nil, nil
	case "unar":
		return slice(s.Offset, s.Length), nil, nil
	case "unzip":
		cut := slice(s.Offset, s.Length)
		switch s.Method { // APPNOTE 4.4.5
		case 0:
			return cut, nil, nil
		case 8:
			k.need("python3")
			if s.partial {
				return cut + " | " + fmt.Sprintf(salvage, -15), nil, nil
			}
			return cut + " | " + inflate, nil, nil
		case 12:
			k.need("bzip2")
			return cut + " | bzip2 -dc", nil, nil
		case 93:
			k.need("zstd")
			return cut + " | zstd -dc", nil, nil
		case 95:
			k.need("xz")
			return cut + " | xz -dc", nil, nil
		}
		return "", nil, fmt.Errorf("%w: compression method %d", evidence.ErrNotFound, s.Method)
	case "decrypt":
		return k.decryptFile(s, w, size, first, in)
	}
	return "", nil, fmt.Errorf("%w: no public tool is known for it; the plugin that did it is named above", evidence.ErrNotFound)
}
