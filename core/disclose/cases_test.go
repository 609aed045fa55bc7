package disclose_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/core/disclose/disclosetest"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

func newCase(t testing.TB) *disclosetest.Case {
	t.Helper()
	c, err := disclosetest.New(t.Context(), filepath.Join(t.TempDir(), "case"), 3)
	must(t, err)
	t.Cleanup(func() { _ = c.Store.Close() })
	return c
}

// disclosed makes a bundle that verifies, and returns what is in it.
func disclosed(t testing.TB, c *disclosetest.Case, q disclose.Request) (map[string][]byte, *disclose.Report) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "b.zip")
	r, err := c.Disclose(t.Context(), name, q)
	must(t, err)
	report, err := verify.Bundle(t.Context(), name, verify.BundleOptions{})
	must(t, err)
	if report.Exit != 0 {
		t.Errorf("%v %v", report.Codes, report.Findings)
	}
	return contents(t, name), r
}

func lacks(t testing.TB, files map[string][]byte, texts ...string) {
	t.Helper()
	for path, b := range files {
		for _, text := range texts {
			if strings.Contains(string(b), text) {
				t.Errorf("%s holds %q", path, text)
			}
		}
	}
}

// TestSharedFiles: what lies in two exhibits is disclosed at its places in the one that
// is, and nothing is said of the other.
func TestSharedFiles(t *testing.T) {
	c, ctx := newCase(t), t.Context()
	same := []byte("the same\n")
	archive, _, err := disclosetest.Tar(disclosetest.File{Path: "inner.txt", Content: same})
	must(t, err)
	_, err = c.Receive(ctx, "EX-A", nil, disclosetest.File{Path: "secret-place/a.txt", Content: same}, disclosetest.File{Path: "secret.tar", Content: archive})
	must(t, err)
	got, err := c.Receive(ctx, "EX-B", nil, disclosetest.File{Path: "b.tar", Content: archive}, disclosetest.File{Path: "b.txt", Content: same})
	must(t, err)
	_, err = c.Unpack(ctx, got[0], disclosetest.Member{Name: "inner.txt", Content: same, Steps: `[{"do":"untar","length":9,"offset":512}]`})
	must(t, err)
	files, r := disclosed(t, c, disclose.Request{Exhibits: []string{"EX-B"}, Derived: true})
	lacks(t, files, "EX-A", "secret")
	list, err := csv.NewReader(strings.NewReader(string(files[bundle.FilesFile]))).ReadAll()
	must(t, err)
	var paths []string
	for _, row := range list[1:] {
		paths = append(paths, row[1]+":"+row[2])
	}
	slices.Sort(paths)
	if want := []string{"EX-B:b.tar", "EX-B:b.tar!inner.txt", "EX-B:b.txt"}; !slices.Equal(paths, want) {
		t.Errorf("%q", paths)
	}
	if r.Withheld.Files != 0 || r.Files != 2 {
		t.Errorf("%+v", r)
	}
	// Without what was made of them, nor is it said where that stands.
	files, _ = disclosed(t, c, disclose.Request{Exhibits: []string{"EX-B"}})
	lacks(t, map[string][]byte{"list": files[bundle.FilesFile], "page": files[bundle.FilesPageFile]}, "inner.txt")
	for path := range files {
		if strings.HasSuffix(path, "derivations.jsonl") {
			t.Errorf("%s is there", path)
		}
	}
}

// TestReceivedAfterDerived: a file that was first made of another and later received is
// disclosed as what it is in the exhibit.
func TestReceivedAfterDerived(t *testing.T) {
	c, ctx := newCase(t), t.Context()
	inner := []byte("inner\n")
	packed, err := disclosetest.Gzip(inner)
	must(t, err)
	got, err := c.Receive(ctx, "EX-1", nil, disclosetest.File{Path: "x.gz", Content: packed})
	must(t, err)
	_, err = c.Unpack(ctx, got[0], disclosetest.Member{Content: inner, Steps: `[{"do":"gunzip"}]`})
	must(t, err)
	_, err = c.Receive(ctx, "EX-2", nil, disclosetest.File{Path: "plain", Content: inner})
	must(t, err)
	for ex, sort := range map[string]string{"EX-1": "derived", "EX-2": "received"} {
		files, _ := disclosed(t, c, disclose.Request{Exhibits: []string{ex}, Derived: true})
		rows, err := csv.NewReader(strings.NewReader(string(files[bundle.FilesFile]))).ReadAll()
		must(t, err)
		i := slices.IndexFunc(rows, func(r []string) bool { return r[4] == "6" })
		if i < 0 || rows[i][3] != sort || (rows[i][6] == "") != (sort == "derived") {
			t.Errorf("%s: %q", ex, rows)
		}
	}
}

