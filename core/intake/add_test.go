package intake_test

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// awkward makes a directory with everything that a filesystem may hold, and
// returns what the occurrences should be.
func awkward(t *testing.T, dir string) map[string]string {
	t.Helper()
	want := map[string]string{".": "directory"}
	for name, text := range map[string]string{
		"a.txt": "hello", "same.txt": "hello", "empty": "", "sub/deep/c": "deep",
		"n\nl": "newline", "\xff\xfe.log": "not text", "名.txt": "名", "sub/-rf": "x", "big": strings.Repeat("0123456789abcdef", 100_000),
	} {
		write(t, filepath.Join(dir, name), text)
		want[name] = "file"
	}
	want["sub"], want["sub/deep"] = "directory", "directory"
	for name, target := range map[string]string{"link": "a.txt", "dangling": "/nowhere/\xff", "loop": ".", "escape": "/etc"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		want[name] = "symlink"
	}
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "socket"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	want["fifo"], want["socket"] = "refused", "refused"
	if os.Getuid() == 0 {
		if err := unix.Mknod(filepath.Join(dir, "zero"), unix.S_IFCHR|0o644, int(unix.Mkdev(1, 5))); err != nil {
			t.Fatal(err)
		}
		want["zero"] = "refused"
	}
	return want
}

func TestAddDirectory(t *testing.T) {
	c := newCase(t)
	dir := filepath.Join(t.TempDir(), "item")
	want := awkward(t, dir)
	rep, rec := add(t, c, intake.Request{Path: dir, Zone: "+08:00", Charset: "GB2312", Source: "a disk", Note: "as found"})

	occ := occurrences(t, c, "EX-001")
	got := map[string]string{}
	special := 0
	for p, o := range occ {
		got[p] = o.Type
		if o.Type == "refused" {
			special++
			if o.Note == "" {
				t.Errorf("%q is refused without a reason", p)
			}
		}
		if (o.Type == "file") == o.Artifact.IsZero() {
			t.Errorf("%q: a %s with artifact %v", p, o.Type, o.Artifact)
		}
		if o.Type != "file" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, p))
		if err != nil {
			t.Fatal(err)
		}
		if o.Artifact != sha256.Sum256(text) {
			t.Errorf("%q: artifact %s", p, o.Artifact)
		}
		if string(content(t, c, o.Artifact)) != string(text) {
			t.Errorf("%q: other bytes are stored", p)
		}
		a, err := c.Artifact(t.Context(), o.Artifact)
		if err != nil {
			t.Fatal(err)
		}
		m, s := md5.Sum(text), sha1.Sum(text)
		if diff := cmp.Diff(map[string]string{"md5": hex.EncodeToString(m[:]), "sha1": hex.EncodeToString(s[:])}, a.Hashes); diff != "" {
			t.Errorf("%q: %s", p, diff)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if occ["a.txt"].Artifact != occ["same.txt"].Artifact {
		t.Error("the same bytes are two artifacts")
	}
	if n := occ["\xff\xfe.log"].Path; string(n.Raw) != "\xff\xfe.log" {
		t.Errorf("name that is no text: %+v", n)
	}
	if rep.Exhibit != "EX-001" || rep.Resumed || rep.Counts.Files != 9 || rep.Counts.Symlinks != 4 || rep.Counts.Directories != 3 ||
		rep.Counts.Special != int64(special) || rep.Counts.Unreadable != 0 {
		t.Errorf("%+v", rep)
	}
	if len(rec.of(intake.ConcernRefused)) != special {
		t.Errorf("notices: %v", rec.notices)
	}
	state, err := c.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	it := state.Items[0]
	if !it.Complete || it.Zone != "+08:00" || it.Charset != "gbk" || it.Source != "a disk" || it.InPlace || it.Path.Bytes() != dir || it.Counts["files"] != 9 {
		t.Errorf("%+v", it)
	}
}

