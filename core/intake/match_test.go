package intake_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func list(t *testing.T, text string) *intake.List {
	t.Helper()
	l, err := intake.ReadList("handed-over.txt", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func md5Line(text, path string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:]) + "  " + path + "\n"
}

// openings of all entries that have the field, decoded.
func openings(t *testing.T, c *store.Case, field string) []string {
	t.Helper()
	var out []string
	for e, err := range c.Entries(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range e.Openings {
			if o.Field == field {
				out = append(out, string(o.Value))
			}
		}
	}
	return out
}

func TestMismatch(t *testing.T) {
	c := newCase(t)
	dir := filepath.Join(t.TempDir(), "disk1")
	for _, name := range []string{"good", "bad", "extra", "sub/good"} {
		write(t, filepath.Join(dir, name), name)
	}
	right := sha256.Sum256([]byte("good"))
	l := list(t, md5Line("good", "good")+hex.EncodeToString(right[:])+"  good\n"+md5Line("other", "bad")+md5Line("sub/good", "sub/good")+md5Line("x", "absent/y"))
	rep, rec := add(t, c, intake.Request{Path: dir, Lists: []*intake.List{l}})
	sum := md5.Sum([]byte("bad"))
	other := md5.Sum([]byte("other"))
	want := []intake.Mismatch{{Path: "bad", Algorithm: "md5", Expected: hex.EncodeToString(other[:]), Found: hex.EncodeToString(sum[:])}}
	if diff := cmp.Diff(want, rep.Mismatches); diff != "" {
		t.Error(diff)
	}
	if rep.Counts.Compared != 3 || rep.Counts.Mismatched != 1 || rep.Counts.Unlisted != 1 || !slices.Equal(rep.Absent, []string{"absent/y"}) {
		t.Errorf("%+v", rep)
	}
	for concern, want := range map[intake.Concern]string{intake.ConcernMismatch: "bad", intake.ConcernUnlisted: "extra", intake.ConcernAbsent: "absent/y"} {
		if got := rec.of(concern); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q", concern, got)
		}
	}
	// The bytes are kept, and the log has both values.
	o := occurrences(t, c, rep.Exhibit)["bad"]
	if !slices.Contains(o.Flags, "hash_mismatch") || string(content(t, c, o.Artifact)) != "bad" {
		t.Errorf("%+v", o)
	}
	got := openings(t, c, "observed.mismatches")
	if len(got) != 1 || !strings.Contains(got[0], want[0].Expected) || !strings.Contains(got[0], want[0].Found) {
		t.Errorf("%q", got)
	}
	if got := openings(t, c, "observed.errors"); len(got) != 1 || !strings.Contains(got[0], "absent/y") {
		t.Errorf("%q", got)
	}
	var stated []map[string]any
	if got := openings(t, c, "asserted.expected"); len(got) != 2 || json.Unmarshal([]byte(got[0]), &stated) != nil || stated[0]["value"] != l.SHA256.Hex() {
		t.Errorf("%q", got)
	}
}

func TestExpectOneFile(t *testing.T) {
	c := newCase(t)
	name := write(t, filepath.Join(t.TempDir(), "f"), "a")
	for digits, mismatches := range map[string]int{md5OfA: 0, sha1OfA: 0, sha256OfA: 0, strings.Repeat("0", 128): 1, "md5:" + strings.Repeat("0", 32): 1} {
		sum, err := intake.ParseSum(digits)
		if err != nil {
			t.Fatal(err)
		}
		rep, _ := add(t, c, intake.Request{Path: name, Expect: &sum})
		if len(rep.Mismatches) != mismatches || rep.Counts.Compared != 1 {
			t.Errorf("%s: %+v", digits, rep)
		}
	}
}

