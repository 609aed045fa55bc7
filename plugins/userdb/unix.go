package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
)

// Codes of diagnostics of lists of users.
const (
	codeForm    = "users.form"
	codeFields  = "users.fields"
	codeNumber  = "users.number"
	codeTooLong = sdk.CodeLongLine
)

// form is one of the files that have a user on each line, its fields between colons.
type form struct {
	name   string
	fields int
	// typed are the fields that are whole numbers, or empty.
	typed []int
	fill  func(a *sdk.Account, f []string)
}

// forms are told apart by their fields alone: passwd(5), shadow(5), master.passwd(5)
// of BSD, and the files of Apache's htdigest and htpasswd.
var forms = []form{
	{"passwd", 7, []int{2, 3}, fillPasswd},
	{"shadow", 9, []int{2, 3, 4, 5, 6, 7}, fillShadow},
	{"master.passwd", 10, []int{2, 3, 5, 6}, fillMaster},
	{"htdigest", 3, nil, fillDigest},
	{"htpasswd", 2, nil, fillHtpasswd},
}

// is reports whether a line's fields are of this form.
func (m *form) is(f []string) bool {
	if len(f) != m.fields || f[0] == "" {
		return false
	}
	for _, i := range m.typed {
		if f[i] != "" && strings.Trim(f[i], "0123456789") != "" && f[i] != "-1" {
			return false
		}
	}
	return m.name != "htdigest" || len(f[2]) == 32 && strings.Trim(strings.ToLower(f[2]), "0123456789abcdef") == ""
}

// formLines is how many lines decide the form.
const formLines = 200

// formOf finds the form that most of the first lines have, nil where none has half.
func formOf(in *sdk.Input, cs sdk.TextCharset) (*form, error) {
	votes, n := make([]int, len(forms)), 0
	for l := range delimited.LinesOf(in, cs, '\n') {
		if n == formLines {
			break
		}
		text := bytes.TrimRight(l.Text, "\r")
		if l.TooLong || blank(text) {
			continue
		}
		n++
		f := strings.Split(string(text), ":")
		for i := range forms {
			if forms[i].is(f) {
				votes[i]++
			}
		}
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	best := 0
	for i := range votes {
		if votes[i] > votes[best] {
			best = i
		}
	}
	if votes[best] == 0 || 2*votes[best] < n {
		return nil, nil
	}
	return &forms[best], nil
}

// blank reports whether a line is empty, a comment, or a NIS entry (+::::::), which
// names nobody.
func blank(line []byte) bool {
	t := bytes.TrimSpace(line)
	return len(t) == 0 || t[0] == '#'
}

func users(c *sdk.Ctx, in *sdk.Input, out *sdk.Out, cs sdk.TextCharset) error {
	m, err := formOf(in, cs)
	if err != nil {
		return err
	}
	if m == nil {
		return fmt.Errorf("%w: neither LDIF nor lines as passwd, shadow, master.passwd, htpasswd or htdigest have them", sdk.ErrMalformed)
	}
	c.Diagnose(sdk.Diagnostic{Code: codeForm, Severity: evidence.SeverityInfo, Message: "the lines have the fields of " + m.name, Data: map[string]any{"form": m.name}})
	for l := range delimited.LinesOf(in, cs, '\n') {
		src, text := l.Source(), bytes.TrimRight(l.Text, "\r")
		switch {
		case l.TooLong:
			c.Reject(src, codeTooLong, "a line is too long")
			continue
		case blank(text):
			out.Skip(1)
			continue
		}
		f := strings.Split(string(text), ":")
		if len(f) != m.fields {
			c.Reject(src, codeFields, "the line does not have the fields of "+m.name)
			continue
		}
		if !m.is(f) {
			c.Reject(src, codeNumber, "a field of the line is empty or no number where "+m.name+" has one")
			continue
		}
		a := &sdk.Account{Username: sdk.Str(f[0])}
		a.Extra = map[string]any{"form": m.name}
		a.Charset, a.CharsetBasis = stated(cs, l.Charset)
		if l.Damaged {
			a.Flags = append(a.Flags, sdk.FlagCharsetDamaged)
			raw := make([]byte, src.Length)
			if n, err := in.ReadAt(raw, src.Offset); n < len(raw) {
				return err
			}
			a.Extra["line"] = raw
		}
		m.fill(a, f)
		if err := out.Put(a, src); err != nil {
			return err
		}
	}
	return in.Err()
}

// stated is a line's charset as a record has it: not where all is UTF-8, as most is.
func stated(cs sdk.TextCharset, line sdk.Charset) (name, basis string) {
	switch {
	case cs.Stated() == "":
		return "", ""
	case cs.Other.Name() != "":
		return line.Name(), cs.Basis
	case cs.Name() == "utf-8" && cs.Basis == sdk.Detected:
		return "", ""
	}
	return cs.Stated(), cs.Basis
}

// put keeps what is not empty.
func put(a *sdk.Account, name, value string) {
	if value != "" {
		a.Extra[name] = sdk.Str(value)
	}
}

// number keeps a number that is stated.
func number(a *sdk.Account, name, value string) {
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		a.Extra[name] = n
	}
}