// The outside truth is the kernel's own stat.
func TestMetadata(t *testing.T) {
	c := newCase(t)
	dir := filepath.Join(t.TempDir(), "item")
	name := write(t, filepath.Join(dir, "f"), "x")
	if err := os.Symlink("\xfft", filepath.Join(dir, "l")); err != nil {
		t.Fatal(err)
	}
	past := time.Unix(-1, 5)
	if err := os.Chtimes(name, past, past); err != nil {
		t.Fatal(err)
	}
	if err := unix.Chmod(name, 0o4751); err != nil {
		t.Fatal(err)
	}
	attr := unix.Setxattr(name, "user.note", []byte{0, 0xff}, 0) == nil
	var st syscall.Stat_t
	if err := syscall.Stat(name, &st); err != nil {
		t.Fatal(err)
	}
	add(t, c, intake.Request{Path: dir})
	occ := occurrences(t, c, "EX-001")
	var fs map[string]any
	if err := json.Unmarshal(occ["f"].FS, &fs); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"size": 1.0, "mode": "104751", "uid": float64(st.Uid), "gid": float64(st.Gid), "nlink": 1.0,
		"inode": strconv.FormatUint(st.Ino, 10), "device": fmt.Sprintf("%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev)),
		"mtime": "1969-12-31T23:59:59.000000005Z", "atime": "1969-12-31T23:59:59.000000005Z",
		"ctime": time.Unix(st.Ctim.Unix()).UTC().Format("2006-01-02T15:04:05.000000000Z"),
	}
	if attr {
		want["xattrs"] = map[string]any{"user.note": base64.StdEncoding.EncodeToString([]byte{0, 0xff})}
	}
	born, _ := fs["btime"].(string)
	if at, err := time.Parse(time.RFC3339Nano, born); err != nil || time.Since(at) > time.Hour {
		t.Errorf("btime %q", born)
	}
	delete(fs, "btime")
	if diff := cmp.Diff(want, fs); diff != "" {
		t.Error(diff)
	}
	var link struct{ Target evidence.Name }
	if err := json.Unmarshal(occ["l"].FS, &link); err != nil || link.Target.Bytes() != "\xfft" {
		t.Errorf("target %+v, %v", link, err)
	}
	// What was received was not touched, access times included.
	var after syscall.Stat_t
	if err := syscall.Stat(name, &after); err != nil || after.Atim != st.Atim || after.Mtim != st.Mtim || after.Ctim != st.Ctim {
		t.Errorf("the source was touched: %+v, then %+v", st, after)
	}
}

func TestTimesBeyondRFC3339(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting a tmpfs needs root")
	}
	c := newCase(t)
	dir := tmpfs(t, "size=1m")
	name := write(t, filepath.Join(dir, "f"), "x")
	ts := []unix.Timespec{{Sec: 253402300800, Nsec: 7}, {Sec: -62135596801, Nsec: 1}}
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, name, ts, 0); err != nil {
		t.Fatal(err)
	}
	add(t, c, intake.Request{Path: name})
	var fs struct{ Atime, Mtime string }
	if err := json.Unmarshal(occurrences(t, c, "EX-001")["f"].FS, &fs); err != nil {
		t.Fatal(err)
	}
	if fs.Atime != "@253402300800.000000007" || fs.Mtime != "@-62135596801.000000001" {
		t.Errorf("%+v", fs)
	}
}

