package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// helperFlag makes this test binary a helper: a writer in a process of its own,
// which can be killed, traced or starved.
const helperFlag = "store-test-helper"

func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == helperFlag {
		if err := helperMain(os.Args[2], os.Args[3]); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// helperMain prints a line for whatever was acknowledged to it, at once.
func helperMain(what, dir string) error {
	ctx := context.Background()
	if what == "create" {
		c, err := store.Create(ctx, dir, options(), store.Init{Lab: "lab.example"})
		if err != nil {
			return err
		}
		fmt.Println("created", c.ID())
		return c.Close()
	}
	switch what {
	case "read-only":
		return helperReadOnly(ctx, dir)
	case "fill":
		return helperFill(ctx, dir)
	}
	c, err := store.Open(ctx, dir, options())
	if err != nil {
		return err
	}
	fmt.Println("open")
	switch what {
	case "hold":
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	case "append", "append-few":
		for i := 0; what == "append" || i < 3; i++ {
			batch, err := helperBatch(c, i)
			if err != nil {
				return err
			}
			seq, err := c.Append(ctx, batch)
			if err != nil {
				return suspectThen(c, err)
			}
			fmt.Printf("%d %s\n", seq, batch.Artifacts[0].SHA256)
		}
		return c.Close()
	case "destroy":
		return helperDestroy(ctx, c)
	}
	return fmt.Errorf("no such helper: %s", what)
}

// helperReadOnly reads a case through a read-only mount of its directory.
func helperReadOnly(ctx context.Context, dir string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	if err := unix.Mount("", dir, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return err
	}
	c, err := store.OpenReader(ctx, dir)
	if err != nil {
		return err
	}
	s, err := c.State(ctx)
	if err != nil {
		return err
	}
	fmt.Println("entries", s.Size)
	if err := c.Close(); err != nil {
		return err
	}
	if _, err := store.Open(ctx, dir, options()); errors.Is(err, unix.EROFS) {
		fmt.Println("writing: read-only")
	}
	return nil
}

// helperFill fills a small filesystem of its own with entries, three times with
// more room, and reads back what was acknowledged.
func helperFill(ctx context.Context, dir string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		return err
	}
	dir = filepath.Join(dir, "case")
	c, err := store.Create(ctx, dir, options(), store.Init{Lab: "lab.example"})
	if err != nil {
		return err
	}
	var acked []evidence.Digest
	for _, size := range []string{"1m", "1200k", "2m"} {
		if err := unix.Mount("tmpfs", filepath.Dir(dir), "tmpfs", unix.MS_REMOUNT, "size="+size); err != nil {
			return err
		}
		// The writer is suspect, so it is opened again. On a device that is still
		// full that may fail too, and says why.
		if err := c.Close(); err != nil && !errors.Is(err, evidence.ErrNoSpace) {
			return fmt.Errorf("close: %w", err)
		}
		if c, err = store.Open(ctx, dir, options()); err != nil {
			return fmt.Errorf("with %s: %w", size, err)
		}
		for i := 0; ; i++ {
			var b store.Batch
			b, err = helperBatch(c, len(acked))
			if err == nil {
				b.Secret["asserted.note"] = strings.Repeat("x", 9000)
				_, err = c.Append(ctx, b)
			}
			if err != nil {
				break
			}
			acked = append(acked, b.Artifacts[0].SHA256)
		}
		if !errors.Is(err, evidence.ErrNoSpace) {
			return fmt.Errorf("with %s: %w", size, err)
		}
		fmt.Println(len(acked), "with", size)
	}
	if err := unix.Mount("tmpfs", filepath.Dir(dir), "tmpfs", unix.MS_REMOUNT, "size=4m"); err != nil {
		return err
	}
	if err := c.Close(); err != nil {
		return err
	}
	if c, err = store.Open(ctx, dir, options()); err != nil {
		return err
	}
	for _, d := range acked {
		a, err := c.Artifact(ctx, d)
		if err != nil {
			return err
		}
		f, err := c.Blobs().Descriptor(ctx, a)
		if err != nil {
			return err
		}
		f.Close()
	}
	s, err := c.State(ctx)
	if err != nil || s.Size != int64(len(acked))+1 {
		return fmt.Errorf("%d acknowledged, %+v, %w", len(acked), s, err)
	}
	fmt.Println("all there")
	return c.Close()
}

// suspectThen tries a second time after a failed write: that must not succeed.
func suspectThen(c *store.Case, err error) error {
	if seq, again := c.Append(context.Background(), note("after a failure")); again == nil {
		fmt.Println("acknowledged after a failure:", seq)
	}
	return err
}

func helperBatch(c *store.Case, i int) (store.Batch, error) {
	w, err := c.Blobs().NewWriter(blobOptions)
	if err != nil {
		return store.Batch{}, err
	}
	if _, err := fmt.Fprintf(w, "content %d %d", os.Getpid(), i); err != nil {
		return store.Batch{}, err
	}
	st, err := w.Finish()
	if err != nil {
		return store.Batch{}, err
	}
	item := fmt.Sprintf("EX-%d-%d", os.Getpid(), i)
	b := store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}, Secret: map[string]any{"asserted.exhibit": item}}
	b.Staged = append(b.Staged, st)
	b.Artifacts = append(b.Artifacts, st.Artifact(evidence.Original))
	b.Occurrences = append(b.Occurrences, evidence.Occurrence{Item: item, Path: evidence.NewName("f"), Type: "file", Artifact: st.Digest})
	return b, nil
}

type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Reader
}

// helper starts this binary as a helper, behind the command in prefix.
func helper(t testing.TB, what, dir string, prefix ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(prefix, self, helperFlag, what, dir)
	p := &process{cmd: exec.Command(args[0], args[1:]...)}
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill(); p.cmd.Wait() })
	return p
}

// line returns the next line the process printed, "" when it ended.
func (p *process) line(t testing.TB) string {
	t.Helper()
	s, err := p.lines.ReadString('\n')
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return strings.TrimSuffix(s, "\n")
}

// rest waits for the process to end and returns all further whole lines.
func (p *process) rest(t testing.TB) []string {
	t.Helper()
	b, err := io.ReadAll(p.lines)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Wait()
	lines := strings.Split(string(b), "\n")
	return lines[:len(lines)-1]
}

// kill ends the process at once and returns what it still had printed.
func (p *process) kill(t testing.TB) []string {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	return p.rest(t)
}
