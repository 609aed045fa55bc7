package blob_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// After a power cut everything acknowledged is there. The cut: an ext4
// filesystem on a loop device that passes writes straight to its image; while
// the helper commits, the image is copied, and the copy mounted. What had only
// reached the page cache is not in the copy. The control, which syncs nothing,
// must lose objects, or the test would test nothing.
func TestPowerCut(t *testing.T) {
	slow.Test(t)
	if testing.Short() {
		t.Skip("NOT TESTED: power cuts are not short")
	}
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: mounting needs root")
	}
	lost := 0
	for range 3 {
		acked, missing := powerCut(t, "careless", 200*time.Millisecond)
		if lost += missing; acked > 0 && lost > 0 {
			break
		}
	}
	if lost == 0 {
		t.Fatal("the control lost nothing: the cut is no cut")
	}
	total := 0
	for round := range 6 {
		acked, missing := powerCut(t, "stream", time.Duration(150+70*round)*time.Millisecond)
		if missing > 0 {
			t.Errorf("round %d: %d of %d acknowledged objects lost", round, missing, acked)
		}
		total += acked
	}
	if total == 0 {
		t.Error("nothing was acknowledged: this test tested nothing")
	}
	t.Logf("%d acknowledged, none lost; the control lost %d", total, lost)
}

// powerCut returns how many objects were acknowledged before the cut, and how
// many of them are not right after it.
func powerCut(t *testing.T, scenario string, after time.Duration) (acked, missing int) {
	t.Helper()
	base := t.TempDir()
	image, mnt, cutImage, cutMnt := filepath.Join(base, "image"), filepath.Join(base, "mnt"), filepath.Join(base, "cut"), filepath.Join(base, "cutmnt")
	for _, d := range []string{mnt, cutMnt} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	stock(t, nil, "truncate", "-s", "256M", image)
	stock(t, nil, "mkfs.ext4", "-q", "-J", "size=4", image)
	loop := strings.TrimSpace(string(stock(t, nil, "losetup", "--direct-io=on", "--find", "--show", image)))
	defer exec.Command("losetup", "-d", loop).Run()
	if out, err := exec.Command("mount", loop, mnt).CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: mount: %v: %s", err, out)
	}
	defer exec.Command("umount", mnt).Run()

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), "BLOB_TEST_HELPER="+scenario, "BLOB_TEST_DIR="+mnt)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	done := make(chan error)
	r := bufio.NewReader(pipe)
	go func() {
		_, err := io.Copy(&out, r)
		done <- err
	}()
	time.Sleep(after)
	// Stopped, the helper acknowledges nothing that the copy cannot hold.
	if err := cmd.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	stopped(t, cmd.Process.Pid)
	stock(t, nil, "cp", "--sparse=always", image, cutImage)
	cmd.Process.Kill()
	<-done
	cmd.Wait()

	artifacts, errs, _ := parseHelper(t, out.Bytes())
	if len(errs) != 0 {
		t.Fatalf("helper: %q", errs)
	}
	if out, err := exec.Command("mount", "-o", "loop", cutImage, cutMnt).CombinedOutput(); err != nil {
		t.Fatalf("after the cut: mount: %v: %s", err, out)
	}
	defer exec.Command("umount", cutMnt).Run()
	s, err := blob.Open(filepath.Join(cutMnt, "objects"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, a := range artifacts {
		if check(t.Context(), s, a) != nil {
			missing++
		}
	}
	if scenario == "stream" {
		wholeNames(t, cutMnt)
	}
	return len(artifacts), missing
}

// stopped waits until the kernel shows the process as stopped (proc(5)).
func stopped(t *testing.T, pid int) {
	t.Helper()
	for range 1000 {
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err != nil {
			t.Fatal(err)
		}
		if _, rest, ok := strings.Cut(string(b), ") "); ok && strings.HasPrefix(rest, "T") {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the helper does not stop")
}

// wholeNames checks that every name below sha256/ stands for its content, also
// those that were never acknowledged.
func wholeNames(t testing.TB, dir string) {
	t.Helper()
	objects := filepath.Join(dir, "objects")
	for _, name := range objectsIn(t, objects) {
		d := digest(t, name)
		b, err := os.ReadFile(objectPath(objects, d))
		if err != nil {
			t.Fatal(err)
		}
		if evidence.Sum(b) != d && evidence.Sum(unzstd(t, b)) != d {
			t.Errorf("object %s holds something else", name)
		}
	}
}