// gecos is a person's name, then room, telephone at work, telephone at home.
func gecos(a *sdk.Account, s string) {
	parts := strings.Split(s, ",")
	a.DisplayName = sdk.OrNull(strings.TrimSpace(parts[0]))
	a.Phones = []sdk.Text{}
	for i := 2; i < min(len(parts), 4); i++ {
		if p := strings.TrimSpace(parts[i]); p != "" {
			a.Phones = append(a.Phones, sdk.Str(p))
		}
	}
	if len(parts) > 1 {
		put(a, "gecos", s)
	}
}

func fillPasswd(a *sdk.Account, f []string) {
	setPassword(a, f[1])
	number(a, "uid", f[2])
	number(a, "gid", f[3])
	gecos(a, f[4])
	put(a, "home", f[5])
	put(a, "shell", f[6])
}

// day reads a day counted since 1970, at UTC: the file states no zone.
func day(kind, value string) sdk.Time {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return sdk.Time{}
	}
	return sdk.Epoch{Unit: "d", Epoch: "unix", Kind: kind, Basis: sdk.Declared}.Time(n, sdk.Str(value))
}

// fillShadow: name, password, last change, minimum, maximum, warning, inactive, expiry.
func fillShadow(a *sdk.Account, f []string) {
	setPassword(a, f[1])
	a.Time = day(sdk.Edited, f[2])
	if f[2] == "0" {
		a.Time = sdk.Time{} // no date: the password must be changed
		a.Extra["must_change"] = true
	}
	for i, name := range map[int]string{3: "minimum_days", 4: "maximum_days", 5: "warn_days", 6: "inactive_days"} {
		number(a, name, f[i])
	}
	number(a, "last_change_day", f[2])
	number(a, "expire_day", f[7])
	if end := day(sdk.Ended, f[7]); !end.IsNull() {
		if !a.Time.IsNull() {
			a.Times = []sdk.Time{a.Time, end}
		} else {
			a.Times = []sdk.Time{end}
		}
	}
	if !a.Time.IsNull() || a.Times != nil {
		a.Flags = append(a.Flags, "time_date_only")
	}
}

// fillMaster: name, password, uid, gid, class, change, expire, gecos, home, shell.
func fillMaster(a *sdk.Account, f []string) {
	fillPasswd(a, []string{f[0], f[1], f[2], f[3], f[7], f[8], f[9]})
	put(a, "class", f[4])
	for i, name := range map[int]string{5: "change", 6: "expire"} {
		if f[i] != "0" {
			number(a, name, f[i])
		}
	}
	if n, err := strconv.ParseInt(f[6], 10, 64); err == nil && n > 0 {
		a.Times = []sdk.Time{sdk.Epoch{Unit: "s", Epoch: "unix", Kind: sdk.Ended, Basis: sdk.Declared}.Time(n, sdk.Str(f[6]))}
	}
}

func fillHtpasswd(a *sdk.Account, f []string) { setPassword(a, f[1]) }

func fillDigest(a *sdk.Account, f []string) {
	a.Extra["realm"] = sdk.Str(f[1])
	a.Credential = &sdk.Credential{Type: "digest-md5", Value: sdk.Str(f[2])}
}
