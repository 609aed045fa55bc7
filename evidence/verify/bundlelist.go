package verify

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	listHeader  = "file,exhibit,path,sort,size,sha256,md5,sha1,modified,made,from,entry,n"
	maxListLine = 1 << 20
	// maxPlaces bounds the places that are looked at for one line of files.csv.
	maxPlaces = 10_000
)

var listLine = regexp.MustCompile(`^(?:[^",\r]*|"(?:[^"\r]|"")*")(?:,(?:[^",\r]*|"(?:[^"\r]|"")*")){12}$`)

// artifactTuple is what files.csv and a member of a set of artifacts must both say.
func artifactTuple(seq, n int64, artifact string, size int64, origin, md5, sha1 string) digest {
	return tuple(fmt.Sprintf("%d %d %d", seq, n, size), artifact, origin, md5, sha1)
}

// checkList is step 14.
func (c *bundleCheck) checkList() (bool, error) {
	if c.bad[listFile] {
		c.report.NotChecked = append(c.report.NotChecked, "Whether the list of files is that of the custody log: "+listFile+" is not as listed.")
		return true, nil
	}
	named := map[string]bool{}
	why, n := "", 0
	whole, err := c.bag.lines(listFile, maxListLine, func(line []byte, _ int64) error {
		if n++; n == 1 {
			if string(line) != listHeader {
				why = "has not the columns of the format"
				return errStop
			}
			return c.ctx.Err()
		}
		fields, ok := splitList(string(line))
		if !ok || !c.listRow(fields) {
			why = fmt.Sprintf("line %d says what the custody log does not", n)
			return errStop
		}
		named[fields[0]] = true
		return nil
	})
	if err != nil {
		return false, err
	}
	if !whole && why == "" {
		why = "has a line that is too long, or without its end"
	}
	for path := range c.listed {
		if strings.HasPrefix(path, "data/files/") && !named[path] && why == "" {
			why = "does not have all files"
		}
	}
	if why != "" {
		c.find(codeList, listFile, why)
	}
	return true, nil
}

// splitList splits a line of RFC 4180.
func splitList(line string) (fields []string, ok bool) {
	if !utf8.ValidString(line) || !listLine.MatchString(line) {
		return nil, false
	}
	for len(fields) < 13 {
		end := strings.IndexByte(line, ',')
		if !strings.HasPrefix(line, `"`) {
			if end < 0 {
				end = len(line)
			}
			fields = append(fields, line[:end])
		} else {
			for end = 1; line[end] != '"' || strings.HasPrefix(line[end+1:], `"`); end++ {
				if line[end] == '"' {
					end++
				}
			}
			fields = append(fields, strings.ReplaceAll(line[1:end], `""`, `"`))
			end++
		}
		if end < len(line) {
			line = line[end+1:]
		} else {
			line = ""
		}
	}
	return fields, true
}

// listRow compares one line with the log.
func (c *bundleCheck) listRow(f []string) bool {
	want, listed := c.listed[f[0]]
	size, ok1 := parseDecimal(f[4])
	seq, ok2 := parseDecimal(f[11])
	n, ok3 := parseDecimal(f[12])
	origin := map[string]string{"received": "original", "derived": "derived"}[f[3]]
	artifact := "sha256:" + f[5]
	switch {
	case !listed || !strings.HasPrefix(f[0], "data/files/") || f[5] != hexOf(want):
		return false
	case !ok1 || !ok2 || !ok3 || origin == "" || !c.bad[f[0]] && c.bag.files[f[0]].size != size:
		return false
	case !c.members.artifacts[artifactTuple(seq, n, artifact, size, origin, f[6], f[7])]:
		return false
	}
	path, ok := unguarded(f[2])
	return ok && (f[1] == "" && path == "" || c.members.place(artifact, f[1], path))
}

// unguarded undoes what keeps a spreadsheet from taking a path for a formula; ok is
// false where that was not done.
func unguarded(path string) (string, bool) {
	for _, c := range []string{"=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"} {
		escaped := ""
		for _, b := range []byte(c) {
			escaped += fmt.Sprintf(`\x%02x`, b)
		}
		if rest, ok := strings.CutPrefix(path, escaped); ok {
			return c + rest, true
		}
		if strings.HasPrefix(path, c) {
			return "", false
		}
	}
	return path, true
}

// place reports whether an artifact is found at a path of an exhibit: there itself,
// or made of something that is.
func (b *bundleMembers) place(artifact, exhibit, path string) bool {
	type at struct{ artifact, path string }
	queue := []at{{artifact, path}}
	seen := map[at]bool{queue[0]: true}
	for i := 0; i < len(queue) && i < maxPlaces; i++ {
		p := queue[i]
		if b.places[tuple(p.artifact, exhibit, p.path)] {
			return true
		}
		for _, d := range b.made[p.artifact] {
			parent, ok := strings.CutSuffix(p.path, d.suffix)
			if next := (at{d.parent, parent}); ok && !seen[next] && len(queue) < maxPlaces {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	return false
}

// printableName is the printable form of a name (docs/formats/bundle.md).
func printableName(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == utf8.RuneError && n == 1, hidden(r):
			for _, c := range []byte(name[i : i+n]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		default:
			b.WriteString(name[i : i+n])
		}
		i += n
	}
	return b.String()
}

func hidden(r rune) bool {
	return r < 0x20 || r >= 0x7f && r <= 0x9f || r == 0x61c || r >= 0x200b && r <= 0x200f ||
		r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff
}
