package main

import (
	"bytes"
	"time"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// field is a member of a record that the analysis looks at.
type field int

const (
	fAccount field = iota
	fCategory
	fCredential
	fDuration
	fEffect
	fEmails
	fFlags
	fFrom
	fIP
	fIPs
	fKind
	fList
	fMatched
	fNationalID
	fOwner
	fParticipants
	fPhones
	fService
	fTerm
	fText
	fTheme
	fTime
	fTo
	fUsername
	fUsernames
	fields
)

func fieldOf(name []byte) field {
	switch string(name) {
	case "account":
		return fAccount
	case "category":
		return fCategory
	case "credential":
		return fCredential
	case "duration_s":
		return fDuration
	case "effect":
		return fEffect
	case "emails":
		return fEmails
	case "flags":
		return fFlags
	case "from":
		return fFrom
	case "ip":
		return fIP
	case "ips":
		return fIPs
	case "kind":
		return fKind
	case "list":
		return fList
	case "matched_term":
		return fMatched
	case "national_id":
		return fNationalID
	case "owner":
		return fOwner
	case "participants":
		return fParticipants
	case "phones":
		return fPhones
	case "service":
		return fService
	case "term":
		return fTerm
	case "text":
		return fText
	case "theme":
		return fTheme
	case "time":
		return fTime
	case "to":
		return fTo
	case "username":
		return fUsername
	case "usernames":
		return fUsernames
	}
	return fields
}

// record is one line as the analysis sees it. It is used for one after another.
type record struct {
	// value of each field as written, nil where the record has none.
	value   [fields][]byte
	members []evidence.Member
}

// read takes a line of a record set apart. Its error is evidence.ErrNotCanonical or
// evidence.ErrFormat.
func (r *record) read(line []byte) error {
	r.value = [fields][]byte{}
	var err error
	if _, r.members, err = evidence.ScanRecord(line, r.members[:0]); err != nil {
		return err
	}
	for _, m := range r.members {
		if f := fieldOf(line[m.Name : m.Value-2]); f < fields {
			r.value[f] = line[m.Value:m.End]
		}
	}
	return nil
}

// text is the text of a field, nil where it has none. It is part of the line where
// it has no escapes.
func (r *record) text(f field) []byte { return textOf(r.value[f]) }

func textOf(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return nil
	}
	value = value[1 : len(value)-1]
	if bytes.IndexByte(value, '\\') < 0 {
		return value
	}
	return []byte(evidence.Unescape(value))
}

// each calls f with every text of a list.
func (r *record) each(name field, f func(text []byte)) {
	list := r.value[name]
	if len(list) < 2 || list[0] != '[' {
		return
	}
	for i := 1; i < len(list); i++ {
		switch list[i] {
		case '"':
			end := i + 1
			for list[end] != '"' {
				if list[end] == '\\' {
					end++
				}
				end++
			}
			f(textOf(list[i : end+1]))
			i = end
		case '{', '[': // no text: the list holds something else
			return
		}
	}
}

// integer is an integer field; ok is false where it has none.
func (r *record) integer(f field) (n int64, ok bool) {
	for _, c := range r.value[f] {
		if c < '0' || c > '9' || n > evidence.MaxSafeInteger {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(r.value[f]) > 0
}

// noTime is the time of a record that states none.
const noTime = int64(-1 << 63)

// seconds is the record's time in seconds since 1970, noTime where there is none.
func (r *record) seconds() int64 {
	b := r.text(fTime)
	if len(b) < len("2006-01-02T15:04:05Z") {
		return noTime
	}
	two := func(i int) int { return int(b[i]-'0')*10 + int(b[i+1]-'0') }
	for i, c := range []byte("0000-00-00T00:00:00") {
		if digit := b[i] >= '0' && b[i] <= '9'; digit != (c == '0') {
			return noTime
		}
	}
	return time.Date(two(0)*100+two(2), time.Month(two(5)), two(8), two(11), two(14), two(17), 0, time.UTC).Unix()
}

// script is a set of scripts that a text has letters of.
type script uint8

const (
	latin script = 1 << iota
	han
	kana
	hangul
	cyrillic
	arabic
	tibetan
	otherLetters
)

var scriptNames = []string{"Latin", "Han", "Kana", "Hangul", "Cyrillic", "Arabic", "Tibetan", "other"}

func (s script) String() string {
	out := ""
	for i, name := range scriptNames {
		if s&(1<<i) != 0 {
			if out != "" {
				out += " and "
			}
			out += name
		}
	}
	if out == "" {
		return "no letters"
	}
	return out
}

// scriptsOf looks at the letters of a text, by Unicode's main blocks of the scripts above.
func scriptsOf(text []byte) (s script) {
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if c |= 0x20; c >= 'a' && c <= 'z' {
				s |= latin
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		i += n
		s |= scriptOf(r)
	}
	return s
}

func scriptOf(r rune) script {
	switch {
	case r >= 0x4e00 && r <= 0x9fff, r >= 0x3400 && r <= 0x4dbf, r >= 0xf900 && r <= 0xfaff, r >= 0x20000 && r <= 0x3ffff:
		return han
	case r >= 0xc0 && r <= 0x24f && r != 0xd7 && r != 0xf7, r >= 0x1e00 && r <= 0x1eff, r >= 0xff21 && r <= 0xff3a, r >= 0xff41 && r <= 0xff5a:
		return latin
	case r >= 0x3041 && r <= 0x30ff, r >= 0xff66 && r <= 0xff9d:
		return kana
	case r >= 0xac00 && r <= 0xd7af, r >= 0x1100 && r <= 0x11ff, r >= 0x3130 && r <= 0x318f:
		return hangul
	case r >= 0x400 && r <= 0x52f:
		return cyrillic
	case r >= 0x620 && r <= 0x6ff && r != 0x66a, r >= 0x750 && r <= 0x77f, r >= 0xfb50 && r <= 0xfdff, r >= 0xfe70 && r <= 0xfeff:
		return arabic
	case r >= 0xf40 && r <= 0xfbc:
		return tibetan
	case r >= 0x370 && r <= 0x3ff, r >= 0x530 && r <= 0x5ff, r >= 0x900 && r <= 0xf3f, r >= 0xfbd && r <= 0x10ff, r >= 0x1200 && r <= 0x1cff:
		return otherLetters
	}
	return 0
}
