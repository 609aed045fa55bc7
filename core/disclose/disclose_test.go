package disclose_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/core/disclose/disclosetest"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// TestBundles: every sample verifies by the tools of the system and by this program's
// second opinion, and is the same when made again.
func TestBundles(t *testing.T) {
	for what, q := range disclosetest.Requests() {
		t.Run(what, func(t *testing.T) {
			name, r := bundleOf(t, q)
			report, err := verify.Bundle(t.Context(), name, verify.BundleOptions{})
			must(t, err)
			if report.Exit != 0 || len(report.Codes) > 0 || report.Checked.Records != r.Records || report.Log.Root != r.Root {
				t.Errorf("%v %v", report.Codes, report.Findings)
			}
			again, _ := bundleOf(t, q)
			a, err := os.ReadFile(name)
			must(t, err)
			b, err := os.ReadFile(again)
			must(t, err)
			if !bytes.Equal(a, b) {
				t.Error("made again it has other bytes")
			}
			system(t, contents(t, name))
		})
	}
}

// system checks a bag with coreutils and OpenSSH.
func system(t *testing.T, files map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	for name, b := range files {
		to := filepath.Join(dir, name)
		must(t, errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, b, 0o600)))
	}
	run := func(stdin []byte, name string, args ...string) {
		if _, err := exec.LookPath(name); err != nil {
			t.Logf("NOT TESTED: %s is not installed", name)
			return
		}
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Stdin = dir, bytes.NewReader(stdin)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	run(nil, "sha256sum", "--strict", "--quiet", "-c", bundle.ManifestFile, bundle.TagManifestFile)
	origin, _, _ := strings.Cut(string(files[bundle.SignersFile]), " ")
	run(files[bundle.TagManifestFile], "ssh-keygen", "-Y", "verify", "-f", bundle.SignersFile, "-I", origin, "-n", bundle.SignatureNamespace, "-s", bundle.SignatureFile)
	listed := len(bytes.Split(files[bundle.ManifestFile], []byte("\n"))) + len(bytes.Split(files[bundle.TagManifestFile], []byte("\n"))) - 2
	if listed != len(files)-2 {
		t.Errorf("%d files, %d of them listed", len(files), listed)
	}
}

func records(t *testing.T, b []byte) []string {
	t.Helper()
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// TestWhatIsInside: of what was asked for, all and no more.
func TestWhatIsInside(t *testing.T) {
	name, r := bundleOf(t, disclosetest.Requests()["one"])
	files := contents(t, name)
	if got := records(t, files[bundle.RecordsFile]); !slices.Equal(got, disclosetest.Lines()[1:2]) {
		t.Errorf("%q", got)
	}
	index, err := csv.NewReader(bytes.NewReader(files[bundle.RecordsIndexFile])).ReadAll()
	must(t, err)
	if want := []string{"1", "message", "2008-08-01T07:00:41Z", "EX-001", "chat.log"}; len(index) != 2 || !slices.Equal(index[1], want) {
		t.Errorf("%q", index)
	}
	for path := range files {
		if strings.HasPrefix(path, bundle.FilesDir+"/") || strings.HasPrefix(path, "custody/sets/2-") {
			t.Errorf("%s is there", path)
		}
	}
	if r.Files != 0 || r.Records != 1 || r.Withheld != (disclose.Withheld{Exhibits: 3, Files: 82, Derived: 3, Records: 25, Fields: r.Withheld.Fields}) || r.Withheld.Fields < 20 {
		t.Errorf("%+v", r)
	}

	name, r = bundleOf(t, disclosetest.Requests()["whole"])
	files = contents(t, name)
	list, err := csv.NewReader(bytes.NewReader(files[bundle.FilesFile])).ReadAll()
	must(t, err)
	places := map[string][]string{}
	for _, row := range list[1:] {
		if row[1] != "EX-001" || fmt.Sprintf("%x", sha256.Sum256(files[row[0]])) != row[5] {
			t.Errorf("%q", row)
		}
		places[row[2]] = row
	}
	for path, from := range map[string]string{
		"chat.log": "", "copy/chat.log": "", "chat.log.gz": "", "backup.tar!logs/old.log": "data/files/EX-001/backup.tar", "backup.tar!logs/CON": "data/files/EX-001/backup.tar",
		`\x3d1+1.csv`: "", "消息.txt": "", `bad\xff\x01name\xe2\x80\xae.txt`: "", "empty": "", "dir/Read me.TXT": "", "dir/read me.txt": "", "DCIM/photo.jpg": "",
	} {
		if row := places[path]; row == nil || row[10] != from {
			t.Errorf("%q: %q", path, row)
		}
	}
	if r.Received != 10 || r.Derived != 2 || r.Records != 24 || r.Withheld.Exhibits != 2 || r.Withheld.Records != 2 {
		t.Errorf("%+v", r)
	}
	if x := r.Exhibits; len(x) != 1 || x[0].Files != 10 || x[0].Derived != 2 || x[0].Description != "Phone, black" || x[0].By != "A. Examiner" {
		t.Errorf("%+v", x)
	}
}

// opened are the fields that a bundle opens, by entry.
func opened(t *testing.T, b []byte) map[string]json.RawMessage {
	t.Helper()
	out := map[string]json.RawMessage{}
	for _, line := range records(t, b) {
		var o struct {
			Field string
			Seq   int64
			Value json.RawMessage
		}
		must(t, json.Unmarshal([]byte(line), &o))
		out[fmt.Sprintf("%d/%s", o.Seq, o.Field)] = o.Value
	}
	return out
}

// TestWhatIsOpened: exactly the fields that are on the list.
func TestWhatIsOpened(t *testing.T) {
	name, _ := bundleOf(t, disclosetest.Requests()["one"])
	var got []string
	for f := range opened(t, contents(t, name)[bundle.OpeningsFile]) {
		got = append(got, f)
	}
	slices.Sort(got)
	want := []string{"0/asserted.case.number", "0/asserted.case.title", "1/asserted.exhibit"}
	for _, seq := range []string{"17", "18"} {
		for _, f := range []string{"asserted.actor.name", "asserted.actor.organisation", "asserted.purpose", "asserted.recipient"} {
			want = append(want, seq+"/"+f)
		}
	}
	want = append(want, "18/observed.manifest")
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("opened %q\nwant   %q", got, want)
	}

	name, _ = bundleOf(t, disclosetest.Requests()["whole"])
	fields := opened(t, contents(t, name)[bundle.OpeningsFile])
	for _, f := range []string{"1/asserted.exhibit.description", "1/asserted.source", "1/asserted.zone", "1/asserted.device.make", "1/asserted.authority.number", "2/asserted.actor.name"} {
		if fields[f] == nil {
			t.Errorf("%s is closed", f)
		}
	}
	for f := range fields {
		for _, closed := range []string{"source.path", "os.host", "query", "parameters", "command", "case.description"} {
			if strings.Contains(f, closed) {
				t.Errorf("%s is open", f)
			}
		}
	}
}

