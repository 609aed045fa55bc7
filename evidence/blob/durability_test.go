package blob_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
)

// durability is a model of what is on the device, fed with a log of system
// calls: a write makes a file's content volatile, a new name makes its
// directory's entry volatile; fsync and syncfs make them durable. It takes
// nothing from the package but the names of its directories.
type durability struct {
	t    testing.TB
	base string // the directory that holds objects/
	// volatile content by path, volatile names by path.
	content, names map[string]bool
	// doomed files may have lost content to a syncfs that failed.
	doomed map[string]bool
	links  int
	acks   int
}

func newDurability(t testing.TB, base string, unsynced []string) *durability {
	d := &durability{t: t, base: base, content: map[string]bool{}, names: map[string]bool{}, doomed: map[string]bool{}}
	for _, p := range unsynced {
		d.names[p] = true
	}
	return d
}

// unsynced returns every directory and object: what a process that was killed
// may have left without making the names durable.
func unsynced(t testing.TB, dir string) []string {
	t.Helper()
	var paths []string
	filepath.WalkDir(filepath.Join(dir, "objects"), func(p string, e fs.DirEntry, err error) error {
		if err == nil {
			paths = append(paths, p)
		}
		return nil
	})
	return paths
}

var (
	lineForm = regexp.MustCompile(`^(\d+) +(\w+)\((.*)\) += (-?\d+)`)
	fdForm   = regexp.MustCompile(`^\d+<([^>]*)>`)
	pathForm = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

// replay runs strace's log through the model.
func (d *durability) replay(log []byte) {
	d.t.Helper()
	begun := map[string]string{}
	for line := range bytesLines(log) {
		pid, _, _ := strings.Cut(line, " ")
		if head, ok := strings.CutSuffix(line, "<unfinished ...>"); ok {
			begun[pid] = head
			continue
		}
		if _, tail, ok := strings.Cut(line, " resumed>"); ok {
			line = begun[pid] + tail
		}
		m := lineForm.FindStringSubmatch(line)
		if m == nil {
			continue // signals, exits
		}
		result, err := strconv.Atoi(m[4])
		if err != nil {
			d.t.Fatalf("line %q", line)
		}
		d.call(m[2], m[3], result >= 0)
	}
	if d.acks == 0 {
		d.t.Error("the log shows no acknowledgement: the model saw nothing")
	}
}

func (d *durability) call(name, args string, ok bool) {
	d.t.Helper()
	var file string
	if m := fdForm.FindStringSubmatch(args); m != nil {
		file = m[1]
	}
	var paths []string
	for _, m := range pathForm.FindAllStringSubmatch(args, -1) {
		paths = append(paths, m[1])
	}
	switch name {
	case "openat":
		if ok && strings.Contains(args, "O_CREAT") && d.inside(paths[0]) {
			d.content[paths[0]] = true
			delete(d.doomed, paths[0])
		}
	case "pwrite64", "ftruncate", "fallocate":
		if d.inside(file) {
			d.content[file] = true
		}
	case "mkdirat", "mkdir":
		if ok && d.inside(paths[0]) {
			d.names[paths[0]] = true
		}
	case "fsync", "fdatasync":
		if !ok {
			d.doomed[file] = true
			return
		}
		delete(d.content, file)
		for p := range d.names {
			if filepath.Dir(p) == file {
				delete(d.names, p)
			}
		}
	case "syncfs":
		if !ok {
			for p := range d.content {
				d.doomed[p] = true
			}
			return
		}
		clear(d.content)
		clear(d.names)
	case "renameat2", "linkat", "link":
		if !ok {
			return
		}
		d.links++
		if d.content[paths[0]] {
			d.t.Errorf("%s was named before its content was durable", paths[0])
		}
		if d.doomed[paths[0]] {
			d.t.Errorf("%s was named after a sync of it had failed", paths[0])
		}
		d.names[paths[1]] = true
	case "write":
		if strings.HasPrefix(args, "1<") && len(paths) > 0 && ok {
			d.acknowledged(args)
		}
	}
}

func (d *durability) inside(path string) bool {
	return strings.HasPrefix(path, filepath.Join(d.base, "objects"))
}

// acknowledged checks the object of an ACK line, and every directory above it.
func (d *durability) acknowledged(args string) {
	d.t.Helper()
	quoted := args[strings.Index(args, `"`) : strings.LastIndex(args, `"`)+1]
	text, err := strconv.Unquote(quoted)
	if err != nil {
		d.t.Fatalf("write of %s: %v", quoted, err)
	}
	word, rest, _ := cut(strings.TrimSuffix(text, "\n"))
	if word != "ACK" {
		return
	}
	var a evidence.Artifact
	if err := json.Unmarshal([]byte(rest), &a); err != nil {
		d.t.Fatal(err)
	}
	d.acks++
	for p := objectPath(filepath.Join(d.base, "objects"), a.SHA256); p != d.base; p = filepath.Dir(p) {
		if d.names[p] {
			d.t.Errorf("%s was acknowledged before the name %s was durable", a.SHA256.Short(), p)
		}
	}
}

// Nothing is named before its content is durable, or acknowledged before its name is.
func TestOrderOfCalls(t *testing.T) {
	dir := faultDir(t)
	out, log := underStrace(t, dir, "batches", "-e", "trace="+traced)
	acked, errs, ended := parseHelper(t, out)
	if len(errs) != 0 || !ended || len(acked) != 17 {
		t.Fatalf("%d acknowledged, errors %q", len(acked), errs)
	}
	model := newDurability(t, dir, nil)
	model.replay(log)
	if model.acks != len(acked) || model.links != len(acked)-1 { // one was there already
		t.Errorf("the log shows %d acknowledgements of %d, %d links", model.acks, len(acked), model.links)
	}
	assertWhole(t, dir, acked)
}

// Where syncfs and the filesystem's account of holes are not known to be
// reliable (here an overlay, as in containers, stands for them), every file and
// directory is synced by itself, and holes are found by reading.
func TestFilesystemNotReliedOn(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: mounting needs root")
	}
	base, dir := t.TempDir(), t.TempDir()
	for _, d := range []string{"lower", "upper", "work"} {
		if err := os.Mkdir(filepath.Join(base, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mount(t, dir, "-t", "overlay", "-o", "lowerdir="+base+"/lower,upperdir="+base+"/upper,workdir="+base+"/work", "overlay")
	for path, content := range map[string][]byte{"src-5000": noise(1, 5000), "src-2097152": noise(2, 2<<20)} {
		writeFile(t, filepath.Join(dir, path), content)
	}
	out, log := underStrace(t, dir, "batches", "-e", "trace="+traced)
	acked, errs, ended := parseHelper(t, out)
	if len(errs) != 0 || !ended {
		t.Fatalf("errors %q", errs)
	}
	if bytes.Contains(log, []byte("syncfs(")) {
		t.Error("syncfs was relied on")
	}
	newDurability(t, dir, nil).replay(log)
	assertWhole(t, dir, acked)

	path := sparseFile(t, 4<<20, map[int64]string{0: "head", 4<<20 - 4: "tail"})
	through := filepath.Join(dir, "sparse")
	stock(t, nil, "cp", "--sparse=always", "--", path, through)
	s := reopen(t, filepath.Join(dir, "objects"))
	defer s.Close()
	_, log = underStrace(t, dir, "copy "+through, "-e", "trace=lseek,pread64,pwrite64")
	if bytes.Contains(log, []byte("SEEK_DATA")) {
		t.Error("the filesystem was asked for holes")
	}
	st, info, err := s.CopyFile(t.Context(), openFile(t, through), blob.WriterOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	use := diskUse(t, objectPath(filepath.Join(dir, "objects"), st.Digest))
	if !info.Sparse || st.Digest.Hex() != sumTool(t, "sha256sum", path) || use > 256<<10 {
		t.Errorf("%+v, %d bytes of disk", info, use)
	}
}