// Where lists are made: inside the directory, above it, elsewhere, on Windows.
func TestListsFromElsewhere(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "disk1")
	for _, name := range []string{"a", "sub/a", "sub/b"} {
		write(t, filepath.Join(dir, name), name)
	}
	each := func(prefix, sep string, more ...string) string {
		s := ""
		for _, name := range []string{"a", "sub/a", "sub/b"} {
			s += md5Line(name, prefix+strings.ReplaceAll(name, "/", sep))
		}
		for _, m := range more {
			s += md5Line("whatever", m)
		}
		return s
	}
	for name, c := range map[string]struct {
		text            string
		absent          []string
		outside, listed int64
	}{
		"inside":                    {text: each("", "/"), listed: 3},
		"inside, dotted":            {text: each("./", "/"), listed: 3},
		"above":                     {text: each("disk1/", "/"), listed: 3},
		"another name":              {text: each("seized/2026/", "/", "seized/2026/gone"), listed: 3, absent: []string{"gone"}},
		"absolute":                  {text: each(dir+"/", "/"), listed: 3},
		"absolute, elsewhere":       {text: each("/mnt/evidence/", "/"), listed: 3},
		"of more than the item":     {text: each("disk1/", "/", "disk2/a", "disk2/sub/z", "readme"), listed: 3, outside: 3},
		"Windows":                   {text: each(`E:\Seized\`, `\`), listed: 3},
		"backslashes":               {text: each(`\`, `\`), listed: 3},
		"hashdeep, bare":            {text: "%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n1," + md5Line("a", "")[:32] + ",/x/a\n5," + md5Line("sub/a", "")[:32] + ",/x/sub/a\n", listed: 2},
		"a twin elsewhere, as is":   {text: each("", "/", "other/a"), listed: 3, absent: []string{"other/a"}},
		"our own place among twins": {text: each(dir+"/", "/") + each("/mnt/twin/", "/"), listed: 3, outside: 3},
	} {
		t.Run(name, func(t *testing.T) {
			rep, _ := add(t, newCase(t), intake.Request{Path: dir, Lists: []*intake.List{list(t, c.text)}})
			if rep.Counts.Compared != c.listed || rep.Counts.Mismatched != 0 || rep.Outside != c.outside || !slices.Equal(rep.Absent, c.absent) {
				t.Errorf("%+v", rep)
			}
		})
	}
}

func TestListsThatDoNotFit(t *testing.T) {
	c := newCase(t)
	dir := filepath.Join(t.TempDir(), "disk1")
	for _, name := range []string{"a", "disk1/a", "b"} {
		write(t, filepath.Join(dir, name), name)
	}
	file := filepath.Join(dir, "b")
	for name, x := range map[string]struct {
		path string
		text string
		want error
	}{
		"two ways":               {dir, md5Line("a", "disk1/a"), evidence.ErrAmbiguous},
		"two places elsewhere":   {dir, md5Line("a", "/x/b") + md5Line("b", "/y/b"), evidence.ErrAmbiguous},
		"nothing fits":           {dir, md5Line("a", "other") + md5Line("a", "x/y"), evidence.ErrNotFound},
		"a digest without path":  {dir, md5OfA + "\n", evidence.ErrAmbiguous},
		"two digests for a file": {dir, md5Line("a", "b") + md5Line("b", "b"), evidence.ErrAmbiguous},
		"file: two of that name": {file, md5Line("a", "x/b") + md5Line("b", "y/b"), evidence.ErrAmbiguous},
		"file: not in the list":  {file, md5Line("a", "a"), evidence.ErrNotFound},
	} {
		rep, err := intake.Add(t.Context(), c, intake.Options{Now: time.Now}, intake.Request{Path: x.path, Lists: []*intake.List{list(t, x.text)}})
		if !errors.Is(err, x.want) || intake.Unfinished(rep, err) {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
	}
	if n := size(t, c); n != 1 {
		t.Errorf("the log has %d entries", n)
	}
}

// A list that a stock tool made of awkward names is matched to the byte.
func TestListOfAwkwardNames(t *testing.T) {
	c := newCase(t)
	dir := filepath.Join(t.TempDir(), "item")
	want := awkward(t, dir)
	var args []string
	for p, typ := range want {
		if typ == "file" {
			args = append(args, "item/"+p)
		}
	}
	cmd := exec.Command("sha256sum", append([]string{"--"}, args...)...)
	cmd.Dir = filepath.Dir(dir)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	rep, _ := add(t, c, intake.Request{Path: dir, Lists: []*intake.List{list(t, string(out))}})
	if rep.Counts.Compared != int64(len(args)) || rep.Counts.Mismatched+rep.Counts.Absent+rep.Counts.Unlisted != 0 {
		t.Errorf("%d files, %+v", len(args), rep.Counts)
	}
	// And with --exclude a listed file is left out, not absent.
	rep, _ = add(t, c, intake.Request{Path: dir, Exclude: []string{"sub"}, Lists: []*intake.List{list(t, string(out))}})
	if rep.Counts.Absent != 0 || rep.Counts.Compared != int64(len(args))-2 {
		t.Errorf("%+v", rep.Counts)
	}
}

// A list far longer than one entry of the log may be.
func TestLongList(t *testing.T) {
	var b bytes.Buffer
	for i := range 12_000 {
		fmt.Fprintf(&b, "%032x  /mnt/image/export/dir%d/file%d\n", i, i%100, i)
	}
	dir := filepath.Join(t.TempDir(), "d")
	for i := range 3 {
		write(t, filepath.Join(dir, fmt.Sprintf("dir%d/file%d", i, i)), "x")
	}
	l := list(t, b.String())
	c := newCase(t)
	rep, _ := add(t, c, intake.Request{Path: dir, Lists: []*intake.List{l}})
	if rep.Counts.Compared != 3 || rep.Counts.Absent != 11_997 {
		t.Errorf("%+v", rep.Counts)
	}
	if got := openings(t, c, "observed.errors"); len(got) != 3 {
		t.Errorf("what is absent stands in %d entries", len(got))
	}
}