// TestLeastOfRuns: where a run's input is withheld nothing of it is opened from which
// that could be told; where it is disclosed its name is.
func TestLeastOfRuns(t *testing.T) {
	member := func(q string) map[string]any {
		name, _ := bundleOf(t, disclosetest.Requests()[q])
		var m struct{ Open map[string]any }
		for path, b := range contents(t, name) {
			if path == "custody/sets/5-runs.jsonl" {
				must(t, json.Unmarshal(b, &m))
			}
		}
		return m.Open
	}
	var got []string
	for f := range member("one") {
		got = append(got, f)
	}
	slices.Sort(got)
	if want := []string{"operation", "outcome", "plugin", "record_tree"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	whole := member("whole")
	for _, f := range []string{"run", "input", "config", "records", "units"} {
		if whole[f] == nil {
			t.Errorf("%s is closed where all is disclosed", f)
		}
	}
	for _, f := range []string{"diagnostics", "supersedes", "offered"} {
		if whole[f] != nil {
			t.Errorf("%s is open", f)
		}
	}
}

func TestNothingChosen(t *testing.T) {
	c := newSample(t)
	before, _, err := c.Store.Head(t.Context())
	must(t, err)
	for what, q := range map[string]disclose.Request{
		"nothing": {}, "no hit": {Select: disclosetest.Query("nowhere")}, "no such exhibit": {Exhibits: []string{"EX-009"}},
	} {
		name := filepath.Join(t.TempDir(), "b.zip")
		_, err := c.Disclose(t.Context(), name, q)
		if want := disclose.ErrNothing; what != "no such exhibit" && !errors.Is(err, want) || what == "no such exhibit" && !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s: a file was left", what)
		}
	}
	if after, _, err := c.Store.Head(t.Context()); err != nil || after != before {
		t.Errorf("%d entries became %d", before, after)
	}
}

// breaking is a file that fails at a stage.
type breaking struct {
	*disclosetest.Output
	write, place, scratch, room bool
	cancel                      func()
}

func (b *breaking) Reserve(int64) error {
	if b.room {
		return evidence.ErrNoSpace
	}
	if b.cancel != nil {
		b.cancel()
	}
	return nil
}

var errBroken = errors.New("the device is broken")

func (b *breaking) Write(p []byte) (int, error) {
	if b.write {
		return 0, errBroken
	}
	return b.Output.Write(p)
}

func (b *breaking) Place() error {
	if b.place {
		return errBroken
	}
	return b.Output.Place()
}

func (b *breaking) Scratch() (*os.File, error) {
	if b.scratch {
		return nil, errBroken
	}
	return b.Output.Scratch()
}

