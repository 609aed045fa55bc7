package intake_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/core/intake"
)

// The kernel itself says that no special file and no link's target was opened.
func TestSpecialFilesAreNeverOpened(t *testing.T) {
	c := newCase(t)
	top := t.TempDir()
	dir := filepath.Join(top, "item")
	awkward(t, dir)
	outside := write(t, filepath.Join(top, "outside"), "x")
	if err := os.Symlink(outside, filepath.Join(dir, "to-outside")); err != nil {
		t.Fatal(err)
	}
	watch, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Skipf("no inotify here: %v", err)
	}
	defer unix.Close(watch)
	for _, name := range []string{filepath.Join(dir, "fifo"), filepath.Join(dir, "socket"), filepath.Join(dir, "zero"), outside} {
		if _, err := unix.InotifyAddWatch(watch, name, unix.IN_OPEN|unix.IN_ACCESS); err != nil && !errors.Is(err, unix.ENOENT) {
			t.Fatal(err)
		}
	}
	add(t, c, intake.Request{Path: dir})
	events := make([]byte, 4096)
	if n, err := unix.Read(watch, events); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("something was opened: %d bytes of events, %v", n, err)
	}
	// The watch does work.
	f, err := os.Open(outside)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.Read(watch, events); n <= 0 || err != nil {
		t.Errorf("an opened file was not noticed: %d, %v", n, err)
	}
}