// TestCorrections: whoever sees what was said sees what holds instead, where that may be
// seen; else it is said that he does not.
func TestCorrections(t *testing.T) {
	for correction, open := range map[string]bool{`{"asserted.exhibit.description":"Phone, blue"}`: true, `{"asserted.exhibit.description":"x","asserted.site":"Home of the informant"}`: false} {
		c, ctx := newCase(t), t.Context()
		_, err := c.Receive(ctx, "EX-1", map[string]any{"asserted.exhibit.description": "Phone, black"}, disclosetest.File{Path: "a", Content: []byte("a")})
		must(t, err)
		_, err = c.Store.Append(ctx, store.Batch{
			Kind: "correct", Refs: map[string]int64{"supersedes": 1},
			Secret: map[string]any{"asserted.correction": json.RawMessage(correction), "asserted.justification": "typing error"},
		})
		must(t, err)
		files, r := disclosed(t, c, disclose.Request{Exhibits: []string{"EX-1"}})
		_, there := opened(t, files[bundle.OpeningsFile])["4/asserted.correction"]
		if there != open || (len(r.Remarks) == 0) != open {
			t.Errorf("%s: open %t, remarks %q", correction, there, r.Remarks)
		}
		lacks(t, files, "informant")
		if open && (r.Exhibits[0].Description != "Phone, blue" || !strings.Contains(string(files[bundle.FilesPageFile]), "Phone, blue")) {
			t.Errorf("%+v", r.Exhibits)
		}
	}
}

// TestMentionOnly: of an exhibit of which a record is disclosed its number alone is.
func TestMentionOnly(t *testing.T) {
	c := newSample(t)
	files, _ := disclosed(t, c, disclose.Request{Select: disclosetest.Query("harbourless")})
	fields := opened(t, files[bundle.OpeningsFile])
	var got []string
	for f := range fields {
		if seq, name, _ := strings.Cut(f, "/"); seq != "0" && !strings.HasPrefix(name, "asserted.actor") && !slices.Contains([]string{"asserted.purpose", "asserted.recipient", "observed.manifest"}, name) {
			got = append(got, name+"="+string(fields[f]))
		}
	}
	if want := []string{`asserted.exhibit="EX-002"`}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	lacks(t, files, "Laptop", "EX-001", "informant")
}

// TestManyRecordsAndFiles: memory does not follow the number of members; names and trees
// hold at sizes around powers of two.
func TestSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED: sizes with -short")
	}
	for _, n := range []int{1, 2, 3, 7, 8, 9, 33} {
		c, ctx := newCase(t), t.Context()
		var lines []string
		var files []disclosetest.File
		for i := range n {
			lines = append(lines, disclosetest.Message(i, "x", fmt.Sprintf("text%03d", i)))
			files = append(files, disclosetest.File{Path: fmt.Sprintf("f%d", i), Content: fmt.Appendf(nil, "%d", i)})
		}
		got, err := c.Receive(ctx, "EX-1", nil, files...)
		must(t, err)
		_, err = c.Parse(ctx, got[0], "", lines)
		must(t, err)
		for _, i := range []int{0, n / 2, n - 1} {
			_, r := disclosed(t, c, disclose.Request{Select: disclosetest.Query(fmt.Sprintf("text%03d", i))})
			if r.Records != 1 {
				t.Errorf("%d of %d: %+v", i, n, r)
			}
		}
		disclosed(t, c, disclose.Request{Exhibits: []string{"EX-1"}, Records: true})
	}
}

// TestNamesAreDigests: a file that is called by the digest of one that is withheld is no
// obstacle; a statement that lists one is not opened. Both are said.
func TestNamesAreDigests(t *testing.T) {
	c, ctx := newCase(t), t.Context()
	got, err := c.Receive(ctx, "EX-1", nil, disclosetest.File{Path: "withheld", Content: []byte("withheld")}, disclosetest.File{Path: "other", Content: []byte("other, withheld")})
	must(t, err)
	_, err = c.Receive(ctx, "EX-2", nil, disclosetest.File{Path: "objects/" + got[0].Hex(), Content: []byte("x")})
	must(t, err)
	_, err = c.Store.Append(ctx, store.Batch{
		Kind: "transfer", Plain: map[string]any{"phase": "released"}, Refs: map[string]int64{"item": 4},
		Secret: map[string]any{"asserted.statement": "Files: " + got[1].Hex(), "asserted.from.name": "A", "asserted.to.name": "B"},
	})
	must(t, err)
	files, r := disclosed(t, c, disclose.Request{Exhibits: []string{"EX-2"}})
	fields := opened(t, files[bundle.OpeningsFile])
	if fields["7/asserted.statement"] != nil || string(fields["7/asserted.to.name"]) != `"B"` || len(r.Remarks) != 2 {
		t.Errorf("%q\n%q", r.Remarks, fields)
	}
	if !strings.Contains(string(files[bundle.FilesFile]), got[0].Hex()) {
		t.Error("the name is not there")
	}
	lacks(t, files, got[1].Hex())
}
