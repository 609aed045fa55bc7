package handover_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/handover"
	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// caseOf is a case that holds the files, by name.
func caseOf(t *testing.T, files map[string]string) *store.Case {
	t.Helper()
	c, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "case"), store.Options{
		Now: time.Now, Rand: rand.Reader, Clock: func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic: func() time.Duration { return 1 }, LocalOffset: func() string { return "+00:00" },
		Tool: custody.Tool{Name: "exhibit", Version: "test", SHA256: strings.Repeat("0", 64), Protocol: 1, OS: "linux", Arch: "amd64"},
	}, store.Init{Lab: "test"})
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	dir := t.TempDir()
	for name, text := range files {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	_, err = intake.Add(t.Context(), c, intake.Options{Now: time.Now}, intake.Request{Path: dir, Exhibit: "EX-001"})
	must(t, err)
	return c
}

func member(role, text string) evidence.ManifestMember {
	return evidence.ManifestMember{Role: role, Artifact: evidence.Sum([]byte(text)), Size: int64(len(text))}
}

// A plugin is handed the manifest, the record sets of each role one behind the other in the
// manifest's order, and everything else by itself.
func TestOpen(t *testing.T) {
	files := map[string]string{"big": strings.Repeat("{\"n\":1}\n", 70_000), "list": "march\n", "table": "term,theme\n", "one": "{\"n\":2}\n", "cut": "{\"n\":3}\n"}
	c := caseOf(t, files)
	members := []evidence.ManifestMember{
		member(handover.Records, files["big"]), member(handover.Cut, files["cut"]), member(handover.List, files["list"]), member(handover.Records, files["one"]), member(handover.Categories, files["table"]),
	}
	members[2].Name = "EX-001:list"
	inputs, err := handover.Open(t.Context(), c, members)
	must(t, err)
	got := map[string][]byte{}
	for _, in := range inputs {
		b, err := io.ReadAll(io.NewSectionReader(in.File, 0, in.Size+1))
		must(t, err)
		must(t, in.File.Close())
		if int64(len(b)) != in.Size || got[in.Role] != nil {
			t.Errorf("%s: %d bytes of %d", in.Role, len(b), in.Size)
		}
		if in.Role != handover.Records && in.Role != handover.Cut && evidence.Sum(b) != in.SHA256 {
			t.Errorf("%s: another digest than that of its bytes", in.Role)
		}
		if in.Role == handover.List && in.Name != "EX-001:list" {
			t.Errorf("%q", in.Name)
		}
		got[in.Role] = b
	}
	manifest := evidence.NewManifest(members)
	text, err := manifest.Bytes()
	must(t, err)
	var records, cut []byte
	for _, m := range manifest.Members {
		for _, f := range files {
			switch {
			case evidence.Sum([]byte(f)) != m.Artifact:
			case m.Role == handover.Records:
				records = append(records, f...)
			case m.Role == handover.Cut:
				cut = append(cut, f...)
			}
		}
	}
	for role, want := range map[string][]byte{evidence.RoleMain: text, handover.Records: records, handover.Cut: cut, handover.List: []byte(files["list"]), handover.Categories: []byte(files["table"])} {
		if !bytes.Equal(got[role], want) {
			t.Errorf("%s: %d bytes, want %d", role, len(got[role]), len(want))
		}
	}
	if len(got) != 5 || handover.ManifestSize(members) != int64(len(text)) {
		t.Errorf("%d inputs; a manifest of %d bytes, not %d", len(got), handover.ManifestSize(members), len(text))
	}
}

// What the case does not hold is named; so are too many lists. Whatever was opened is returned,
// to be closed.
func TestOpenRefuses(t *testing.T) {
	files := map[string]string{"one": "{\"n\":2}\n"}
	for i := range 210 {
		files[fmt.Sprint(i)] = fmt.Sprintln(i)
	}
	c := caseOf(t, files)
	closed := func(members []evidence.ManifestMember) error {
		inputs, err := handover.Open(t.Context(), c, members)
		for _, in := range inputs {
			must(t, in.File.Close())
		}
		return err
	}
	if err := closed([]evidence.ManifestMember{member(handover.Records, files["one"]), member(handover.List, "never received")}); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("%v", err)
	}
	var lists []evidence.ManifestMember
	for i := range 210 {
		lists = append(lists, member(handover.List, files[fmt.Sprint(i)]))
	}
	if err := closed(lists); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("%v", err)
	}
	if err := closed(lists[:150]); err != nil {
		t.Errorf("%v", err)
	}
}