// tmpfs mounts one for the test.
func tmpfs(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("a tmpfs cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestAddOneFile(t *testing.T) {
	c := newCase(t)
	name := write(t, filepath.Join(t.TempDir(), "list.txt"), "one")
	rep, _ := add(t, c, intake.Request{Path: name, Exhibit: "KK-7"})
	if got := keys(occurrences(t, c, "KK-7")); rep.Exhibit != "KK-7" || !slices.Equal(got, []string{"list.txt"}) {
		t.Errorf("%+v %q", rep, got)
	}
	// Numbers go on from the highest EX-n, whatever else there is.
	if rep, _ = add(t, c, intake.Request{Path: name, Exhibit: "EX-041"}); rep.Exhibit != "EX-041" {
		t.Error(rep.Exhibit)
	}
	if rep, _ = add(t, c, intake.Request{Path: name}); rep.Exhibit != "EX-042" {
		t.Error(rep.Exhibit)
	}
	head := size(t, c)
	if rep, err := intake.Add(t.Context(), c, intake.Options{Now: time.Now}, intake.Request{Path: name, Exhibit: "KK-7"}); !errors.Is(err, evidence.ErrExists) || intake.Unfinished(rep, err) {
		t.Errorf("number taken: %+v, %v", rep, err)
	}
	if size(t, c) != head {
		t.Error("a refused request left an entry")
	}
}

func size(t *testing.T, c *store.Case) int64 {
	t.Helper()
	n, _, err := c.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Nothing of this may leave an entry.
func TestAddRefuses(t *testing.T) {
	c := newCase(t)
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "f"), "x")
	link := filepath.Join(dir, "link")
	fifo := filepath.Join(dir, "fifo")
	if err := errors.Join(os.Symlink("f", link), unix.Mkfifo(fifo, 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]intake.Request{
		"nothing there":    {Path: filepath.Join(dir, "none")},
		"empty path":       {Path: ""},
		"a link":           {Path: link},
		"a fifo":           {Path: fifo},
		"a device":         {Path: "/dev/null"},
		"bad zone":         {Path: file, Zone: "Asia/Shanghai"},
		"bad charset":      {Path: file, Charset: "klingon"},
		"bad glob":         {Path: dir, Exclude: []string{"[a"}},
		"bad number":       {Path: file, Exhibit: "a/b"},
		"bad hash":         {Path: file, Hashes: []string{"crc32"}},
		"digest of a dir":  {Path: dir, Expect: &intake.Sum{Algorithm: "md5", Value: md5OfA}},
		"the case":         {Path: c.Dir()},
		"inside the case":  {Path: filepath.Join(c.Dir(), "objects")},
		"around the case":  {Path: filepath.Dir(c.Dir())},
		"unknown field":    {Path: file, Asserted: map[string]any{"asserted.nonsense": "x"}},
		"field of no type": {Path: file, Asserted: map[string]any{"asserted.device.clock_offset_us": "x"}},
	} {
		rep, err := intake.Add(t.Context(), c, intake.Options{Now: time.Now}, r)
		if err == nil || intake.Unfinished(rep, err) {
			t.Errorf("%s: %+v, %v", name, rep, err)
		}
	}
	if n := size(t, c); n != 1 {
		t.Errorf("the log has %d entries", n)
	}
}

// A directory with the case in it can be received where the case is left out.
func TestAddAroundTheCase(t *testing.T) {
	c := newCase(t)
	dir := filepath.Dir(c.Dir())
	write(t, filepath.Join(dir, "evidence.txt"), "x")
	rep, _ := add(t, c, intake.Request{Path: dir, Exclude: []string{"case"}})
	if got := keys(occurrences(t, c, rep.Exhibit)); !slices.Equal(got, []string{".", "evidence.txt"}) || rep.Counts.Excluded != 1 {
		t.Errorf("%q %+v", got, rep)
	}
}

func TestExclude(t *testing.T) {
	c := newCase(t)
	dir := filepath.Join(t.TempDir(), "item")
	for _, name := range []string{"a.log", "a.txt", "sub/b.log", "sub/b.txt", "cache/x/y.txt", "sub/cache/z.txt", "\xff.log"} {
		write(t, filepath.Join(dir, name), name)
	}
	rep, _ := add(t, c, intake.Request{Path: dir, Exclude: []string{"*.log", "cache/x", "sub/ca**/"}})
	want := []string{".", "a.txt", "cache", "sub", "sub/b.txt"}
	if got := keys(occurrences(t, c, rep.Exhibit)); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if rep.Counts.Excluded != 5 {
		t.Errorf("%d excluded", rep.Counts.Excluded)
	}
}

func TestInPlace(t *testing.T) {
	c := newCase(t)
	dir := filepath.Join(t.TempDir(), "item")
	name := write(t, filepath.Join(dir, "sub", "f"), "stays here")
	rep, _ := add(t, c, intake.Request{Path: dir, InPlace: true})
	d := occurrences(t, c, rep.Exhibit)["sub/f"].Artifact
	a, err := c.Artifact(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if a.Stored.Encoding != evidence.StoredInPlace || a.Stored.Path == nil || a.Stored.Path.Bytes() != name {
		t.Errorf("%+v", a.Stored)
	}
	if got := content(t, c, d); string(got) != "stays here" {
		t.Errorf("%q", got)
	}
	objects, err := filepath.Glob(filepath.Join(c.Dir(), "objects", "sha256", "*", "*"))
	if err != nil || len(objects) != 0 {
		t.Errorf("objects %q, %v", objects, err)
	}
	write(t, name, "was changed")
	obj, err := c.Blobs().Reader(t.Context(), a)
	if err == nil {
		obj.Close()
	}
	if !errors.Is(err, evidence.ErrIntegrity) {
		t.Errorf("changed bytes were handed out: %v", err)
	}
	// Received after all, it is stored.
	write(t, name, "stays here")
	add(t, c, intake.Request{Path: name})
	if a, err = c.Artifact(t.Context(), d); err != nil || a.Stored.Encoding != evidence.StoredRaw {
		t.Errorf("%+v, %v", a.Stored, err)
	}
}

func TestSparse(t *testing.T) {
	c := newCase(t)
	size := int64(64 << 20)
	if os.Getenv("EXHIBIT_TEST_LARGE") != "" {
		size = 10 << 30
	}
	name := filepath.Join(t.TempDir(), "disk.img")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte("middle"), size/2)
	if err = errors.Join(err, f.Truncate(size), f.Close()); err != nil {
		t.Fatal(err)
	}
	rep, _ := add(t, c, intake.Request{Path: name})
	o := occurrences(t, c, rep.Exhibit)["disk.img"]
	if !slices.Contains(o.Flags, "sparse") || rep.Counts.Bytes != size {
		t.Errorf("%+v %+v", o, rep)
	}
	var st syscall.Stat_t
	if err := syscall.Stat(filepath.Join(c.Dir(), "objects", "sha256", o.Artifact.Hex()[:2], o.Artifact.Hex()), &st); err != nil {
		t.Fatal(err)
	}
	if st.Size != size || st.Blocks*512 > 1<<20 {
		t.Errorf("the object has %d bytes in %d blocks", st.Size, st.Blocks)
	}
}

func TestChangesWhileRead(t *testing.T) {
	c := newCase(t)
	for _, inPlace := range []bool{false, true} {
		name := write(t, filepath.Join(t.TempDir(), "growing.log"), strings.Repeat("x", 16<<20))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		stop, stopped := make(chan struct{}), make(chan error)
		go func() {
			for {
				select {
				case <-stop:
					stopped <- f.Close()
					return
				case <-time.After(time.Millisecond):
					if _, err := f.WriteString("line\n"); err != nil {
						stopped <- err
						return
					}
				}
			}
		}()
		rep, rec := add(t, c, intake.Request{Path: name, InPlace: inPlace})
		close(stop)
		if err := <-stopped; err != nil {
			t.Fatal(err)
		}
		o := occurrences(t, c, rep.Exhibit)["growing.log"]
		if inPlace != (o.Type == "refused") || !slices.Contains(o.Flags, "changed_while_read") || o.Note == "" || rep.Counts.Changed != 1 || len(rec.of(intake.ConcernChanged)) != 1 {
			t.Errorf("in place %v: %+v %+v", inPlace, o, rep.Counts)
		}
	}
}

// Whatever stands at a name from one moment to the next, no link is followed
// and nothing blocks.
func TestReplacedWhileWalked(t *testing.T) {
	c := newCase(t)
	top := t.TempDir()
	secret := write(t, filepath.Join(top, "outside"), "must never be read")
	dir := filepath.Join(top, "item")
	name := write(t, filepath.Join(dir, "f"), "inside")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ctx.Err() == nil; i++ {
			other := filepath.Join(top, "next")
			switch i % 3 {
			case 0:
				_ = os.Symlink(secret, other)
			case 1:
				_ = unix.Mkfifo(other, 0o600)
			case 2:
				_ = os.WriteFile(other, []byte("inside"), 0o600)
			}
			_ = os.Rename(other, name)
		}
	}()
	for range 30 {
		rep, _ := add(t, c, intake.Request{Path: dir})
		for p, o := range occurrences(t, c, rep.Exhibit) {
			if o.Type == "file" && o.Artifact != sha256.Sum256([]byte("inside")) {
				t.Fatalf("%q: %s", p, content(t, c, o.Artifact))
			}
		}
	}
	cancel()
	<-done
}

func TestProgress(t *testing.T) {
	c := newCase(t)
	dir := filepath.Join(t.TempDir(), "item")
	for i := range 20 {
		write(t, filepath.Join(dir, strconv.Itoa(i)), strings.Repeat("x", 1000+i))
	}
	var last intake.Progress
	calls := 0
	rep, err := intake.Add(t.Context(), c, intake.Options{Now: time.Now, Progress: func(p intake.Progress) {
		if p.Bytes < last.Bytes || p.Files < last.Files {
			t.Errorf("progress went back: %+v, then %+v", last, p)
		}
		last = p
		calls++
	}}, intake.Request{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	if want := (intake.Progress{Files: 20, TotalFiles: 20, Bytes: rep.Counts.Bytes, TotalBytes: rep.Counts.Bytes}); calls == 0 || last != want {
		t.Errorf("%d calls, the last %+v, want %+v", calls, last, want)
	}
}
