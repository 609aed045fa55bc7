package intake_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

const nobody = 65534

// What cannot be read is recorded with its reason, and the rest is received. Root
// can read everything, so another user does it.
func TestUnreadable(t *testing.T) {
	uid := os.Getuid()
	if uid == 0 {
		uid = nobody
	}
	top := openDir(t)
	dir := filepath.Join(top, "item")
	write(t, filepath.Join(dir, "open"), "x")
	for _, name := range []string{"closed", "closed-too", "shut/inside"} {
		write(t, filepath.Join(dir, name), "secret")
	}
	if err := errors.Join(os.Chmod(filepath.Join(dir, "closed"), 0), os.Chmod(filepath.Join(dir, "closed-too"), 0o200), os.Chmod(filepath.Join(dir, "shut"), 0o311)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "shut"), 0o755) })
	cmd := helperCommand(t, filepath.Join(top, "case"), dir, uid)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got helperReport
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if got.Report.Counts.Files != 1 || got.Report.Counts.Unreadable != 3 || got.Report.Counts.Special != 0 || len(got.Notices) != 3 {
		t.Errorf("%+v", got)
	}
	cmd = helperCommand(t, filepath.Join(top, "case"), filepath.Join(dir, "closed"), uid)
	if out, err = cmd.Output(); err != nil || json.Unmarshal(out, &got) != nil || got.Report.Counts.Unreadable != 1 || got.Report.Exhibit != "EX-002" {
		t.Errorf("one file: %+v, %v", got, err)
	}
}

// A source that fails while it is read, as a failing disk does: the memory of a
// process, read from address 0, gives EIO.
func TestReadError(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a bind mount needs root")
	}
	c := newCase(t)
	dir := filepath.Join(t.TempDir(), "item")
	write(t, filepath.Join(dir, "good"), "x")
	bad := write(t, filepath.Join(dir, "bad"), "")
	if err := unix.Mount("/proc/self/mem", bad, "", unix.MS_BIND, ""); err != nil {
		t.Skipf("a file cannot be mounted here: %v", err)
	}
	defer func() {
		if err := unix.Unmount(bad, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	for _, inPlace := range []bool{false, true} {
		rep, rec := add(t, c, intake.Request{Path: dir, InPlace: inPlace})
		o := occurrences(t, c, rep.Exhibit)["bad"]
		if o.Type != "refused" || !slices.Contains(o.Flags, "unreadable") || !strings.Contains(o.Note, "input/output error") || rep.Counts.Files != 1 || len(rec.of(intake.ConcernUnreadable)) != 1 {
			t.Errorf("in place %v: %+v %+v", inPlace, o, rep)
		}
	}
}

// Memory does not grow with the number of files, nor descriptors.
func TestFewDescriptors(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a process of its own")
	}
	top := t.TempDir()
	dir := filepath.Join(top, "item")
	deep := dir
	for i := range 150 {
		deep = filepath.Join(deep, "d")
		write(t, filepath.Join(deep, "f"), fmt.Sprint(i))
	}
	for i := range 600 {
		write(t, filepath.Join(dir, fmt.Sprintf("f%04d", i)), fmt.Sprint(i))
	}
	cmd := helperCommand(t, filepath.Join(top, "case"), dir, os.Getuid())
	cmd.Args = []string{"sh", "-c", `ulimit -n 400; exec "$0"`, cmd.Path}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args[3], cmd.Path = copyProgram(t), sh
	out, err := cmd.CombinedOutput()
	var got helperReport
	if err != nil || json.Unmarshal(out, &got) != nil || got.Report.Counts.Files != 750 || got.Report.Counts.Unreadable != 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// A full device is an error that says so; afterwards the case opens, and the
// same request finishes the item.
func TestNoSpace(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting a tmpfs needs root")
	}
	dir := filepath.Join(t.TempDir(), "item")
	for i := range 24 {
		write(t, filepath.Join(dir, fmt.Sprintf("f%02d", i)), strings.Repeat(fmt.Sprintf("%08d", i), 1<<16))
	}
	small := tmpfs(t, "size=6m")
	caseDir := filepath.Join(small, "case")
	c, err := store.Create(t.Context(), caseDir, storeOptions(), store.Init{Lab: "lab"})
	if err != nil {
		t.Fatal(err)
	}
	rep, err := intake.Add(t.Context(), c, intake.Options{Now: time.Now}, intake.Request{Path: dir})
	if !errors.Is(err, evidence.ErrNoSpace) || !intake.Unfinished(rep, err) {
		t.Errorf("%+v, %v", rep, err)
	}
	if err := c.Close(); err != nil {
		t.Logf("close: %v", err)
	}
	if err := unix.Mount("tmpfs", small, "tmpfs", unix.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	c, err = store.Open(t.Context(), caseDir, storeOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	rep, _ = add(t, c, intake.Request{Path: dir})
	if !rep.Resumed || rep.Exhibit != "EX-001" || rep.Counts.Files != 24 {
		t.Errorf("%+v", rep)
	}
	for p, o := range occurrences(t, c, "EX-001") {
		if o.Type == "file" && !strings.HasPrefix(string(content(t, c, o.Artifact)), "0000") {
			t.Errorf("%q", p)
		}
	}
}