// entriesOf are the export entries of a log.
func entriesOf(t *testing.T, c *disclosetest.Case) (out []custody.Entry) {
	t.Helper()
	for le, err := range c.Store.Entries(t.Context(), 0) {
		must(t, err)
		e, err := custody.ParseEntry(le.Body)
		must(t, err)
		if e.Kind == "export" {
			out = append(out, e)
		}
	}
	return out
}

// TestFailures: at each stage no file is left, and the log says what came of it.
func TestFailures(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	later, cancelLater := context.WithCancel(t.Context())
	for what, f := range map[string]struct {
		file    breaking
		ctx     context.Context
		damage  bool
		stage   disclose.Stage
		entries int
	}{
		"scratch":     {file: breaking{scratch: true}, stage: disclose.StageChoose},
		"cancelled":   {ctx: cancelled, stage: disclose.StageChoose},
		"interrupted": {ctx: later, file: breaking{cancel: cancelLater}, stage: disclose.StageGather, entries: 2},
		"damaged":     {damage: true, stage: disclose.StageGather, entries: 2},
		"no room":     {file: breaking{room: true}, stage: disclose.StageGather, entries: 2},
		"write":       {file: breaking{write: true}, stage: disclose.StageLogged, entries: 3},
		"place":       {file: breaking{place: true}, stage: disclose.StageLogged, entries: 3},
	} {
		t.Run(what, func(t *testing.T) {
			c := newSample(t)
			name := filepath.Join(t.TempDir(), "b.zip")
			out, err := disclosetest.NewOutput(name)
			must(t, err)
			f.file.Output = out
			if f.ctx == nil {
				f.ctx = t.Context()
			}
			if f.damage {
				objects, err := filepath.Glob(filepath.Join(c.Store.Dir(), "objects/sha256/*/*"))
				must(t, err)
				for _, o := range objects {
					if info, err := os.Stat(o); err == nil && info.Size() == 100_000 {
						must(t, os.Remove(o))
					}
				}
			}
			q := disclosetest.Requests()["whole"]
			q.Bag, q.Said = "b", map[string]any{"asserted.recipient": "Counsel"}
			_, stage, err := disclose.Run(f.ctx, c.Store, q, c.World(), &f.file)
			if err == nil || stage != f.stage {
				t.Errorf("stage %d: %v", stage, err)
			}
			if _, err := os.Stat(name); err == nil {
				t.Error("a file was left")
			}
			entries := entriesOf(t, c)
			if len(entries) != f.entries {
				t.Fatalf("%d entries", len(entries))
			}
			if len(entries) == 0 {
				return
			}
			last := entries[len(entries)-1]
			if _, ok := last.Commit["observed.errors"]; !ok || last.Plain["phase"] != "result" || last.Refs["intent"] != entries[0].Seq {
				t.Errorf("%+v", last)
			}
			if of, ok := last.Refs["supersedes"]; (f.entries == 3) != ok || ok && of != entries[1].Seq {
				t.Errorf("it takes the place of %d", of)
			}
			state, err := c.Store.State(t.Context())
			must(t, err)
			if len(state.Dangling) > 0 {
				t.Errorf("%+v", state.Dangling)
			}
			// Once more, and it works.
			r, err := c.Disclose(t.Context(), name, disclosetest.Requests()["many"])
			must(t, err)
			if report, err := verify.Bundle(t.Context(), name, verify.BundleOptions{}); err != nil || report.Exit != 0 || r.Entry < last.Seq {
				t.Errorf("%+v %v", report, err)
			}
		})
	}
}

// TestEnclosed: what is enclosed comes as it is; that it names what is withheld is said.
func TestEnclosed(t *testing.T) {
	c := newSample(t)
	dir := t.TempDir()
	set := evidence.Sum([]byte(strings.Join(disclosetest.Lines(), "\n") + "\n"))
	for name, text := range map[string]string{"report é.html": "see " + evidence.RecordID(set, 4), "same.txt": string(disclosetest.SecretContent(disclosetest.SecretNumber)), "empty": ""} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	name := filepath.Join(dir, "b.zip")
	r, err := c.Disclose(t.Context(), name, disclose.Request{Enclose: []string{filepath.Join(dir, "report é.html"), filepath.Join(dir, "same.txt"), filepath.Join(dir, "empty")}})
	must(t, err)
	files := contents(t, name)
	if string(files["data/enclosed/report__.html"]) != "see "+evidence.RecordID(set, 4) || len(files["data/enclosed/same.txt"]) == 0 || r.Enclosed != 3 {
		t.Errorf("%+v", r)
	}
	if len(r.Remarks) != 1 || !strings.Contains(r.Remarks[0], "data/enclosed/report__.html names 1 digests") {
		t.Errorf("%q", r.Remarks)
	}
	report, err := verify.Bundle(t.Context(), name, verify.BundleOptions{})
	must(t, err)
	if report.Exit != 0 {
		t.Errorf("%+v", report)
	}
}
